"""A workspace with a run on disk, made up instead of trained: what opens it needs no TensorFlow."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.choice.model import store as choices
from recsys.embeddings import tower
from recsys.embeddings.features import Feature, FeatureSpace
from recsys.ids import IdMap
from recsys.segments.persona_files import save_personas
from recsys.segments.personas import Personas
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import Economics
from recsys.workspace import Workspace
from tests import builders as tables
from tests.datasets import assemble
from tests.projection import builders

RUN = "made-up"
HIDDEN = 3
GENRES = FeatureSpace((Feature(column="genres", names=("Action", "Comedy", "Drama", "Family", "Thriller")),))
"""As many codes as the made-up choice model has coefficients."""


def service(views: Sequence[int] = (60, 60, 60), *, n_users: int = 30, economics: Economics | None = None) -> Dataset:
    """Thirty users who watch so many movies in each month from January 2024 on, everybody at least one."""
    people, movies = tables.users(n_users), tables.movies()
    seen = []
    for k, count in enumerate(views):
        month = (tables.START.to_period("M") + k).to_timestamp()
        rows = np.arange(count)
        seen.append(
            pd.DataFrame(
                {
                    "user_id": people["user_id"].to_numpy()[rows % n_users],
                    "movie_id": movies["movie_id"].to_numpy()[(rows + rows // n_users) % 9],
                    "timestamp": month + pd.to_timedelta(rows * 27 * 24 * 3600 // max(count, 1), unit="s"),
                }
            )
        )
    return assemble(
        users=people,
        movies=movies,
        events=pd.concat(seen, ignore_index=True),
        offers=tables.offers(),
        subscriptions=tables.subscriptions(people),
        economics=builders.economics() if economics is None else economics,
        simulated=True,
    )


def workspace(root: Path, dataset: Dataset) -> Workspace:
    """The tables of a data set with a run in use that was made for them from a seed."""
    made = tables.tiny_workspace(root, dataset)
    store_run(made, dataset)
    return made


def store_run(made: Workspace, dataset: Dataset) -> None:
    """Write choice model, towers and personas as a training does, and bring them into use."""
    run = made.runs / RUN
    model = builders.choice_model(dataset.n_users, dataset.n_movies, dtype=np.float32)
    choices.save(
        replace(
            model,
            user_ids=IdMap(dataset.users["user_id"]),
            movie_ids=IdMap(dataset.movies["movie_id"]),
            features=GENRES,
        ),
        run / "choice",
    )
    rng = np.random.default_rng(7)
    dim = builders.CONTENT_DIM
    shapes = {
        "movie.id": (dataset.n_movies, dim),
        "user.history": (dataset.n_movies, dim),
        "movie.feature": (GENRES.n_codes, dim),
        "user.feature": (0, dim),
        **{
            f"{side}.{name}": shape
            for side in ("movie", "user")
            for name, shape in zip(tower.TOWER_TENSORS, ((dim, HIDDEN), (HIDDEN,), (HIDDEN, dim), (dim,)), strict=True)
        },
    }
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    facts = tower.describe(GENRES, FeatureSpace(()), IdMap(dataset.movies["movie_id"]), 0.5)
    tower.write(run / "two_tower", facts, tensors)
    save_personas(personas(dataset.n_users), run / "personas")
    made.use_run(RUN)


def personas(n_users: int) -> Personas:
    """Two personas by turns."""
    return builders.personas(n_users)
