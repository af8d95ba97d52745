"""Leave-one-out by an estimate: beside a counterfactual that is being simulated, what it would be without each of its offers.

The other offers keep the unwatched propensity they have with all offers. Without the offer they would be watched a little more,
and used up a little sooner; that is of second order, and what it comes to is measured where the counterfactuals are simulated too
(the point estimate) and added to every draw. Everything else, retention included, is followed as in a counterfactual of
its own, at the cost of a single look at each month.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.projection.retention import Retention

Real = NDArray[np.floating[Any]]

_GONE = 16
"""Roundings of a nest sum: what is left of it below so many is none."""


class LeaveOneOutEstimate:
    """Estimates for one block of users; axis 0 of every array is the offer left out."""

    def __init__(self, retention: Retention, dissimilarity: float, n_offers: int, horizon_months: int) -> None:
        self._retention, self._dissimilarity, self._n = retention, dissimilarity, n_offers
        self._active = np.repeat(retention.active_at_start[None, :], n_offers, axis=0)
        self.hours = np.zeros((n_offers, horizon_months))
        self.earned = np.zeros((3, n_offers, horizon_months))

    def add_month(
        self,
        month: int,
        here: IntArray,
        *,
        weights: Real,
        hours_per_view: Real,
        nests: IntArray,
        nest_power: Real,
        nest_sum: Real,
        nest_mean_hours: Real,
        scale_power: Real,
        outside: Real,
        occasions: Real,
        hours: Real,
    ) -> None:
        """Take in a month of the counterfactual with all offers. Weights and nest sums are relative to the scale of their nests.

        Parameters
        ----------
        here : tracked movies on the service, offers first
        weights : [n_here, n_block], exp(V/λ)
        hours_per_view, nests : [n_here]; place of each tracked movie's nest among the tracked nests
        nest_power : [n_tracked_nests, n_block], D^λ / (1 + S)
        nest_sum, nest_mean_hours : [n_tracked_nests, n_block], D and mean hours per view, tracked movies included
        scale_power : [n_tracked_nests, n_block], scale^λ
        outside : [n_block], 1 / (1 + S)
        occasions, hours : [n_block], in the month
        """
        retention = self._retention
        views = np.repeat((occasions * (1.0 - outside))[None, :], self._n, axis=0)
        watched = np.repeat(hours[None, :], self._n, axis=0)
        place = np.flatnonzero(here < self._n)
        if len(place):
            own, nest = weights[place], nests[place]
            total, mean_hours, power = nest_sum[nest], nest_mean_hours[nest], nest_power[nest]
            left = total - own
            left[left < _GONE * np.finfo(left.dtype).eps * total] = 0.0
            some = np.where(left > 0, left, 1)
            power_left = np.log(some)
            power_left *= self._dissimilarity
            np.exp(power_left, out=power_left)
            power_left *= scale_power[nest] * outside
            power_left[left <= 0] = 0.0
            ratio = np.maximum(1.0 - power + power_left, outside)  # (1 + S without it) / (1 + S)
            hours_left = (total * mean_hours - own * hours_per_view[place][:, None]) / some
            seen = own > 0
            watched_left = (hours - occasions * (power * mean_hours - power_left * hours_left)) / ratio
            watched[here[place]] = np.where(seen, watched_left, hours)
            views[here[place]] = np.where(seen, occasions * (1.0 - outside / ratio), views[0])
        weight = retention.weight * self._active
        self._active = retention.active_after(self._active, watched)
        self.hours[:, month] = (weight * watched).sum(axis=1, dtype=np.float64)
        self.earned[:, :, month] = (
            (retention.weight * self._active * retention.subscription).sum(axis=1, dtype=np.float64),
            (weight * (retention.per_hour * watched)).sum(axis=1, dtype=np.float64),
            (weight * (retention.per_view * views)).sum(axis=1, dtype=np.float64),
        )

    @property
    def active_users(self) -> FloatArray:
        """float64[n_offers], after the last month taken in."""
        found: FloatArray = (self._retention.weight * self._active).sum(axis=1, dtype=np.float64)
        return found
