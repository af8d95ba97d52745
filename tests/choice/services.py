"""A simulated service whose choices follow the nested logit exactly, with every parameter known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.choice.estimate.utility_space import SCALINGS, UtilitySpace, build_utility_space
from recsys.choice.model.parameters import Member, StructuralParameters
from recsys.ids import FloatArray, IntArray
from recsys.tables.dataset import Dataset
from tests.choice.models import no_affinities
from tests.choice.nested_logit import choice_shares
from tests.datasets import assemble

CUTOFF_PERIOD = 16
"""Half-month with which the hold-out begins."""
START = pd.Timestamp("2024-01-01")


@dataclass(frozen=True, eq=False, kw_only=True)
class Service:
    dataset: Dataset
    users: FloatArray
    movies: FloatArray
    content: FloatArray
    nests: IntArray
    appeal: FloatArray
    slope: float
    dissimilarity: float
    launch: FloatArray
    rewatch: float
    outside_share: float
    """Mean over viewing of 1 − inside share."""
    churn_hours_slope: float


def service(  # noqa: PLR0915
    *,
    n_users: int = 1200,
    n_movies: int = 150,
    months: int = 12,
    slope: float = 2.0,
    dissimilarity: float = 0.6,
    rewatch: float = 0.1,
    occasions: float = 8.0,
    constant: float | None = None,
    churn_hours_slope: float = 0.6,
    late_share: float = 0.4,
    seed: int = 1,
) -> Service:
    """Users choose by half-month among what is there; movies arrive and leave; subscribers leave when they watch little."""
    rng = np.random.default_rng(seed)
    dim, n_languages, n_genres = 6, 3, 2
    language, genre = rng.integers(n_languages, size=n_movies), rng.integers(n_genres, size=n_movies)
    nests = language * n_genres + genre
    corner = np.eye(dim)[:n_languages][language] + 0.6 * np.eye(dim)[n_languages + genre]
    movies = corner + 0.35 * rng.normal(size=(n_movies, dim))
    own_language = rng.integers(n_languages, size=n_users)
    users = np.eye(dim)[own_language] * 1.2 + 0.5 * rng.normal(size=(n_users, dim))
    content = np.hstack([np.eye(n_languages)[language], np.eye(n_genres)[genre], 0.4 * rng.normal(size=(n_movies, 3))])
    appeal = 0.6 * rng.normal(size=n_movies) + 0.5 * content[:, -1]
    appeal -= appeal.mean()
    launch = np.append(1.2 * np.exp(-np.arange(6) / 1.5), 0.0)

    periods = 2 * months
    starts = [START + pd.DateOffset(months=k // 2) + pd.Timedelta(days=15 * (k % 2)) for k in range(periods + 1)]
    arrival = np.where(rng.random(n_movies) < late_share, rng.integers(1, periods, n_movies), -100)
    leave = np.where(rng.random(n_movies) < late_share / 2, arrival.clip(0) + rng.integers(4, periods, n_movies), 10_000)
    activity = occasions / 2 * np.exp(0.5 * rng.normal(size=n_users))
    season = 1 + 0.2 * np.sin(np.arange(periods))
    taste = slope * users @ movies.T + appeal
    constant = -float(np.log(np.exp(taste).sum(axis=1)).mean()) - 0.1 if constant is None else constant
    taste += constant
    churn_base = -2.5 + 0.5 * rng.normal(size=n_users) - 0.3 * (np.log(activity) - np.log(activity).mean())
    runtime = rng.integers(80, 170, n_movies).astype(float)

    watched = np.zeros((n_users, n_movies), dtype=bool)
    subscribed = np.ones(n_users, dtype=bool)
    hours = np.zeros(n_users)
    rows: list[tuple[IntArray, IntArray, int, int]] = []
    outside, weight = 0.0, 0.0
    months_active = np.zeros((n_users, months), dtype=bool)
    for t in range(periods):
        if t % 2 == 0:
            if t:
                chance = 1 / (1 + np.exp(-(churn_base - churn_hours_slope * np.log1p(hours))))
                subscribed &= rng.random(n_users) >= chance
            months_active[:, t // 2] = subscribed
            hours[:] = 0
        age = np.clip((t - arrival) // 2, 0, 6)
        age[arrival < 0] = 6
        utility = taste + launch[age]
        utility[:, (arrival > t) | (leave <= t)] = -np.inf
        left = rng.poisson(activity * season[t] * subscribed)
        turn = 0
        while (active := np.flatnonzero(left > turn)).size:
            now = utility[active] + np.where(watched[active], np.log(rewatch), 0.0)
            shares = np.cumsum(choice_shares(now, nests, dissimilarity), axis=1)
            outside += float(shares[:, -1] @ (1 - shares[:, -1]))
            weight += float(shares[:, -1].sum())
            movie = (rng.random((len(active), 1)) > shares).sum(axis=1)
            seen, movie = active[movie < n_movies], movie[movie < n_movies]
            np.add.at(hours, seen, runtime[movie] * 0.8 / 60)
            watched[seen, movie] = True
            rows.append((seen, movie, t, turn))
            turn += 1
    user = np.concatenate([r[0] for r in rows])
    movie = np.concatenate([r[1] for r in rows])
    period = np.concatenate([np.full(len(r[0]), r[2]) for r in rows])
    turns = np.concatenate([np.full(len(r[0]), r[3]) for r in rows])
    span = np.array([(starts[t + 1] - starts[t]).total_seconds() for t in range(periods)])
    begin = np.array(starts, dtype="datetime64[s]")
    time = begin[period] + ((turns + rng.random(len(user))) / (turns.max() + 1) * span[period]).astype("timedelta64[s]")
    ids = [f"u{k:05d}" for k in range(n_users)]
    titles = [f"m{k:05d}" for k in range(n_movies)]
    when = lambda t: pd.NaT if t < 0 or t >= periods else starts[t]  # noqa: E731
    dataset = assemble(
        users=pd.DataFrame({"user_id": ids, "plan": np.where(rng.random(n_users) < 0.5, "monthly", "mini")}),
        movies=pd.DataFrame(
            {
                "movie_id": titles,
                "title": titles,
                "languages": [("Tamil", "Hindi", "Bengali")[k] for k in language],
                "genres": [("Drama", "Comedy")[k] for k in genre],
                "runtime_min": runtime,
                "budget": content[:, -1],
                "available_from": [when(t) for t in arrival],
                "available_until": [when(t) for t in leave],
            }
        ),
        events=pd.DataFrame(
            {
                "user_id": np.array(ids)[user],
                "movie_id": np.array(titles)[movie],
                "timestamp": time,
                "minutes": runtime[movie] * 0.8,
            }
        ),
        subscriptions=pd.DataFrame(
            {
                "user_id": np.repeat(ids, months),
                "month": np.tile([f"2024-{m + 1:02d}" if m < 12 else f"2025-{m - 11:02d}" for m in range(months)], n_users),
                "active": months_active.ravel(),
            }
        ),
        simulated=True,
    )
    return Service(
        dataset=dataset,
        users=users,
        movies=movies,
        content=content,
        nests=nests,
        appeal=appeal,
        slope=slope,
        dissimilarity=dissimilarity,
        launch=launch,
        rewatch=rewatch,
        outside_share=outside / weight,
        churn_hours_slope=churn_hours_slope,
    )


def space_of(truth: Service) -> UtilitySpace:
    """The space of the true vectors."""
    views = np.full(len(truth.movies), 100)
    users, movies = truth.users.astype(np.float32), truth.movies.astype(np.float32)
    return build_utility_space(
        users, movies, views, truth.content.astype(np.float32), SCALINGS[0], no_affinities(*users.shape[:1], *movies.shape[:1])
    )


def structure_of(truth: Service) -> StructuralParameters:
    """The structural parameters that the service was made with."""
    return StructuralParameters(
        slope=truth.slope,
        dissimilarity=truth.dissimilarity,
        rewatch=truth.rewatch,
        launch=truth.launch,
        nests=truth.nests,
    )


def member_of(truth: Service) -> Member:
    """The true vectors, with attributes that say nothing of them."""
    width = truth.content.shape[1]
    return Member(
        users=truth.users.astype(np.float32),
        movies=truth.movies.astype(np.float32),
        cold_map=np.zeros((1 + width, truth.users.shape[1]), np.float32),
    )
