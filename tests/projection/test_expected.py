"""One estimate for one quantity: expected values add up, and the same figure is the same wherever it is made."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.projection.context import ProjectionContext
from recsys.projection.draws import simulate_draws
from recsys.projection.project import assemble, project
from recsys.projection.result import Projection
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from recsys.scenario.hash import demand_hash, question_hash
from tests.projection import builders

GROWTH = c.ResizeSegment(segment=c.Everyone(), factor=1.3)


@pytest.fixture(scope="module")
def context() -> ProjectionContext:
    """Royalties make the cost hang on the draw; the spread of cold appeal makes means differ from the point estimate."""
    made = builders.context(n_users=80, n_draws=8)
    return replace(made, offers=made.offers.assign(royalty_per_view=0.02))


def asking(*changes: c.Change, name: str = "x") -> s.Scenario:
    return s.Scenario(name=name, changes=changes, horizon_months=6)


@pytest.fixture(scope="module")
def several(context: ProjectionContext) -> Projection:
    return project(context, asking(GROWTH, c.Acquire(offer="o00"), c.Acquire(offer="o01"), c.Acquire(offer="o02")), draws="all")


def test_the_scenario_is_the_baseline_plus_its_effects(several: Projection):
    gained = several.projected.hours - several.baseline.hours
    assert gained == pytest.approx(several.total_effect.hours.mean, rel=1e-12)
    assert gained == pytest.approx(several.audience_effect.hours.mean + several.acquisition_effect.hours.mean, rel=1e-12)
    earned = several.projected.revenue - several.baseline.revenue
    assert earned == pytest.approx(several.total_effect.value.mean, rel=1e-12)
    monthly = sum(several.monthly_projected_hours) - sum(several.monthly_baseline_hours)
    assert monthly == pytest.approx(gained, rel=1e-9)


def test_value_less_cost_is_the_worth_and_its_ratio_to_the_cost_the_return(several: Projection):
    assert several.acquisition_effect.value.mean - several.cost == pytest.approx(several.npv.mean, rel=1e-12)
    assert several.roi is not None
    assert several.roi.mean * several.cost == pytest.approx(several.npv.mean, rel=1e-12)
    assert several.monthly_cash[-1].mean == pytest.approx(several.npv.mean, rel=1e-9)
    assert several.gross_hours.mean - several.cannibalised_hours.mean == pytest.approx(several.acquisition_effect.hours.mean)


def test_an_offers_parts_add_up(several: Projection):
    for offer in several.offers:
        earned = offer.earned.subscriptions + offer.earned.advertising + offer.earned.rentals
        assert earned - offer.cost == pytest.approx(offer.npv.mean, rel=1e-9)
        assert sum(part.hours for part in offer.segments) == pytest.approx(offer.incremental_hours.mean, rel=1e-9)
        assert offer.gross_hours.mean - offer.cannibalised_hours.mean == pytest.approx(offer.incremental_hours.mean)
        assert sum(month.mean for month in offer.monthly_hours) == pytest.approx(offer.incremental_hours.mean)
        assert sum(victim.hours for victim in offer.victims) <= offer.cannibalised_hours.mean * (1 + 1e-9)


def test_a_deal_has_paid_back_where_its_expected_cash_crosses_zero(context: ProjectionContext):
    cheap = project(context, asking(c.Acquire(offer="o00", fee=5.0)), draws="all")
    assert cheap.payback_month is not None
    crossed = [month for month, cash in enumerate(cheap.monthly_cash) if cash.mean >= 0]
    assert cheap.payback_month == crossed[0] == cheap.offers[0].payback_month


def test_of_a_single_offer_the_card_says_what_the_headline_says(context: ProjectionContext):
    answer = project(context, asking(c.Acquire(offer="o01")), draws="all")
    (offer,) = answer.offers
    assert offer.cost == answer.cost
    for card, headline in (
        (offer.npv, answer.npv),
        (offer.roi, answer.roi),
        (offer.incremental_hours, answer.acquisition_effect.hours),
        (offer.cannibalised_hours, answer.cannibalised_hours),
    ):
        assert vars(card) == pytest.approx(vars(headline), rel=1e-9)


def test_at_the_walk_away_price_the_expected_worth_is_the_hurdles_share_of_the_cost(context: ProjectionContext):
    price = project(context, asking(c.Acquire(offer="o00")), draws="all").offers[0].max_bid.mean
    there = project(context, asking(c.Acquire(offer="o00", fee=price)), draws="all").offers[0]
    assert there.roi is not None
    assert there.roi.mean == pytest.approx(context.economics.hurdle_rate.value, rel=1e-9)
    assert there.max_bid.mean == pytest.approx(price)


def test_the_expected_value_is_the_mean_of_the_draws_and_no_other(context: ProjectionContext):
    """Were it the median or the point estimate, this would show: appeal's spread makes hours lopsided."""
    asked = asking(c.Acquire(offer="o00"))
    hours = np.array([draw.gross_hours[0] for draw in simulate_draws(context, asked, draws="all").draws])
    shown = project(context, asked, draws="all").offers[0].gross_hours
    assert shown.mean == pytest.approx(hours[1:].mean(), rel=1e-12)
    assert shown.mean != pytest.approx(hours[0], rel=1e-3)
    assert shown.mean != pytest.approx(shown.p50, rel=1e-3)


def test_another_fee_or_name_is_answered_from_the_draws_that_are_there(context: ProjectionContext):
    asked = asking(c.Acquire(offer="o00"), c.Acquire(offer="o01"))
    drawn = simulate_draws(context, asked, draws="all")
    dearer = asking(c.Acquire(offer="o00", fee=77.0, royalty_per_view=1.5, marketing_cost=3.0), c.Acquire(offer="o01"), name="y")
    assert demand_hash(dearer) == demand_hash(asked)
    assert assemble(context, dearer, drawn) == project(context, dearer, draws="all")


@pytest.mark.parametrize(
    "changed",
    [
        asking(c.Acquire(offer="o00", launch_month=2)),
        asking(c.Acquire(offer="o00", window_months=3)),
        asking(GROWTH, c.Acquire(offer="o00")),
        replace(asking(c.Acquire(offer="o00")), horizon_months=7),
        replace(asking(c.Acquire(offer="o00")), licences="lapse"),
    ],
)
def test_what_changes_who_watches_is_another_demand(changed: s.Scenario):
    assert demand_hash(changed) != demand_hash(asking(c.Acquire(offer="o00")))


def test_a_name_is_no_part_of_the_question():
    assert question_hash(asking(GROWTH, name="x")) == question_hash(asking(GROWTH, name="y"))
    assert question_hash(asking(c.Acquire(offer="a", fee=1.0))) != question_hash(asking(c.Acquire(offer="a", fee=2.0)))


def test_a_licence_fee_saved_is_a_part_of_what_is_left(context: ProjectionContext):
    """The movie's fee falls due today, so that all of it is saved."""
    answer = project(context, asking(c.Drop(movie="m0007"), c.Acquire(offer="o00")), draws="all")
    fee = float(context.movies.set_index("movie_id").loc["m0007", "licence_fee"])
    assert answer.fees_saved == pytest.approx(fee)
    assert answer.acquisition_effect.value.mean + fee - answer.cost == pytest.approx(answer.npv.mean)
