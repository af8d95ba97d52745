"""What users can choose from in one half-month, and the draw of one choice each: a nested logit, from its definition.

    x_j = exp(V_j / λ)   D_g = Σ_{j in g} x_j   P(g) = D_g^λ / (1 + Σ_h D_h^λ)   P(j | g) = x_j / D_g

Draws are won by the fastest of exponential clocks, rate D_g^λ for nests and 1 for nothing, then rate x_j for movies: the same as
the largest of Gumbel-disturbed utilities. Train (2009), *Discrete Choice Methods with Simulation*, ch. 4.
"""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray, IntArray
from recsys.simulation import population
from recsys.simulation.exposure import considered
from recsys.simulation.keyed_rng import UintArray, exponential
from recsys.simulation.state import BoolArray, Parts, State
from recsys.simulation.taste import launch_curve

NOTHING = -1
_NESTS = np.arange(1, population.N_NESTS + 1)


@dataclass(kw_only=True)
class Shelf:
    """The catalogue of a half-month as every row of users sees it; it moves along as they watch."""

    columns: IntArray
    """Movies, sorted by nest."""
    number: IntArray
    """Counters of their random numbers, and one more that stands for none."""
    members: IntArray
    """int64[n_nests, longest]: places in ``columns`` of each nest, filled up with the place after the last"""
    x: FloatArray
    """float64[n_rows, n_columns + 1], the last one 0"""
    sums: FloatArray
    """D, float64[n_rows, n_nests]"""
    worth: FloatArray
    """D^λ"""
    power: float
    """λ"""
    fatigue: float
    """Factor on x of a movie once watched."""

    @classmethod
    def of(cls, parts: Parts, state: State, rows: IntArray, period: int) -> "Shelf":
        """What stands there at the start of a half-month."""
        power = parts.config.dissimilarity
        fatigue = parts.config.rewatch ** (1 / power)
        columns = parts.movies.on_service(period)
        boost = launch_curve(parts.config, (period - parts.movies.arrives[columns]).astype(np.float64))
        x = np.zeros((len(rows), len(columns) + 1))
        user, back = np.unique(rows, return_inverse=True)
        fresh = parts.taste.at(period, user, columns)
        fresh += boost
        fresh /= power
        np.exp(fresh, out=fresh)
        x[:, :-1] = fresh[back]
        x[:, :-1] *= considered(parts, rows, columns, period)
        np.multiply(x[:, :-1], fatigue, out=x[:, :-1], where=state.watched[:, columns])
        nest = parts.movies.nest[columns]
        sums = nest_sums(x[:, :-1], nest)
        return cls(
            columns=columns,
            number=np.append(parts.movies.number[columns], 0),
            members=_members(nest),
            x=x,
            sums=sums,
            worth=sums**power,
            power=power,
            fatigue=fatigue,
        )

    def choose(self, row: IntArray, nest_clock: UintArray, movie_clock: UintArray) -> tuple[IntArray, IntArray]:
        """One choice for each of some rows: its nest and its place, :data:`NOTHING` where nothing is watched."""
        race = self.worth[row] / exponential(nest_clock[:, None], _NESTS)
        best = race.argmax(axis=1)
        inside = race[np.arange(len(row)), best] > 1.0 / exponential(nest_clock, 0)
        nest = np.where(inside, best, NOTHING)
        place = np.full(len(row), NOTHING)
        who = np.flatnonzero(inside)
        candidates = self.members[nest[who]]
        rates = self.x[row[who][:, None], candidates]
        winner = (rates / exponential(movie_clock[who][:, None], self.number[candidates])).argmax(axis=1)
        place[who] = candidates[np.arange(len(who)), winner]
        return nest, place

    def use_up(self, row: IntArray, nest: IntArray, place: IntArray, first: BoolArray) -> None:
        """These rows have watched these movies; those for the ``first`` time have less appetite for them from now on."""
        row, nest, place = row[first], nest[first], place[first]
        self.x[row, place] *= self.fatigue
        self.sums[row, nest] = self.x[row[:, None], self.members[nest]].sum(axis=1)
        self.worth[row, nest] = self.sums[row, nest] ** self.power


def nest_sums(x: FloatArray, nest: IntArray) -> FloatArray:
    """float64[n_rows, n_nests]: sums of columns by nest; columns are sorted by nest.

    >>> nest_sums(np.array([[1.0, 2.0, 4.0]]), np.array([0, 0, 2]))[0, :4].tolist()
    [3.0, 0.0, 4.0, 0.0]
    """
    sums = np.zeros((len(x), population.N_NESTS))
    present, first = np.unique(nest, return_index=True)
    if len(present):
        sums[:, present] = np.add.reduceat(x, first, axis=1)
    return sums


def _members(nest: IntArray) -> IntArray:
    counts = np.bincount(nest, minlength=population.N_NESTS)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    place = np.arange(max(int(counts.max(initial=0)), 1))
    return np.where(place < counts[:, None], first[:, None] + place, len(nest))
