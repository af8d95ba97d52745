"""Groups of users with similar tastes: enough people each that nobody's own views make the group's taste."""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from recsys.choice.model.parameters import Float32Array
from recsys.ids import IntArray

_USERS_PER_GROUP, _MOST_GROUPS = 25, 160
_CELLS = 16_000_000
"""Groups times half-months times movies, for which there is to be room."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Groups:
    """Groups of users with similar tastes."""

    assignment: IntArray
    """int64[n_users]"""
    vectors: Float32Array
    """float32[n_groups, dim]: mean taste of each"""

    @property
    def n_groups(self) -> int:
        return len(self.vectors)


def group_users(users: Float32Array, cells_per_group: int, *, seed: int) -> Groups:
    """Cluster users by their vectors, some twenty-five to a group or more.

    Parameters
    ----------
    users : float32[n_users, dim]
    cells_per_group : half-months times movies, which bound the number of groups that fit in memory
    """
    most = int(np.clip(_CELLS // max(cells_per_group, 1), 1, _MOST_GROUPS))
    wanted = int(np.clip(len(users) // _USERS_PER_GROUP, 1, most))
    wanted = min(wanted, len(np.unique(users[:5000], axis=0)))
    found = MiniBatchKMeans(n_clusters=wanted, n_init=2, batch_size=4096, random_state=seed).fit(users).labels_
    present, assignment = np.unique(found, return_inverse=True)
    vectors = np.stack([users[assignment == group].mean(axis=0) for group in range(len(present))])
    return Groups(assignment=assignment.astype(np.int64), vectors=vectors.astype(np.float32))


def regrouped(groups: Groups, users: Float32Array) -> Groups:
    """The same groups in another space."""
    vectors = np.stack([users[groups.assignment == group].mean(axis=0) for group in range(groups.n_groups)])
    return Groups(assignment=groups.assignment, vectors=vectors.astype(np.float32))
