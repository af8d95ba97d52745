"""Hold-out choices: what users chose after a cutoff, with their choice sets."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.choice.panel.history import History
from recsys.ids import FloatArray, IntArray

MOST_CELLS = 5_000_000
"""Choices times movies of the likelihood: a sample of the choices beyond that."""


@dataclass(frozen=True, eq=False, kw_only=True)
class HoldoutChoices:
    """Choices with their choice sets, one row a choice. Columns are movies in the order of their nests."""

    user: IntArray
    """int64[n_choices]"""
    period: IntArray
    """int64[n_choices]: row of ``age`` and ``log_open``"""
    chosen: IntArray
    """int64[n_choices]: column"""
    movies: IntArray
    """int64[n_movies]: which movie of the history each column is"""
    arrived: NDArray[np.bool_]
    """bool[n_movies]: came to the service within the history"""
    seen_row: IntArray
    seen_movie: IntArray
    """Movies that the user had watched by then."""
    exclude_seen: bool
    """Watched movies cannot be chosen again (ratings are given once)."""
    age: IntArray
    """int64[n_periods, n_movies]: entry of the launch curve"""
    log_open: FloatArray
    """float64[n_periods, n_movies]: ln f, −inf where not available"""
    nest_starts: IntArray
    """int64[n_nests]: first column of each nest; none is empty"""
    n_ages: int
    """Entries of the launch curve"""

    @property
    def n_choices(self) -> int:
        return len(self.user)

    @property
    def n_movies(self) -> int:
        return len(self.movies)

    @property
    def n_arrivals(self) -> int:
        """Movies whose launch the choices saw."""
        return int((self.age[np.unique(self.period)] < self.n_ages - 1).any(axis=0).sum())

    def sample(self, rows: IntArray) -> Self:
        """Some of the choices (ascending rows)."""
        kept = np.isin(self.seen_row, rows)
        return replace(
            self,
            user=self.user[rows],
            period=self.period[rows],
            chosen=self.chosen[rows],
            seen_row=np.searchsorted(rows, self.seen_row[kept]),
            seen_movie=self.seen_movie[kept],
        )


def read_holdout_choices(
    history: History,
    nests: IntArray,
    *,
    cutoff_day: float,
    n_ages: int,
    rng: np.random.Generator,
    cells: int = MOST_CELLS,
) -> HoldoutChoices:
    """Read the choices after ``cutoff_day``.

    Parameters
    ----------
    nests : int64[n_movies]
    cutoff_day : days, as in the history
    n_ages : entries of the launch curve, a month each
    cells : choices times movies at most; a random sample of the choices beyond that

    Returns
    -------
    HoldoutChoices; movies that nobody chose after the cutoff are left out, as likelihood would leave them
    """
    repeats = bool((history.pair_views > 1).any())
    first_view = _is_first_view(history)
    rows = np.flatnonzero((history.day >= cutoff_day) & (history.period >= 0) & (first_view | repeats))
    share = history.open_share()
    rows = rows[share[history.period[rows], history.movie[rows]] > 0]
    columns = np.argsort(nests, kind="stable")
    columns = columns[np.isin(columns, history.movie[rows])]
    most = max(cells // max(len(columns), 1), 1)
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    place = np.full(history.n_movies, -1)
    place[columns] = np.arange(len(columns))
    user = history.user[rows]
    seen_row, seen_movie = history.watched_by(user, history.day[rows])
    there = place[seen_movie] >= 0
    with np.errstate(divide="ignore"):
        log_open = np.log(share[:, columns])
    return HoldoutChoices(
        user=user,
        period=history.period[rows],
        chosen=place[history.movie[rows]],
        movies=columns,
        arrived=np.isfinite(history.arrival[columns]),
        seen_row=seen_row[there],
        seen_movie=place[seen_movie[there]],
        exclude_seen=not repeats,
        age=np.minimum(history.age_months()[:, columns], n_ages - 1),
        log_open=log_open,
        nest_starts=np.unique(nests[columns], return_index=True)[1].astype(np.int64),
        n_ages=n_ages,
    )


def _is_first_view(history: History) -> NDArray[np.bool_]:
    """bool[n_views]: the user had not watched the movie before."""
    keys = history.user * history.n_movies + history.movie
    first = np.zeros(len(keys), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first
