"""What the process works on: a block of users with their tastes, where they stand, and what they did."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.simulation.config import WorldConfig
from recsys.simulation.movies import Catalogue
from recsys.simulation.taste import Taste
from recsys.simulation.users import Users

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A block of users and everything about it that does not change."""

    config: WorldConfig
    users: Users
    movies: Catalogue
    taste: Taste


@dataclass(kw_only=True)
class State:
    """Where users stand between two half-months. Rows are simulated users, who may be repeated."""

    watched: BoolArray
    """bool[n_rows, n_movies]"""
    active: BoolArray
    """bool[n_rows]: may watch; a lapsed subscriber may not"""
    paying: FloatArray
    """float64[n_rows]: chance of being active; 0 or 1 where leaving is drawn, see :func:`recsys.simulation.simulator.play`"""
    month_hours: FloatArray
    """float64[n_rows], watched so far in the running month"""

    def of(self, rows: IntArray) -> "State":
        """A copy for some rows."""
        return State(
            watched=self.watched[rows],
            active=self.active[rows],
            paying=self.paying[rows],
            month_hours=self.month_hours[rows],
        )


@dataclass(frozen=True, kw_only=True)
class Added:
    """Movies added to the catalogue."""

    columns: IntArray
    """int64[n_rows, k]: which ones each row has more, in this order; -1 where it has fewer"""
    first_period: int
    """Half-month in which they arrive."""
    last_period: IntArray
    """int64[n_movies]: half-month in which an added movie is gone again"""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What happened in one half-month, view by view."""

    period: int
    row: IntArray
    """Row of the user among those simulated."""
    column: IntArray
    """Movie."""
    minutes: FloatArray
    completed: BoolArray
    place: FloatArray
    """When in the half-month, in (0, 1); rising for a user."""
    occasion: IntArray
    """Counter of the occasion's random numbers."""
    occasions: IntArray
    """int64[n_rows]: occasions of every row, used or not"""
    active: BoolArray
    """bool[n_rows]: who could watch in this half-month"""
    weight: FloatArray
    """float64[n_rows]: chance of having been active; what was watched counts for so much"""
