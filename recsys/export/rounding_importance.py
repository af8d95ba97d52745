"""Which errors of rounding matter: those along which people differ.

A byte a number cannot keep a vector, but it can keep what the vector is used for. For a movie that is its product with people's
vectors; for the table of histories, what becomes of a sum of its rows in the tower and then in the scores. Both are told here as
matrices, measured over random histories: nobody's viewing is in them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recsys.export import golden_queries

if TYPE_CHECKING:
    from recsys.export.phone_model import PhoneModel

N_HISTORIES = 400
SEED = 20_200_829
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Importance:
    """For an error e of a row, ``e @ matrix @ e`` is the mean square of what it does to a score."""

    movies: FloatArray
    """float64[dim, dim]: second moments of people's vectors."""
    history: FloatArray
    """float64[dim, dim]: covariance of the movies' vectors, seen through the derivative of the user tower."""


def importance(model: "PhoneModel") -> Importance:
    """Measure a model before rounding; the same model gives the same bits, whatever the number of threads."""
    cases = golden_queries.random_cases(model, N_HISTORIES, np.random.default_rng(SEED))
    context = pd.DataFrame([case.context for case in cases], dtype=object)
    tower, dense = model.tower, model.tower.dense
    with threadpool_limits(limits=1):
        sums = tower.gather([case.history.astype(np.int64) for case in cases], context).astype(np.float64)
        people = dense(sums.astype(np.float32)).astype(np.float64)
        away = model.movies.decoded - model.movies.decoded.mean(axis=0, dtype=np.float64)
        spread = away.T @ away / len(away)
        history = np.zeros_like(spread)
        for active in sums @ dense.hidden_weights + dense.hidden_bias > 0:
            derivative = np.eye(len(spread)) + (dense.hidden_weights * active) @ dense.out_weights
            history += derivative @ spread @ derivative.T
        return Importance(movies=people.T @ people / len(people), history=history / len(sums))
