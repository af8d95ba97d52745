"""Importance matrices for quantisation: how much the rounding error of a table's row changes the scores.

A row e of rounding errors changes a score by an amount linear in e, so the mean square of that change is a quadratic form,
``e @ matrix @ e``. :func:`recsys.export.quantisation.quantise` rounds so that this form stays small.

- Movies: a score is movie · user, so an error e changes it by e · user. The matrix is the second moment of the user vectors.
- Histories: an error e is added to the sum that the user tower takes. It changes the user vector by e · J, where J is the tower's
  derivative, and a movie's score by e · J · movie. A change that is the same for all movies keeps their order and does not count,
  so the matrix is the mean over users of J · covariance(movies) · Jᵀ.

Users are random queries: nobody's viewing is in them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recsys.embeddings.tower import UserTower
from recsys.export.random_queries import random_queries

N_QUERIES = 400
SEED = 20_200_829
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Importance:
    """Importance matrices of the two tables that are rounded: ``e @ matrix @ e`` is the mean squared change of a score."""

    movies: FloatArray
    """float64[dim, dim], for errors of the movies' vectors."""
    history: FloatArray
    """float64[dim, dim], for errors of the history table's rows."""


def importance(tower: UserTower, movies: NDArray[np.float32]) -> Importance:
    """Measure the importance matrices of a model before rounding, the same bits whatever the number of threads.

    Parameters
    ----------
    tower : the exact user tower
    movies : float32[n_movies, dim], the exact movie vectors
    """
    queries = random_queries(tower, N_QUERIES, np.random.default_rng(SEED))
    context = pd.DataFrame([query.context for query in queries], dtype=object)
    dense = tower.dense
    with threadpool_limits(limits=1):
        sums = tower.pooled_inputs([query.history.astype(np.int64) for query in queries], context).astype(np.float64)
        users = dense(sums.astype(np.float32)).astype(np.float64)
        centred = movies - movies.mean(axis=0, dtype=np.float64)
        covariance = centred.T @ centred / len(centred)
        history = np.zeros_like(covariance)
        for active in sums @ dense.hidden_weights + dense.hidden_bias > 0:
            derivative = np.eye(len(covariance)) + (dense.hidden_weights * active) @ dense.out_weights
            history += derivative @ covariance @ derivative.T
        return Importance(movies=users.T @ users / len(users), history=history / len(sums))
