"""Small services made by hand: the same for the same arguments, in memory in milliseconds.

Users mostly watch movies in their own language, and a few movies are watched more than others: enough structure for a model
to find, little enough to follow on paper.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import ASSUMED, Economics, as_toml
from recsys.workspace import Workspace
from tests.datasets import assemble, save_dataset

START = pd.Timestamp("2024-01-01")
LANGUAGES = ("Tamil", "Telugu", "Hindi")
GENRES = ("Drama", "Comedy", "Thriller|Action", "Family")
PLANS = ("monthly", "ad-funded")
DEVICES = ("phone", "tv", "web")


def users(n: int = 30) -> pd.DataFrame:
    """``u00`` … with language, city tier, age band and plan by turns."""
    rows = np.arange(n)
    width = max(2, len(str(n - 1)))
    return pd.DataFrame(
        {
            "user_id": [f"u{k:0{width}d}" for k in rows],
            "signup_date": [START - pd.Timedelta(days=int(k) % 90) for k in rows],
            "plan": [PLANS[k % 2] for k in rows],
            "language": [LANGUAGES[k % 3] for k in rows],
            "city_tier": 1 + rows % 3,
            "age_band": [("18-24", "25-34", "35-49")[k // 2 % 3] for k in rows],
        }
    )


def movies(n: int = 12, *, prefix: str = "m") -> pd.DataFrame:
    """``m00`` … of 90 to 150 minutes; the last quarter arrives on the service one a week, the others were always there."""
    rows = np.arange(n)
    width = max(2, len(str(n - 1)))
    late = np.maximum(rows - (n - n // 4) + 1, 0)
    return pd.DataFrame(
        {
            "movie_id": [f"{prefix}{k:0{width}d}" for k in rows],
            "title": [f"{LANGUAGES[k % 3]} story {k}" for k in rows],
            "year": 1990.0 + rows % 34,
            "genres": [GENRES[k % 4] for k in rows],
            "languages": [LANGUAGES[k % 3] for k in rows],
            "runtime_min": 90.0 + 10.0 * (rows % 7),
            "available_from": [START + pd.Timedelta(weeks=int(k)) if k else pd.NaT for k in late],
            "available_until": pd.NaT,
        }
    )


def events(
    users: pd.DataFrame, movies: pd.DataFrame, *, months: int = 3, per_user_month: float = 6.0, seed: int = 0
) -> pd.DataFrame:
    """Views with ids, mostly of movies in the user's language, each after the movie's arrival, with minutes and device."""
    rng = np.random.default_rng(seed)
    n_events = max(1, round(len(users) * months * per_user_month))
    who = np.concatenate([np.arange(len(users)), rng.integers(0, len(users), n_events)])[: max(n_events, len(users))]
    days = rng.uniform(0.0, 30.0 * months, len(who))
    arrival = ((movies["available_from"].fillna(START) - START) / pd.Timedelta(days=1)).to_numpy()
    speaks, tongue = users["language"].to_numpy(), movies["languages"].to_numpy()
    what = np.empty(len(who), np.int64)
    for k, (user, day) in enumerate(zip(who, days, strict=True)):
        weight = np.where(tongue == speaks[user], 3.0, 0.5) / (1.0 + np.arange(len(movies)) % 5) * (arrival <= day)
        what[k] = rng.choice(len(movies), p=weight / weight.sum())
    share = rng.uniform(0.2, 1.0, len(who))
    return pd.DataFrame(
        {
            "user_id": users["user_id"].to_numpy()[who],
            "movie_id": movies["movie_id"].to_numpy()[what],
            "timestamp": (START + pd.to_timedelta(np.floor(days * 86400.0), unit="s")).astype("datetime64[s]"),
            "minutes": np.round(share * movies["runtime_min"].to_numpy()[what], 1),
            "completed": share > 0.9,
            "device": [DEVICES[k % 3] for k in who],
        }
    )


def offers(n: int = 3, *, fee: float = 400_000.0, currency: str = "INR") -> pd.DataFrame:
    """``o00`` … for twelve months at 4 lakh and upwards."""
    wares = movies(n, prefix="o").drop(columns=["available_from", "available_until"])
    return wares.assign(fee=fee * (1.0 + np.arange(n)), currency=currency, window_months=12, marketing_cost=20_000.0)


def subscriptions(users: pd.DataFrame, *, months: int = 3) -> pd.DataFrame:
    """Everyone pays every month, but every seventh user leaves after the first."""
    names = [str(START.to_period("M") + k) for k in range(months)]
    frame = users[["user_id", "plan"]].merge(pd.DataFrame({"month": names, "since": range(months)}), how="cross")
    leaver = frame["user_id"].map({name: k % 7 == 6 for k, name in enumerate(users["user_id"])})
    return frame.assign(active=~(leaver & (frame["since"] > 0))).drop(columns="since")


def tiny_dataset(n_users: int = 30, n_movies: int = 12, **options: Any) -> Dataset:
    """A whole service in memory, its tables the caller's own to change; ``with_minutes=False`` leaves only who watched what and
    when. Other options: those of :func:`_dataset`."""
    made = _dataset(n_users, n_movies, **options)
    paid = made.subscriptions
    return replace(
        made,
        users=made.users.copy(),
        movies=made.movies.copy(),
        events=made.events.copy(),
        offers=made.offers.copy(),
        subscriptions=None if paid is None else paid.copy(),
    )


@cache
def _dataset(
    n_users: int,
    n_movies: int,
    *,
    n_offers: int = 3,
    months: int = 3,
    per_user_month: float = 6.0,
    seed: int = 0,
    with_minutes: bool = True,
    with_subscriptions: bool = True,
    economics: Economics = ASSUMED,
    simulated: bool = True,
) -> Dataset:
    """Made once for the same arguments, since it takes about as long as most tests."""
    audience, catalogue = users(n_users), movies(n_movies)
    views = events(audience, catalogue, months=months, per_user_month=per_user_month, seed=seed)
    return assemble(
        users=audience,
        movies=catalogue,
        events=views if with_minutes else views[["user_id", "movie_id", "timestamp"]],
        offers=offers(n_offers, currency=economics.currency),
        subscriptions=subscriptions(audience, months=months) if with_subscriptions else None,
        economics=economics,
        simulated=simulated,
    )


def tiny_workspace(root: Path, dataset: Dataset | None = None) -> Workspace:
    """A workspace that holds the tables of ``dataset`` (:func:`tiny_dataset` where none is given)."""
    workspace = Workspace(root)
    save_dataset(workspace, tiny_dataset() if dataset is None else dataset)
    return workspace


def tiny_tables(n_users: int = 30, n_movies: int = 12, **options: int) -> dict[str, pd.DataFrame]:
    """The raw tables of a service that import accepts, as frames with ids."""
    audience, catalogue = users(n_users), movies(n_movies)
    return {
        "users": audience,
        "movies": catalogue,
        "events": events(audience, catalogue, **options),
        "offers": offers(),
        "subscriptions": subscriptions(audience).assign(active=lambda frame: frame["active"].astype(int)),
    }


def write_tables(folder: Path, *, suffix: str = "csv", economics: Economics | None = None, **frames: pd.DataFrame | None) -> Path:
    """Write frames as ``NAME.csv`` or ``NAME.parquet`` in the contract's own names; a frame that is None is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        if frame is None:
            continue
        if suffix == "parquet":
            frame.to_parquet(folder / f"{name}.parquet", index=False)
        else:
            frame.to_csv(folder / f"{name}.csv", index=False)
    if economics is not None:
        (folder / "economics.toml").write_text(as_toml(economics), encoding="utf-8")
    return folder
