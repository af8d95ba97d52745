"""User clusters by taste, with enough users each that nobody's own views make the cluster's taste."""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from recsys.choice.model.parameters import Float32Array
from recsys.ids import IntArray

_USERS_PER_CLUSTER, _MOST_CLUSTERS = 25, 160
_CELLS = 16_000_000
"""Clusters times half-months times movies, for which there is to be room."""


@dataclass(frozen=True, eq=False, kw_only=True)
class UserClusters:
    """Partition of users by taste, with the centroid of each cluster."""

    assignment: IntArray
    """int64[n_users]"""
    centroids: Float32Array
    """float32[n_clusters, dim]: mean taste of each"""

    @property
    def n_clusters(self) -> int:
        return len(self.centroids)


def cluster_users(users: Float32Array, cells_per_cluster: int, *, seed: int) -> UserClusters:
    """Cluster users by their vectors, some twenty-five to a cluster or more.

    Parameters
    ----------
    users : float32[n_users, dim]
    cells_per_cluster : half-months times movies, which bound the number of clusters that fit in memory
    """
    most = int(np.clip(_CELLS // max(cells_per_cluster, 1), 1, _MOST_CLUSTERS))
    wanted = int(np.clip(len(users) // _USERS_PER_CLUSTER, 1, most))
    wanted = min(wanted, len(np.unique(users[:5000], axis=0)))
    found = MiniBatchKMeans(n_clusters=wanted, n_init=2, batch_size=4096, random_state=seed).fit(users).labels_
    present, assignment = np.unique(found, return_inverse=True)
    centroids = np.stack([users[assignment == cluster].mean(axis=0) for cluster in range(len(present))])
    return UserClusters(assignment=assignment.astype(np.int64), centroids=centroids.astype(np.float32))


def recentred(clusters: UserClusters, users: Float32Array) -> UserClusters:
    """The same clusters with centroids in another space."""
    centroids = np.stack([users[clusters.assignment == cluster].mean(axis=0) for cluster in range(clusters.n_clusters)])
    return UserClusters(assignment=clusters.assignment, centroids=centroids.astype(np.float32))
