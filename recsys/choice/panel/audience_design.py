"""Audience design: rows of viewers with their choice sets, and the utilities that a member of the ensemble gives them.

Users are rows where their tastes were learnt from other views than those explained. Where they were not, users are gathered
into clusters of similar taste, so that nobody's own views are explained by a taste that was learnt from them.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import Float32Array, Member, StructuralParameters
from recsys.choice.model.view_probabilities import AudienceDesign
from recsys.choice.panel.history import History, whole_months
from recsys.choice.panel.user_clusters import UserClusters
from recsys.ids import FloatArray, IntArray

_CELLS = 16_000_000
"""Rows times movies held at a time."""


def cluster_design(
    history: History,
    structure: StructuralParameters,
    clusters: UserClusters,
    movies: Float32Array,
    *,
    periods: IntArray,
    views: FloatArray,
    satiated: bool = True,
) -> AudienceDesign:
    """Design rows of (half-month, cluster), half-months first.

    Parameters
    ----------
    movies : float32[n_movies, dim], in the space of the clusters' vectors
    periods : half-months to make rows for
    views : float64[len(periods), n_clusters], views of each row
    satiated : movies count for less in clusters that have watched them
    """
    columns, lam = structure.columns, structure.dissimilarity
    taste = (clusters.centroids @ movies[columns].T).astype(np.float64) * structure.slope
    open_share, ages = history.open_share()[:, columns], _ages(history, structure)[:, columns]
    seen = _seen_shares(history, clusters) if satiated else None
    size = clusters.n_clusters
    exponent = np.empty((len(periods) * size, len(columns)), dtype=np.float32)
    others = np.empty_like(exponent)
    for place, period in enumerate(periods):
        rows = slice(place * size, (place + 1) * size)
        exponent[rows] = (taste + structure.launch[ages[period]]) / lam
        others[rows] = open_share[period]
        if seen is not None:
            others[rows] *= 1.0 - structure.satiation * seen[period][:, columns]
    return AudienceDesign.from_exponents(exponent, views.ravel(), structure.nest_starts, lam, others)


def user_design(
    history: History,
    structure: StructuralParameters,
    member: Member,
    *,
    users: IntArray,
    periods: IntArray,
    views: FloatArray,
) -> AudienceDesign:
    """Design rows of (user, half-month).

    Parameters
    ----------
    users, periods : int64[n_rows]
    views : float64[n_rows]
    """
    columns, lam = structure.columns, structure.dissimilarity
    exponent = (member.users[users] * np.float32(structure.slope / lam)) @ member.movies[columns].T
    launch = (structure.launch[_ages(history, structure)[:, columns]] / lam).astype(np.float32)
    exponent += launch[periods]
    others = history.open_share()[:, columns].astype(np.float32)[periods]
    middle = (history.edges[:-1] + history.edges[1:]) / 2
    row, movie = history.watched_by(users, middle[periods])
    place = np.empty_like(columns)
    place[columns] = np.arange(len(columns))
    others[row, place[movie]] *= np.float32(1.0 - structure.satiation)
    return AudienceDesign.from_exponents(exponent, views, structure.nest_starts, lam, others)


def sample_holdout_views(history: History, cutoff_day: float, n_movies: int, *, rng: np.random.Generator) -> NDArray[np.bool_]:
    """bool[n_views]: views after the cutoff, of so many (user, half-month) that their rows fit in memory."""
    later = (history.day >= cutoff_day) & (history.period >= 0)
    keys = history.user * history.n_periods + history.period
    present = np.unique(keys[later])
    most = max(_CELLS // max(n_movies, 1), 1)
    if len(present) > most:
        later &= np.isin(keys, rng.choice(present, most, replace=False))
    return later


def _ages(history: History, structure: StructuralParameters) -> IntArray:
    return np.minimum(history.age_months(), len(structure.launch) - 1)


def launch_at_end(history: History, structure: StructuralParameters) -> FloatArray:
    """float64[n_movies]: what the launch curve adds to each movie's appeal when the data end, nats."""
    age = np.minimum(whole_months(history.end - history.arrival), len(structure.launch) - 1)
    launch: FloatArray = structure.launch[age]
    return launch


def _seen_shares(history: History, clusters: UserClusters) -> Float32Array:
    """Share of each cluster, by how much they watch, who have watched a movie by the middle of each half-month.

    float32[n_periods, n_clusters, n_movies]
    """
    active = 1.0 + np.bincount(history.user, minlength=history.n_users)
    share = active / np.bincount(clusters.assignment, weights=active)[clusters.assignment]
    since = np.clip(np.searchsorted(history.edges, history.pair_day, side="right"), 0, history.n_periods)
    size = clusters.n_clusters * history.n_movies
    cell = since * size + clusters.assignment[history.pair_user] * history.n_movies + history.pair_movie
    begun = np.bincount(cell, weights=share[history.pair_user], minlength=(history.n_periods + 1) * size)
    by_start = np.cumsum(begun.reshape(history.n_periods + 1, clusters.n_clusters, history.n_movies), axis=0).astype(np.float32)
    middle: Float32Array = np.minimum((by_start[:-1] + by_start[1:]) / 2, np.float32(1.0))
    return middle
