"""From draws to ranges."""

import math

import numpy as np

from recsys.ids import FloatArray
from recsys.projection.result import Range


def to_range(draws: FloatArray) -> Range:
    """P10, P50 and P90 of a figure over its draws.

    Parameters
    ----------
    draws : float64[n_draws]; the first is the point estimate, the others sample its uncertainty. With the point alone, all
        three are the point.

    Examples
    --------
    >>> to_range(np.array([4.0]))
    Range(p10=4.0, p50=4.0, p90=4.0)
    >>> to_range(np.array([4.0, 0.0, 5.0, 10.0]))
    Range(p10=1.0, p50=5.0, p90=9.0)
    """
    sample = draws[1:] if len(draws) > 1 else draws
    p10, p50, p90 = np.quantile(sample, [0.1, 0.5, 0.9])
    return Range(p10=float(p10), p50=float(p50), p90=float(p90))


def interval(draws: FloatArray, coverage: float) -> tuple[float, float]:
    """The central interval that holds ``coverage`` of the draws (the point estimate left out, as in :func:`to_range`)."""
    sample = draws[1:] if len(draws) > 1 else draws
    low, high = np.quantile(sample, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)


def share_above(draws: FloatArray, threshold: float) -> float | None:
    """Share of the draws above a threshold; None where there is only the point estimate."""
    if len(draws) < 2:
        return None
    share = float(np.mean(draws[1:] > threshold))
    return share if math.isfinite(share) else None
