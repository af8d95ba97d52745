"""View history in half-months, with date-correct availability of movies.

Half-months begin on the 1st and the 16th. A movie counts for the part of a half-month in which it was on the service, and from
its first view at the latest.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.ids import FloatArray, IntArray
from recsys.tables.dataset import Dataset

HISTORY_MONTHS = 24
"""Older views count as watched, and for nothing else."""

DAYS_PER_MONTH = 365.25 / 12

_SURPRISE = 1e-6
"""Chance of so late a first view, had the movie been there all along, below which it is taken to have arrived then."""

Days = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class History:
    """Views and availability. Days are counted from ``start``, the beginning of the first half-month."""

    n_users: int
    n_movies: int
    start: pd.Timestamp
    user: IntArray
    """int64[n_views], in order of time"""
    movie: IntArray
    day: Days
    """float64[n_views]; negative before the window"""
    period: IntArray
    """int64[n_views], half-month of each view; −1 before the window"""
    edges: Days
    """float64[n_periods + 1]: where half-months begin and the last one ends"""
    arrival: Days
    """float64[n_movies]: day of arrival; −inf where the movie was there before the window or its arrival is not known"""
    departure: Days
    """float64[n_movies]: first day off the service, inf where open"""
    arrivals_inferred: bool
    """Arrivals were inferred from first views, for want of dates."""
    pair_user: IntArray
    """int64[n_pairs]: who has watched …"""
    pair_movie: IntArray
    """… what …"""
    pair_day: Days
    """… and when first; pairs are sorted by user, then movie"""
    pair_views: IntArray
    """… and how often, in the window and before."""

    @property
    def n_periods(self) -> int:
        return len(self.edges) - 1

    @property
    def end(self) -> float:
        """Day on which the data end: the moment after the last view."""
        return float(self.day[-1]) + 1e-6

    @property
    def covered_days(self) -> FloatArray:
        """float64[n_periods]: days of each half-month between the first view of the window and the last."""
        first = max(float(self.day[0]), 0.0)
        days: FloatArray = np.clip(np.minimum(self.edges[1:], self.end) - np.maximum(self.edges[:-1], first), 1e-6, None)
        return days

    def months_there(self) -> FloatArray:
        """float64[n_movies]: how long each movie has been there within the window, until the data end or it left."""
        begin = np.maximum(self.arrival, max(float(self.day[0]), 0.0))
        months: FloatArray = np.maximum(np.minimum(self.end, self.departure) - begin, 0.0) / DAYS_PER_MONTH
        return months

    def open_share(self) -> FloatArray:
        """float64[n_periods, n_movies]: part of each half-month in which a movie was on the service."""
        begin, finish = self.edges[:-1, None], self.edges[1:, None]
        overlap = np.minimum(finish, self.departure) - np.maximum(begin, self.arrival)
        share: FloatArray = np.clip(overlap / (finish - begin), 0.0, 1.0)
        return share

    def age_months(self) -> IntArray:
        """int64[n_periods, n_movies]: whole months since arrival in the middle of each half-month; a large number where the
        arrival lies before the window."""
        middle = (self.edges[:-1, None] + self.edges[1:, None]) / 2
        return whole_months(middle - self.arrival)

    def watched_by(self, users: IntArray, days: FloatArray) -> tuple[IntArray, IntArray]:
        """Movies that users had watched by some day: (place in ``users``, movie) pairs.

        Parameters
        ----------
        users, days : of equal length; inf for everything up to the end
        """
        indptr = np.searchsorted(self.pair_user, np.arange(self.n_users + 1))
        counts = indptr[users + 1] - indptr[users]
        row = np.repeat(np.arange(len(users)), counts)
        pair = np.repeat(indptr[users] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        seen = self.pair_day[pair] < days[row]
        return row[seen].astype(np.int64), self.pair_movie[pair[seen]]

    def available_at_end(self) -> NDArray[np.bool_]:
        """bool[n_movies]: on the service when the data end."""
        mask: NDArray[np.bool_] = (self.arrival <= self.end) & (self.departure > self.end)
        return mask


def whole_months(days: FloatArray) -> IntArray:
    """Whole months in so many days; 1,000,000 where they are infinite, 0 where negative."""
    return np.clip(np.where(np.isfinite(days), days / DAYS_PER_MONTH, 1e6), 0, 1e6).astype(np.int64)


def read_history(dataset: Dataset) -> History:
    """Read the history of a data set.

    Raises
    ------
    DataError  E_TOO_SMALL: no views
    """
    events = dataset.events
    if events.empty:
        raise DataError.of("E_TOO_SMALL", "there are no views to calibrate on.", "Import events.", table="events")
    time = events["timestamp"].to_numpy().astype("datetime64[s]")
    order = np.argsort(time, kind="stable")
    time = time[order]
    user = events["user_index"].to_numpy()[order].astype(np.int64)
    movie = events["movie_index"].to_numpy()[order].astype(np.int64)
    last = pd.Timestamp(time[-1])
    first = max(pd.Timestamp(time[0]), last - pd.DateOffset(months=HISTORY_MONTHS))
    boundaries = _half_months(first, last)
    start = boundaries[0]
    day = _days(time, start)
    edges = _days(np.array(boundaries, dtype="datetime64[s]"), start)
    period = np.searchsorted(edges, day, side="right") - 1
    first_day, last_day = _first_and_last(movie, day, dataset.n_movies)
    given = _column(dataset.movies, "available_from")
    inferred = given is None
    arrival = _inferred_arrivals(movie, day, first_day, dataset.n_movies) if given is None else _days_or(given, start, -np.inf)
    arrival = np.minimum(arrival, np.where(np.isfinite(first_day), first_day, np.inf))
    arrival[arrival <= 0] = -np.inf
    until = _column(dataset.movies, "available_until")
    departure = np.full(dataset.n_movies, np.inf) if until is None else _days_or(until, start, np.inf)
    departure = np.maximum(departure, np.where(np.isfinite(last_day), last_day + 1e-6, -np.inf))
    pairs = _pairs(user, movie, day, dataset.n_movies)
    return History(
        n_users=dataset.n_users,
        n_movies=dataset.n_movies,
        start=start,
        user=user,
        movie=movie,
        day=day,
        period=np.maximum(period, -1),
        edges=edges,
        arrival=arrival,
        departure=departure,
        arrivals_inferred=inferred,
        pair_user=pairs[0],
        pair_movie=pairs[1],
        pair_day=pairs[2],
        pair_views=pairs[3],
    )


def _half_months(first: pd.Timestamp, last: pd.Timestamp) -> list[pd.Timestamp]:
    begin = first.normalize().replace(day=1 if first.day < 16 else 16)
    found = [begin]
    while found[-1] <= last:
        at = found[-1]
        found.append(at.replace(day=16) if at.day == 1 else (at + pd.offsets.MonthBegin(1)))
    return found


def _days(time: NDArray[np.datetime64], start: pd.Timestamp) -> Days:
    return (time - np.datetime64(start, "s")).astype(np.float64) / 86_400.0


def _column(frame: pd.DataFrame, name: str) -> pd.Series | None:
    return frame[name] if name in frame and frame[name].notna().any() else None


def _days_or(dates: pd.Series, start: pd.Timestamp, missing: float) -> Days:
    days = _days(dates.to_numpy().astype("datetime64[s]"), start)
    return np.where(dates.isna().to_numpy(), missing, days)


def _first_and_last(movie: IntArray, day: Days, n_movies: int) -> tuple[Days, Days]:
    first, last = np.full(n_movies, np.inf), np.full(n_movies, -np.inf)
    np.minimum.at(first, movie, day)
    np.maximum.at(last, movie, day)
    return first, last


def _inferred_arrivals(movie: IntArray, day: Days, first_day: Days, n_movies: int) -> Days:
    """First view, for movies that would hardly have gone so long without one had they been there.

    Had a movie with n views been there all along, all of them would lie in the last part p of all views with chance p^n.
    """
    later = 1.0 - np.searchsorted(day, first_day, side="left") / len(day)
    count = np.bincount(movie, minlength=n_movies)
    with np.errstate(divide="ignore"):
        log_chance = np.where(count > 0, count * np.log(later), 0.0)
    return np.where(log_chance < np.log(_SURPRISE), first_day, -np.inf)


def _pairs(user: IntArray, movie: IntArray, day: Days, n_movies: int) -> tuple[IntArray, IntArray, Days, IntArray]:
    keys, first, counts = np.unique(user * n_movies + movie, return_index=True, return_counts=True)
    return keys // n_movies, keys % n_movies, day[first], counts.astype(np.int64)
