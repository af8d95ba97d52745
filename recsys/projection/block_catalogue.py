"""Choice shares of a block of users in one month: a nested logit over the catalogue's nest sums and the tracked movies.

Nests that hold tracked movies are told relative to what the catalogue has in them, so that figures keep a size that float32 can
hold.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray

Real = NDArray[np.floating[Any]]
"""float64 to full precision, else float32."""


@dataclass(frozen=True, eq=False)
class Shares:
    """Choices of a block of users in one month; weights and nest sums are relative to the catalogue's scale."""

    weights: Real
    """[n_here, n_block]: exp(V/λ) of the tracked movies on the service"""
    share: Real
    """[n_here, n_block]: their shares of all occasions"""
    nest_sum: Real
    """[n_tracked_nests, n_block]: D"""
    factor: Real
    """[n_tracked_nests, n_block]: D^(λ−1) / (1 + S); times a weight it is a share"""
    inside: Real
    """[n_block]: S / (1 + S)"""
    outside: Real
    """[n_block]: 1 / (1 + S)"""


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockCatalogue:
    """Nest sums of the catalogue for a block of users, in an interval in which the catalogue stays as it is."""

    dissimilarity: float
    """λ"""
    rest_power: Real
    """[n_block]: Σ D^λ of the nests without tracked movies"""
    rest_hours: Real
    """[n_block]: Σ D^λ · mean hours per view of these nests"""
    scale: FloatArray
    """[n_tracked_nests, n_block]: D of the catalogue, 1 where it has nothing in the nest"""
    held: Real
    """[n_tracked_nests, n_block]: D / scale, which is 1 or 0"""
    filled: bool
    """Whether it has something in every one of these nests for everybody."""
    power: Real
    """[n_tracked_nests, n_block]: scale^λ"""
    hours: Real
    """[n_tracked_nests, n_block]: Σ exp(V/λ) · hours per view, over scale"""
    log_weight: Real
    """[n_tracked, n_block]: V/λ of the tracked movies, less ln scale"""

    @classmethod
    def of(
        cls,
        nest_sum: FloatArray,
        hours: FloatArray,
        *,
        tracked_nests: IntArray,
        nest_of: IntArray,
        utility: FloatArray,
        dissimilarity: float,
        real: Any,
    ) -> "BlockCatalogue":
        """What a block of users needs of an interval's nest sums.

        Parameters
        ----------
        nest_sum, hours : float64[n_block, n_nests], of :class:`recsys.projection.nest_sums.NestSums`
        tracked_nests : nests that hold tracked movies
        nest_of : int64[n_tracked], place of each tracked movie's nest among ``tracked_nests``
        utility : float64[n_tracked, n_block], V of the tracked movies, nats
        real : float64 or float32
        """
        rest = np.ones(nest_sum.shape[1], dtype=np.bool_)
        rest[tracked_nests] = False
        power, mean_hours = _power(nest_sum[:, rest], dissimilarity), _ratio(hours[:, rest], nest_sum[:, rest])
        in_tracked = np.ascontiguousarray(nest_sum[:, tracked_nests].T)
        held = in_tracked > 0
        scale = np.where(held, in_tracked, 1.0)
        log_scale = np.log(scale)
        log_weight = utility / dissimilarity
        log_weight -= log_scale[nest_of]
        return cls(
            dissimilarity=dissimilarity,
            rest_power=power.sum(axis=1).astype(real),
            rest_hours=(power * mean_hours).sum(axis=1).astype(real),
            scale=scale,
            held=held.astype(real),
            filled=bool(held.all()),
            power=np.exp(dissimilarity * log_scale).astype(real),
            hours=(hours[:, tracked_nests].T / scale).astype(real),
            log_weight=log_weight.astype(real),
        )

    def shares(self, log_weight: Real, propensity: Real, nests: IntArray) -> Shares:
        """Choices at unwatched propensities, which multiply a tracked movie's odds (power 1/λ inside its nest).

        Parameters
        ----------
        log_weight, propensity : [n_here, n_block], of the tracked movies on the service
        nests : int64[n_here], places of their nests
        """
        weights = np.log(propensity)
        weights *= 1.0 / self.dissimilarity
        weights += log_weight
        np.exp(weights, out=weights)
        nest_sum = self.held.copy()
        for row, nest in enumerate(nests):
            nest_sum[nest] += weights[row]
        some = nest_sum if self.filled else np.where(nest_sum > 0, nest_sum, 1)
        factor = np.log(some)
        factor *= self.dissimilarity
        np.exp(factor, out=factor)
        if not self.filled:
            factor[nest_sum <= 0] = 0.0
        factor *= self.power
        inside = self.rest_power + factor.sum(axis=0)
        outside = 1.0 / (1.0 + inside)
        factor /= some
        factor *= outside
        return Shares(
            weights=weights,
            share=weights * factor[nests],
            nest_sum=nest_sum,
            factor=factor,
            inside=inside * outside,
            outside=outside,
        )

    def hours_watched(self, now: Shares, nests: IntArray, hours_per_view: Real, occasions: Real) -> tuple[Real, Real]:
        """Hours watched, [n_block], and Σ exp(V/λ) · hours per view of the tracked nests, over scale, [n_tracked_nests, n_block].

        Parameters
        ----------
        nests, hours_per_view : [n_here], of the tracked movies on the service
        occasions : [n_block], in the month
        """
        hours = self.hours.copy()
        for row, nest in enumerate(nests):
            hours[nest] += now.weights[row] * hours_per_view[row]
        watched: Real = occasions * (self.rest_hours * now.outside + (now.factor * hours).sum(axis=0))
        return watched, hours


def _power(nest_sum: FloatArray, exponent: float) -> FloatArray:
    """nest_sum ** exponent, 0 where nest_sum is 0."""
    power: FloatArray = np.exp(exponent * np.log(np.where(nest_sum > 0, nest_sum, 1.0)))
    power[nest_sum <= 0] = 0.0
    return power


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below, 0 where ``below`` is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
