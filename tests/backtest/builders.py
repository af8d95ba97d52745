"""A service whose movies keep arriving, and a stand-in for training: models made up, the same for the same frozen tables."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.backtest.appeal_response import STEPS_NATS
from recsys.backtest.scoring import Forecast, ScoredArrival, ScoredCutoff, ScoredOutcome
from recsys.backtest.serialization import ArrivalRecord, CutoffResult, Substitution
from recsys.choice.model.parameters import ChoiceModel
from recsys.ids import IdMap
from recsys.tables.dataset import Dataset
from tests import builders
from tests.datasets import assemble
from tests.projection.builders import CONTENT_DIM, choice_model


def arriving_service(n_users: int = 50, n_movies: int = 90, *, late: int = 60, months: int = 6, seed: int = 0) -> Dataset:
    """The last ``late`` movies arrive one every other day from the tenth day on."""
    people, movies = builders.users(n_users), builders.movies(n_movies)
    place = np.arange(n_movies) - (n_movies - late)
    came = [builders.START + pd.Timedelta(days=10 + 2 * int(k)) if k >= 0 else pd.NaT for k in place]
    movies = movies.assign(available_from=came)
    views = builders.events(people, movies, months=months, seed=seed)
    return assemble(users=people, movies=movies, events=views, simulated=True)


class MadeUpTower:
    """Content vectors from a hash of what a movie is."""

    def content(self, movies: pd.DataFrame) -> np.ndarray:
        said = movies["genres"].astype(str) + "/" + movies["languages"].astype(str)
        rows = [np.random.default_rng(_number(text)).standard_normal(CONTENT_DIM) for text in said]
        return np.array(rows, dtype=np.float32).reshape(len(movies), CONTENT_DIM)


def made_up_training(seen: list[Dataset] | None = None) -> Callable[..., tuple[ChoiceModel, MadeUpTower]]:
    """What stands in for training; remembers the frozen tables that it was given."""

    def train(past: Dataset, _config: object, _folder: Path, _report: object) -> tuple[ChoiceModel, MadeUpTower]:
        if seen is not None:
            seen.append(past)
        tower = MadeUpTower()
        model = choice_model(past.n_users, past.n_movies, seed=_number(past.fingerprint), n_draws=5)
        ids = {"user_ids": IdMap(past.users["user_id"]), "movie_ids": IdMap(past.movies["movie_id"])}
        return replace(model, content=tower.content(past.movies), **ids), tower

    return train


def arrived(
    actual: float, p50: float, *, half: float = 2.0, rivals: dict[str, float] | None = None, fee: float | None = None
) -> ScoredArrival:
    """An arrival with one outcome over 28 days, its range from ``p50 / half`` to ``p50 · half`` (90 %: to the square of it)."""
    shown = Forecast(p05=p50 / half**2, p10=p50 / half, p50=p50, p90=p50 * half, p95=p50 * half**2)
    outcome = ScoredOutcome(actual=actual, raw=shown, calibrated=None, baselines=rivals or {})
    kept = ArrivalRecord(
        movie_id=f"m{actual:g}",
        title=f"Story {actual:g}",
        arrived="2024-02-01T00:00:00",
        inside=True,
        fee=fee,
        comparables=("Story a", "Story b"),
        hours_per_view=1.5,
        draws={"28": (p50, p50 / half, p50, p50 * half)},
        response={"28": tuple(float(p50 * np.exp(step)) for step in STEPS_NATS)},
        noise_nats=(-0.7, 0.0, 0.7),
        actual={"28": {"views": actual}},
        rivals={"28": {"views": rivals or {}}},
    )
    return ScoredArrival(arrived=kept, outcomes={"28": {"views": outcome}})


def origin(*arrivals: ScoredArrival, date: str = "2024-02-01", substitutions: tuple[Substitution, ...] = ()) -> ScoredCutoff:
    kept = CutoffResult(
        date=date,
        users=10,
        movies=20,
        events=100,
        seconds=1.0,
        arrivals=tuple(each.arrived for each in arrivals),
        substitutions=substitutions,
    )
    return ScoredCutoff(cutoff=kept, arrivals=arrivals)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
