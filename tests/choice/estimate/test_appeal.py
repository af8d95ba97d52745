"""Appeals of a service whose appeals are known, and those of movies that have left."""

import numpy as np
import pytest

from recsys.choice.estimate.appeal import AppealEstimates, appeals_from_clusters, appeals_from_users
from recsys.choice.estimate.draws import with_departed
from recsys.choice.estimate.utility_space import to_member
from recsys.choice.panel.history import read_history
from recsys.choice.panel.user_clusters import cluster_users
from tests.choice.models import PLAIN
from tests.choice.services import CUTOFF_PERIOD, Service, space_of, structure_of


def test_appeals_are_recovered_and_few_views_shrink_them(truth: Service):
    history, space = read_history(truth.dataset), space_of(truth)
    content = truth.content.astype(np.float32)
    clusters = cluster_users(space.users, history.n_periods * history.n_movies, seed=0)
    member = to_member(space, clusters, truth.nests, content, PLAIN)
    structure = structure_of(truth)
    cutoff = float(history.edges[CUTOFF_PERIOD])
    first = appeals_from_clusters(history, structure, clusters, member.movies, content, until_day=cutoff)
    found = appeals_from_users(history, structure, member, content, first=first, cutoff_day=cutoff, rng=np.random.default_rng(0))
    here = history.available_at_end()
    true, estimated = truth.appeal[here], found.appeal[here]
    assert np.corrcoef(true, estimated)[0, 1] > 0.9
    assert np.polyfit(true, estimated, 1)[0] == pytest.approx(1.0, abs=0.15)
    views = np.bincount(history.movie[history.day >= cutoff], minlength=150)
    assert found.standard_error[np.argmax(views)] < found.standard_error[np.argmin(views)]


def test_movies_that_have_left_are_told_from_what_clusters_watched_of_them_and_of_the_others():
    """Clusters see half of every appeal: what is left of the first 20 movies is doubled, with the error that the others show."""
    rng = np.random.default_rng(0)
    appeal, here = rng.normal(size=60), np.arange(60) >= 20
    own = 0.5 * appeal + 0.05 * rng.normal(size=60)
    error = np.where(np.arange(60) == 3, np.inf, 0.01)
    by_attributes = AppealEstimates(
        appeal=own, standard_error=error, unshrunk=own, unshrunk_error=error, prior_sd=1.0, content_sd=0.0, views=1.0
    )
    found, spread = with_departed(np.where(here, appeal, 99.0), np.full(60, 0.1), here, by_attributes)
    gone = ~here & (np.arange(60) != 3)
    assert found[gone] == pytest.approx(appeal[gone], abs=0.4)
    assert spread[gone] == pytest.approx(np.std(found[gone] - appeal[gone]), abs=0.05)
    assert np.array_equal(found[here], appeal[here])
    assert (spread[here] == 0.1).all()
    assert np.isinf(spread[3])
