"""Regret of a forecast: what its slate won, and what the best slate would have, in units of the outcome."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from recsys.ids import FloatArray, IntArray

BUDGET_SHARE = 1 / 3
"""Budget of a slate, as a share of what all offers of a cutoff cost together."""


def best_slate(value: FloatArray, fees: FloatArray, budget: float) -> IntArray:
    """Rows of the offers of highest total value within a budget; exact.

    Examples
    --------
    >>> best_slate(np.array([5.0, 4.0, 3.0]), np.array([3.0, 2.0, 2.0]), 4.0)
    array([1, 2])
    """
    if not len(value) or budget < fees.min():
        return np.zeros(0, dtype=np.int64)
    found = milp(
        -np.maximum(value, 0.0),
        constraints=LinearConstraint(fees[None, :], -np.inf, budget * (1 + 1e-9)),
        integrality=np.ones(len(value)),
        bounds=Bounds(0, 1),
    )
    return np.flatnonzero(found.x > 0.5).astype(np.int64)


def regret(forecast: FloatArray, actual: FloatArray, fees: FloatArray) -> tuple[float, float]:
    """What the forecast's slate won, and what the best one would have; both in the unit of the outcome."""
    budget = BUDGET_SHARE * float(fees.sum())
    chosen, best = best_slate(forecast, fees, budget), best_slate(actual, fees, budget)
    return float(actual[chosen].sum()), float(actual[best].sum())
