"""Exact top-k accuracy over the whole catalogue: what ``FactorizedTopK`` of TensorFlow Recommenders measures, by matrix products.

A pair counts as found when fewer than k movies score higher, so it is enough to know each user's k-th highest score: one product
and one partition a user, however many pairs they have, and no sorting.
"""

import numpy as np

from recsys.errors import DataError
from recsys.evaluation.ranking import BLOCK_SCORES
from recsys.ids import IntArray
from recsys.models.protocol import Float32Array


def top_k_accuracy(users: Float32Array, movies: Float32Array, user_rows: IntArray, movie_rows: IntArray, *, k: int) -> float:
    """Share of pairs whose movie is among the user's k best of all movies, equal scores to its advantage.

    Parameters
    ----------
    users, movies : float32[n_users, dim] and float32[n_movies, dim], scores are their products
    user_rows, movie_rows : int64[n], the pairs, at least one
    k : places, at least 1

    Raises
    ------
    DataError  E_PARAM: no pairs, or no places

    Examples
    --------
    >>> movies = np.array([[3.0], [2.0], [1.0]], dtype=np.float32)
    >>> top_k_accuracy(np.ones((1, 1), np.float32), movies, np.array([0, 0]), np.array([1, 2]), k=2)
    0.5
    """
    if k < 1 or not len(user_rows):
        raise DataError.of("E_PARAM", f"{len(user_rows)} pairs and {k} places tell nothing.", "Give at least one of each.")
    if k >= len(movies):
        return 1.0
    order = np.argsort(user_rows, kind="stable")
    distinct, firsts = np.unique(user_rows[order], return_index=True)
    size = max(1, BLOCK_SCORES // len(movies))
    found = 0
    for start in range(0, len(distinct), size):
        block = distinct[start : start + size]
        stop = firsts[start + size] if start + size < len(distinct) else len(order)
        pairs = order[firsts[start] : stop]
        scores = users[block] @ movies.T
        own = scores[np.searchsorted(block, user_rows[pairs]), movie_rows[pairs]]
        scores.partition(len(movies) - k, axis=1)
        found += int((own >= scores[np.searchsorted(block, user_rows[pairs]), len(movies) - k]).sum())
    return found / len(order)
