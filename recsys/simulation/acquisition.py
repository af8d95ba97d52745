"""Substitution by added movies: which viewing occasions they take from the catalogue.

An added movie takes an occasion from whatever the catalogue without it would have won, with exactly the probability that makes
the result the nested logit of the larger catalogue (the optimal coupling of the two). With S = Σ D^λ, primes for the larger
catalogue, and the movie in nest g:

    P(it takes the occasion) = 1 − (1 + S) / (1 + S')                          where the choice lay outside nest g
                             = 1 − (1 + S) / (1 + S') · (D_g' / D_g)^(λ − 1)   where it lay in g

The draw is keyed with (user, occasion, movie). Several added movies act one after the other, each on the catalogue that has the
ones before it. A movie that would take an occasion beside others would take it alone, too, so whom a set touches is found among
those whom its members touch.
"""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray, IntArray
from recsys.simulation.choice_sets import NOTHING, ChoiceSet
from recsys.simulation.exposure import considered
from recsys.simulation.keyed_rng import UintArray, uniform
from recsys.simulation.state import AddedMovies, BlockInputs, BoolArray, State
from recsys.simulation.taste import PERIODS_PER_YEAR, launch_curve


@dataclass(kw_only=True)
class AddedAlternatives:
    """Added movies of a half-month as alternatives in every row's choice set."""

    columns: IntArray
    """int64[n_rows, k], -1 where a row has fewer"""
    nest: IntArray
    number: IntArray
    x: FloatArray
    """float64[n_rows, k], 0 where there is none or it is not on the service"""

    @classmethod
    def of(cls, inputs: BlockInputs, state: State, rows: IntArray, period: int, added: AddedMovies) -> "AddedAlternatives":
        """The added movies of each row of users in a half-month."""
        column, power = np.maximum(added.columns, 0), inputs.config.dissimilarity
        utility, there = added_utility(inputs, rows, period, added)
        seen = state.watched[np.arange(len(rows))[:, None], column]
        x = np.where(there, np.exp(utility / power), 0.0) * np.where(seen, inputs.config.rewatch ** (1 / power), 1.0)
        return cls(columns=added.columns, nest=inputs.movies.nest[column], number=inputs.movies.number[column], x=x)

    def take(self, choice_set: ChoiceSet, row: IntArray, chosen: IntArray, key: UintArray) -> IntArray:
        """Draw which added movie takes each occasion (position among the row's columns); :data:`NOTHING` where none.

        ``chosen`` is the nest of the catalogue's own choice, ``key`` that of the occasion's random numbers.
        """
        taken = np.full(len(row), NOTHING)
        chosen, sums, total = chosen.copy(), choice_set.nest_sum[row], choice_set.nest_weight[row].sum(axis=1)
        every = np.arange(len(row))
        for k in range(self.x.shape[1]):
            nest, x = self.nest[row, k], self.x[row, k]
            kept, gain = _kept(x, same=chosen == nest, before=sums[every, nest], total=total, power=choice_set.power)
            wins = uniform(key, self.number[row, k]) >= kept
            taken[wins], chosen[wins] = k, nest[wins]
            total += gain
            sums[every, nest] += x
        return taken

    def would_take(self, choice_set: ChoiceSet, row: IntArray, chosen: IntArray, key: UintArray) -> BoolArray:
        """Whether each added movie, added alone, would take the occasion: bool[n, k]."""
        nest = self.nest[row]
        before = np.take_along_axis(choice_set.nest_sum[row], nest, axis=1)
        total = choice_set.nest_weight[row].sum(axis=1)[:, None]
        kept, _ = _kept(self.x[row], same=chosen[:, None] == nest, before=before, total=total, power=choice_set.power)
        return np.asarray(uniform(key[:, None], self.number[row]) >= kept)

    def mark_watched(self, row: IntArray, taken: IntArray, first: BoolArray, rewatch_factor: float) -> None:
        """Record views: a movie watched for the ``first`` time keeps only the rewatch factor of its rate for that row."""
        self.x[row[first], taken[first]] *= rewatch_factor


def added_utility(inputs: BlockInputs, rows: IntArray, period: int, added: AddedMovies) -> tuple[FloatArray, BoolArray]:
    """Utility of the added movies for each row, float64[n_rows, k], and whether the row can see them in this half-month."""
    column = np.maximum(added.columns, 0)
    user = rows[:, None]
    utility = inputs.taste.start[user, column] + (period / PERIODS_PER_YEAR) * inputs.taste.yearly[user, column]
    utility += launch_curve(inputs.config, np.array(float(period - added.first_period)))
    there = (added.columns >= 0) & (period >= added.first_period) & (period < added.last_period[column])
    return utility, there & considered(inputs, rows, column, period)


def _kept(
    x: FloatArray, *, same: BoolArray, before: FloatArray, total: FloatArray, power: float
) -> tuple[FloatArray, FloatArray]:
    """Probability that a choice is kept when a movie with exp(V / λ) = ``x`` is added, and what the movie adds to Σ D^λ.

    A movie that nobody can see (x = 0) adds exactly 0 and every choice is kept with probability exactly 1.
    """
    after = before + x
    gain = after**power - before**power
    ratio = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    return (1.0 + total) / (1.0 + total + gain) * np.where(same, ratio ** (power - 1.0), 1.0), gain
