"""Clustering of users by taste: k-means on unit vectors, so that heavy and light viewers of the same movies are together.

How many groups is chosen by what can be found again: for each number, two fits on halves of a sample are compared (adjusted Rand
index of how they assign everyone in it), and how far the groups lie apart (silhouette) is added. Groups too small for the privacy
floor are dissolved into their neighbours. One thread and a seed: the same vectors give the same groups.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

from recsys.embeddings.neighbours import AnyFloats, unit_rows
from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IntArray
from recsys.segments.membership import PRIVACY_FLOOR

_SAMPLE = 3000
_SILHOUETTE_SAMPLE = 1200
_MARGIN = 0.25
"""By how much stability and separation together must be better for another number of groups than the last run's."""
_CLEARLY = 1.05
"""Ratio of the mean squared distance to the centroids from which on another grouping is clearly better."""
_WHOLE_UP_TO = 50_000
"""Users above which the final fit goes through them in small batches."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """Settings of the clustering."""

    n_personas: int | None = None
    """None: chosen among :func:`candidates`."""
    seed: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Clustering:
    """Clusters of users, the largest first."""

    assignment: IntArray
    """int64[n_users]"""
    centroids: FloatArray
    """float64[n_groups, dim]: mean of the members' unit vectors."""
    stability: float | None
    """Adjusted Rand index between fits on halves of a sample: 1 is found again exactly, 0 is chance; None where not chosen."""


def candidates(n_users: int) -> tuple[int, ...]:
    """Numbers of groups worth trying: 8 to 12, fewer where groups would fall below some 50 users.

    Examples
    --------
    >>> candidates(6000), candidates(200), candidates(30)
    ((8, 9, 10, 11, 12), (2, 3, 4), (1,))
    """
    most = min(12, n_users // 50)
    return tuple(range(max(2, min(8, most - 4)), most + 1)) if most >= 2 else (1,)


def cluster(users: AnyFloats, config: ClusterConfig, *, start: FloatArray | None = None) -> Clustering:
    """Cluster users.

    Parameters
    ----------
    users : float[n_users, dim]
    start : float64[n_groups, dim], centroids of the last run in this run's space; their number is kept, and groups are grown
        from them, unless another number or a fresh start is clearly better

    Raises
    ------
    ArtefactError  E_TOO_SMALL: fewer users than groups asked for
    """
    unit = unit_rows(users)
    if config.n_personas is not None and not 1 <= config.n_personas <= len(unit):
        raise ArtefactError.of("E_TOO_SMALL", f"{config.n_personas} personas of {len(unit)} users.", "Ask for fewer.")
    with threadpool_limits(1):  # sums in k-means depend on the number of threads
        if config.n_personas is not None:
            k, stability = config.n_personas, None
        else:
            k, stability = _choose(unit, config.seed, None if start is None else len(start))
        model = _fit(unit, k, config.seed)
        if start is not None and len(start) == k:
            model = _continued(unit, model, start, config.seed)
        labels = model.predict(unit)
    assignment, centroids = _dissolve_small_groups(unit, np.asarray(labels, dtype=np.int64))
    return Clustering(assignment=assignment, centroids=centroids, stability=stability)


def _choose(unit: NDArray[np.float32], seed: int, prefer: int | None) -> tuple[int, float | None]:
    tried = candidates(len(unit))
    if len(tried) == 1:
        return tried[0], None
    rng = np.random.default_rng(seed)
    sample = unit[np.sort(rng.choice(len(unit), size=min(_SAMPLE, len(unit)), replace=False))]
    half = rng.permutation(len(sample)) % 2 == 0
    probe = np.sort(rng.choice(len(sample), size=min(_SILHOUETTE_SAMPLE, len(sample)), replace=False))
    scores, stabilities = {}, {}
    for k in tried:
        first, second = (_fit(sample[part], k, seed).predict(sample) for part in (half, ~half))
        stabilities[k] = float(adjusted_rand_score(first, second))
        apart = silhouette_score(sample[probe], first[probe]) if 1 < len(np.unique(first[probe])) < len(probe) else -1.0
        scores[k] = stabilities[k] + float(apart)
    best = max(tried, key=lambda k: scores[k])
    if prefer in scores and scores[prefer] >= scores[best] - _MARGIN:
        best = prefer
    return best, stabilities[best]


def _fit(unit: NDArray[np.float32], k: int, seed: int) -> KMeans | MiniBatchKMeans:
    if len(unit) > _WHOLE_UP_TO:
        return MiniBatchKMeans(n_clusters=k, batch_size=8192, n_init=5, random_state=seed).fit(unit)
    return KMeans(n_clusters=min(k, len(unit)), n_init=5, random_state=seed).fit(unit)


def _continued(
    unit: NDArray[np.float32], fresh: KMeans | MiniBatchKMeans, start: FloatArray, seed: int
) -> KMeans | MiniBatchKMeans:
    """Groups grown from given centroids, unless a fresh start fits clearly better."""
    begin = start.astype(np.float32)
    if isinstance(fresh, MiniBatchKMeans):
        grown = MiniBatchKMeans(n_clusters=len(begin), batch_size=8192, init=begin, n_init=1, random_state=seed).fit(unit)
    else:
        grown = KMeans(n_clusters=len(begin), init=begin, n_init=1, random_state=seed).fit(unit)
    return grown if grown.inertia_ <= _CLEARLY * fresh.inertia_ else fresh


def _dissolve_small_groups(unit: NDArray[np.float32], labels: IntArray) -> tuple[IntArray, FloatArray]:
    """Dissolve groups below the privacy floor into the nearest others, and put the largest first."""
    exact = unit.astype(np.float64)
    while True:
        sizes = np.bincount(labels)
        present = np.flatnonzero(sizes)
        smallest = present[np.argmin(sizes[present])]
        if len(present) == 1 or sizes[smallest] >= PRIVACY_FLOOR:
            break
        others = present[present != smallest]
        homes = np.stack([exact[labels == group].mean(axis=0) for group in others])
        moving = np.flatnonzero(labels == smallest)
        distance = np.square(exact[moving, None, :] - homes[None]).sum(axis=2)
        labels = labels.copy()
        labels[moving] = others[distance.argmin(axis=1)]
    order = present[np.lexsort((present, -sizes[present]))]
    rank = np.full(sizes.size, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    centroids = np.stack([exact[labels == group].mean(axis=0) for group in order])
    return rank[labels], centroids
