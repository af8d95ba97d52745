"""Arrivals of movies and their outcomes: the views and hours of each in its first days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.ids import FloatArray, IntArray
from recsys.tables.dataset import Dataset

Seconds = np.ndarray[tuple[int], np.dtype[np.int64]]
_DAY_SECONDS = 86_400


@dataclass(frozen=True, eq=False, kw_only=True)
class Arrivals:
    """Movies whose arrival lies inside the data, in order of arrival, then of id."""

    row: IntArray
    """int64[n], rows of the movies table"""
    arrived: Seconds
    """int64[n], epoch seconds"""
    left: Seconds
    """int64[n], epoch seconds of the end of availability; far away where it is open"""
    views: dict[int, FloatArray]
    """By days: views from arrival until so many days later, float64[n]; NaN where the data or the licence end before"""
    hours: dict[int, FloatArray]
    """The same in hours; NaN throughout where minutes are not logged"""

    def __len__(self) -> int:
        return len(self.row)

    def between(self, start: pd.Timestamp, stop: pd.Timestamp) -> IntArray:
        """Positions of those that arrived from ``start`` until before ``stop``."""
        inside = (self.arrived >= seconds(start)) & (self.arrived < seconds(stop))
        return np.flatnonzero(inside).astype(np.int64)

    def known_at(self, at: pd.Timestamp, days: int) -> IntArray:
        """Positions of those whose first ``days`` had passed by ``at``: all that anybody could have learnt from."""
        over = self.arrived + days * _DAY_SECONDS <= seconds(at)
        return np.flatnonzero(over & np.isfinite(self.views[days])).astype(np.int64)


def seconds(moment: pd.Timestamp) -> int:
    """Epoch seconds of a moment in UTC."""
    return int(np.datetime64(moment, "s").astype(np.int64))


def arrivals(dataset: Dataset, days: tuple[int, ...]) -> Arrivals:
    """Arrivals of a data set and their outcomes after so many days each.

    A movie arrives on ``available_from``; where that was assumed from first views, so are the arrivals. Views before the stated
    arrival do not count, and a movie that had some is left out.
    """
    movies, events = dataset.movies, dataset.events
    when = events["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    index = events["movie_index"].to_numpy().astype(np.int64)
    begin, end = int(when[0]), int(when[-1])
    dated = movies["available_from"] if "available_from" in movies else pd.Series(pd.NaT, index=movies.index)
    arrived = dated.to_numpy().astype("datetime64[s]").astype(np.int64)
    first = np.full(len(movies), np.iinfo(np.int64).max)
    np.minimum.at(first, index, when)
    fresh = dated.notna().to_numpy() & (arrived > begin) & (arrived <= end) & (first >= arrived)
    row = np.flatnonzero(fresh)
    row = row[np.lexsort((movies["movie_id"].to_numpy()[row].astype(str), arrived[row]))].astype(np.int64)
    until = movies["available_until"] if "available_until" in movies else pd.Series(pd.NaT, index=movies.index)
    gone = until.to_numpy().astype("datetime64[s]").astype(np.int64)
    left = np.where(until.notna().to_numpy(), gone, np.iinfo(np.int64).max)[row]
    minutes = events["minutes"].to_numpy(dtype=np.float64) if "minutes" in events else np.full(len(events), np.nan)
    age = when - arrived[index]
    views, hours = {}, {}
    for span in days:
        inside = fresh[index] & (age >= 0) & (age < span * _DAY_SECONDS)
        whole = (arrived[row] + span * _DAY_SECONDS <= end) & (arrived[row] + span * _DAY_SECONDS <= left)
        views[span] = np.where(whole, np.bincount(index[inside], minlength=len(movies))[row], np.nan)
        timed = np.isfinite(minutes[inside])
        total = np.bincount(index[inside], weights=np.where(timed, minutes[inside], 0.0), minlength=len(movies))[row] / 60.0
        hours[span] = np.where(whole & bool(timed.any()), total, np.nan)
    return Arrivals(row=row, arrived=arrived[row], left=left, views=views, hours=hours)
