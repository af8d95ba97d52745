"""Cold-start holdout: some movies are held out with all their views, so that nothing of them is known in training."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.evaluate import entries_not_in

HOLDOUT_SHARE = 0.2
"""Share of the movies that were ever watched."""
FEWEST_MOVIES = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class ColdStartHoldout:
    """Views for training, and the held-out movies with theirs."""

    movies: NDArray[np.bool_]
    """bool[n_movies]: hidden"""
    seen: sparse.csr_array
    """float32 CSR[n_users, n_movies]: who watched which of the other movies"""
    relevant: sparse.csr_array
    """CSR of the same shape: who watched which hidden movie"""


def hold_out_movies(views: sparse.csr_array, rng: np.random.Generator, *, share: float = HOLDOUT_SHARE) -> ColdStartHoldout:
    """Hold out all views of some movies, drawn evenly from those that were ever watched.

    Parameters
    ----------
    views : CSR[n_users, n_movies] of view counts
    rng : draws the movies
    share : in (0, 1), of the watched movies

    Raises
    ------
    DataError  E_TOO_SMALL: fewer than ``FEWEST_MOVIES`` movies were watched
    """
    watched = np.unique(views.indices)
    if len(watched) < FEWEST_MOVIES:
        raise DataError.of(
            "E_TOO_SMALL",
            f"{len(watched)} movies with views are too few to hide some of them.",
            f"Import at least {FEWEST_MOVIES}.",
            table="movies",
        )
    hidden = np.zeros(int(views.shape[1]), dtype=bool)
    hidden[rng.choice(watched, max(1, round(share * len(watched))), replace=False)] = True
    return ColdStartHoldout(movies=hidden, seen=_of(views, ~hidden), relevant=_of(views, hidden))


def first_views(events: pd.DataFrame, movies: NDArray[np.bool_], days: float, shape: tuple[int, int]) -> sparse.csr_array:
    """Views of some movies within so many days of the first view of each.

    Parameters
    ----------
    events : ``user_index``, ``movie_index`` and ``timestamp``
    movies : bool[n_movies], of which views are wanted
    days : length of the window; the first view is at 0
    shape : of the result

    Returns
    -------
    float32 CSR[n_users, n_movies] of ones

    Examples
    --------
    >>> events = pd.DataFrame({"user_index": [0, 1, 2], "movie_index": [0, 0, 0],
    ...     "timestamp": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-05"])})
    >>> first_views(events, np.array([True]), 1.0, (3, 1)).toarray().ravel()
    array([1., 1., 0.], dtype=float32)
    """
    wanted = events[movies[events["movie_index"].to_numpy()]]
    age = wanted["timestamp"] - wanted.groupby("movie_index")["timestamp"].transform("min")
    early = wanted[age <= pd.Timedelta(days=days)].drop_duplicates(["user_index", "movie_index"])
    rows, columns = early["user_index"].to_numpy(), early["movie_index"].to_numpy()
    matrix = sparse.coo_array((np.ones(len(early), dtype=np.float32), (rows, columns)), shape=shape).tocsr()
    matrix.sort_indices()
    return matrix


def remaining_views(hidden: ColdStartHoldout, early: sparse.csr_array) -> sparse.csr_array:
    """Held-out views that remain to be predicted once the first days are known."""
    return entries_not_in(hidden.relevant, early)


def _of(views: sparse.csr_array, movies: NDArray[np.bool_]) -> sparse.csr_array:
    kept = sparse.csr_array((movies[views.indices].astype(np.float32), views.indices, views.indptr), shape=views.shape, copy=True)
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept
