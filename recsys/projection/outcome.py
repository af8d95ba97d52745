"""What goes into a world, and what comes out of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.projection.nest_sums import NestSums


@dataclass(frozen=True, eq=False, kw_only=True)
class People:
    """The audience of one world, float64[n_users] each; money per user, currency."""

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
class Shelf:
    """What the catalogue, extras apart, is worth month by month: it changes only where licences end."""

    spells: tuple[NestSums, ...]
    """Nest sums while the catalogue stays as it is."""
    spell_of: IntArray
    """int64[horizon]: which of them holds in each month."""

    present: NDArray[np.bool_] | None = None
    """bool[n_spells, n_movies]: what is there in each spell; None is all of the catalogue throughout"""

    @classmethod
    def of(cls, catalogue: "NestSums | Shelf", horizon_months: int) -> "Shelf":
        """The same catalogue throughout, where it is not a shelf already."""
        if isinstance(catalogue, Shelf):
            return catalogue
        return cls(spells=(catalogue,), spell_of=np.zeros(horizon_months, dtype=np.int64))


@dataclass(frozen=True, eq=False, kw_only=True)
class Extras:
    """Movies that are followed one by one; axis 0 is the extra, in the order of ids."""

    utility: FloatArray
    """float64[n_extras, n_users], nats, before launch curve and appetite; −inf where nobody can see it."""
    unwatched: FloatArray
    """float64[n_extras, n_users]: 1 where the user has not watched it yet, else 0."""
    hours_per_view: FloatArray
    nests: IntArray
    curve: FloatArray
    """float64[n_extras, horizon]: γ of each month, −inf in months off the service."""

    def __len__(self) -> int:
        return len(self.nests)


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What happens in one world; totals are weighted sums over users. What is told user by user is 0 where it was not
    asked for."""

    hours: FloatArray
    """float64[horizon], all movies"""
    views: FloatArray
    """float64[horizon], all movies"""
    earned: FloatArray
    """float64[3, horizon], not discounted: from subscriptions, advertising, rentals"""
    extra_views: FloatArray
    """float64[n_extras, horizon]"""
    outside: FloatArray
    """float64[horizon]: occasions that go to nothing here, those of users who left included"""
    active_users: float
    """At the horizon's end."""
    user_hours: FloatArray
    """float64[n_users], weighted, over the horizon"""
    user_extra_views: FloatArray
    """float64[n_extras, n_users], of one person who stays, over the horizon"""
    still_unwatched: FloatArray
    """float64[n_extras, n_users], at the horizon's end"""
    idle: FloatArray
    """float64[n_spells, n_users]: Σ over the months of a spell of weight · chance of being there · occasions / (1 + S). Times
    D^(λ−1) and exp(V/λ) it gives the views of a catalogue movie in a nest without extras."""
    left_out_hours: FloatArray
    """float64[n_offers, horizon], hours without each of the first extras, quickly (see :mod:`recsys.projection.leave_one_out`);
    empty unless asked for"""
    left_out_earned: FloatArray
    """float64[3, n_offers, horizon], the same for what is earned"""
    left_out_active: FloatArray
    """float64[n_offers], the same for active users at the horizon's end"""
    touched: IntArray
    """Nests that hold extras, ascending."""
    touched_factor: FloatArray
    """float64[n_spells, n_touched, n_users]: Σ over the months of a spell of weight · chance of being there · occasions ·
    D^(λ−1) / (1 + S); times exp(V/λ) it gives the views of a catalogue movie in these nests."""

    @property
    def revenue(self) -> FloatArray:
        """float64[horizon], all that is earned, not discounted"""
        total: FloatArray = self.earned.sum(axis=0)
        return total
