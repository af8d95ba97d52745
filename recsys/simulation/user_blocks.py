"""Simulated histories, one block of users at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recsys.progress import Progress, ReportProgress, silent
from recsys.simulation import simulator
from recsys.simulation.config import ServiceConfig
from recsys.simulation.movies import Catalogue
from recsys.simulation.state import BlockInputs, PeriodViews, State
from recsys.simulation.taste import taste
from recsys.simulation.users import BLOCK, users

HISTORY = "history"
"""Name of the random numbers of the past."""


@dataclass(frozen=True, kw_only=True)
class BlockHistory:
    """Simulated history of a block of users, and its state at the end."""

    inputs: BlockInputs
    period_views: tuple[PeriodViews, ...]
    end: State


def histories(config: ServiceConfig, movies: Catalogue, progress: ReportProgress = silent) -> Iterator[BlockHistory]:
    """Simulate the history of each block of users in turn; only one is held in memory."""
    for first in range(0, config.n_users, BLOCK):
        count = min(BLOCK, config.n_users - first)
        block = users(config, first, count)
        inputs = BlockInputs(config=config, users=block, movies=movies, taste=taste(config, block, movies))
        state = simulator.before_history(inputs)
        period_views = tuple(simulator.simulate(inputs, state, range(config.n_periods), draws=HISTORY))
        yield BlockHistory(inputs=inputs, period_views=period_views, end=state)
        progress(Progress.of(first + count, config.n_users))


def hours_per_view(movies: Catalogue) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Expected hours of a view of each movie."""
    finish = 1.0 / (1.0 + np.exp(-(1.0 + 0.5 * movies.quality)))
    return np.asarray(movies.runtime_min / 60 * (0.96 * finish + MEAN_PARTIAL * (1.0 - finish)))


MEAN_PARTIAL = 0.400
"""Mean share of the runtime of a view that was broken off: 0.92 times the mean of Kumaraswamy(1.2, 1.6)."""
