"""Accuracy of forecasts: WAPE, rank correlation, bias, and bootstrap intervals of their differences."""

import numpy as np
from scipy.stats import rankdata

from recsys.ids import FloatArray

RESAMPLES = 2_000


def wape(forecast: FloatArray, actual: FloatArray) -> float:
    """Weighted absolute percentage error: Σ |actual − forecast| / Σ actual, as a share.

    Examples
    --------
    >>> wape(np.array([8.0, 4.0]), np.array([10.0, 2.0]))
    0.3333333333333333
    """
    return float(np.abs(actual - forecast).sum() / actual.sum())


def bias(forecast: FloatArray, actual: FloatArray) -> float:
    """Σ forecast / Σ actual − 1, as a share.

    Examples
    --------
    >>> bias(np.array([9.0, 6.0]), np.array([10.0, 2.0]))
    0.25
    """
    return float(forecast.sum() / actual.sum() - 1.0)


def spearman(forecast: FloatArray, actual: FloatArray) -> float:
    """Correlation of ranks; 0 where all forecasts are alike, which order nothing.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0])), 6)
    0.5
    """
    return float(_rank_correlation(forecast[None, :], actual[None, :])[0])


def paired_bootstrap(
    better: FloatArray, than: FloatArray, actual: FloatArray, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """How much better one forecast is than another on the same arrivals, by a paired bootstrap over arrivals.

    Returns
    -------
    ``wape`` (fall, so that above 0 is better) and ``spearman`` (rise), each with ``mean``, ``low`` and ``high`` (95 %)
    """
    n = len(actual)
    pick = rng.integers(0, n, (RESAMPLES, n))
    truth = actual[pick]
    total = np.maximum(truth.sum(axis=1), 1e-12)
    falls = (np.abs(truth - than[pick]).sum(axis=1) - np.abs(truth - better[pick]).sum(axis=1)) / total
    rises = _rank_correlation(better[pick], truth) - _rank_correlation(than[pick], truth)
    return {
        "wape": _interval(wape(than, actual) - wape(better, actual), falls),
        "spearman": _interval(spearman(better, actual) - spearman(than, actual), rises),
    }


def bootstrap_interval(figure: FloatArray, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of a mean over arrivals, by bootstrap."""
    means = figure[rng.integers(0, len(figure), (RESAMPLES, len(figure)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _interval(mean: float, resampled: FloatArray) -> dict[str, float]:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return {"mean": mean, "low": float(low), "high": float(high)}


def _rank_correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    """Spearman of each row, float64[n_rows]."""
    first, second = rankdata(one, axis=1), rankdata(other, axis=1)
    first -= first.mean(axis=1, keepdims=True)
    second -= second.mean(axis=1, keepdims=True)
    length = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    together = (first * second).sum(axis=1)
    correlation: FloatArray = np.divide(together, length, out=np.zeros_like(together), where=length > 0)
    return correlation
