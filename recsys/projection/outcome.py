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
    occasions_today: FloatArray
    """A month, in the audience of the data: what arrivals make up for."""
    joining: FloatArray
    """People who join in a month, for each whom the row stands for."""
    season: FloatArray | None = None
    """float64[horizon]: factor on everyone's occasions in each month; None is 1 throughout."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Availability:
    """What is on the service month by month, tracked movies apart: parts whose movies come, age and go together."""

    parts: tuple[NestSums, ...]
    """Nest sums of each part as it is today."""
    factor: FloatArray
    """float64[n_parts, horizon]: what exp(V/λ) of a part's movies is multiplied by in each month; 0 where they are gone."""
    today: NestSums
    """Of everything on the service today, tracked movies included: what arrivals make up for."""
    replenished: bool
    """Whether movies go on arriving as they did."""
    part_of: IntArray | None = None
    """int64[n_movies]: the part that each movie is in, −1 for those that are in none; None where there is one part."""

    @classmethod
    def of(cls, catalogue: "NestSums | Availability", horizon_months: int) -> "Availability":
        """The same catalogue throughout, made up for, where it is not an availability already."""
        if isinstance(catalogue, Availability):
            return catalogue
        return cls(parts=(catalogue,), factor=np.ones((1, horizon_months)), today=catalogue, replenished=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Replacements:
    """What arrivals make up for as the tracked movies of today's catalogue age: others as new as they are now come after them."""

    utility: FloatArray
    """float64[n_changed, n_users], nats, of the ageing movies as they are today; −inf where the user has watched them"""
    nests: IntArray
    share: FloatArray
    """float64[n_changed, horizon]: of exp(V/λ), made up for by the middle of each month"""


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
    replacements: "Replacements | None" = None
    """In every counterfactual, whichever of the movies it has. None where nothing arrives, or only offers are tracked."""

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
            replacements=self.replacements,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """Demand and revenue in one counterfactual; totals are weighted sums over users. What is told user by user is empty where
    it was not asked for."""

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
    """float64[n_users]: Σ over months of weight · chance of being active · occasions / (1 + S)"""
    left_out_hours: FloatArray
    """float64[n_offers, horizon], estimated hours without each of the first tracked movies; empty unless asked for"""
    left_out_earned: FloatArray
    """float64[3, n_offers, horizon], the same for what is earned"""
    left_out_active: FloatArray
    """float64[n_offers], the same for active users at the horizon's end"""
    part_factor: FloatArray
    """float64[n_parts, n_users, n_nests]: Σ over months of weight · chance of being active · occasions · the part's factor ·
    share left · D^(λ−1) / (1 + S). Times exp(V/λ) it gives the views of a catalogue movie of the part."""
    left: FloatArray
    """float64[n_users, n_nests]: at the horizon's end, what is left of the unwatched worth of a nest, 1 being today's"""

    @property
    def revenue(self) -> FloatArray:
        """float64[horizon], all that is earned, not discounted"""
        total: FloatArray = self.earned.sum(axis=0)
        return total
