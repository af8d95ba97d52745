"""Rolling forecast of the viewing of a service that is left as it is, beside simple forecasts of the whole.

Months are of 30.4 days and count from the cutoff, so that no calendar month is cut. Hours are those logged; where no minutes are,
views times the hours that a view lasted before the cutoff. What was watched is of everybody, also of who has joined since.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from recsys.backtest import accuracy
from recsys.backtest.serialization import CutoffResult, ViewingForecast
from recsys.choice.panel.history import DAYS_PER_MONTH
from recsys.ids import FloatArray
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario.scenario import Scenario
from recsys.tables.dataset import Dataset

MONTHS_AHEAD = 6
RIVALS = ("as_last_month", "seasonal_naive", "exponential_smoothing")
_FEWEST_SMOOTHED = 4
_YEAR = 12
SCORED_MONTHS = (1, 3, 6)


def forecast_viewing(dataset: Dataset, at: pd.Timestamp, context: ProjectionContext) -> tuple[ViewingForecast, ...]:
    """Forecast the months after a cutoff that the data cover, up to :data:`MONTHS_AHEAD`.

    Parameters
    ----------
    dataset : whole: what was watched is read from it
    context : of the tables frozen at ``at``
    """
    months = ((dataset.events["timestamp"] - at) / pd.Timedelta(days=DAYS_PER_MONTH)).to_numpy(dtype=np.float64)
    ahead = min(int(months.max() + 1e-3), MONTHS_AHEAD) if len(months) else 0
    if ahead < 1:
        return ()
    hours = _hours(dataset, context, before=months < 0)
    number = np.floor(months).astype(np.int64)  # 0 is the first month ahead, −1 the last one before
    whole = int(-months.min())
    past = np.array([hours[number == k].sum() for k in range(-whole, 0)])
    scenario = Scenario(name="as it is", changes=(), horizon_months=ahead)
    projected = project(context, scenario).monthly_baseline_hours
    rivals = simple_forecasts(past, ahead)
    return tuple(
        ViewingForecast(
            month=k + 1,
            projected=float(projected[k]),
            actual=float(hours[number == k].sum()),
            rivals={name: float(values[k]) for name, values in rivals.items()},
        )
        for k in range(ahead)
    )


def _hours(dataset: Dataset, context: ProjectionContext, before: NDArray[np.bool_]) -> FloatArray:
    """Hours of each event, float64[n_events]."""
    events = dataset.events
    rows = context.choice.movie_ids.rows_or_missing(dataset.movies["movie_id"].astype(str))[events["movie_index"].to_numpy()]
    usual = float(context.choice.hours_per_view[rows[before & (rows >= 0)]].mean())
    if "minutes" not in events:
        return np.full(len(events), usual)
    hours = events["minutes"].to_numpy(dtype=np.float64) / 60.0
    return np.where(np.isfinite(hours), hours, usual)


def simple_forecasts(past: FloatArray, ahead: int) -> dict[str, FloatArray]:
    """Forecasts of the next months from those before, by name.

    Parameters
    ----------
    past : float64[n_months], whole months, the last one last

    Examples
    --------
    >>> found = simple_forecasts(np.arange(1.0, 13.0), 2)
    >>> found["as_last_month"], found["seasonal_naive"]
    (array([12., 12.]), array([1., 2.]))
    """
    found: dict[str, FloatArray] = {}
    if len(past):
        found["as_last_month"] = np.full(ahead, past[-1])
    if len(past) >= _YEAR:
        found["seasonal_naive"] = past[-_YEAR:][np.arange(ahead) % _YEAR]
    if len(past) >= _FEWEST_SMOOTHED and past.min() > 0:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the smoothing is at a bound, its forecast stands all the same
            found["exponential_smoothing"] = np.asarray(ExponentialSmoothing(past).fit().forecast(ahead))
    return found


def scores(cutoffs: Sequence[CutoffResult]) -> dict[str, Any]:
    """Error and bias of the projection by months ahead, and its error beside each rival's where the rival said something.

    Error is the sum of absolute misses over what was watched.
    """
    found: dict[str, Any] = {}
    for month in SCORED_MONTHS:
        said = [each for cutoff in cutoffs for each in cutoff.viewing if each.month == month and each.actual > 0]
        if not said:
            continue
        actual, projected = np.array([each.actual for each in said]), np.array([each.projected for each in said])
        rivals: dict[str, Any] = {}
        for name in RIVALS:
            there = np.array([name in each.rivals for each in said])
            if there.any():
                theirs = np.array([each.rivals.get(name, np.nan) for each in said])[there]
                rivals[name] = {
                    "moments": int(there.sum()),
                    "error": accuracy.wape(theirs, actual[there]),
                    "projection_error": accuracy.wape(projected[there], actual[there]),
                }
        found[str(month)] = {
            "moments": len(said),
            "error": accuracy.wape(projected, actual),
            "bias": accuracy.bias(projected, actual),
            "rivals": rivals,
        }
    return found


def document(cutoffs: Sequence[CutoffResult]) -> dict[str, Any]:
    """What was said of viewing and what it was, month by month, with scores; empty where no month was covered."""
    months = [
        {
            "origin": cutoff.date,
            "month": each.month,
            "projected": each.projected,
            "actual": each.actual,
            "rivals": dict(each.rivals),
        }
        for cutoff in cutoffs
        for each in cutoff.viewing
    ]
    return {"months": months, "scores": scores(cutoffs)} if months else {}
