"""A small simulated service and parts of it, for the tests of this room."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recsys.simulation.config import ServiceConfig
from recsys.simulation.movies import Catalogue, catalogue
from recsys.simulation.state import PeriodViews
from recsys.simulation.user_blocks import BlockHistory, histories

SMALL = ServiceConfig(n_users=300, n_movies=60, n_offers=6, months=4, seed=3)


def block(config: ServiceConfig = SMALL, *, future_months: int = 0) -> BlockHistory:
    """The history of the first block of users."""
    return next(iter(histories(config, catalogue(config, future_months=future_months))))


def as_offer(movies: Catalogue, column: int) -> Catalogue:
    """The catalogue in which the first offer is the twin of a movie."""
    offer = movies.offers.start
    changed = {}
    for name in ("language", "dubbed", "genres", "first_genre", "runtime_min", "quality", "latent"):
        values = getattr(movies, name).copy()
        values[offer] = values[column]
        changed[name] = values
    return replace(movies, **changed)


def views(period_views: Iterable[PeriodViews], n_movies: int) -> np.ndarray:
    """Views by movie."""
    return sum(np.bincount(p.column, minlength=n_movies) for p in period_views)


__all__ = ["SMALL", "as_offer", "block", "views"]
