"""Satisficing choice, which is no logit: a user looks at one movie after another and takes the first that is good enough.

Movies come to a user's eye in random order, each as likely as the other. One that is looked at will do with probability

    a_ij = 1 / (1 + exp(−(V_ij − constant − good enough) / width)) · rewatch factor

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
from recsys.simulation.config import ServiceConfig
from recsys.simulation.exposure import considered
from recsys.simulation.keyed_rng import UintArray, exponential
from recsys.simulation.state import AddedMovies, BlockInputs, BoolArray, State
from recsys.simulation.taste import REFERENCE_MOVIES, appeal_constant, launch_curve


@dataclass(kw_only=True)
class SatisficingChoiceSet:
    """Satisficing choice set of a half-month, with the methods of :class:`recsys.simulation.choice_sets.ChoiceSet`."""

    columns: IntArray
    number: IntArray
    rate: FloatArray
    """a, float64[n_rows, n_columns]"""
    patience: float
    rewatch_factor: float

    @classmethod
    def of(cls, inputs: BlockInputs, state: State, rows: IntArray, period: int) -> "SatisficingChoiceSet":
        """The choice set of each row of users at the start of a half-month."""
        config = inputs.config
        columns = inputs.movies.on_service(period)
        user, back = np.unique(rows, return_inverse=True)
        boost = launch_curve(config, (period - inputs.movies.arrives[columns]).astype(np.float64))
        rate = acceptance_probability(config, inputs.taste.at(period, user, columns) + boost)[back]
        rate *= considered(inputs, rows, columns, period)
        np.multiply(rate, config.rewatch, out=rate, where=state.watched[:, columns])
        return cls(
            columns=columns,
            number=inputs.movies.number[columns],
            rate=rate,
            patience=config.patience * REFERENCE_MOVIES / config.n_movies,
            rewatch_factor=config.rewatch,
        )

    def choose(self, row: IntArray, _nest_key: UintArray, movie_key: UintArray) -> tuple[FloatArray, IntArray]:
        """Draw one choice for each of some rows: when it is decided, and the movie's position, :data:`NOTHING` where none."""
        with np.errstate(divide="ignore"):
            time = exponential(movie_key[:, None], self.number) / self.rate[row]
        first = time.argmin(axis=1)
        when = time[np.arange(len(row)), first]
        return np.minimum(when, self.patience), np.where(when < self.patience, first, NOTHING)

    def mark_watched(self, row: IntArray, _decided: FloatArray, position: IntArray, first: BoolArray) -> None:
        """Record views: a movie watched for the ``first`` time keeps only the rewatch factor of its rate for that row."""
        self.rate[row[first], position[first]] *= self.rewatch_factor


@dataclass(kw_only=True)
class SatisficingAlternatives:
    """Added movies of a half-month, with the methods of :class:`recsys.simulation.acquisition.AddedAlternatives`."""

    columns: IntArray
    number: IntArray
    rate: FloatArray
    """a, float64[n_rows, k], 0 where there is none or it is not on the service"""

    @classmethod
    def of(cls, inputs: BlockInputs, state: State, rows: IntArray, period: int, added: AddedMovies) -> "SatisficingAlternatives":
        """The added movies of each row of users in a half-month."""
        utility, there = added_utility(inputs, rows, period, added)
        column = np.maximum(added.columns, 0)
        seen = state.watched[np.arange(len(rows))[:, None], column]
        rate = np.where(there, acceptance_probability(inputs.config, utility), 0.0) * np.where(seen, inputs.config.rewatch, 1.0)
        return cls(columns=added.columns, number=inputs.movies.number[column], rate=rate)

    def take(self, _choice_set: SatisficingChoiceSet, row: IntArray, decided: FloatArray, key: UintArray) -> IntArray:
        """Draw which added movie takes each occasion (position among the row's columns); :data:`NOTHING` where none."""
        time = self._times(row, key)
        if not time.shape[1]:
            return np.full(len(row), NOTHING)
        first = time.argmin(axis=1)
        return np.where(time[np.arange(len(row)), first] < decided, first, NOTHING)

    def would_take(self, _choice_set: SatisficingChoiceSet, row: IntArray, decided: FloatArray, key: UintArray) -> BoolArray:
        """Whether each added movie, added alone, would take the occasion: bool[n, k]."""
        return np.asarray(self._times(row, key) < decided[:, None])

    def mark_watched(self, row: IntArray, taken: IntArray, first: BoolArray, rewatch_factor: float) -> None:
        """Record views: a movie watched for the ``first`` time keeps only the rewatch factor of its rate for that row."""
        self.rate[row[first], taken[first]] *= rewatch_factor

    def _times(self, row: IntArray, key: UintArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray(exponential(key[:, None], self.number[row]) / self.rate[row])


def acceptance_probability(config: ServiceConfig, utility: FloatArray) -> FloatArray:
    """Probability that a movie of this utility is good enough once it is looked at."""
    above = utility - appeal_constant(config) - config.good_enough
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(above / config.good_enough_sd, -500.0, 500.0))))
