"""Calendar of a simulated service in half-months, counted from 0 at the start of the history; negative ones came before it.

The catalogue changes on the 1st and the 16th, and nowhere in between: a movie is available for a whole period or not at all.
"""

import numpy as np

from recsys.ids import FloatArray
from recsys.simulation.config import ServiceConfig

Day = np.datetime64
DAY_SECONDS = 86_400

SEASON = (
    1.12, 1.10, 0.96, 0.94, 0.92, 0.90, 1.04, 1.10, 1.14, 1.10, 0.96, 0.92,
    0.92, 0.94, 1.00, 1.02, 1.00, 0.98, 1.04, 1.12, 1.10, 1.00, 0.98, 1.10,
)  # fmt: skip
"""Activity by half-month of the year: festivals in January, school holidays in April and May, autumn festivals, year's end."""

HOURS_OF_DAY = (0.5, 1, 1.5, 2, 2.5, 3, 3, 4, 4, 4, 4, 4.5, 5, 6, 8, 11, 13, 11, 6, 2, 1, 1, 0.5, 0.5)
"""Viewing by hour of the day, UTC: an evening in India is an afternoon there."""


def month(config: ServiceConfig, number: int) -> str:
    """YYYY-MM of a month of the history (0 is the first one)."""
    return str(np.datetime64(config.start, "M") + number)


def start_of(config: ServiceConfig, period: int) -> Day:
    """First day of a half-month, which is the 1st or the 16th."""
    first = (np.datetime64(config.start, "M") + period // 2).astype("datetime64[D]")
    return np.datetime64(first + (15 if period % 2 else 0), "D")


def days_in(config: ServiceConfig, period: int) -> int:
    """Days of a half-month, 13 to 16."""
    return int((start_of(config, period + 1) - start_of(config, period)) / np.timedelta64(1, "D"))


def season(config: ServiceConfig, period: int) -> float:
    """Seasonal factor: activity in this half-month relative to a usual one."""
    month_of_year = int((np.datetime64(config.start, "M") + period // 2).astype(np.int64)) % 12
    usual = SEASON[2 * month_of_year + period % 2]
    return float(max(1.0 + config.season_swing * (usual - 1.0), 0.05)) if config.season_swing != 1.0 else usual


def time_of_day(uniform: FloatArray) -> FloatArray:
    """Seconds after midnight at which this share of the day's viewing has begun; rising, so that order is kept."""
    weights = np.asarray(HOURS_OF_DAY, dtype=np.float64)
    edges = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    return np.interp(uniform, edges, np.arange(25) * 3_600.0)
