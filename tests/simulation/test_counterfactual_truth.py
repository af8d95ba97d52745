"""True effects: the same future, run without and with an offer."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.simulation import simulator, user_blocks
from recsys.simulation.economics_terms import ECONOMICS, economics
from recsys.simulation.movies import catalogue
from recsys.simulation.state import AddedMovies
from tests.simulation import counterfactual_truth
from tests.simulation.counterfactual_truth import true_effects
from tests.simulation.services import SMALL, as_offer, block, views

HORIZON = 4


@pytest.fixture(scope="module")
def effects():
    return true_effects(SMALL, horizon_months=HORIZON, futures=2, together=["offer-001", "offer-002"])


def test_an_offer_adds_part_of_what_it_gets(effects):
    gross = sum(e.total("gross_views") for e in effects.alone)
    added = sum(e.total("views") for e in effects.alone)
    assert gross > 100
    # With an outside share of 0.5 to 0.6, about half of what new movies get is new.
    assert 0.3 * gross < added < 0.8 * gross


def test_without_offers_nothing_is_added_and_the_baseline_is_the_same(effects):
    none = true_effects(SMALL, [], horizon_months=HORIZON, futures=2)
    assert none.alone == ()
    assert none.together is None
    for measure, baseline in effects.baseline.items():
        np.testing.assert_array_equal(none.baseline[measure], baseline)


def test_a_movie_that_nobody_can_see_adds_exactly_0():
    movies = catalogue(SMALL, future_months=HORIZON)
    quality = movies.quality.copy()
    quality[movies.offers] = -np.inf
    for churn_mode in ("expected", "drawn"):
        dark = true_effects(SMALL, horizon_months=HORIZON, movies=replace(movies, quality=quality), churn_mode=churn_mode)
        assert all(not e.monthly[m].any() for e in dark.alone for m in counterfactual_truth.MEASURES)


def test_a_clone_of_the_top_title_adds_much_less_than_it_gets():
    movies = catalogue(SMALL, future_months=HORIZON)
    history = block()
    there = movies.on_service(SMALL.n_periods + 2 * HORIZON - 1)
    top = int(there[np.argmax(views(history.period_views, movies.n_movies)[there])])
    clone = true_effects(SMALL, ["offer-001"], horizon_months=HORIZON, futures=3, movies=as_offer(movies, top)).of("offer-001")
    plain = replace(SMALL, dissimilarity=1.0, outside_constant=SMALL.outside_constant - 1.5)
    same = true_effects(plain, ["offer-001"], horizon_months=HORIZON, futures=3, movies=as_offer(movies, top)).of("offer-001")
    assert clone.total("gross_views") > 100
    assert clone.total("views") < 0.6 * clone.total("gross_views")
    # In a service whose movies are no closer substitutes inside a nest than outside it, the clone takes less from its twin.
    assert clone.total("views") / clone.total("gross_views") < same.total("views") / same.total("gross_views")


def test_whom_an_offer_does_not_touch_lives_the_same_life_with_it():
    """Everybody run with the offer, without the short cut: the totals are those that the short cut gives, to the last bit."""
    history = block(future_months=HORIZON)
    movies = history.inputs.movies
    periods = range(SMALL.n_periods, SMALL.n_periods + 2 * HORIZON)
    rows = np.arange(SMALL.n_users)
    gone = np.full(movies.n_movies, 1000)
    added = AddedMovies(columns=np.full((len(rows), 1), movies.offers.start), first_period=SMALL.n_periods, last_period=gone)

    def run(**more):
        return list(simulator.simulate(history.inputs, history.end.of(rows), periods, draws=user_blocks.HISTORY, **more))

    touched = np.zeros((len(rows), 1), dtype=bool)
    without, with_ = run(added=added, touched=touched), run(added=added)
    same = ~touched[:, 0]
    assert 0.1 < touched.mean() < 0.9
    for one, other in zip(without, with_, strict=True):
        assert one.column[same[one.row]].tolist() == other.column[same[other.row]].tolist()
        assert one.active[same].tolist() == other.active[same].tolist()
    alone = true_effects(SMALL, ["offer-001"], horizon_months=HORIZON, churn_mode="drawn").alone[0]
    lift = sum(len(p.row) for p in with_) - sum(len(p.row) for p in without)
    assert alone.total("views") == lift
    assert alone.total("gross_views") == views(with_, movies.n_movies)[movies.offers.start]


def test_expected_leaving_agrees_with_drawn_leaving(effects):
    drawn = true_effects(SMALL, horizon_months=HORIZON, futures=6, churn_mode="drawn")
    for measure in ("views", "hours", "subscriber_months"):
        gap = sum(a.total(measure) - b.total(measure) for a, b in zip(effects.alone, drawn.alone, strict=True))
        error = np.sqrt(
            sum(
                a.standard_error[measure] ** 2 + b.standard_error[measure] ** 2
                for a, b in zip(effects.alone, drawn.alone, strict=True)
            )
        )
        # Errors of offers that share a future are correlated; a factor of 2 covers it.
        assert abs(gap) < 3 * 2 * error
    for measure in ("views", "subscriber_months"):
        assert effects.baseline[measure].sum() == pytest.approx(drawn.baseline[measure].sum(), rel=0.05)


def test_futures_of_other_luck_agree_within_their_standard_errors(effects):
    more = true_effects(replace(SMALL), ["offer-002"], horizon_months=HORIZON, futures=8).of("offer-002")
    one = true_effects(SMALL, ["offer-002"], horizon_months=HORIZON, futures=1).of("offer-002")
    assert 0 < more.standard_error["views"] < effects.of("offer-002").standard_error["views"] < 2 * one.standard_error["views"]
    gap = more.total("views") - effects.of("offer-002").total("views")
    assert abs(gap) < 4 * effects.of("offer-002").standard_error["views"]


def test_offers_together_add_less_than_one_by_one_and_more_than_the_better_one(effects):
    one, two = effects.of("offer-001"), effects.of("offer-002")
    both = effects.together
    assert both.offers == ("offer-001", "offer-002")
    assert max(one.total("views"), two.total("views")) < both.total("views") < one.total("views") + two.total("views")


def test_an_offer_earns_more_where_plans_pay_more_and_nothing_before_it_launches(effects):
    late = true_effects(SMALL, ["offer-002"], horizon_months=HORIZON, launch_month=3).of("offer-002")
    assert not late.monthly["hours"][:2].any()
    assert late.monthly["hours"][2:].sum() > 0
    value = effects.of("offer-002").value(ECONOMICS)
    dearer = replace(ECONOMICS, discount_rate=replace(ECONOMICS.discount_rate, value=0.5))
    assert value > effects.of("offer-002").value(dearer) > 0


def test_value_is_margin_times_months_plus_advertising_plus_rentals_discounted():
    """10 subscriber-months at 199 · 0.62, 100 hours at 9 · 0.6 advertisements of 0.16, 5 rentals at 49 · 0.4; a year at 12 %."""
    monthly = {name: np.zeros(12) for name in counterfactual_truth.MEASURES}
    monthly["subscriber_months"][11], monthly["ad_hours"][11], monthly["rentals"][11] = 10, 100, 5
    effect = counterfactual_truth.TrueEffect(offers=("x",), monthly=monthly, standard_error={})
    assert effect.value(ECONOMICS) == pytest.approx((10 * 199 * 0.62 + 100 * 9 * 0.6 * 0.16 + 5 * 49 * 0.4) / 1.12)


def test_value_counts_the_people_that_each_user_stands_for():
    monthly = {name: np.full(12, 3.0) for name in counterfactual_truth.MEASURES}
    effect = counterfactual_truth.TrueEffect(offers=("x",), monthly=monthly, standard_error={})
    assert effect.value(economics(500.0)) == pytest.approx(500 * effect.value(ECONOMICS))


def test_an_unknown_offer_and_an_empty_horizon_are_refused():
    with pytest.raises(DataError, match="E_NOT_FOUND"):
        true_effects(SMALL, ["m00001"])
    with pytest.raises(DataError, match="E_RANGE"):
        true_effects(SMALL, horizon_months=0)
