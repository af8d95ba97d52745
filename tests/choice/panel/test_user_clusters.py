"""Clusters of users by taste."""

import numpy as np
import pytest

from recsys.choice.panel.user_clusters import cluster_users, recentred


def test_clusters_gather_users_of_like_taste_and_hold_their_mean():
    rng = np.random.default_rng(0)
    users = (np.repeat(np.eye(2) * 5, 100, axis=0) + 0.1 * rng.normal(size=(200, 2))).astype(np.float32)
    clusters = cluster_users(users, 100, seed=0)
    for cluster in range(clusters.n_clusters):
        members = np.flatnonzero(clusters.assignment == cluster)
        assert len(set(members // 100)) == 1
        assert clusters.centroids[cluster] == pytest.approx(users[members].mean(axis=0), abs=1e-5)
    assert recentred(clusters, 2 * users).centroids == pytest.approx(2 * clusters.centroids, abs=1e-5)
    assert cluster_users(users, 10**9, seed=0).n_clusters == 1
