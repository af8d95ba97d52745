"""Taste gives back the parameters of a service whose choices were made with them."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate.taste.parameters import N_AGES
from recsys.choice.estimate.taste.scored_choices import ScoredChoices, score_choices
from recsys.choice.estimate.taste.taste_estimate import TasteEstimate, fit_mode, fit_taste
from recsys.choice.estimate.utility_space import UtilitySpace
from recsys.choice.panel.history import read_history
from recsys.choice.panel.holdout_choices import MOST_CELLS, read_holdout_choices
from recsys.choice.panel.user_clusters import cluster_users
from recsys.ids import IntArray
from tests.choice.services import CUTOFF_PERIOD, Service, space_of


def scored(truth: Service, space: UtilitySpace, nests: IntArray, *, cells: int = MOST_CELLS) -> ScoredChoices:
    """Choices after the cutoff with the scores of a space, and clusters of the true tastes."""
    history = read_history(truth.dataset)
    clusters = cluster_users(truth.users.astype(np.float32), history.n_periods * history.n_movies, seed=0)
    cutoff, rng = float(history.edges[CUTOFF_PERIOD]), np.random.default_rng(0)
    choices = read_holdout_choices(history, nests, cutoff_day=cutoff, n_ages=N_AGES, rng=rng, cells=cells)
    return score_choices(choices, space, clusters, nests)


@pytest.fixture(scope="module")
def taste(truth: Service) -> TasteEstimate:
    return fit_taste(scored(truth, space_of(truth), truth.nests), rng=np.random.default_rng(0))


def test_slope_substitution_rewatching_and_launch_are_recovered_within_their_errors(truth: Service, taste: TasteEstimate):
    found, errors = taste.parameters, taste.errors
    lam = found.dissimilarity
    assert lam == pytest.approx(truth.dissimilarity, abs=3 * errors.dissimilarity)
    assert errors.dissimilarity < 0.05
    within = truth.slope / truth.dissimilarity
    assert found.slope + found.cluster_slope == pytest.approx(within, abs=3 * (errors.slope + errors.cluster_slope))
    assert found.seen == pytest.approx(np.log(truth.rewatch) / truth.dissimilarity, abs=3 * errors.seen)
    assert np.abs(found.launch - truth.launch[:-1] / truth.dissimilarity).max() < 3 * errors.launch.max()
    assert found.launch[0] > 3 * errors.launch[0]
    assert taste.log_likelihood > taste.log_likelihood_uniform + 0.5


def test_a_search_that_begins_with_what_other_nests_told_ends_at_the_same_mode(truth: Service):
    space = space_of(truth)

    def put(nests: IntArray, times: float) -> ScoredChoices:
        scaled = replace(space, movies=np.float32(times) * space.movies)
        return scored(truth, scaled, nests, cells=300_000)

    other = fit_mode(put(np.random.default_rng(0).permutation(truth.nests), 5.0))
    choices = put(truth.nests, 1.0)
    begun = other.warm_start(choices)
    appeals = dict(zip(other.movies, other.parameters.appeal, strict=True))
    assert begun.appeal.tolist() == [appeals[movie] for movie in choices.movies]
    assert begun.slope == pytest.approx(5.0 * other.parameters.slope, rel=1e-4)
    afresh, on = fit_mode(choices), fit_mode(choices, other)
    assert on.log_likelihood == pytest.approx(afresh.log_likelihood, abs=2e-4)
    head = on.parameters.layout.structural
    np.testing.assert_allclose(on.parameters.flatten()[head], afresh.parameters.flatten()[head], atol=0.1)
    # what all appeals have in common is held by the prior alone
    centred = [found.parameters.appeal - found.parameters.appeal.mean() for found in (on, afresh)]
    np.testing.assert_allclose(*centred, atol=0.1)


def test_true_scores_need_no_reweighting(taste: TasteEstimate):
    """Nothing about a cluster or a nest is surer than the rest of a score that is exact."""
    assert abs(taste.parameters.nest_slope) < 3 * taste.errors.nest_slope
    assert abs(taste.parameters.cluster_slope) < 3 * taste.errors.cluster_slope


def test_noise_in_the_scores_of_persons_is_made_up_for_by_their_cluster(truth: Service):
    """Tastes blurred by as much as they differ: what the cluster likes is then the surer part."""
    space = space_of(truth)
    noise = 0.7 * np.random.default_rng(1).normal(size=space.users.shape)
    blurred = replace(space, users=(space.users + noise).astype(np.float32))
    found = fit_taste(scored(truth, blurred, truth.nests), rng=np.random.default_rng(0))
    assert found.score_reliability.cluster > 0.5
    assert found.parameters.slope < truth.slope / truth.dissimilarity
