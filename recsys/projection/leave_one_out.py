"""Each offer left out in turn, quickly: beside a world that is being run, what it would be without each of its offers.

The other offers keep the appetite they have in the full world. Without the offer they would be watched a little more, and used
up a little sooner; that is of second order, and what it comes to is measured where worlds are also run whole (the point
estimate) and added to every draw. Everything else, who stays included, is followed as in a world of its own, at the cost of a
single look at each month.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.projection.retention import Staying

Real = NDArray[np.floating[Any]]

_GONE = 16
"""Roundings of a nest's worth: what is left of it below so many is none."""


class LeaveOut:
    """One block of users; axis 0 of every array is the offer left out."""

    def __init__(self, people: Staying, exponent: float, n_offers: int, horizon_months: int) -> None:
        self._people, self._exponent, self._n = people, exponent, n_offers
        self._there = np.repeat(people.now[None, :], n_offers, axis=0)
        self.hours = np.zeros((n_offers, horizon_months))
        self.earned = np.zeros((3, n_offers, horizon_months))

    def month(
        self,
        month: int,
        here: IntArray,
        *,
        weights: Real,
        hours_per_view: Real,
        nests: IntArray,
        nest_power: Real,
        nest_worth: Real,
        nest_mean_hours: Real,
        scale_power: Real,
        outside: Real,
        occasions: Real,
        hours: Real,
    ) -> None:
        """Take in a month of the full world. Weights and worths are relative to the scale of their nests.

        Parameters
        ----------
        here : extras on the service, offers first
        weights : [n_here, n_block], exp(V/λ)
        hours_per_view, nests : [n_here]; place of each extra's nest among the touched ones
        nest_power : [n_touched, n_block], D^λ / (1 + S)
        nest_worth, nest_mean_hours : [n_touched, n_block], D and mean hours per view, extras included
        scale_power : [n_touched, n_block], scale^λ
        outside : [n_block], 1 / (1 + S)
        occasions, hours : [n_block], in the month
        """
        people = self._people
        views = np.repeat((occasions * (1.0 - outside))[None, :], self._n, axis=0)
        watched = np.repeat(hours[None, :], self._n, axis=0)
        place = np.flatnonzero(here < self._n)
        if len(place):
            own, nest = weights[place], nests[place]
            worth, mean_hours, power = nest_worth[nest], nest_mean_hours[nest], nest_power[nest]
            left = worth - own
            left[left < _GONE * np.finfo(left.dtype).eps * worth] = 0.0
            some = np.where(left > 0, left, 1)
            power_left = np.log(some)
            power_left *= self._exponent
            np.exp(power_left, out=power_left)
            power_left *= scale_power[nest] * outside
            power_left[left <= 0] = 0.0
            ratio = np.maximum(1.0 - power + power_left, outside)  # (1 + S without it) / (1 + S)
            hours_left = (worth * mean_hours - own * hours_per_view[place][:, None]) / some
            seen = own > 0
            watched_left = (hours - occasions * (power * mean_hours - power_left * hours_left)) / ratio
            watched[here[place]] = np.where(seen, watched_left, hours)
            views[here[place]] = np.where(seen, occasions * (1.0 - outside / ratio), views[0])
        there = people.weight * self._there
        self._there = people.after(self._there, watched)
        self.hours[:, month] = (there * watched).sum(axis=1, dtype=np.float64)
        self.earned[:, :, month] = (
            (people.weight * self._there * people.subscription).sum(axis=1, dtype=np.float64),
            (there * (people.per_hour * watched)).sum(axis=1, dtype=np.float64),
            (there * (people.per_view * views)).sum(axis=1, dtype=np.float64),
        )

    @property
    def active_users(self) -> FloatArray:
        """float64[n_offers], after the last month taken in."""
        found: FloatArray = (self._people.weight * self._there).sum(axis=1, dtype=np.float64)
        return found
