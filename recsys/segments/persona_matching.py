"""Matching of personas between runs: finds those of the previous run in a retrained one.

A retrained space is rotated at will. The users that both runs know give the rotation (orthogonal Procrustes on unit vectors). The
last centroids are rotated with them, and each is matched to at most one new centroid so that the sum of cosines is largest
(Hungarian method). Only pairs that are clearly the same count.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import linear_sum_assignment

from recsys.embeddings.neighbours import unit_rows
from recsys.embeddings.table import EmbeddingTable
from recsys.ids import FloatArray
from recsys.segments.cluster import Clustering

_SAME = 0.8
"""Cosine of two centroids above which a persona is the same one."""
_MIN_SHARED = 20
"""Users that both runs must know."""


@dataclass(frozen=True, kw_only=True)
class PersonaMatch:
    """A pair of matching personas of the new and the last run."""

    new: int
    old: int
    cosine: float


def align_centroids(last_centroids: FloatArray, last_users: EmbeddingTable, users: EmbeddingTable) -> FloatArray | None:
    """Rotate centroids of the last run into this run's space, float64[n_personas, dim]; None where too few users are in both."""
    rows = last_users.ids.rows_or_missing(users.ids.ids)
    both = rows >= 0
    if both.sum() < _MIN_SHARED:
        return None
    width = max(users.dim, last_users.dim)
    new = _widened(unit_rows(users.vectors[both]).astype(np.float64), width)
    old = _widened(unit_rows(last_users.vectors[rows[both]]).astype(np.float64), width)
    turn, _ = orthogonal_procrustes(old, new)
    return np.asarray((_widened(last_centroids, width) @ turn)[:, : users.dim])


def match_personas(
    centroids: FloatArray, users: EmbeddingTable, last_centroids: FloatArray, last_users: EmbeddingTable
) -> tuple[PersonaMatch, ...]:
    """Match personas of the new run with those of the last one, in the order of the last ones.

    Parameters
    ----------
    centroids, last_centroids : float64[n_personas, dim], each in its own run's space (widths may differ)
    users, last_users : user vectors of each run
    """
    turned = align_centroids(last_centroids, last_users, users)
    if turned is None:
        return ()
    cosine = unit_rows(centroids).astype(np.float64) @ unit_rows(turned).astype(np.float64).T
    pairs = zip(*linear_sum_assignment(-cosine), strict=True)
    found = (PersonaMatch(new=int(n), old=int(o), cosine=float(cosine[n, o])) for n, o in pairs)
    return tuple(sorted((m for m in found if m.cosine >= _SAME), key=lambda m: m.old))


def keep_order(found: Clustering, matched: tuple[PersonaMatch, ...]) -> tuple[Clustering, tuple[PersonaMatch, ...]]:
    """Order clusters: matched ones first, in the order of the last run; new ones after them, the largest first."""
    first = [m.new for m in matched]
    order = np.array([*first, *(k for k in range(len(found.centroids)) if k not in first)], dtype=np.int64)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    moved = replace(found, assignment=rank[found.assignment], centroids=found.centroids[order])
    return moved, tuple(replace(m, new=int(rank[m.new])) for m in matched)


def _widened(vectors: FloatArray, width: int) -> FloatArray:
    return np.pad(vectors, ((0, 0), (0, width - vectors.shape[1])))
