"""Retention: who stays subscribed month by month, and what people bring while they do, for one block of users."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray
from recsys.projection.outcome import People

Real = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Retention:
    """Retention and revenue of a block of users; [n_block] each. Where a plan cannot be left, nobody leaves."""

    weight: FloatArray
    active_at_start: FloatArray
    """Chance of being active as the horizon begins."""
    stay_odds: FloatArray
    """exp(−a): odds against leaving in a month in which nothing is watched; inf where there is no leaving"""
    hours_slope: float
    """b: how much faster these odds rise than ln(1 + hours)"""
    churn_delta: FloatArray | None
    """Added to the share that leaves in a month; None where nothing is"""
    return_share: float
    subscription: FloatArray
    per_hour: FloatArray
    per_view: FloatArray

    @classmethod
    def of(cls, people: People, block: slice) -> "Retention":
        """What a block of an audience needs."""
        subscribes, churn_delta = people.subscribes[block], people.churn_delta[block]
        return cls(
            weight=people.weight[block],
            active_at_start=np.where(subscribes, people.subscribed[block], 1.0),
            stay_odds=np.where(subscribes, np.exp(-people.churn_intercept[block]), np.inf),
            hours_slope=float(people.churn_hours_slope),
            churn_delta=np.where(subscribes, churn_delta, 0.0) if churn_delta.any() else None,
            return_share=float(people.return_share),
            subscription=people.subscription[block],
            per_hour=people.per_hour[block],
            per_view=people.per_view[block],
        )

    def active_after(self, active: FloatArray, hours: Real) -> FloatArray:
        """Chance of being active after a month, from that before it and the hours watched in it; [..., n_block]."""
        against = np.log(1.0 + hours)
        against *= self.hours_slope
        leaving = 1.0 / (1.0 + self.stay_odds * np.exp(against, out=against))
        if self.churn_delta is not None:
            leaving = np.clip(leaving + self.churn_delta, 0.0, 1.0)
        after: FloatArray = active * (1.0 - leaving)
        if self.return_share:
            after += (1.0 - active) * self.return_share
        return after
