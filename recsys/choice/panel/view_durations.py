"""View durations: hours per view by movie, completion, and hours by user and month."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.choice.model.parameters import Estimate
from recsys.ids import FloatArray, IntArray
from recsys.tables.dataset import Dataset

ASSUMED_COMPLETION = 0.8
ASSUMED_HOURS = 1.8
_PRIOR_VIEWS = 10.0
"""Views that a movie's runtime counts as, against those that were timed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ViewDurations:
    """Durations of views, in hours."""

    hours_per_view: FloatArray
    """float64[n_movies]"""
    completion: float
    """Share of a runtime that a view lasts, on average."""
    monthly_hours: pd.Series
    """By (``user_index``, ``YYYY-MM``); months without a view are missing."""
    estimates: tuple[Estimate, ...]


def estimate_durations(dataset: Dataset) -> ViewDurations:
    """Estimate durations from minutes watched where they are logged, else from runtimes.

    Few timed views are shrunk towards runtime × completion.
    """
    events = dataset.events
    movie = events["movie_index"].to_numpy().astype(np.int64)
    runtime = _runtime(dataset)
    minutes = events["minutes"].to_numpy(dtype=np.float64) if "minutes" in events else np.full(len(events), np.nan)
    timed = np.isfinite(minutes)
    both = timed & np.isfinite(runtime[movie])
    if both.any():
        completion = float(np.clip(minutes[both].sum() / runtime[movie[both]].sum(), 0.01, 1.0))
        error = _completion_error(minutes[both], runtime[movie[both]], completion)
        said = Estimate(
            name="completion",
            value=completion,
            unit="share of the runtime",
            kind="estimated",
            source=f"minutes of {int(both.sum()):,} views against the runtimes of what was watched",
            standard_error=error,
        )
    else:
        completion = ASSUMED_COMPLETION
        why = "no minutes are logged" if not timed.any() else "no runtimes are known"
        said = Estimate(
            name="completion", value=completion, unit="share of the runtime", kind="assumed", source=f"assumed, because {why}"
        )
    views = np.bincount(movie[timed], minlength=dataset.n_movies)
    watched = np.bincount(movie[timed], weights=minutes[timed], minlength=dataset.n_movies) / 60.0
    overall = float(watched.sum() / views.sum()) if views.sum() else ASSUMED_HOURS
    expected = np.where(np.isfinite(runtime), runtime * completion / 60.0, overall)
    hours = (watched + _PRIOR_VIEWS * expected) / (views + _PRIOR_VIEWS)
    month = events["timestamp"].dt.strftime("%Y-%m").to_numpy()
    each = np.where(timed, minutes / 60.0, hours[movie])
    by_month = pd.Series(each).groupby([events["user_index"].to_numpy().astype(np.int64), month], sort=True).sum()
    by_month.index = by_month.index.set_names(["user_index", "month"])
    return ViewDurations(
        hours_per_view=hours,
        completion=completion,
        monthly_hours=by_month,
        estimates=(said, _hours(hours, movie, timed, runtime)),
    )


def _hours(hours: FloatArray, movie: IntArray, timed: NDArray[np.bool_], runtime: FloatArray) -> Estimate:
    mean = float(hours[movie].mean())
    if timed.any():
        origin = "estimated", f"minutes of {int(timed.sum()):,} views; movies with few views lean on their runtime"
    elif np.isfinite(runtime).any():
        origin = "assumed", "runtime times the assumed completion, because no minutes are logged"
    else:
        origin = "assumed", "neither minutes nor runtimes are known"
    return Estimate(name="hours_per_view", value=mean, unit="hours", kind=origin[0], source=origin[1])  # type: ignore[arg-type]


def _runtime(dataset: Dataset) -> FloatArray:
    if "runtime_min" not in dataset.movies:
        return np.full(dataset.n_movies, np.nan)
    runtime: FloatArray = dataset.movies["runtime_min"].to_numpy(dtype=np.float64)
    return runtime


def _completion_error(minutes: FloatArray, runtime: FloatArray, completion: float) -> float:
    miss = minutes - completion * runtime
    return float(np.sqrt((miss**2).sum()) / runtime.sum())
