"""Each offer left out in turn, quickly: beside a world that is being run, what it would be without each of its offers.

The other offers keep the appetite they have in the full world. Without the offer they would be watched a little more, and used
up a little sooner; that is of second order, and what it comes to is measured where worlds are also run whole (the point
estimate) and added to every draw. Everything else, who stays included, is followed as in a world of its own, at the cost of a
single look at each month.
"""

from collections.abc import Callable

import numpy as np

from recsys.ids import FloatArray, IntArray
from recsys.projection.outcome import Extras, People

_GONE = 1e-12
"""Part of a nest's worth below which what is left of it is rounding."""


class LeaveOut:
    """One block of users; axis 0 of every array is the offer left out."""

    def __init__(self, people: People, extras: Extras, block: slice, n_offers: int, horizon_months: int) -> None:
        self._people, self._extras, self._block, self._n = people, extras, block, n_offers
        self._staying = np.repeat(np.where(people.subscribes[block], people.subscribed[block], 1.0)[None, :], n_offers, axis=0)
        self.hours = np.zeros((n_offers, horizon_months))
        self.revenue = np.zeros((n_offers, horizon_months))

    def month(
        self,
        month: int,
        here: IntArray,
        *,
        exponent: float,
        weights: FloatArray,
        nest_worth: FloatArray,
        nest_hours: FloatArray,
        nest_of: IntArray,
        inside: FloatArray,
        hours: FloatArray,
        who_stays: Callable[[FloatArray, FloatArray], FloatArray],
    ) -> None:
        """Take in a month of the full world.

        Parameters
        ----------
        here : extras on the service
        exponent : λ
        weights : float64[n_here, n_block], exp(V/λ)
        nest_worth, nest_hours : float64[n_touched, n_block], D and Σ exp(V/λ) · hours per view, extras included
        nest_of : place of each extra's nest among them
        inside, hours : float64[n_block], share of occasions that find something, and hours watched
        who_stays : from chances of being subscribed and hours watched to chances after the month
        """
        people, block = self._people, self._block
        occasions, weight = people.occasions[block], people.weight[block]
        views = np.repeat((occasions * inside)[None, :], self._n, axis=0)
        watched = np.repeat(hours[None, :], self._n, axis=0)
        place = np.flatnonzero(here < self._n)
        if len(place):
            offers, own = here[place], weights[place]
            nests = nest_of[offers]
            worth, worth_hours = nest_worth[nests], nest_hours[nests]
            outside = 1.0 - inside
            left = worth - own
            left[left < _GONE * worth] = 0.0
            power, power_left = _power(worth, exponent), _power(left, exponent)
            total = np.maximum(1.0 / outside - power + power_left, 1.0)
            left_hours = worth_hours - own * self._extras.hours_per_view[offers][:, None]
            before = power * worth_hours / np.where(worth > 0, worth, 1.0)
            after = power_left * left_hours / np.where(left > 0, left, 1.0)
            watched[offers] = occasions / total * (hours / np.where(occasions > 0, occasions, 1.0) / outside - before + after)
            views[offers] = occasions * (total - 1.0) / total
        there = weight * self._staying
        earned = there * (people.per_hour[block] * watched + people.per_view[block] * views)
        self._staying = who_stays(self._staying, watched)
        earned += weight * self._staying * people.subscription[block]
        self.hours[:, month] = (there * watched).sum(axis=1)
        self.revenue[:, month] = earned.sum(axis=1)


def _power(worth: FloatArray, exponent: float) -> FloatArray:
    power: FloatArray = np.exp(exponent * np.log(np.where(worth > 0, worth, 1.0)))
    power[worth <= 0] = 0.0
    return power
