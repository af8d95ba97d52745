"""The users of a simulated service, a block at a time: attributes that the tables hold, and latent ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.simulation import half_months, population
from recsys.simulation.config import ServiceConfig
from recsys.simulation.keyed_rng import choice, exponential, normal, stream, uniform
from recsys.simulation.movies import LATENT_DIM

BLOCK = 2048
"""Users simulated at a time; it bounds memory and changes nothing else."""
EARLIEST_SIGNUP_MONTHS = 30
"""How long before the history the first users came."""


@dataclass(frozen=True, kw_only=True)
class Users:
    """A block of users, by row."""

    number: IntArray
    """Which users: counter of their random numbers."""
    language: IntArray
    second_language: IntArray
    """-1: none."""
    city_tier: IntArray
    """Index into ``population.CITY_TIERS``; the same for the other attributes."""
    age_band: IntArray
    plan: IntArray
    device: IntArray
    signup_day: IntArray
    """Days since the start of the history; negative before it."""
    signup_period: IntArray
    signup_part: FloatArray
    """Part of that half-month that had passed; 0 for who came before the history."""

    # What only the simulator knows
    persona: IntArray
    occasions: FloatArray
    """A month."""
    constant: FloatArray
    """Nats added to every movie."""
    genre_taste: FloatArray
    """float64[n, n_genres]"""
    genre_drift: FloatArray
    """float64[n, n_genres], change in a year"""
    latent: FloatArray
    """float64[n, LATENT_DIM]"""
    language_taste: FloatArray
    """float64[n, n_languages], nats"""

    @property
    def n_users(self) -> int:
        return len(self.number)

    @property
    def user_id(self) -> list[str]:
        """External ids."""
        return [f"u{k:07d}" for k in self.number.tolist()]

    @property
    def subscribes(self) -> NDArray[np.bool_]:
        """Whether the plan is a monthly subscription."""
        return np.asarray(self.plan == population.PLANS.index("monthly"))


def users(config: ServiceConfig, first: int, count: int) -> Users:
    """Draw users ``first`` to ``first + count``; they are the same whatever the number of users of the service."""
    number = np.arange(first, first + count)
    key = stream(config.seed, "users")
    language = choice(population.AUDIENCE_SHARES, key, number, 0)
    since_start = _signup(config, number)
    age_in_history = np.clip(since_start / _days(config), 0.0, 1.0)
    growing = np.isin(language, [population.LANGUAGES.index(name) for name in population.GROWING_LANGUAGES])
    wave = growing * np.where(since_start >= 0, 0.5 + 2.5 * age_in_history, 0.0)

    persona_odds = np.array([p.share for p in population.PERSONAS]) * np.ones((count, 1))
    persona_odds[:, population.YOUNG_THRILLS] *= 1.0 + wave
    persona = choice(persona_odds, key, number, 1)
    tier_odds = np.array(population.CITY_TIER_SHARES) * np.ones((count, 1))
    tier_odds[:, 1] *= 1.0 + 0.5 * wave
    tier = choice(tier_odds, key, number, 2)
    age = choice(np.array([p.ages for p in population.PERSONAS])[persona], key, number, 3)
    plan = choice(np.array(population.PLAN_SHARES)[tier], key, number, 4)
    second = choice(population.SECOND_LANGUAGE[language], key, number, 5)
    second = np.where(uniform(key, number, 6) < config.second_language_share, second, -1)

    genres = np.arange(len(population.GENRES))
    drifting = growing & (tier == 1) & (age <= 1)
    persona_taste = np.array([population.genre_vector(p.tastes) for p in population.PERSONAS])[persona]
    day = np.floor(since_start).astype(np.int64)
    period, part = _period_of(config, since_start)
    return Users(
        number=number,
        language=language,
        second_language=second,
        city_tier=tier,
        age_band=age,
        plan=plan,
        device=choice(np.array(population.DEVICE_SHARES)[tier], key, number, 7),
        signup_day=day,
        signup_period=period,
        signup_part=part,
        persona=persona,
        occasions=config.occasions_per_month
        * np.array([p.activity for p in population.PERSONAS])[persona]
        * np.array(population.PLAN_ACTIVITY)[plan]
        * np.exp(config.occasions_sd * normal(key, number, 8)),
        constant=config.outside_constant_sd * normal(key, number, 9) + np.array(population.PLAN_CONSTANT)[plan],
        genre_taste=persona_taste + config.genre_person_sd * normal(key, number[:, None], 100 + genres),
        genre_drift=config.drift_per_year
        * (drifting[:, None] * population.genre_vector(population.DRIFT) + 0.15 * normal(key, number[:, None], 200 + genres)),
        latent=normal(key, number[:, None], 300 + np.arange(LATENT_DIM)),
        language_taste=_language_taste(config, number, language, second),
    )


def _language_taste(config: ServiceConfig, number: IntArray, language: IntArray, second: IntArray) -> FloatArray:
    """Nats by language: 0 for one's own, a penalty for a second one, and a large one, which differs by person, for others."""
    key = stream(config.seed, "openness")
    rows = np.arange(len(number))
    openness = 0.7 * normal(key, number)
    taste = -np.maximum(config.foreign_language_penalty - openness, 0.5)[:, None] * np.ones((1, len(population.LANGUAGES)))
    has_second = second >= 0
    taste[rows[has_second], second[has_second]] = -config.second_language_penalty
    taste[rows, language] = 0.0
    return taste


def _days(config: ServiceConfig) -> int:
    return int((half_months.start_of(config, config.n_periods) - half_months.start_of(config, 0)) / np.timedelta64(1, "D"))


def _signup(config: ServiceConfig, number: IntArray) -> FloatArray:
    """Days since the start of the history at which each user signed up; sign-ups grow slowly all the time."""
    key = stream(config.seed, "signup")
    before = uniform(key, number, 0) < config.existing_share
    early = -np.minimum(12.0 * exponential(key, number, 1), EARLIEST_SIGNUP_MONTHS) * 30.4 - 0.01
    # Growth over the history: density rises linearly by a half from its start to its end.
    late = _days(config) * (np.sqrt(1.0 + 1.25 * uniform(key, number, 2)) - 1.0) / 0.5
    return np.where(before, early, np.minimum(late, _days(config) - 0.01))


def _period_of(config: ServiceConfig, since_start: FloatArray) -> tuple[IntArray, FloatArray]:
    starts = np.array(
        [
            (half_months.start_of(config, t) - half_months.start_of(config, 0)).astype(np.int64)
            for t in range(config.n_periods + 1)
        ]
    )
    period = np.searchsorted(starts, since_start, side="right") - 1
    inside = np.clip(period, 0, config.n_periods - 1)
    part = (since_start - starts[inside]) / (starts[inside + 1] - starts[inside])
    return period, np.where(period >= 0, part, 0.0)
