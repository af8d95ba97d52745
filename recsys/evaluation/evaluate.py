"""Ranking evaluation of a recommender on held-out views, and its recommendation lists.

Evaluation knows a recommender only by its scores. Rankings are of the whole catalogue, exact, without what a user has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation import metrics
from recsys.evaluation.ranking import Block, Scorer, entries, rank
from recsys.ids import FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """Metrics of one recommender by user; the same users in the same order for every recommender of a comparison."""

    name: str
    user_rows: IntArray
    """int64[n]: users with something seen and something to find"""
    by_user: Mapping[str, FloatArray]
    """Metric (``ndcg@10``) → float64[n]"""
    shown: IntArray
    """int64[n, k]: what each user is shown, -1 where there was nothing left"""
    n_movies: int
    novelty_bits: FloatArray
    """float64[n_movies]: −log2 of the share of users who had seen a movie; how far a movie is off the beaten track"""

    def mean(self, metric: str) -> float:
        """Mean over users."""
        return float(self.by_user[metric].mean())


def evaluate(
    scorer: Scorer,
    seen: sparse.csr_array,
    relevant: sparse.csr_array,
    *,
    at: Sequence[int] = (10, 20, 50, 100),
    allowed: NDArray[np.bool_] | None = None,
    offered: sparse.csr_array | None = None,
) -> Evaluation:
    """Rank for every user who has seen something and has something to find, and compare.

    Parameters
    ----------
    scorer : the recommender
    seen : CSR[n_users, n_movies], what it was trained on; never shown again
    relevant : CSR of the same shape, what is to be found; what was seen already does not count
    at : places to count to, each at least 1
    allowed : bool[n_movies], movies that may be shown; all where None
    offered : CSR[n_users, n_movies], movies that each user may be shown (a sample, see ``.sampled_negatives``); all
        where None

    Raises
    ------
    DataError  E_TOO_SMALL: no user has both; E_PARAM: places below 1
    """
    if not at or min(at) < 1:
        raise DataError.of("E_PARAM", f"cannot count to {list(at)} places.", "Give places of 1 or more.")
    unseen = entries_not_in(relevant, seen)
    users = np.flatnonzero((np.diff(seen.indptr) > 0) & (np.diff(unseen.indptr) > 0))
    if not len(users):
        raise DataError.of(
            "E_TOO_SMALL", "no user has both views to learn from and views to find.", "Import more events.", table="events"
        )
    blocks = [_judge(block, unseen, at) for block in rank(scorer, users, seen, max(at), allowed=allowed, offered=offered)]
    by_user = {name: np.concatenate([figures[name] for figures, _ in blocks]) for name in blocks[0][0]}
    viewers = np.bincount(seen.indices, minlength=seen.shape[1])
    return Evaluation(
        name=scorer.name,
        user_rows=users,
        by_user=by_user,
        shown=np.concatenate([shown for _, shown in blocks]),
        n_movies=int(seen.shape[1]),
        novelty_bits=-np.log2((viewers + 1) / (seen.shape[0] + 1)),
    )


def entries_not_in(matrix: sparse.csr_array, taken: sparse.csr_array) -> sparse.csr_array:
    """Set difference: entries of a matrix that another has not, as ones."""
    ones = sparse.csr_array((np.ones(matrix.nnz, dtype=np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)
    others = sparse.csr_array((np.ones(taken.nnz, dtype=np.int8), taken.indices, taken.indptr), shape=taken.shape)
    left = sparse.csr_array(ones - ones.multiply(others))
    left.eliminate_zeros()
    left.sort_indices()
    return left


def _judge(block: Block, relevant: sparse.csr_array, at: Sequence[int]) -> tuple[dict[str, FloatArray], IntArray]:
    wanted = np.zeros(block.scores.shape, dtype=bool)
    wanted[entries(relevant, block.user_rows)] = True
    n_relevant = np.diff(relevant.indptr)[block.user_rows].astype(np.int64)
    hits = np.take_along_axis(wanted, np.maximum(block.best, 0), axis=1) & (block.best >= 0)
    figures: dict[str, FloatArray] = {}
    for k in at:
        figures[f"ndcg@{k}"] = metrics.ndcg(hits, n_relevant, k)
        figures[f"recall@{k}"] = metrics.recall(hits, n_relevant, k)
        figures[f"hit_rate@{k}"] = metrics.hit_rate(hits, k)
    figures["mrr"] = metrics.reciprocal_rank(_first_rank(block, wanted))
    return figures, block.best


def _first_rank(block: Block, wanted: NDArray[np.bool_]) -> IntArray:
    """Place of the best relevant movie in the whole ranking, from 1; 0 where none may be shown."""
    of_wanted = np.where(wanted, block.scores, -np.inf)
    first = of_wanted.argmax(axis=1)
    best = of_wanted[np.arange(len(first)), first]
    above = (block.scores > best[:, None]).sum(axis=1)
    columns = np.arange(block.scores.shape[1])
    level_before = ((block.scores == best[:, None]) & (columns < first[:, None])).sum(axis=1)
    return np.where(np.isneginf(best), 0, 1 + above + level_before)
