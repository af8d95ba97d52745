"""Exact top-k ranking of the whole catalogue, in blocks of users, without what they have seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.ids import IntArray

Float32Array = NDArray[np.float32]

BLOCK_SCORES = 4_000_000
"""Scores held at once: users in a block × movies."""


@runtime_checkable
class Scorer(Protocol):
    """Anything that can score every movie for some users. Larger is better; only the order within a user means something."""

    @property
    def name(self) -> str:
        """What reports call it."""

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""


@dataclass(frozen=True, eq=False)
class Block:
    """Some users, their scores of what they may be shown, and their best movies."""

    user_rows: IntArray
    """int64[n]"""
    scores: Float32Array
    """float32[n, n_movies]; -inf where seen or not allowed"""
    best: IntArray
    """int64[n, k], best first, equal scores by row; -1 where nothing is left to show"""


def rank(
    scorer: Scorer,
    user_rows: IntArray,
    seen: sparse.csr_array,
    k: int,
    *,
    allowed: NDArray[np.bool_] | None = None,
    offered: sparse.csr_array | None = None,
) -> Iterator[Block]:
    """Rank the catalogue for users, block by block.

    Parameters
    ----------
    scorer : what ranks
    user_rows : int64[n], users to rank for
    seen : CSR[n_users, n_movies], entries are left out of the ranking
    k : int, places
    allowed : bool[n_movies], movies that may be shown; all where None
    offered : CSR[n_users, n_movies], movies that each user may be shown; all where None
    """
    n_movies = int(seen.shape[1])
    size = max(1, BLOCK_SCORES // max(n_movies, 1))
    for start in range(0, len(user_rows), size):
        rows = user_rows[start : start + size]
        scores = np.array(scorer.score(rows), dtype=np.float32)
        if scores.shape != (len(rows), n_movies) or np.isnan(scores).any():
            raise ValueError(f"{scorer.name} gave scores {scores.shape} with NaN or of the wrong shape")
        behind, movies = entries(seen, rows)
        scores[behind, movies] = -np.inf
        if allowed is not None:
            scores[:, ~allowed] = -np.inf
        if offered is not None:
            among = np.zeros(scores.shape, dtype=bool)
            among[entries(offered, rows)] = True
            scores[~among] = -np.inf
        yield Block(rows, scores, best_columns(scores, k))


def best_columns(scores: Float32Array, k: int) -> IntArray:
    """Columns of the k largest scores of each row, best first, equal ones by column; -1 in place of -inf.

    Examples
    --------
    >>> best_columns(np.array([[1, 3, 3, -np.inf]], dtype=np.float32), 4)
    array([[ 1,  2,  0, -1]])
    """
    n_columns = scores.shape[1]
    kept = min(k, n_columns)
    if kept == n_columns:
        best = np.argsort(-scores, axis=1, kind="stable")
    else:
        best = np.sort(np.argpartition(-scores, kept - 1, axis=1)[:, :kept], axis=1)
        worst_kept = np.take_along_axis(scores, best, axis=1).min(axis=1)
        # where equal scores straddle the last place, a partition keeps any of them; the order by column needs a full sort
        tied = (scores >= worst_kept[:, None]).sum(axis=1) > kept
        best[tied] = np.argsort(-scores[tied], axis=1, kind="stable")[:, :kept]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
    best = np.where(np.isneginf(np.take_along_axis(scores, best, axis=1)), -1, best)
    return np.pad(best, ((0, 0), (0, k - kept)), constant_values=-1).astype(np.int64)


def entries(matrix: sparse.csr_array, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of a CSR matrix's entries in some of its rows: index into ``rows``, and column."""
    counts = np.diff(matrix.indptr)[rows]
    behind = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return behind, matrix.indices[np.repeat(matrix.indptr[:-1][rows], counts) + within].astype(np.int64)


def holds(matrix: sparse.csr_array, rows: IntArray, columns: IntArray) -> NDArray[np.bool_]:
    """Whether a CSR matrix with sorted indices has an entry in each of some columns of some rows.

    Parameters
    ----------
    rows : int64[n]
    columns : int64[n, k], for each of the rows; -1 is held by none

    Returns
    -------
    bool[n, k]

    Examples
    --------
    >>> holds(sparse.csr_array(np.array([[0, 1], [1, 0]])), np.array([1, 0]), np.array([[0, 1], [0, -1]]))
    array([[ True, False],
           [False, False]])
    """
    behind, held = entries(matrix, rows)
    if not len(held):
        return np.zeros(columns.shape, dtype=bool)
    width = int(matrix.shape[1])
    keys = behind * width + held
    wanted = np.arange(len(rows))[:, None] * width + columns
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: NDArray[np.bool_] = (columns >= 0) & (keys[place] == wanted)
    return found


def as_matrix(shown: IntArray, n_movies: int) -> sparse.csr_array:
    """Lists as a matrix: float64 CSR[n, n_movies] of ones, indices sorted; empty places (-1) are left out."""
    place, column = np.nonzero(shown >= 0)
    matrix = sparse.csr_array((np.ones(len(place)), (place, shown[place, column])), shape=(len(shown), n_movies))
    matrix.sort_indices()
    return matrix
