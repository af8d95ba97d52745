"""Pages on a service made up in memory: no training, no browser."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from recsys.app.maps import map_data
from recsys.app.runtime import open_workspace
from recsys.embeddings import axes, map_fitting
from recsys.embeddings.maps import MapKind, MapLayout
from recsys.embeddings.table import EmbeddingTable
from recsys.ids import IntArray
from recsys.projection.context import ProjectionContext
from recsys.workspace import Workspace
from tests import patience
from tests.builders import tiny_dataset, tiny_workspace
from tests.projection import builders

ROOT = Path(__file__).parents[2]
Open = Callable[[str], AppTest]


@pytest.fixture(scope="session", autouse=True)
def _packages_read_once() -> Iterator[None]:
    """Every opened app looks for components in all that is installed: a quarter of a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with tables, to be copied."""
    return tiny_workspace(tmp_path_factory.mktemp("tables") / "workspace", tiny_dataset(80, 40)).root


@pytest.fixture
def made() -> ProjectionContext:
    return builders.context(80, 40, n_offers=5, n_draws=4)


@pytest.fixture
def service(made: ProjectionContext, tables: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ProjectionContext:
    """A workspace with tables, and in place of a trained run one that was made up."""
    workspace = Workspace(shutil.copytree(tables, tmp_path / "workspace"))
    run = workspace.runs / "made-up"
    run.mkdir(parents=True)
    workspace.use_run("made-up")
    monkeypatch.setenv("RECSYS_WORKSPACE", str(workspace.root))
    monkeypatch.setenv("RECSYS_EXPORTS", str(tmp_path / "exports"))
    monkeypatch.setattr(open_workspace, "projection_context", lambda: made)
    monkeypatch.setattr(map_data, "map_layout", lambda of, kind: _map(made, of, kind))
    monkeypatch.setattr(map_data, "seen", lambda: _seen(made))
    return made


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A workspace that holds nothing."""
    monkeypatch.setenv("RECSYS_WORKSPACE", str(tmp_path / "nothing"))
    monkeypatch.setenv("RECSYS_EXPORTS", str(tmp_path / "exports"))
    return tmp_path / "nothing"


@pytest.fixture
def tables_only(tables: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A workspace with tables and without a model."""
    workspace = Workspace(shutil.copytree(tables, tmp_path / "workspace"))
    monkeypatch.setenv("RECSYS_WORKSPACE", str(workspace.root))
    monkeypatch.setenv("RECSYS_EXPORTS", str(tmp_path / "exports"))
    return workspace.root


@pytest.fixture
def opened() -> Open:
    """Opens a page by its script, through the router."""

    def page(path: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=patience.SECONDS)
        return app.run().switch_page(path).run()  # which page has which address is known after a first run

    return page


def _map(made: ProjectionContext, of: str, kind: MapKind) -> MapLayout:
    member = made.choice.members[0]
    vectors, ids, frame = {
        "users": (member.users, made.choice.user_ids, made.users),
        "movies": (member.movies, made.choice.movie_ids, made.movies),
    }[of]
    linear = map_fitting.fit_linear(EmbeddingTable(ids, vectors.astype(np.float32)))
    named = replace(linear, axis_names=axes.name_axes(linear.positions, frame))
    return named if kind == "linear" else replace(named, kind="neighbourhood")


def _seen(made: ProjectionContext) -> tuple[IntArray, IntArray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, made.choice.n_users, 800), rng.integers(0, made.choice.n_movies, 800)
