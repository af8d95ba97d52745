"""A calibrated service made up from a seed: random tastes and appeals, no training, in memory in milliseconds."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from recsys.choice.model.parameters import ChoiceModel, Draw, Estimate, Float32Array, Member
from recsys.embeddings.features import Feature, FeatureSpace
from recsys.ids import IdMap
from recsys.projection.context import ProjectionContext, context_of
from recsys.segments.personas import Persona, Personas
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import Economics, Plan, Term
from tests.datasets import assemble

CONTENT_DIM = 5
LANGUAGES = ("Hindi", "Malayalam", "Tamil", "Telugu")
GENRES = ("Action", "Comedy", "Drama", "Family", "Thriller")
MONTHS = tuple(f"2024-{month:02d}" for month in range(1, 13))


def term(value: float) -> Term:
    return Term(value=value, source="made up for tests")


def economics(currency_factor: float = 1.0) -> Economics:
    """A monthly, an ad-funded and a rental plan; every amount of money times ``currency_factor``."""
    return Economics(
        currency="INR",
        discount_rate=term(0.12),
        hurdle_rate=term(0.15),
        plans=(
            Plan(name="monthly", kind="svod", monthly_price=term(149.0 * currency_factor), margin_share=term(0.6)),
            Plan(name="ad-funded", kind="avod", ads_per_hour=term(8.0), fill_share=term(0.5), cpm=term(120.0 * currency_factor)),
            Plan(name="rental", kind="tvod", rental_price=term(59.0 * currency_factor), platform_share=term(0.4)),
        ),
        default_plan="monthly",
    )


def choice_model(
    n_users: int = 60,
    n_movies: int = 30,
    *,
    seed: int = 0,
    n_draws: int = 4,
    dim: int = 6,
    n_nests: int = 4,
    dissimilarity: float = 0.6,
    rewatch: float = 0.05,
    dtype: Any = np.float64,
) -> ChoiceModel:
    """Random tastes and movies; scores of order 1, an inside share of about a half. Two ensemble members.

    Vectors are float64 by default, so that exact properties can be checked exactly.
    """
    rng = np.random.default_rng(seed)
    nests = np.sort(rng.integers(0, n_nests, n_movies))
    centroids = rng.standard_normal((n_nests, CONTENT_DIM))
    content = (centroids[nests] + 0.5 * rng.standard_normal((n_movies, CONTENT_DIM))).astype(np.float32)
    members = []
    for _ in range(2):
        cold_map = rng.standard_normal((1 + CONTENT_DIM, dim)) / np.sqrt(CONTENT_DIM)
        movies = np.column_stack([np.ones(n_movies), content]) @ cold_map + 0.3 * rng.standard_normal((n_movies, dim))
        users = rng.standard_normal((n_users, dim)) / np.sqrt(dim)
        members.append(Member(users=users.astype(dtype), movies=movies.astype(dtype), cold_map=cold_map.astype(dtype)))
    appeal = 0.4 * rng.standard_normal(n_movies)
    coefficients = np.concatenate([[-0.1], 0.1 * rng.standard_normal(CONTENT_DIM)])
    outside = -0.5 * np.log(n_movies) - 0.5 + 0.3 * rng.standard_normal(n_users)
    occasions = rng.gamma(2.0, 5.0, n_users)
    draws = []
    for k in range(n_draws):
        wobble = rng.standard_normal(6) if k else np.zeros(6)
        draws.append(
            Draw(
                member=k % 2,
                score_slope=0.8 + 0.05 * wobble[0],
                dissimilarity=float(np.clip(dissimilarity * (1 + 0.05 * wobble[1]), 0.02, 1.0)),
                appeal=appeal,
                outside_constant=outside + 0.1 * wobble[2],
                occasions=occasions,
                launch_curve=np.array([0.8, 0.4, 0.2, 0.0]),
                rewatch=rewatch,
                depletion=1.3,
                churn_intercept=np.full(n_users, -2.2) + 0.2 * rng.standard_normal(n_users),
                churn_hours_slope=0.4,
                cold_appeal_coefficients=coefficients,
                ageing=-0.1 + 0.02 * wobble[4],
                cold_appeal_shift=float(wobble[3]),
            )
        )
    counts = rng.integers(0, max(n_movies // 4, 1), n_users)
    watched = [np.sort(rng.choice(n_movies, size=count, replace=False)) for count in counts]
    available = np.ones(n_movies, dtype=np.bool_)
    available[:: max(n_movies // 3, 2)] = False
    return ChoiceModel(
        user_ids=IdMap(f"u{k:04d}" for k in range(n_users)),
        movie_ids=IdMap(f"m{k:04d}" for k in range(n_movies)),
        members=tuple(members),
        draws=tuple(draws),
        nests=nests,
        nest_names=tuple(f"nest {g}" for g in range(n_nests)),
        nest_centroids=centroids.astype(np.float32),
        features=FeatureSpace((Feature(column="genres", names=GENRES),)),
        content=content,
        hours_per_view=rng.uniform(0.8, 2.2, n_movies),
        completion=0.7,
        available=available,
        months_on_service=np.arange(n_movies) * 5 % 17,
        watched_indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        watched_indices=np.concatenate(watched).astype(np.int64),
        cold_appeal_residual_sd=0.3,
        support_distance=0.8,
        estimates=(
            Estimate(
                name="score slope", value=0.8, unit="nats", kind="estimated", source="made up for tests", standard_error=0.05
            ),
        ),
        simulated=True,
        fingerprint=f"made-up-{seed}",
    )


def context(n_users: int = 60, n_movies: int = 30, *, n_offers: int = 5, seed: int = 0, **choice: Any) -> ProjectionContext:
    """As :func:`loaded`, but what attributes tell of offers are their content vectors, and no data say what day it is."""
    made = loaded(n_users, n_movies, n_offers=n_offers, seed=seed, **choice)
    return replace(made, offer_codes=made.offer_content, data_end=None)


def renewing(made: ProjectionContext) -> ProjectionContext:
    """The same service, to which three movies came in the last year of the data."""
    return replace(made, recent_arrivals=np.arange(3))


def loaded(n_users: int = 60, n_movies: int = 30, *, n_offers: int = 5, seed: int = 0, **choice: Any) -> ProjectionContext:
    """The context of tables and of a made-up choice model, as a workspace that holds both is opened; offers ``o00`` … near the
    catalogue's content."""
    service = _service(n_users, n_movies, n_offers, seed, **choice)
    dataset = service.dataset
    own = replace(dataset, users=dataset.users.copy(), movies=dataset.movies.copy(), offers=dataset.offers.copy())
    made = context_of(own, service.model, service.tower, personas(n_users), run="made-up", fingerprint=f"made-up-{seed}")
    return replace(made, return_share=0.03)  # so few people would tell another one


@dataclass(frozen=True, eq=False)
class _Tower:
    """Content vectors that are there already, one row an offer."""

    vectors: Float32Array

    def content(self, movies: pd.DataFrame) -> Float32Array:
        return self.vectors[: len(movies)]


@dataclass(frozen=True, eq=False)
class _Service:
    dataset: Dataset
    model: ChoiceModel
    tower: _Tower


@cache
def _service(n_users: int, n_movies: int, n_offers: int, seed: int, **choice: Any) -> _Service:
    """What the same arguments make the same, made once: contexts are made of copies of its tables."""
    rng = np.random.default_rng([seed, 1])
    model = choice_model(n_users, n_movies, seed=seed, **choice)
    users = pd.DataFrame(
        {
            "user_id": list(model.user_ids.ids),
            "plan": np.array(["monthly", "ad-funded", "rental"])[rng.choice(3, n_users, p=[0.6, 0.3, 0.1])],
            "language": np.array(LANGUAGES)[np.arange(n_users) % 2],
            "city_tier": 1 + np.arange(n_users) // 2 % 2,
        }
    )
    titles = pd.DataFrame(
        {
            "movie_id": list(model.movie_ids.ids),
            "title": [f"Story {k}" for k in range(n_movies)],
            "genres": [f"{GENRES[k % 5]}|{GENRES[(k + 2) % 5]}" for k in range(n_movies)],
            "languages": [LANGUAGES[k % 4] for k in range(n_movies)],
            "runtime_min": model.hours_per_view * 60.0 / 0.7,
            "licence_fee": 100.0 * (1 + np.arange(n_movies) % 5),
            "licence_until": pd.Timestamp("2025-03-01"),
        }
    )
    near = rng.integers(0, n_movies, n_offers)
    content = (model.content[near] + 0.1 * rng.standard_normal((n_offers, CONTENT_DIM))).astype(np.float32)
    offers = pd.DataFrame(
        {
            "movie_id": [f"o{k:02d}" for k in range(n_offers)],
            "title": [f"Offer {k}" for k in range(n_offers)],
            "genres": [GENRES[k % 5] for k in range(n_offers)],
            "languages": [LANGUAGES[k % 4] for k in range(n_offers)],
            "runtime_min": rng.uniform(90.0, 160.0, n_offers),
            "fee": rng.uniform(20.0, 200.0, n_offers).round(2),
            "currency": "INR",
            "window_months": 12,
            "royalty_per_view": 0.05,
            "marketing_cost": 5.0,
        }
    )
    dataset = assemble(
        users=users,
        movies=titles,
        events=_views(model),
        offers=offers,
        subscriptions=_subscriptions(users["user_id"], rng),
        economics=economics(),
        simulated=True,
    )
    return _Service(dataset, model, _Tower(content))


def _views(model: ChoiceModel) -> pd.DataFrame:
    """One view of everything that the model says was watched, through the year 2024, the last on its last day."""
    users = np.repeat(np.arange(model.n_users), np.diff(model.watched_indptr))
    days = 365 - np.arange(len(users)) % 365
    return pd.DataFrame(
        {
            "user_id": np.array(model.user_ids.ids)[users],
            "movie_id": np.array(model.movie_ids.ids)[model.watched_indices],
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"),
        }
    )


def _subscriptions(users: "pd.Series[str]", rng: np.random.Generator) -> pd.DataFrame:
    """Nine of ten are subscribed in the last month."""
    return pd.DataFrame({"user_id": users, "month": MONTHS[-1], "active": rng.random(len(users)) < 0.9})


def personas(n_users: int, n_personas: int = 2) -> Personas:
    """Equal personas by turns, one growing and one not."""
    assignment = np.arange(n_users) % n_personas
    made = [
        Persona(
            name=f"persona {k}",
            size=int((assignment == k).sum()),
            traits=(("language", LANGUAGES[k], 2.0),),
            favourites=("m0001",),
            monthly_active=tuple((month, 20 + k * m) for m, month in enumerate(MONTHS)),
            monthly_views=tuple((month, 60 + 3 * k * m) for m, month in enumerate(MONTHS)),
            monthly_growth_share=0.02 * k,
        )
        for k in range(n_personas)
    ]
    return Personas(personas=tuple(made), assignment=assignment, centroids=np.zeros((n_personas, 6)))


def with_draw(made: ProjectionContext, **parameters: Any) -> ProjectionContext:
    """The same context with other parameters in every draw."""
    draws = tuple(replace(draw, **parameters) for draw in made.choice.draws)
    return replace(made, choice=replace(made.choice, draws=draws))
