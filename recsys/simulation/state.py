"""Inputs, state and output of the simulator for a block of users."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.simulation.config import ServiceConfig
from recsys.simulation.movies import Catalogue
from recsys.simulation.taste import Taste
from recsys.simulation.users import Users

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class BlockInputs:
    """A block of users with everything about it that stays fixed while it is simulated."""

    config: ServiceConfig
    users: Users
    movies: Catalogue
    taste: Taste


@dataclass(kw_only=True)
class State:
    """State of the simulator between two half-months. Rows are simulated users, who may be repeated."""

    watched: BoolArray
    """bool[n_rows, n_movies]"""
    active: BoolArray
    """bool[n_rows]: may watch; a lapsed subscriber may not"""
    active_probability: FloatArray
    """float64[n_rows]: 0 or 1 where churn is drawn, see :func:`recsys.simulation.simulator.simulate`"""
    month_hours: FloatArray
    """float64[n_rows], watched so far in the running month"""

    def of(self, rows: IntArray) -> "State":
        """A copy for some rows."""
        return State(
            watched=self.watched[rows],
            active=self.active[rows],
            active_probability=self.active_probability[rows],
            month_hours=self.month_hours[rows],
        )


@dataclass(frozen=True, kw_only=True)
class AddedMovies:
    """Movies added to the catalogue of each row of users."""

    columns: IntArray
    """int64[n_rows, k]: which ones each row has more, in this order; -1 where it has fewer"""
    first_period: int
    """Half-month in which they arrive."""
    last_period: IntArray
    """int64[n_movies]: half-month in which an added movie is gone again"""


@dataclass(frozen=True, kw_only=True)
class PeriodViews:
    """Simulated views of one half-month, one row each."""

    period: int
    row: IntArray
    """Row of the user among those simulated."""
    column: IntArray
    """Movie."""
    minutes: FloatArray
    completed: BoolArray
    share_of_period: FloatArray
    """Time of the view as a share of the half-month, in (0, 1); rises for each user."""
    occasion: IntArray
    """Counter of the occasion's random numbers."""
    occasions: IntArray
    """int64[n_rows]: occasions of every row, used or not"""
    active: BoolArray
    """bool[n_rows]: who could watch in this half-month"""
    weight: FloatArray
    """float64[n_rows]: probability of having been active, by which the views count"""
