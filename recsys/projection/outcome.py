"""Inputs and outputs of a demand simulation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.projection.nest_sums import NestSums


@dataclass(frozen=True, eq=False, kw_only=True)
class People:
    """The users of a simulation under one draw, float64[n_users] each; money per user, currency."""

    weight: FloatArray
    """Real users that a row stands for."""
    occasions: FloatArray
    """A month."""
    churn_intercept: FloatArray
    churn_delta: FloatArray
    """Share added to monthly churn."""
    churn_hours_slope: float
    subscription: FloatArray
    """A month while subscribed (price times margin)."""
    per_hour: FloatArray
    """Advertising."""
    per_view: FloatArray
    """Rentals."""
    subscribes: NDArray[np.bool_]
    """Whether the user's plan can be left."""
    subscribed: FloatArray
    """Chance of being subscribed as the horizon begins; counts where ``subscribes``."""
    return_share: float
    """Share of those who left that come back in a month."""
    season: FloatArray | None = None
    """float64[horizon]: factor on everyone's occasions in each month; None is 1 throughout."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Availability:
    """Nest sums of the catalogue month by month, tracked movies apart: they change only where licences end."""

    intervals: tuple[NestSums, ...]
    """Nest sums while the catalogue stays as it is."""
    interval_of: IntArray
    """int64[horizon]: the interval that each month lies in."""

    present: NDArray[np.bool_] | None = None
    """bool[n_intervals, n_movies]: movies on the service in each interval; None is all of the catalogue throughout."""

    @classmethod
    def of(cls, catalogue: "NestSums | Availability", horizon_months: int) -> "Availability":
        """The same catalogue throughout, where it is not an availability already."""
        if isinstance(catalogue, Availability):
            return catalogue
        return cls(intervals=(catalogue,), interval_of=np.zeros(horizon_months, dtype=np.int64))


@dataclass(frozen=True, eq=False, kw_only=True)
class TrackedMovies:
    """Movies that a simulation tracks one by one; axis 0 is the movie."""

    utility: FloatArray
    """float64[n_tracked, n_users], nats, before launch curve and unwatched propensity; −inf where nobody can see it."""
    unwatched: FloatArray
    """float64[n_tracked, n_users]: 1 where the user has not watched it yet, else 0."""
    hours_per_view: FloatArray
    nests: IntArray
    curve: FloatArray
    """float64[n_tracked, horizon]: γ of each month, −inf in months off the service."""

    def __len__(self) -> int:
        return len(self.nests)

    def only(self, positions: Sequence[int]) -> "TrackedMovies":
        """Some of the movies, in the order of ``positions``."""
        chosen = list(positions)
        return TrackedMovies(
            utility=self.utility[chosen],
            unwatched=self.unwatched[chosen],
            hours_per_view=self.hours_per_view[chosen],
            nests=self.nests[chosen],
            curve=self.curve[chosen],
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """Demand and revenue in one counterfactual; totals are weighted sums over users. What is told user by user is 0 where it was
    not asked for."""

    hours: FloatArray
    """float64[horizon], all movies"""
    views: FloatArray
    """float64[horizon], all movies"""
    earned: FloatArray
    """float64[3, horizon], not discounted: from subscriptions, advertising, rentals"""
    tracked_views: FloatArray
    """float64[n_tracked, horizon]"""
    outside: FloatArray
    """float64[horizon]: occasions that go to nothing here, those of users who left included"""
    active_users: float
    """At the horizon's end."""
    user_hours: FloatArray
    """float64[n_users], weighted, over the horizon"""
    user_tracked_views: FloatArray
    """float64[n_tracked, n_users], of one person who stays, over the horizon"""
    still_unwatched: FloatArray
    """float64[n_tracked, n_users], at the horizon's end"""
    outside_occasions: FloatArray
    """float64[n_intervals, n_users]: Σ over the months of an interval of weight · chance of being active · occasions / (1 + S).
    Times D^(λ−1) and exp(V/λ) it gives the views of a catalogue movie in a nest without tracked movies."""
    left_out_hours: FloatArray
    """float64[n_offers, horizon], estimated hours without each of the first tracked movies
    (:mod:`recsys.projection.leave_one_out`); empty unless asked for"""
    left_out_earned: FloatArray
    """float64[3, n_offers, horizon], the same for what is earned"""
    left_out_active: FloatArray
    """float64[n_offers], the same for active users at the horizon's end"""
    tracked_nests: IntArray
    """Nests that hold tracked movies, ascending."""
    tracked_nest_factor: FloatArray
    """float64[n_intervals, n_tracked_nests, n_users]: Σ over the months of an interval of weight · chance of being active ·
    occasions · D^(λ−1) / (1 + S); times exp(V/λ) it gives the views of a catalogue movie in these nests."""

    @property
    def revenue(self) -> FloatArray:
        """float64[horizon], all that is earned, not discounted"""
        total: FloatArray = self.earned.sum(axis=0)
        return total
