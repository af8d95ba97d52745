"""Design rows against utilities written out."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.panel.audience_design import cluster_design, user_design
from recsys.choice.panel.history import read_history
from recsys.choice.panel.user_clusters import UserClusters
from tests.choice.nested_logit import choice_shares
from tests.choice.services import Service, member_of, service, structure_of


@pytest.fixture(scope="module")
def small() -> Service:
    return service(n_users=120, n_movies=30, months=4, seed=5)


def test_user_designs_hold_utilities_availability_and_what_was_watched(small: Service):
    history, structure = read_history(small.dataset), structure_of(small)
    users, period = np.arange(20), 5
    rows = user_design(history, structure, member_of(small), users=users, periods=np.full(20, period), views=np.ones(20))
    columns = structure.columns
    age = np.minimum(history.age_months()[period], 6)
    utility = small.slope * small.users[users] @ small.movies.T + small.launch[age] + small.appeal
    middle = (history.edges[period] + history.edges[period + 1]) / 2
    row, movie = history.watched_by(users, np.full(20, middle))
    utility[row, movie] += np.log(small.rewatch)
    with np.errstate(divide="ignore"):
        utility += small.dissimilarity * np.log(history.open_share()[period])
    shares = choice_shares(utility, small.nests, small.dissimilarity)
    expected = (shares / shares.sum(axis=1, keepdims=True)).sum(axis=0)
    assert rows.predicted_views(small.appeal[columns]) == pytest.approx(expected[columns], rel=1e-4)


def test_cluster_designs_of_a_single_user_are_that_users(small: Service):
    """Had each user a cluster of their own, clusters would be persons, but for what was watched within the half-month."""
    history, structure, member = read_history(small.dataset), structure_of(small), member_of(small)
    alone = UserClusters(assignment=np.arange(120), centroids=member.users)
    periods = np.array([0])
    views = np.ones((1, 120))
    open_rows = cluster_design(history, structure, alone, member.movies, periods=periods, views=views, satiated=False)
    nobody = replace(history, pair_day=np.full(len(history.pair_day), np.inf))
    persons = user_design(nobody, structure, member, users=np.arange(120), periods=np.zeros(120, np.int64), views=np.ones(120))
    appeal = small.appeal[structure.columns]
    assert open_rows.predicted_views(appeal) == pytest.approx(persons.predicted_views(appeal), rel=1e-4)
    used = cluster_design(history, structure, alone, member.movies, periods=np.array([7]), views=views)
    fresh = cluster_design(history, structure, alone, member.movies, periods=np.array([7]), views=views, satiated=False)
    assert (used.inclusive_values(appeal) <= fresh.inclusive_values(appeal) + 1e-6).all()
    assert used.inclusive_values(appeal).mean() < fresh.inclusive_values(appeal).mean() - 0.05
