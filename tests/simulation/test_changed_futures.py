"""Changed futures: what is watched ahead, with and without a change."""

from dataclasses import replace

import numpy as np
import pytest

from tests.simulation.changed_futures import Change, changed_futures, future_catalogue
from tests.simulation.counterfactual_truth import true_effects
from tests.simulation.services import SMALL

HORIZON, FUTURES = 3, 2
NONE = future_catalogue(SMALL, horizon_months=HORIZON, arrivals="none")
AS_USUAL = future_catalogue(SMALL, horizon_months=HORIZON, arrivals="as_usual")
HERE = [NONE.movie_id[column] for column in NONE.on_service(SMALL.n_periods)]


def lived(changes, *, movies=NONE, config=SMALL, segment=lambda users: users.city_tier == 1):
    return changed_futures(config, changes, movies=movies, segment=segment, horizon_months=HORIZON, futures=FUTURES)


def test_the_unchanged_future_is_the_one_that_true_effects_are_differences_from():
    for movies in (NONE, AS_USUAL):
        known = true_effects(SMALL, [], horizon_months=HORIZON, futures=FUTURES, churn_mode="drawn", movies=movies)
        np.testing.assert_allclose(lived({}, movies=movies).baseline.monthly, known.baseline["hours"], rtol=1e-12)


def test_a_change_of_nothing_adds_exactly_0():
    same = lived({"same": Change(), "gone before": Change(dropped=[AS_USUAL.movie_id[AS_USUAL.offers.stop]])})
    assert all(not hours.by_future.any() for hours in same.added.values())
    nobody = lived({"active": Change(occasions=1.4)}, segment=lambda users: users.city_tier < 0)
    assert not nobody.added["active"].by_future.any()
    assert not nobody.segment.by_future.any()


def test_where_every_movie_is_dropped_nothing_is_watched():
    found = lived({"empty": Change(dropped=HERE)})
    assert (found.baseline.by_future > 0).all()
    np.testing.assert_allclose(found.added["empty"].by_future, -found.baseline.by_future)


def test_a_segment_without_occasions_loses_what_it_watches():
    found = lived({"asleep": Change(occasions=0.0)})
    np.testing.assert_allclose(found.added["asleep"].by_future, -found.segment.by_future)


def test_more_occasions_add_less_than_in_proportion_because_what_is_watched_is_used_up():
    found = lived({"active": Change(occasions=3.0)})
    assert 0 < found.added["active"].monthly.sum() < 1.9 * found.segment.monthly.sum()


def test_where_nothing_arrives_the_catalogue_of_the_last_day_stays():
    last, ahead = NONE.on_service(SMALL.n_periods - 1), NONE.on_service(SMALL.n_periods + 2 * HORIZON - 1)
    assert ahead.tolist() == last.tolist() == AS_USUAL.on_service(SMALL.n_periods - 1).tolist()
    assert AS_USUAL.on_service(SMALL.n_periods + 2 * HORIZON - 1).tolist() != last.tolist()


def test_less_is_watched_where_nothing_arrives():
    plain = replace(SMALL, churn_intercept=-50.0)
    usual, none = (lived({}, movies=movies, config=plain).baseline.monthly for movies in (AS_USUAL, NONE))
    assert none[-1] < usual[-1]


def test_luck_that_is_left_is_told_from_the_futures():
    baseline = lived({}).baseline
    one, other = baseline.by_future.sum(axis=1)
    assert baseline.standard_error == pytest.approx(abs(one - other) / 2)
