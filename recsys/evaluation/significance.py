"""Paired significance tests of every two recommenders, with correction for multiple comparisons.

Each pair is compared user by user with a paired t-test, and the p-values of all pairs are corrected together by Holm's method,
so that the chance of a single false alarm among all the pairs stays below ``LEVEL``.

References
----------
Urbano, Lima, Hanjalic (2019), Statistical significance testing in information retrieval: the t-test keeps its promised error
    rate on ranking metrics and has the most power.
Holm (1979), A simple sequentially rejective multiple test procedure.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from recsys.evaluation.resampling import Resamples
from recsys.ids import FloatArray

LEVEL = 0.05
CORRECTION = "holm"
TEST = "paired t-test"


def pairs(by_model: Mapping[str, FloatArray], resamples: Resamples) -> list[dict[str, Any]]:
    """Compare every two recommenders on one metric.

    Parameters
    ----------
    by_model : name → float64[n], one figure a user (or movie), the same users in the same order; NaN, in all models alike, for
        those whom the metric does not concern
    resamples : of those users

    Returns
    -------
    One row a pair: ``better`` and ``worse`` by the mean, the mean ``difference`` (≥ 0) with its 95 % interval, ``p`` of the
    paired t-test, ``p_holm`` corrected for the number of pairs, and ``clear``: whether ``p_holm`` is below ``LEVEL``

    Examples
    --------
    >>> figures = {"a": np.array([1.0, 2.0, 3.0, 4.0]), "b": np.array([0.0, 1.1, 2.1, 2.8])}
    >>> row, = pairs(figures, Resamples(n=4, seed=0))
    >>> row["better"], row["worse"], round(row["difference"], 3), row["clear"]
    ('a', 'b', 1.0, True)
    """
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415  takes seconds to load

    listed = list(combinations(by_model, 2))
    if not listed:
        return []
    differences = np.column_stack([by_model[one] - by_model[other] for one, other in listed])
    ends = resamples.intervals(differences)
    p = [_paired_p(column[np.isfinite(column)]) for column in differences.T]
    clear, corrected, _, _ = multipletests(p, alpha=LEVEL, method=CORRECTION)
    rows = []
    for number, (one, other) in enumerate(listed):
        mean, (low, high) = float(np.nanmean(differences[:, number])), ends[:, number]
        ahead = mean >= 0
        rows.append(
            {
                "better": one if ahead else other,
                "worse": other if ahead else one,
                "difference": abs(mean),
                "low": float(low if ahead else -high),
                "high": float(high if ahead else -low),
                "p": float(p[number]),
                "p_holm": float(corrected[number]),
                "clear": bool(clear[number]),
            }
        )
    return rows


def _paired_p(difference: FloatArray) -> float:
    """Two-sided p of a mean of 0; 1 where all are equal, for then nothing speaks for a difference."""
    if len(difference) < 2 or not np.ptp(difference):
        return 1.0 if len(difference) < 2 or not difference[0] else 0.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)
