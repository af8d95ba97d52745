"""How much would have to be hidden for a decision to turn."""

from dataclasses import replace

import pytest

from recsys.decision.unobserved_confounding import FARTHEST_NATS, Confounding, unobserved_confounding
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.projection import builders


def asking(*changes: c.Change) -> s.Scenario:
    return s.Scenario(name="x", changes=changes, horizon_months=6)


def fee_of(context: ProjectionContext, times: float) -> c.Acquire:
    """The first offer at so many times its walk-away price."""
    price = project(context, asking(c.Acquire(offer="o00"))).offers[0].max_bid.mean
    return c.Acquire(offer="o00", fee=price * times)


def shifted(context: ProjectionContext, nats: float) -> ProjectionContext:
    """Every offer's appeal moved."""
    point = context.choice.draws[0]
    coefficients = point.cold_appeal_coefficients.copy()
    coefficients[0] += nats
    return replace(context, choice=replace(context.choice, draws=(replace(point, cold_appeal_coefficients=coefficients),)))


def turning(context: ProjectionContext, scenario: s.Scenario) -> tuple[Confounding, ...]:
    return unobserved_confounding(context, scenario, project(context, scenario))


def margin(context: ProjectionContext, scenario: s.Scenario) -> float:
    offer = project(context, scenario).offers[0]
    return offer.npv.mean - context.economics.hurdle_rate.value * offer.cost


@pytest.mark.parametrize(("times", "buys"), [(0.8, True), (1.25, False)])
def test_the_strength_found_turns_the_decision_and_nine_tenths_of_it_do_not(times: float, buys: bool):
    context = builders.context(n_users=80)
    scenario = asking(fee_of(context, times))
    (found,) = turning(context, scenario)
    assert found.buys is buys
    assert found.nats is not None
    assert (found.nats < 0) is buys
    assert (margin(context, scenario) >= 0) is buys
    assert (margin(shifted(context, 0.9 * found.nats), scenario) >= 0) is buys
    assert (margin(shifted(context, 1.1 * found.nats), scenario) >= 0) is not buys
    views = [project(one, scenario).offers[0].views.mean for one in (context, shifted(context, found.nats))]
    assert found.views_share == pytest.approx(views[1] / views[0] - 1.0, abs=1e-5)
    assert found.usual_nats == context.choice.cold_appeal_residual_sd


def test_a_decision_closer_to_the_price_is_turned_by_less():
    context = builders.context(n_users=80)
    near, far = (turning(context, asking(fee_of(context, times)))[0].nats for times in (0.9, 0.5))
    assert near is not None
    assert far is not None
    assert abs(near) < abs(far)


def test_what_nothing_believable_turns_has_no_strength():
    context = builders.context(n_users=80)
    (found,) = turning(context, asking(fee_of(context, 1000.0)))
    assert (found.buys, found.nats, found.views_share) == (False, None, None)
    assert FARTHEST_NATS > 0


def test_each_offer_of_a_scenario_has_its_own():
    context = builders.context(n_users=80)
    found = turning(context, asking(c.Acquire(offer="o02"), c.Acquire(offer="o00")))
    assert [one.movie_id for one in found] == ["o00", "o02"]
    assert turning(context, asking()) == ()


@pytest.mark.parametrize(("times", "buys"), [(0.8, True), (1.25, False)])
def test_whether_an_offer_reaches_the_hurdle_is_what_the_projection_says(times: float, buys: bool):
    """At a fee below its walk-away price the expected return is above the hurdle, and only fewer views can turn that."""
    context = builders.context(n_users=80, n_draws=6)
    price = project(context, asking(c.Acquire(offer="o00")), draws="all").offers[0].max_bid.mean
    scenario = asking(c.Acquire(offer="o00", fee=price * times))
    projection = project(context, scenario, draws="all")
    (found,) = unobserved_confounding(context, scenario, projection)
    answer = projection.offers[0]
    assert answer.roi is not None
    assert (answer.roi.mean >= context.economics.hurdle_rate.value) is buys
    assert found.buys is buys
    assert found.views_share is not None
    assert (found.views_share < 0) is buys
