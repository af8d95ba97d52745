"""Views and active users by month and group, and the trend of such a series.

A month counts for a trend only where the data covers it whole: a series that stops on the fifth would else seem to collapse.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray

_SLACK_DAYS = 2
"""Days that may be missing at either end of a whole month."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Change a month as a share of the level (0.02 is two per cent a month), with its standard error."""

    monthly_share: float
    """0 where ``standard_error`` is None."""
    standard_error: float | None
    """None: fewer than three whole months, so no trend can be told."""
    months: int
    """Whole months behind it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Monthly:
    """Counts by group and month."""

    months: tuple[str, ...]
    """``YYYY-MM``, every month from the first event to the last."""
    whole: NDArray[np.bool_]
    """bool[n_months]: covered from first to last day."""
    views: IntArray
    """int64[n_groups, n_months]"""
    active: IntArray
    """int64[n_groups, n_months]: users with at least one view."""


def month_index(timestamps: pd.Series) -> tuple[IntArray, tuple[str, ...], NDArray[np.bool_]]:
    """Month of each event, counted from the first one's; the months' names; and which are covered whole.

    Parameters
    ----------
    timestamps : datetime64, at least one, any order

    Returns
    -------
    int64[n_events], n_months names, bool[n_months]
    """
    moments = timestamps.to_numpy().astype("datetime64[s]")
    months = moments.astype("datetime64[M]")
    first, last = months.min(), months.max()
    names = np.arange(first, last + 1)
    whole = np.ones(len(names), dtype=bool)
    day = np.timedelta64(_SLACK_DAYS, "D")
    whole[0] &= moments.min() < first.astype("datetime64[D]") + day + np.timedelta64(1, "D")
    whole[-1] &= moments.max() >= (last + 1).astype("datetime64[D]") - day - np.timedelta64(1, "D")
    return (months - first).astype(np.int64), tuple(map(str, names)), whole


def count_by_month(events: pd.DataFrame, groups: IntArray, n_groups: int) -> Monthly:
    """Views and active users of each group in each month.

    Parameters
    ----------
    events : ``user_index``, ``timestamp``
    groups : int64[n_users]
    """
    users = events["user_index"].to_numpy().astype(np.int64)
    month, names, whole = month_index(events["timestamp"])
    n = len(names)
    views = np.bincount(groups[users] * n + month, minlength=n_groups * n).reshape(n_groups, n)
    pairs = np.unique(users * n + month)
    active = np.bincount(groups[pairs // n] * n + pairs % n, minlength=n_groups * n).reshape(n_groups, n)
    return Monthly(months=names, whole=whole, views=views.astype(np.int64), active=active.astype(np.int64))


def trend(levels: FloatArray, whole: NDArray[np.bool_]) -> Trend:
    """Log-linear trend of a series, each month weighted by its level: the log of a count n has variance 1/n.

    Parameters
    ----------
    levels : float64[n_months], ≥ 0; months at 0 count as a half
    whole : bool[n_months]: months to use

    Examples
    --------
    >>> trend(np.array([100.0, 110.0, 121.0, 5.0]), np.array([True, True, True, False])).monthly_share.__round__(6)
    0.1
    """
    months = np.flatnonzero(whole).astype(np.float64)
    if len(months) < 3 or not (levels[whole] > 0).any():
        return Trend(monthly_share=0.0, standard_error=None, months=len(months))
    weight = np.maximum(levels[whole], 0.5)
    level = np.log(weight)
    centred = months - np.average(months, weights=weight)
    spread = float((weight * centred**2).sum())
    slope = float((weight * centred * level).sum() / spread)
    residual = level - np.average(level, weights=weight) - slope * centred
    variance = float((weight * residual**2).sum() / (len(months) - 2)) / spread
    return Trend(
        monthly_share=float(np.expm1(slope)), standard_error=float(np.exp(slope) * np.sqrt(variance)), months=len(months)
    )
