"""Ranking metrics by user: arrays in, arrays out.

``hits`` is bool[n_users, k], whether each place holds a relevant movie; ``n_relevant`` is int[n_users], at least 1, how many
relevant movies there are in all.

References
----------
Liang, Krishnan, Hoffman, Jebara (2018), Variational autoencoders for collaborative filtering: recall over min(k, n_relevant) and
truncated NDCG, as used by Rendle et al. (2022).
"""

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray

BoolArray = NDArray[np.bool_]


def recall(hits: BoolArray, n_relevant: IntArray, k: int) -> FloatArray:
    """Relevant movies in the first k places, of those that would fit there.

    Examples
    --------
    >>> recall(np.array([[True, False, True]]), np.array([3]), 2)      # 1 of the 2 that fit
    array([0.5])
    """
    found: FloatArray = hits[:, :k].sum(axis=1) / np.minimum(k, n_relevant)
    return found


def ndcg(hits: BoolArray, n_relevant: IntArray, k: int) -> FloatArray:
    """Discounted gain of the first k places, over that of the best order.

    Examples
    --------
    >>> ndcg(np.array([[False, True]]), np.array([1]), 2)              # 1/log2(3) over 1/log2(2)
    array([0.63092975])
    """
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(k, n_relevant) - 1]
    first = hits[:, :k]
    gained: FloatArray = first.astype(np.float64) @ discount[: first.shape[1]] / ideal
    return gained


def hit_rate(hits: BoolArray, k: int) -> FloatArray:
    """1 where any of the first k places is relevant, else 0."""
    hit: FloatArray = hits[:, :k].any(axis=1).astype(np.float64)
    return hit


def reciprocal_rank(first_rank: IntArray) -> FloatArray:
    """1 over the place of the best relevant movie, counted from 1; 0 where it is in none (given as 0).

    Examples
    --------
    >>> reciprocal_rank(np.array([1, 4, 0]))
    array([1.  , 0.25, 0.  ])
    """
    ranked: FloatArray = np.where(first_rank > 0, 1.0 / np.maximum(first_rank, 1), 0.0)
    return ranked
