"""A rule of choice that is no logit: a user looks at one movie after the other and takes the first that is good enough.

Movies come to a user's eye in random order, each as likely as the other. One that is looked at will do with probability

    a_ij = 1 / (1 + exp(−(V_ij − constant − good enough) / width)) · appetite left

and after a while the user gives up. With looks as a Poisson process the first movie that will do is the winner of a race of
exponential clocks with rates a_ij, against patience as a fixed time: P(nothing) = exp(−patience · Σ a). Shares saturate where
those of a logit go on rising, and all movies that are good enough are alike.

An added movie takes an occasion where its clock runs out before the winner's, or before patience.

References
----------
Simon (1956), Rational choice and the structure of the environment; Caplin, Dean, Martin (2011), Search and satisficing.
"""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray, IntArray
from recsys.simulation.acquisition import added_utility
from recsys.simulation.choice_sets import NOTHING
from recsys.simulation.config import WorldConfig
from recsys.simulation.exposure import considered
from recsys.simulation.keyed_rng import UintArray, exponential
from recsys.simulation.state import Added, BoolArray, Parts, State
from recsys.simulation.taste import REFERENCE_MOVIES, appeal_constant, launch_curve


@dataclass(kw_only=True)
class LookingShelf:
    """The catalogue of a half-month; it moves along as users watch. The same calls as
    :class:`recsys.simulation.choice_sets.Shelf`.
    """

    columns: IntArray
    number: IntArray
    rate: FloatArray
    """a, float64[n_rows, n_columns]"""
    patience: float
    fatigue: float

    @classmethod
    def of(cls, parts: Parts, state: State, rows: IntArray, period: int) -> "LookingShelf":
        """What stands there at the start of a half-month."""
        config = parts.config
        columns = parts.movies.on_service(period)
        user, back = np.unique(rows, return_inverse=True)
        boost = launch_curve(config, (period - parts.movies.arrives[columns]).astype(np.float64))
        rate = will_do(config, parts.taste.at(period, user, columns) + boost)[back]
        rate *= considered(parts, rows, columns, period)
        np.multiply(rate, config.rewatch, out=rate, where=state.watched[:, columns])
        return cls(
            columns=columns,
            number=parts.movies.number[columns],
            rate=rate,
            patience=config.patience * REFERENCE_MOVIES / config.n_movies,
            fatigue=config.rewatch,
        )

    def choose(self, row: IntArray, _nest_clock: UintArray, movie_clock: UintArray) -> tuple[FloatArray, IntArray]:
        """For each of some rows: when it is decided, and the place of the movie, :data:`NOTHING` where nothing is watched."""
        with np.errstate(divide="ignore"):
            time = exponential(movie_clock[:, None], self.number) / self.rate[row]
        first = time.argmin(axis=1)
        when = time[np.arange(len(row)), first]
        return np.minimum(when, self.patience), np.where(when < self.patience, first, NOTHING)

    def use_up(self, row: IntArray, _decided: FloatArray, place: IntArray, first: BoolArray) -> None:
        """These rows have watched these movies; those for the ``first`` time have less appetite for them from now on."""
        self.rate[row[first], place[first]] *= self.fatigue


@dataclass(kw_only=True)
class LookingNewcomers:
    """The added movies of a half-month. The same calls as :class:`recsys.simulation.acquisition.Newcomers`."""

    columns: IntArray
    number: IntArray
    rate: FloatArray
    """a, float64[n_rows, k], 0 where there is none or it is not on the service"""

    @classmethod
    def of(cls, parts: Parts, state: State, rows: IntArray, period: int, added: Added) -> "LookingNewcomers":
        """What was added to the shelf of a half-month."""
        utility, there = added_utility(parts, rows, period, added)
        column = np.maximum(added.columns, 0)
        seen = state.watched[np.arange(len(rows))[:, None], column]
        rate = np.where(there, will_do(parts.config, utility), 0.0) * np.where(seen, parts.config.rewatch, 1.0)
        return cls(columns=added.columns, number=parts.movies.number[column], rate=rate)

    def take(self, _shelf: LookingShelf, row: IntArray, decided: FloatArray, clock: UintArray) -> IntArray:
        """Which of a row's movies has the occasion in the end (place among its columns); :data:`NOTHING` where none."""
        time = self._times(row, clock)
        if not time.shape[1]:
            return np.full(len(row), NOTHING)
        first = time.argmin(axis=1)
        return np.where(time[np.arange(len(row)), first] < decided, first, NOTHING)

    def would_take(self, _shelf: LookingShelf, row: IntArray, decided: FloatArray, clock: UintArray) -> BoolArray:
        """bool[n, k]: which of a row's movies would take the occasion, each of them added alone."""
        return np.asarray(self._times(row, clock) < decided[:, None])

    def use_up(self, row: IntArray, taken: IntArray, first: BoolArray, fatigue: float) -> None:
        """These rows have watched these movies; those for the ``first`` time have less appetite for them from now on."""
        self.rate[row[first], taken[first]] *= fatigue

    def _times(self, row: IntArray, clock: UintArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray(exponential(clock[:, None], self.number[row]) / self.rate[row])


def will_do(config: WorldConfig, utility: FloatArray) -> FloatArray:
    """Chance that a movie of this utility is good enough once it is looked at."""
    above = utility - appeal_constant(config) - config.good_enough
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(above / config.good_enough_sd, -500.0, 500.0))))
