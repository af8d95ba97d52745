"""The training part, parted once more: what settings are chosen on, so that the test part has no say in them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate, without
from recsys.evaluation.ranking import Scorer
from recsys.ids import IntArray

FIGURES = ("ndcg@10", "ndcg@100", "recall@20", "recall@50")
"""A setting's figure is the geometric mean of these: a tenth more of one weighs as much as a tenth more of another."""
_NOTHING = 1e-9
MOST_USERS = 1_000
"""Users judged: enough to tell settings apart, few enough to try many."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ValidationSplit:
    """Views to train on and views to find, both from the training part."""

    seen: sparse.csr_array
    later: sparse.csr_array
    allowed: NDArray[np.bool_] | None = None
    """bool[n_movies]: movies that may be shown; all where None"""

    @property
    def users(self) -> IntArray:
        """Users with something to learn from and something to find, int64[n]."""
        to_find = without(self.later, self.seen)
        return np.flatnonzero((np.diff(self.seen.indptr) > 0) & (np.diff(to_find.indptr) > 0))

    def figure(self, scorer: Scorer) -> float:
        """How well a recommender that learnt from ``seen`` finds ``later``: one number of :data:`FIGURES`."""
        judged = evaluate(scorer, self.seen, self.later, at=(10, 20, 50, 100), allowed=self.allowed)
        return float(np.exp(np.mean(np.log([max(judged.mean(name), _NOTHING) for name in FIGURES]))))

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
    """Every view falls by lot: for want of dates.

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
