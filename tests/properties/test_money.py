"""What must always hold of money. Numbers are those of the list of invariants."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.projection import economics
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.projection import builders
from tests.properties import cases
from tests.properties.cases import buying

flows = st.lists(st.floats(0, 1000), min_size=1, max_size=24).map(np.array)
rates = st.floats(0, 1)


def bought(offer: str, horizon: int = 4, **terms: float) -> s.Scenario:
    return s.Scenario(name="x", changes=(c.Acquire(offer=offer, **terms),), horizon_months=horizon)  # type: ignore[arg-type]


@given(cases.bases, cases.slates, st.floats(0.01, 100))
def test_17_another_currency_unit_changes_value_and_cost_and_no_roi(
    context: ProjectionContext, offers: tuple[str, ...], factor: float
):
    money = {name: context.offers[name] * factor for name in ("fee", "royalty_per_view", "marketing_cost")}
    other = replace(
        context,
        economics=builders.economics(factor),
        offers=context.offers.assign(**money),
    )
    one, two = project(context, buying(offers)), project(other, buying(offers))
    assert two.acquisition_effect.value.p50 == pytest.approx(factor * one.acquisition_effect.value.p50, rel=1e-9, abs=1e-9)
    assert two.cost == pytest.approx(factor * one.cost, rel=1e-12)
    assert two.roi is not None
    assert one.roi is not None
    assert two.roi.p50 == pytest.approx(one.roi.p50, rel=1e-9, abs=1e-9)


@given(cases.bases, cases.offer_ids, st.floats(1, 500), st.floats(0.1, 500))
def test_18_a_higher_fee_never_raises_roi_and_never_changes_demand(
    context: ProjectionContext, offer: str, fee: float, more: float
):
    """ROI is value / cost − 1, so this holds wherever the offer is worth something at all."""
    low, high = project(context, bought(offer, fee=fee)), project(context, bought(offer, fee=fee + more))
    assert low.offers[0].views == high.offers[0].views
    assert low.acquisition_effect == high.acquisition_effect
    assert low.roi is not None
    assert high.roi is not None
    if low.acquisition_effect.value.p50 >= 0:
        assert high.roi.p50 <= low.roi.p50
    assert high.npv.p50 < low.npv.p50


@given(cases.bases, cases.offer_ids)
def test_18_at_max_bid_the_npv_is_the_hurdle_times_the_cost(context: ProjectionContext, offer: str):
    bid = project(context, bought(offer)).offers[0].max_bid.p50
    answer = project(context, bought(offer, fee=bid)).offers[0]
    hurdle = context.economics.hurdle_rate.value
    if bid > 0:
        assert answer.npv.p50 == pytest.approx(hurdle * answer.cost, rel=1e-6)
    else:
        assert answer.npv.p50 <= hurdle * answer.cost


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, max_size=2).map(tuple))
@cases.of_allowed_questions
def test_19_a_horizon_of_0_is_worth_0(context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...]):
    answer = project(context, buying(offers, *changes, horizon=0))
    effects = (answer.audience_effect, answer.acquisition_effect)
    assert all((effect.hours.p50, effect.value.p50) == (0.0, 0.0) for effect in effects)
    assert (answer.baseline.hours, answer.baseline.revenue) == (0.0, 0.0)


@given(cases.bases, cases.slates, st.integers(1, 5))
def test_19_undiscounted_horizons_add(context: ProjectionContext, offers: tuple[str, ...], horizon: int):
    """The first months of a long horizon are a short horizon."""
    free = replace(context, economics=replace(context.economics, discount_rate=builders.term(0.0)))
    long, short = project(free, buying(offers, horizon=6)), project(free, buying(offers, horizon=horizon))
    np.testing.assert_allclose(long.monthly_projected_hours[:horizon], short.monthly_projected_hours, rtol=1e-12)
    earned = [month.p50 for month in long.monthly_cash]
    assert [month.p50 for month in short.monthly_cash] == pytest.approx(earned[: horizon + 1], rel=1e-9)


@given(flows, st.integers(0, 24), rates)
def test_19_flows_cut_in_two_add(flow: np.ndarray, cut: int, rate: float):
    first, rest = flow.copy(), flow.copy()
    first[cut:], rest[:cut] = 0.0, 0.0
    whole = economics.net_present_value(flow, rate)
    assert economics.net_present_value(first, rate) + economics.net_present_value(rest, rate) == pytest.approx(whole, rel=1e-12)


@given(flows, st.floats(1, 5000), rates, st.floats(0.01, 1))
def test_20_npv_of_pay_now_earn_later_falls_as_the_discount_rate_rises(earned: np.ndarray, cost: float, rate: float, more: float):
    flow = np.concatenate([[-cost], earned])
    low, high = economics.net_present_value(flow, rate), economics.net_present_value(flow, rate + more)
    assert high <= low
    assert high < low or earned.sum() < 1e-6


@given(cases.bases, cases.slates, st.lists(cases.audience_changes, min_size=1, max_size=3).map(tuple))
@cases.of_allowed_questions
def test_21_audience_effect_and_acquisition_effect_are_the_total_change(
    context: ProjectionContext, offers: tuple[str, ...], changes: tuple[c.AudienceChange, ...]
):
    answer = project(context, buying(offers, *changes))
    parts = (answer.audience_effect, answer.acquisition_effect)
    hours = answer.projected.hours - answer.baseline.hours
    value = answer.projected.revenue - answer.baseline.revenue
    assert sum(part.hours.p50 for part in parts) == pytest.approx(hours, abs=1e-9 * answer.baseline.hours)
    assert sum(part.value.p50 for part in parts) == pytest.approx(value, abs=1e-9 * answer.baseline.revenue)
    assert answer.total_effect.hours.p50 == pytest.approx(hours, abs=1e-9 * answer.baseline.hours)


@given(cases.bases, cases.offer_ids)
def test_22_an_offer_that_costs_nothing_has_no_roi_and_says_so(context: ProjectionContext, offer: str):
    answer = project(context, bought(offer, fee=0.0, royalty_per_view=0.0, marketing_cost=0.0))
    assert answer.roi is None
    assert answer.offers[0].roi is None
    assert any("E_ROI_UNDEFINED" in warning for warning in answer.warnings)
