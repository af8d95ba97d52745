"""What added movies take, occasion by occasion.

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
from recsys.simulation.choice_sets import NOTHING, Shelf
from recsys.simulation.exposure import considered
from recsys.simulation.keyed_rng import UintArray, uniform
from recsys.simulation.state import Added, BoolArray, Parts, State
from recsys.simulation.taste import PERIODS_PER_YEAR, launch_curve


@dataclass(kw_only=True)
class Newcomers:
    """The added movies of a half-month as every row of users sees them."""

    columns: IntArray
    """int64[n_rows, k], -1 where a row has fewer"""
    nest: IntArray
    number: IntArray
    x: FloatArray
    """float64[n_rows, k], 0 where there is none or it is not on the service"""

    @classmethod
    def of(cls, parts: Parts, state: State, rows: IntArray, period: int, added: Added) -> "Newcomers":
        """What was added to the shelf of a half-month."""
        column, power = np.maximum(added.columns, 0), parts.config.dissimilarity
        utility, there = added_utility(parts, rows, period, added)
        seen = state.watched[np.arange(len(rows))[:, None], column]
        x = np.where(there, np.exp(utility / power), 0.0) * np.where(seen, parts.config.rewatch ** (1 / power), 1.0)
        return cls(columns=added.columns, nest=parts.movies.nest[column], number=parts.movies.number[column], x=x)

    def take(self, shelf: Shelf, row: IntArray, chosen: IntArray, clock: UintArray) -> IntArray:
        """Which of a row's movies has the occasion in the end (place among its columns); :data:`NOTHING` where none.

        ``chosen`` is the nest of the catalogue's own choice, ``clock`` the occasion's random numbers.
        """
        taken = np.full(len(row), NOTHING)
        chosen, sums, total = chosen.copy(), shelf.sums[row], shelf.worth[row].sum(axis=1)
        every = np.arange(len(row))
        for k in range(self.x.shape[1]):
            nest, x = self.nest[row, k], self.x[row, k]
            kept, gain = _kept(x, same=chosen == nest, before=sums[every, nest], total=total, power=shelf.power)
            wins = uniform(clock, self.number[row, k]) >= kept
            taken[wins], chosen[wins] = k, nest[wins]
            total += gain
            sums[every, nest] += x
        return taken

    def would_take(self, shelf: Shelf, row: IntArray, chosen: IntArray, clock: UintArray) -> BoolArray:
        """bool[n, k]: which of a row's movies would take the occasion, each of them added alone."""
        nest = self.nest[row]
        before = np.take_along_axis(shelf.sums[row], nest, axis=1)
        total = shelf.worth[row].sum(axis=1)[:, None]
        kept, _ = _kept(self.x[row], same=chosen[:, None] == nest, before=before, total=total, power=shelf.power)
        return np.asarray(uniform(clock[:, None], self.number[row]) >= kept)

    def use_up(self, row: IntArray, taken: IntArray, first: BoolArray, fatigue: float) -> None:
        """These rows have watched these movies; those for the ``first`` time have less appetite for them from now on."""
        self.x[row[first], taken[first]] *= fatigue


def added_utility(parts: Parts, rows: IntArray, period: int, added: Added) -> tuple[FloatArray, BoolArray]:
    """Utility of what is added for each row, float64[n_rows, k], and whether the row can see it in this half-month."""
    column = np.maximum(added.columns, 0)
    user = rows[:, None]
    utility = parts.taste.start[user, column] + (period / PERIODS_PER_YEAR) * parts.taste.yearly[user, column]
    utility += launch_curve(parts.config, np.array(float(period - added.first_period)))
    there = (added.columns >= 0) & (period >= added.first_period) & (period < added.last_period[column])
    return utility, there & considered(parts, rows, column, period)


def _kept(
    x: FloatArray, *, same: BoolArray, before: FloatArray, total: FloatArray, power: float
) -> tuple[FloatArray, FloatArray]:
    """Chance that a choice withstands a movie of worth ``x``, and what the movie adds to Σ D^λ.

    A movie that nobody can see (x = 0) adds exactly 0 and every choice withstands it with chance exactly 1.
    """
    after = before + x
    gain = after**power - before**power
    ratio = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    return (1.0 + total) / (1.0 + total + gain) * np.where(same, ratio ** (power - 1.0), 1.0), gain
