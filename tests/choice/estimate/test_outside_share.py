"""The outside share of services whose outside share is known."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate.outside_share import OutsideShare, clusters_before_arrivals, estimate_outside_share, outside_constant
from recsys.choice.estimate.taste.parameters import N_AGES
from recsys.choice.model.parameters import StructuralParameters
from recsys.choice.panel.exposure_panel import read_exposure
from recsys.choice.panel.history import read_history
from tests.choice.services import Service, member_of, service, structure_of


def outside_of(truth: Service) -> OutsideShare:
    """The outside share of a service, with its true tastes."""
    history = read_history(truth.dataset)
    return estimate_outside_share(
        history,
        structure_of(truth),
        member_of(truth),
        truth.content.astype(np.float32),
        exposure=read_exposure(truth.dataset, history),
        seed=0,
        rng=np.random.default_rng(0),
    )


def test_the_outside_share_is_recovered_from_arrivals_and_expiries():
    """Movies here can be watched again and again, so that only the catalogue moves what it is worth."""
    truth = service(n_users=1200, n_movies=150, rewatch=0.95, churn_hours_slope=0.0, late_share=0.6, seed=4)
    found = outside_of(truth)
    assert found.estimated
    assert found.standard_error is not None
    assert found.value == pytest.approx(truth.outside_share, abs=3 * found.standard_error)
    assert found.standard_error < 0.08


def test_taste_clusters_behind_the_outside_share_know_nothing_of_who_watched_an_arrival(truth: Service):
    history, movies = read_history(truth.dataset), truth.movies.astype(np.float32)
    arrived = np.isfinite(history.arrival)
    assert 0.2 < arrived[history.pair_movie].mean() < 0.8
    others = np.where(arrived[history.pair_movie], np.flatnonzero(arrived)[0], history.pair_movie)
    found, same = (
        clusters_before_arrivals(each, movies, 0).assignment for each in (history, replace(history, pair_movie=others))
    )
    np.testing.assert_array_equal(found, same)
    assert len(np.unique(found)) > 20


def test_what_an_arrival_leaves_for_later_counts_as_added():
    """Movies are watched once, and there are few: what was not watched because of an arrival is watched when it is worn out."""
    truth = service(n_users=1200, n_movies=150, rewatch=0.05, occasions=3.0, churn_hours_slope=0.0, late_share=0.6, seed=4)
    found = outside_of(truth)
    assert found.estimated
    assert found.incrementality_error < 0.08
    assert found.incrementality > truth.dissimilarity * truth.outside_share + 2 * found.incrementality_error


def test_a_catalogue_that_never_changed_leaves_the_outside_share_an_assumption():
    truth = service(n_users=200, n_movies=40, months=4, late_share=0.0, rewatch=0.95, seed=2)
    history = read_history(truth.dataset)
    found = estimate_outside_share(
        history,
        StructuralParameters(slope=2.0, dissimilarity=0.6, rewatch=1.0, launch=np.zeros(N_AGES), nests=truth.nests),
        member_of(truth),
        truth.content.astype(np.float32),
        exposure=read_exposure(truth.dataset, history),
        seed=0,
        rng=np.random.default_rng(0),
    )
    assert not found.estimated
    assert found.value == 0.5
    assert "did not change" in found.reason


def test_the_constant_gives_viewers_the_outside_share_on_average():
    """Two viewers with S = e and 1, the first watching three times as much."""
    worth, weight = np.array([1.0, 0.0]), np.array([3.0, 1.0])
    constant = outside_constant(worth, weight, 0.4)
    outside = 1 / (1 + np.exp(worth + constant))
    assert weight @ outside / 4 == pytest.approx(0.4)
    assert outside_constant(np.array([-np.inf]), np.ones(1), 0.4) == 0.0
