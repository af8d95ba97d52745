"""Who stays subscribed, and what people bring while they are there, for one block of users."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray
from recsys.projection.outcome import People

Real = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Staying:
    """A block of users; [n_block] each. Where a plan cannot be left, nobody leaves."""

    weight: FloatArray
    now: FloatArray
    """Chance of being there as the horizon begins."""
    odds: FloatArray
    """exp(−a): against leaving in a month in which nothing is watched; inf where there is no leaving"""
    slope: float
    """b: how much faster these odds rise than ln(1 + hours)"""
    more: FloatArray | None
    """Added to the share that leaves in a month; None where nothing is"""
    return_share: float
    subscription: FloatArray
    per_hour: FloatArray
    per_view: FloatArray

    @classmethod
    def of(cls, people: People, block: slice) -> "Staying":
        """What a block of an audience needs."""
        subscribes, more = people.subscribes[block], people.churn_delta[block]
        return cls(
            weight=people.weight[block],
            now=np.where(subscribes, people.subscribed[block], 1.0),
            odds=np.where(subscribes, np.exp(-people.churn_intercept[block]), np.inf),
            slope=float(people.churn_hours_slope),
            more=np.where(subscribes, more, 0.0) if more.any() else None,
            return_share=float(people.return_share),
            subscription=people.subscription[block],
            per_hour=people.per_hour[block],
            per_view=people.per_view[block],
        )

    def after(self, there: FloatArray, hours: Real) -> FloatArray:
        """Chance of being there after a month, from that before it and the hours watched in it; [..., n_block]."""
        against = np.log(1.0 + hours)
        against *= self.slope
        leaving = 1.0 / (1.0 + self.odds * np.exp(against, out=against))
        if self.more is not None:
            leaving = np.clip(leaving + self.more, 0.0, 1.0)
        after: FloatArray = there * (1.0 - leaving)
        if self.return_share:
            after += (1.0 - there) * self.return_share
        return after
