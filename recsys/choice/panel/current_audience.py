"""The current audience: users and movies that count when the data end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.choice.panel.history import History
from recsys.ids import FloatArray, IntArray

_CELLS = 12_000_000
"""Users times available movies held at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CurrentAudience:
    """Users with their view rates, and what they can still watch."""

    rate: FloatArray
    """float64[n_users], views a month"""
    available: NDArray[np.bool_]
    """bool[n_movies]: on the service"""
    seen_user: IntArray
    seen_movie: IntArray
    """What has been watched; pairs sorted by user"""
    sample: IntArray
    """Users that stand for all where appeals are found: all who watch, or a random sample of them"""


def read_audience(history: History, rate: FloatArray, *, rng: np.random.Generator, cells: int = _CELLS) -> CurrentAudience:
    """Read the audience at the end of the data.

    Parameters
    ----------
    rate : float64[n_users], views a month
    cells : users times available movies at most; beyond that a sample of the users stands for all
    """
    available = history.available_at_end()
    most = max(cells // max(int(available.sum()), 1), 1)
    watching = np.flatnonzero(rate > 0)
    rows = watching if len(watching) <= most else np.sort(rng.choice(watching, most, replace=False))
    return CurrentAudience(
        rate=rate, available=available, seen_user=history.pair_user, seen_movie=history.pair_movie, sample=rows.astype(np.int64)
    )
