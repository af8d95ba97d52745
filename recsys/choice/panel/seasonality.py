"""Seasonality: how much more, or less, people watch in some months of the year than in others.

Configured in ``economics.toml``, or estimated where the data hold two years or more: views of an active user by month, with a
straight line in logarithms for the trend and an effect of each calendar month, shrunk towards none by as much of their spread as
chance explains. In fewer than two years a season cannot be told from a trend, and none is taken.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.choice.panel.history import DAYS_PER_MONTH, History
from recsys.ids import FloatArray, IntArray
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import Origin

LEAST_MONTHS = 24
"""Whole months of data below which a season is not told from a trend."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Season:
    """Factors on everyone's viewing occasions."""

    factors: FloatArray
    """float64[12], January first; their mean is 1"""
    kind: Origin
    source: str

    def ahead(self, data_end: pd.Timestamp, horizon_months: int) -> FloatArray:
        """Factors of the months of a horizon that begins when the data end, float64[horizon_months]; each month counts as the
        calendar month in which its middle lies.

        Examples
        --------
        >>> rising = Season(factors=np.arange(1.0, 13.0), kind="configured", source="made up")
        >>> rising.ahead(pd.Timestamp("2025-11-30"), 3)
        array([12.,  1.,  2.])
        """
        first = (pd.Timestamp(data_end) + pd.Timedelta(days=15)).month - 1
        ahead: FloatArray = self.factors[(first + np.arange(horizon_months)) % 12]
        return ahead


def half_month_factors(history: History, season: Season | None) -> FloatArray:
    """Factor of each half-month of a history on everyone's viewing, float64[n_periods]: half a month's in an average month is 1.

    A half-month counts by its days: within its calendar month where there is a season, which knows how long months are.
    """
    days, middle = np.diff(history.edges), (history.edges[:-1] + history.edges[1:]) / 2
    if season is None:
        return np.asarray(days * 2.0 / DAYS_PER_MONTH)
    months = pd.DatetimeIndex([history.start] * len(middle)) + pd.to_timedelta(middle, unit="D")
    factors: FloatArray = season.factors[months.month.to_numpy() - 1] * days * 2.0 / months.days_in_month.to_numpy()
    return factors


def season_of(dataset: Dataset) -> Season | None:
    """The season that is configured, else what the history tells; None where neither is."""
    stated = dataset.economics.season
    if stated is not None:
        factors = np.array(stated.factors)
        return Season(factors=factors / factors.mean(), kind=stated.kind, source=stated.source)
    return estimate(dataset.events["user_index"].to_numpy(), dataset.events["timestamp"])


def estimate(user: IntArray, time: pd.Series) -> Season | None:
    """The season of a history; None where it holds fewer than ``LEAST_MONTHS`` whole months.

    Parameters
    ----------
    user, time : of each view
    """
    if not len(time):
        return None
    month = time.to_numpy().astype("datetime64[M]").astype(np.int64)  # since January 1970
    first, last = int(month.min()), int(month.max())
    number = np.arange(first + 1, last)  # the first and the last month may be cut
    if len(number) < LEAST_MONTHS:
        return None
    views = np.bincount(month - first, minlength=last - first + 1)[1:-1]
    active = np.zeros((last - first + 1, int(user.max()) + 1), dtype=np.bool_)
    active[month - first, user] = True
    people = active.sum(axis=1)[1:-1]
    seen = views > 0
    level = np.log(views[seen] / people[seen])
    year = pd.get_dummies(number[seen] % 12).reindex(columns=range(12), fill_value=0).to_numpy(dtype=np.float64)
    if (year.sum(axis=0) < 2).any():
        return None
    design = np.column_stack([year, number[seen] - number.mean()])
    found, *_ = np.linalg.lstsq(design, level, rcond=None)
    freedom = len(level) - design.shape[1]
    noise = float(np.square(level - design @ found).sum()) / max(freedom, 1) / float(year.sum(axis=0).mean())
    effect = found[:12] - found[:12].mean()
    spread = float(np.square(effect).sum()) / 11
    kept = max(1.0 - noise / spread, 0.0) if spread > 0 else 0.0
    factors = np.exp(kept * effect)
    return Season(
        factors=factors / factors.mean(),
        kind="estimated",
        source=f"views of an active user in {int(seen.sum())} whole months, trend taken out; {kept:.0%} of the pattern is kept, "
        "the rest is what chance would show",
    )
