"""Systematic utility of each movie for each user of a block, in nats.

    V_ij(t) = constant_i + language_ij + quality_j + w · (genre taste_i + t · genre drift_i) · genres_j + latent_i · latent_j
              + what nothing else tells_ij + launch curve(age of j at t) + ln(rewatch factor)

The first line is here, with ``t`` in years since the start of the history; the second belongs to the state of the simulator.
"""

import math
from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray
from recsys.simulation.config import ServiceConfig
from recsys.simulation.keyed_rng import normal, stream
from recsys.simulation.movies import LATENT_DIM, Catalogue
from recsys.simulation.users import Users

REFERENCE_MOVIES = 800
PERIODS_PER_YEAR = 24


@dataclass(frozen=True, kw_only=True)
class Taste:
    """Systematic utilities of a block of users for all movies, without launch curve and rewatch factor."""

    start: FloatArray
    """float64[n_users, n_movies], nats at the start of the history"""
    yearly: FloatArray
    """float64[n_users, n_movies], change in a year"""

    def at(self, period: int, rows: object, columns: object) -> FloatArray:
        """Utilities in a half-month for some users and movies."""
        index = np.ix_(np.asarray(rows), np.asarray(columns))
        utility: FloatArray = self.yearly[index]
        utility *= period / PERIODS_PER_YEAR
        utility += self.start[index]
        return utility


def taste(config: ServiceConfig, users: Users, movies: Catalogue) -> Taste:
    """Compute the systematic utilities of a block of users.

    Products are summed movie by movie in one order (``einsum``), not by a matrix library, so that a user's utilities are the
    same to the last bit in a block of one and in a block of two thousand.
    """
    spoken = np.full((users.n_users, movies.n_movies), -np.inf)
    for language in range(users.language_taste.shape[1]):
        understood = users.language_taste[:, language]
        original = np.flatnonzero(movies.language == language)
        spoken[:, original] = np.maximum(spoken[:, original], understood[:, None])
        dubbed = np.flatnonzero(movies.dubbed[:, language])
        spoken[:, dubbed] = np.maximum(spoken[:, dubbed], understood[:, None] - config.dubbed_penalty)
    liked = np.einsum("ik,jk->ij", config.genre_taste * users.genre_taste, movies.genres)
    liked += np.einsum("ik,jk->ij", config.latent_sd / math.sqrt(LATENT_DIM) * users.latent, movies.latent)
    if config.unfactored_sd:
        key = stream(config.seed, "unfactored")
        liked += config.unfactored_sd * normal(key, users.number[:, None], movies.number)
    constant = appeal_constant(config) + users.constant
    return Taste(
        start=constant[:, None] + movies.quality + spoken + liked,
        yearly=np.einsum("ik,jk->ij", config.genre_taste * users.genre_drift, movies.genres),
    )


def appeal_constant(config: ServiceConfig) -> float:
    """Constant added to all utilities, so that the share of occasions with a view hardly depends on the number of movies.

    With n movies a nest weighs about n^λ times one movie, and a small catalogue is used up sooner; ln(800 / n) makes up for
    both (outside share 0.62 with 60 movies, 0.58 with 120, 0.49 with 800 and with 2,000).
    """
    return config.outside_constant + math.log(REFERENCE_MOVIES / config.n_movies)


def launch_curve(config: ServiceConfig, age_periods: FloatArray) -> FloatArray:
    """Extra utility of a movie by its age on the service, at the middle of the half-month."""
    age_months = (age_periods + 0.5) / 2
    return np.asarray(config.launch_boost * np.exp(-age_months / config.launch_decay_months))
