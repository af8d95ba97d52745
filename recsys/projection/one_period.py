"""What one more movie adds to a service in one period, for everybody, in one pass over users and none over movies.

The static choice problem: appetites as they are today, nobody comes or goes, one month's occasions. It is the first month of a
projection without its depletion and launch curve, and it is exact: with D, S and T = Σ_g D_g^λ · (mean hours per view in g) known
by user, a movie of weight w = exp(V/λ) and h hours in nest g changes them to

    D' = D + w      S' = S + D'^λ − D^λ      T' = T + D'^λ · (D·η + w·h) / D' − D^λ · η          η the mean hours of the nest

and the hours it adds are Σ N · (T' / (1 + S') − T / (1 + S)). It answers "which of a thousand movies that do not exist yet would
add most?" in about the time in which memory gives up the users' vectors.
"""

from dataclasses import dataclass

import numpy as np

from recsys.choice.model import ChoiceModel, Draw, Float32Array
from recsys.ids import FloatArray
from recsys.projection.blocks import THREADS, over_users
from recsys.projection.nests import Layout, NestSums, sums, user_weights

_CHUNK = 8192
"""Users at a time: so many that a call of NumPy is worth making, so few that they stay in a core's cache."""


@dataclass(frozen=True, kw_only=True)
class Added:
    """What one more movie does in one month, summed over users."""

    views: float
    """Of the movie itself."""
    gross_hours: float
    """Watched on it."""
    hours: float
    """That it adds to all viewing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OnePeriod:
    """A catalogue as it stands before every user. Nests along axis 0, float32[n_nests, n_users]."""

    draw: Draw
    users: Float32Array
    """[n_users, dim], vectors in the space of the draw's member"""
    inverse_worth: Float32Array
    """exp(c/λ) / D, c the user's outside constant; 0 where the nest is empty"""
    power: Float32Array
    """D^λ / (1 + S)"""
    mean_hours: Float32Array
    """η"""
    outside: FloatArray
    """float64[n_users], 1 / (1 + S)"""
    hours: FloatArray
    """float64[n_users], hours an occasion brings, T / (1 + S)"""
    occasions: FloatArray
    """float64[n_users], occasions of a month times the real users that a row stands for"""
    alone: FloatArray
    """float64[n_users], exp(c): the worth of a movie with V = c that is alone in its nest"""

    @classmethod
    def of(cls, draw: Draw, users: Float32Array, catalogue: NestSums, weight: FloatArray) -> "OnePeriod":
        """From the nest sums of a catalogue.

        Parameters
        ----------
        weight : float64[n_users], real users that a row stands for
        """
        worth = catalogue.worth
        some = np.where(worth > 0, worth, 1.0)
        power = np.where(worth > 0, some**draw.dissimilarity, 0.0)
        outside = 1.0 / (1.0 + power.sum(axis=1))
        mean_hours = catalogue.hours / some
        own = user_weights(draw, np.arange(len(worth)))
        return cls(
            draw=draw,
            users=users,
            inverse_worth=np.ascontiguousarray(np.where(worth > 0, own[:, None] / some, 0.0).T, dtype=np.float32),
            power=np.ascontiguousarray((power * outside[:, None]).T, dtype=np.float32),
            mean_hours=np.ascontiguousarray(mean_hours.T, dtype=np.float32),
            outside=outside,
            hours=outside * (power * mean_hours).sum(axis=1),
            occasions=draw.occasions * weight,
            alone=own**draw.dissimilarity,
        )

    @classmethod
    def today(cls, choice: ChoiceModel, number: int, catalogue: Layout, weight: FloatArray) -> "OnePeriod":
        """The catalogue and the users of a calibrated model under one of its draws."""
        draw = choice.draws[number]
        users = choice.members[draw.member].users
        return cls.of(draw, users, sums(choice, draw, users, np.arange(choice.n_users), catalogue), weight)

    def add(self, vector: Float32Array, appeal: float, nest: int, hours_per_view: float, *, threads: int = THREADS) -> Added:
        """One more movie.

        Parameters
        ----------
        vector : [dim], in the space of the users
        appeal : α, nats
        nest : which it joins
        hours_per_view : of the movie
        """
        power, draw = self.draw.dissimilarity, self.draw
        direction = (vector * (draw.score_slope / power)).astype(self.users.dtype)
        constant = self.users.dtype.type(appeal / power)
        inverse, before, mean = self.inverse_worth[nest], self.power[nest], self.mean_hours[nest]

        def work(part: slice) -> FloatArray:
            total = np.zeros(2)
            for start in range(part.start, part.stop, _CHUNK):
                here = slice(start, min(start + _CHUNK, part.stop))
                weight = self.users[here] @ direction
                weight += constant
                np.exp(weight, out=weight)
                if not before[here].all():
                    total += self._in_empty_nests(here, weight, nest, hours_per_view)
                total += _gain(
                    np.multiply(weight, inverse[here], dtype=np.float64),
                    before[here],
                    mean[here],
                    self.hours[here],
                    self.occasions[here],
                    exponent=power,
                    hours_per_view=hours_per_view,
                )
            return total

        n_users = len(self.users)
        views, hours = np.sum(over_users(n_users, work, block=-(-n_users // max(threads, 1)), threads=threads), axis=0)
        return Added(views=float(views), gross_hours=float(views) * hours_per_view, hours=float(hours))

    def _in_empty_nests(self, here: slice, weight: Float32Array, nest: int, hours_per_view: float) -> FloatArray:
        """Views and added hours of users who have nothing of the nest: the movie is alone in it."""
        worth = weight.astype(np.float64) ** self.draw.dissimilarity * self.alone[here] * self.outside[here]
        gain = np.where(self.power[nest, here] > 0, 0.0, self.occasions[here] * worth / (1.0 + worth))
        return np.array([gain.sum(), (gain * (hours_per_view - self.hours[here])).sum()])


def _gain(
    ratio: FloatArray,
    power: Float32Array,
    mean_hours: Float32Array,
    hours: FloatArray,
    occasions: FloatArray,
    *,
    exponent: float,
    hours_per_view: float,
) -> FloatArray:
    """Views of a movie and hours that it adds, for a chunk of users; ``ratio`` is w / D. Differences of nearly equal numbers are
    taken in float64 and before anything is divided."""
    one = ratio + 1.0
    risen = np.log(one)
    risen *= exponent
    np.exp(risen, out=risen)  # (D'/D)^λ
    kept = risen / one
    ratio *= kept
    ratio *= power  # share of occasions, times (1 + S') / (1 + S)
    risen -= 1.0
    risen *= power  # (S' − S) / (1 + S)
    kept -= 1.0
    kept *= power
    kept *= mean_hours
    kept -= hours * risen
    risen += 1.0
    np.divide(occasions, risen, out=risen)
    views = float(ratio @ risen)
    return np.array([views, views * hours_per_view + float(kept @ risen)])
