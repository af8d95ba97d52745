"""Choice sets of a half-month, and choices drawn from them by a nested logit.

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
from recsys.simulation.state import BlockInputs, BoolArray, State
from recsys.simulation.taste import launch_curve

NOTHING = -1
_NESTS = np.arange(1, population.N_NESTS + 1)


@dataclass(kw_only=True)
class ChoiceSet:
    """Nested-logit choice set of every row of users in a half-month; it changes as they watch."""

    columns: IntArray
    """Movies, sorted by nest."""
    number: IntArray
    """Counters of their random numbers, and one more that stands for none."""
    members: IntArray
    """int64[n_nests, longest]: positions in ``columns`` of each nest, filled up with the position after the last"""
    x: FloatArray
    """float64[n_rows, n_columns + 1], the last one 0"""
    nest_sum: FloatArray
    """D, float64[n_rows, n_nests]"""
    nest_weight: FloatArray
    """D^λ, float64[n_rows, n_nests]: rate at which a choice falls into the nest."""
    power: float
    """λ"""
    rewatch_factor: float
    """Factor on x of a movie once watched."""

    @classmethod
    def of(cls, inputs: BlockInputs, state: State, rows: IntArray, period: int) -> "ChoiceSet":
        """The choice set of each row of users at the start of a half-month."""
        power = inputs.config.dissimilarity
        rewatch_factor = inputs.config.rewatch ** (1 / power)
        columns = inputs.movies.on_service(period)
        boost = launch_curve(inputs.config, (period - inputs.movies.arrives[columns]).astype(np.float64))
        x = np.zeros((len(rows), len(columns) + 1))
        user, back = np.unique(rows, return_inverse=True)
        fresh = inputs.taste.at(period, user, columns)
        fresh += boost
        fresh /= power
        np.exp(fresh, out=fresh)
        x[:, :-1] = fresh[back]
        x[:, :-1] *= considered(inputs, rows, columns, period)
        np.multiply(x[:, :-1], rewatch_factor, out=x[:, :-1], where=state.watched[:, columns])
        nest = inputs.movies.nest[columns]
        sums = nest_sums(x[:, :-1], nest)
        return cls(
            columns=columns,
            number=np.append(inputs.movies.number[columns], 0),
            members=_members(nest),
            x=x,
            nest_sum=sums,
            nest_weight=sums**power,
            power=power,
            rewatch_factor=rewatch_factor,
        )

    def choose(self, row: IntArray, nest_key: UintArray, movie_key: UintArray) -> tuple[IntArray, IntArray]:
        """Draw one choice for each of some rows: its nest and its position, :data:`NOTHING` where nothing is watched."""
        race = self.nest_weight[row] / exponential(nest_key[:, None], _NESTS)
        best = race.argmax(axis=1)
        inside = race[np.arange(len(row)), best] > 1.0 / exponential(nest_key, 0)
        nest = np.where(inside, best, NOTHING)
        position = np.full(len(row), NOTHING)
        who = np.flatnonzero(inside)
        candidates = self.members[nest[who]]
        rates = self.x[row[who][:, None], candidates]
        winner = (rates / exponential(movie_key[who][:, None], self.number[candidates])).argmax(axis=1)
        position[who] = candidates[np.arange(len(who)), winner]
        return nest, position

    def mark_watched(self, row: IntArray, nest: IntArray, position: IntArray, first: BoolArray) -> None:
        """Record views: a movie watched for the ``first`` time keeps only the rewatch factor of its rate for that row."""
        row, nest, position = row[first], nest[first], position[first]
        self.x[row, position] *= self.rewatch_factor
        self.nest_sum[row, nest] = self.x[row[:, None], self.members[nest]].sum(axis=1)
        self.nest_weight[row, nest] = self.nest_sum[row, nest] ** self.power


def nest_sums(x: FloatArray, nest: IntArray) -> FloatArray:
    """Sums of columns by nest, float64[n_rows, n_nests]; columns are sorted by nest.

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
    position = np.arange(max(int(counts.max(initial=0)), 1))
    return np.where(position < counts[:, None], first[:, None] + position, len(nest))
