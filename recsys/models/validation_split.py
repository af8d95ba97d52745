"""Validation split: the training part is split once more, so that settings are not chosen on the test part."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.evaluate import entries_not_in, evaluate
from recsys.evaluation.ranking import Scorer
from recsys.ids import IntArray

VALIDATION_METRICS = ("ndcg@10", "ndcg@100", "recall@20", "recall@50")
"""The objective is their geometric mean: a tenth more of one weighs as much as a tenth more of another."""
_NOTHING = 1e-9
MOST_USERS = 1_000
"""Users evaluated: enough to tell settings apart, few enough to try many."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ValidationSplit:
    """Training and validation views, both from the training part."""

    seen: sparse.csr_array
    later: sparse.csr_array
    allowed: NDArray[np.bool_] | None = None
    """bool[n_movies]: movies that may be shown; all where None"""

    @property
    def users(self) -> IntArray:
        """Users with something to learn from and something to find, int64[n]."""
        to_find = entries_not_in(self.later, self.seen)
        return np.flatnonzero((np.diff(self.seen.indptr) > 0) & (np.diff(to_find.indptr) > 0))

    def objective(self, scorer: Scorer) -> float:
        """Objective of a recommender that was trained on ``seen``, measured on ``later``: geometric mean of
        :data:`VALIDATION_METRICS`."""
        judged = evaluate(scorer, self.seen, self.later, at=(10, 20, 50, 100), allowed=self.allowed)
        return float(np.exp(np.mean(np.log([max(judged.mean(name), _NOTHING) for name in VALIDATION_METRICS]))))

    def sampled_users(self, seed: int) -> "ValidationSplit":
        """The same with at most :data:`MOST_USERS` users to find anything for.

        Raises
        ------
        DataError  E_TOO_SMALL: nobody has something to learn from and something to find
        """
        users = self.users
        if not len(users):
            raise DataError.of(
                "E_TOO_SMALL",
                "nobody has views to learn from and views to find, so that no settings can be chosen.",
                "Train with the settings as they are.",
                table="events",
            )
        chosen = np.zeros(self.seen.shape[0], dtype=np.float32)
        chosen[np.random.default_rng(seed).permutation(users)[:MOST_USERS]] = 1.0
        kept = sparse.csr_array(sparse.diags_array(chosen) @ self.later)
        kept.eliminate_zeros()
        return replace(self, later=kept)


def random_split(views: sparse.csr_array, *, share: float = 0.2, seed: int) -> ValidationSplit:
    """Split views at random, where there are no dates.

    Parameters
    ----------
    views : CSR[n_users, n_movies]
    share : of the views that are to be found

    Examples
    --------
    >>> halves = random_split(sparse.csr_array(np.ones((4, 5))), share=0.25, seed=0)
    >>> int(halves.seen.nnz), int(halves.later.nnz)
    (15, 5)
    """
    held = np.zeros(views.nnz, dtype=bool)
    held[np.random.default_rng(seed).permutation(views.nnz)[: round(share * views.nnz)]] = True
    parts = []
    for kept in (~held, held):
        ends = np.concatenate([[0], np.cumsum(kept)])[views.indptr]
        parts.append(sparse.csr_array((views.data[kept], views.indices[kept], ends), shape=views.shape))
    return ValidationSplit(seen=parts[0], later=parts[1])
