"""The simulated population: shares of languages, personas, ages, city tiers, plans and devices.

A persona is latent: the simulator knows it, the tables do not hold it; it shows only in attributes and viewing.
"""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray

LANGUAGES = ("Tamil", "Telugu", "Malayalam", "Kannada", "Hindi", "Bengali", "Marathi", "Gujarati")
AUDIENCE_SHARES = (0.20, 0.20, 0.12, 0.12, 0.18, 0.08, 0.06, 0.04)
"""Main language of users."""
CATALOGUE_SHARES = (0.19, 0.19, 0.13, 0.11, 0.19, 0.08, 0.07, 0.04)
"""Original language of movies."""

SECOND_LANGUAGE = np.array(
    [
        # Tamil Telugu Malayalam Kannada Hindi Bengali Marathi Gujarati
        [0.0, 3.0, 3.0, 1.5, 2.0, 0.0, 0.0, 0.0],
        [3.0, 0.0, 0.5, 2.0, 4.0, 0.0, 0.0, 0.0],
        [5.0, 0.5, 0.0, 1.0, 3.0, 0.0, 0.0, 0.0],
        [3.0, 3.5, 0.5, 0.0, 3.0, 0.0, 0.5, 0.0],
        [0.3, 1.0, 0.3, 0.3, 0.0, 1.0, 3.0, 2.0],
        [0.2, 0.3, 0.1, 0.1, 9.0, 0.0, 0.2, 0.0],
        [0.1, 0.3, 0.1, 0.8, 8.0, 0.0, 0.0, 1.0],
        [0.1, 0.1, 0.1, 0.1, 8.0, 0.0, 2.0, 0.0],
    ]
)
"""Odds of each second language (columns) for each main one (rows)."""

GENRES = (
    "Action", "Thriller", "Crime", "Horror",
    "Drama", "Family", "Romance", "Devotional",
    "Comedy", "Fantasy", "Musical", "Historical",
)  # fmt: skip
GENRE_SHARES = (0.12, 0.12, 0.07, 0.06, 0.14, 0.12, 0.10, 0.03, 0.12, 0.04, 0.04, 0.04)
"""First genre of movies."""
GENRES_PER_CLUSTER = 4
"""Genres are listed by cluster; a nest of close substitutes is a language and a cluster."""
N_NESTS = len(LANGUAGES) * (len(GENRES) // GENRES_PER_CLUSTER)

AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55+")
CITY_TIERS = (1, 2, 3)
CITY_TIER_SHARES = (0.36, 0.38, 0.26)
PLANS = ("monthly", "ad-funded", "rental")
PLAN_SHARES = ((0.58, 0.27, 0.15), (0.50, 0.36, 0.14), (0.36, 0.53, 0.11))
"""Rows: city tiers."""
PLAN_ACTIVITY = (1.0, 0.9, 0.55)
PLAN_CONSTANT = (0.0, 0.0, -0.5)
"""Renting costs money each time."""
DEVICES = ("mobile", "smart TV", "web", "tablet")
DEVICE_SHARES = ((0.48, 0.36, 0.11, 0.05), (0.62, 0.27, 0.07, 0.04), (0.76, 0.17, 0.05, 0.02))
"""Rows: city tiers."""


@dataclass(frozen=True, kw_only=True)
class Persona:
    """A latent class of viewers, with its shares and tastes."""

    name: str
    share: float
    """Share of users who signed up before the history."""
    ages: tuple[float, ...]
    """Odds of each age band."""
    activity: float
    """Occasions, relative to the service's."""
    tastes: dict[str, float]
    """Liking of genres, in units of ``ServiceConfig.genre_taste``; others 0."""


PERSONAS = (
    Persona(
        name="family evenings", share=0.26, ages=(0.4, 2, 4, 2.5, 1), activity=1.0,
        tastes={"Family": 1.2, "Drama": 0.5, "Comedy": 0.5, "Devotional": 0.3, "Crime": -0.7, "Horror": -1.2},
    ),
    Persona(
        name="young thrills", share=0.15, ages=(5, 3, 0.7, 0.2, 0.1), activity=1.2,
        tastes={"Thriller": 1.2, "Crime": 0.9, "Horror": 0.6, "Action": 0.4, "Family": -0.8, "Devotional": -1.3, "Romance": -0.2},
    ),
    Persona(
        name="mass action", share=0.22, ages=(3, 3.5, 2, 0.8, 0.3), activity=1.0,
        tastes={"Action": 1.2, "Fantasy": 0.6, "Comedy": 0.4, "Historical": 0.3, "Romance": -0.4, "Drama": -0.4},
    ),
    Persona(
        name="romance and music", share=0.16, ages=(3.5, 3.5, 1.5, 0.6, 0.3), activity=1.05,
        tastes={"Romance": 1.2, "Musical": 0.9, "Comedy": 0.6, "Drama": 0.3, "Crime": -0.5, "Horror": -0.6},
    ),
    Persona(
        name="serious drama", share=0.12, ages=(0.8, 2.5, 3, 2, 1.2), activity=1.1,
        tastes={"Drama": 1.1, "Crime": 0.5, "Historical": 0.6, "Thriller": 0.3, "Comedy": -0.4, "Action": -0.6},
    ),
    Persona(
        name="faith and history", share=0.09, ages=(0.1, 0.4, 1.2, 2.5, 4), activity=0.75,
        tastes={"Devotional": 1.4, "Historical": 0.9, "Family": 0.6, "Horror": -1.2, "Thriller": -0.6, "Crime": -0.8},
    ),
)  # fmt: skip
YOUNG_THRILLS = 1
GROWING_LANGUAGES = ("Telugu", "Kannada")
"""Where the young thriller audience of tier-2 cities grows, by new users and by drift of taste."""
DRIFT = {"Thriller": 1.0, "Crime": 0.6, "Family": -0.5, "Romance": -0.3}
"""Direction in which their tastes drift."""


def genre_vector(tastes: dict[str, float]) -> FloatArray:
    """Genre tastes as an array in the order of :data:`GENRES`.

    >>> genre_vector({"Action": 0.5}).tolist()[:2]
    [0.5, 0.0]
    """
    return np.array([tastes.get(genre, 0.0) for genre in GENRES])
