"""What import accepts trains, projects and exports: over small services of every shape that the data contract allows.

A service takes ten seconds and more, so that by default only those are tried that once failed; the nightly profile searches.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from recsys.errors import DataError
from recsys.export import bundle
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.pipeline.train import train
from recsys.projection import json_document
from recsys.projection.context import load_projection_context
from recsys.projection.project import project
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from recsys.tables.import_tables import import_path
from recsys.workspace import Workspace
from tests.builders import write_tables
from tests.effort import PROFILE

pytestmark = [pytest.mark.slow, pytest.mark.train, pytest.mark.timeout(3600)]

START = pd.Timestamp("2024-01-01")
QUICK = with_settings(
    TrainConfig(members=2, draws=3),
    factorisation__dim=8,
    two_tower__epochs=1,
    tsne__early_iterations=10,
    tsne__iterations=10,
)
VALUES: Mapping[str, tuple[Any, ...]] = {
    "genres": ("Drama", "Comedy|Drama", "", "Action"),
    "languages": ("Tamil", "Hindi|Tamil", "Telugu", ""),
    "year": (2001, 1999, "", 2020),
    "runtime_min": (90, 120, "", 150),
    "studio": ("one", "", "two", "three"),
}
WATCHED = ("everything", "at random", "one hit", "once each")
ACTIVE = ("no table", "always", "never", "leaving", "one stays", "other years")
Service = Mapping[str, Any]


@st.composite
def services(draw: st.DrawFn) -> Service:
    """How a service looks; the tables follow from it."""
    return {
        "users": draw(st.integers(20, 35)),
        "movies": draw(st.integers(10, 16)),
        "offers": draw(st.integers(0, 3)),
        "columns": tuple(name for name in VALUES if draw(st.booleans())),
        "alike": draw(st.booleans()),
        "listed": draw(st.booleans()),
        "people": tuple(name for name in ("signup_date", "plan", "city") if draw(st.booleans())),
        "watched": draw(st.sampled_from(WATCHED)),
        "minutes": draw(st.booleans()),
        "days": draw(st.sampled_from((1, 20, 400))),
        "active": draw(st.sampled_from(ACTIVE)),
        "seed": draw(st.integers(0, 1000)),
    }


PLAIN: Service = {
    "users": 30,
    "movies": 12,
    "offers": 2,
    "columns": (),
    "alike": False,
    "listed": True,
    "people": (),
    "watched": "at random",
    "minutes": False,
    "days": 200,
    "active": "no table",
    "seed": 0,
}

ONCE_FAILED: tuple[Service, ...] = (
    {**PLAIN, "watched": "everything", "users": 20, "movies": 10},
    {**PLAIN, "watched": "once each", "listed": False, "offers": 0, "days": 1},
    {**PLAIN, "columns": ("genres", "year"), "alike": True, "watched": "one hit", "active": "one stays"},
)
"""Import accepts these."""


def tables(service: Service) -> dict[str, pd.DataFrame | None]:
    """The raw tables."""
    rng = np.random.default_rng(service["seed"])
    movies = _movies("m", service["movies"], service)
    users = pd.DataFrame({"user_id": [f"u{k}" for k in range(service["users"] if service["watched"] != "once each" else 210)]})
    given_columns = {
        "signup_date": [str((START - pd.Timedelta(days=k % 50)).date()) for k in range(len(users))],
        "plan": ["monthly", "ad-funded"] * (len(users) // 2) + ["monthly"] * (len(users) % 2),
        "city": ["" if k % 3 else "Chennai" for k in range(len(users))],
    }
    users = users.assign(**{name: given_columns[name] for name in service["people"]})
    user, movie = _watched(service, len(users), len(movies), rng)
    moment = START + pd.to_timedelta(rng.integers(0, 86_400 * service["days"] + 1, len(user)), unit="s")
    events = pd.DataFrame({"user_id": users["user_id"].to_numpy()[user], "movie_id": movies["movie_id"].to_numpy()[movie]})
    events = events.assign(timestamp=moment)
    if service["minutes"]:
        events = events.assign(minutes=rng.integers(1, 80, len(events)))
    offers = _movies("o", service["offers"], service).assign(fee=100_000, currency="INR", window_months=12)
    return {
        "users": users if service["listed"] else None,
        "movies": movies,
        "events": events,
        "offers": offers if len(offers) else None,
        "subscriptions": _subscriptions(service["active"], users["user_id"]),
    }


def _movies(prefix: str, n: int, service: Service) -> pd.DataFrame:
    frame = pd.DataFrame({"movie_id": [f"{prefix}{k}" for k in range(n)], "title": [f"Title {prefix}{k}" for k in range(n)]})
    values = {name: [VALUES[name][0 if service["alike"] else k % 4] for k in range(n)] for name in service["columns"]}
    return frame.assign(**values)


def _watched(service: Service, n_users: int, n_movies: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of users and movies, at least 200 views and one of each movie."""
    if service["watched"] == "everything":
        return np.repeat(np.arange(n_users), n_movies), np.tile(np.arange(n_movies), n_users)
    if service["watched"] == "once each":
        return np.arange(n_users), np.arange(n_users) % n_movies
    n = 12 * n_users
    movie = rng.integers(0, n_movies, n)
    if service["watched"] == "one hit":
        movie = np.where(rng.random(n) < 0.9, 0, movie)
    movie[:n_movies] = np.arange(n_movies)
    return np.arange(n) % n_users, movie


def _subscriptions(kind: str, users: "pd.Series[str]") -> pd.DataFrame | None:
    if kind == "no table":
        return None
    months = ["2020-01", "2020-02"] if kind == "other years" else ["2024-01", "2024-02", "2024-03"]
    table = pd.DataFrame({"user_id": users}).merge(pd.DataFrame({"month": months}), how="cross")
    first = table["month"] == months[0]
    active = {"never": False, "always": True, "leaving": first | (table.index % 2 == 0), "one stays": table["user_id"] == "u0"}
    return table.assign(active=np.asarray(active.get(kind, True)).astype(int) * np.ones(len(table), int))


@settings(max_examples=40, phases=tuple(Phase) if PROFILE == "nightly" else (Phase.explicit,))
@given(services())
@example(ONCE_FAILED[0])
@example(ONCE_FAILED[1])
@example(ONCE_FAILED[2])
@example({**PLAIN, "days": 0})
def test_what_import_accepts_trains_projects_and_exports(service: Service):
    """Or import refuses it with a code, or warns that training will, which then does so before it learns anything."""
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        try:
            report = import_path(write_tables(Path(folder) / "raw", **tables(service)), workspace)
        except DataError:
            assert service not in ONCE_FAILED
            return
        if "W_SPLIT" in [warning.code for warning in report.warnings]:
            with pytest.raises(DataError, match="E_SPLIT"):
                train(workspace, QUICK)
            return
        train(workspace, QUICK)
        context = load_projection_context(workspace)
        bought = [Scenario(name="bought", changes=(Acquire(offer=str(movie)),)) for movie in context.offer_ids.ids]
        for scenario in [Scenario(name="as it stands"), *bought]:
            answered = json_document.as_json(project(context, scenario, draws="all"))
            json.dumps(answered, allow_nan=False)
            assert answered["baseline"]["views"] >= 0.0
        exported = bundle.export_bundle(workspace, Path(folder) / "exports", unsigned=True)
        assert bundle.inspect(exported.folder).ok
