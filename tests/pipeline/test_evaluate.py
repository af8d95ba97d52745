"""``recsys evaluate`` keeps its document in the workspace, and knows personas only of these tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from recsys.cli import cli
from recsys.models.compare import CompareConfig
from recsys.pipeline import evaluate as room
from recsys.segments.personas import Persona, Personas
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace, write_manifest
from tests.builders import tiny_dataset, tiny_workspace

CONFIG = CompareConfig(models=("popularity", "ease"), at=(5, 10))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return tiny_workspace(tmp_path / "workspace", tiny_dataset(60, 24))


def _persona(name: str) -> Persona:
    return Persona(name=name, size=30, traits=(), favourites=(), monthly_active=(), monthly_views=(), monthly_growth_share=0.0)


def _train(workspace: Workspace, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with two personas, the even and the odd users."""
    personas = Personas(personas=(_persona("even"), _persona("odd")), assignment=np.arange(60) % 2, centroids=np.zeros((2, 1)))
    folder = workspace.runs / "r1"
    folder.mkdir(parents=True)
    write_manifest(folder, {"data": data})
    workspace.use_run("r1")
    monkeypatch.setattr(room, "load_personas", lambda _folder: personas)


def test_what_is_kept_is_what_was_told(workspace: Workspace) -> None:
    document = room.evaluate_ranking(workspace, CONFIG)
    kept = json.loads((workspace.evaluations / "temporal.json").read_text(encoding="utf-8"))
    assert kept == document
    assert (kept["kind"], kept["data"]) == ("temporal", load_dataset(workspace).fingerprint)


def test_a_new_evaluation_takes_the_place_of_the_old_and_leaves_nothing_beside_it(workspace: Workspace) -> None:
    room.evaluate_ranking(workspace, CONFIG)
    again = room.evaluate_ranking(workspace, CompareConfig(models=("popularity",), at=(5,)))
    assert [path.name for path in workspace.evaluations.iterdir()] == ["temporal.json"]
    assert set(json.loads((workspace.evaluations / "temporal.json").read_text())["models"]) == set(again["models"])


def test_an_evaluation_of_some_models_is_kept_with_which_they_were(workspace: Workspace) -> None:
    done = CliRunner().invoke(
        cli, ["--workspace", str(workspace.root), "evaluate", "--models", "ease,popularity", "--at", "5", "--json"]
    )
    assert done.exit_code == 0
    document = json.loads(workspace.evaluation("temporal").read_text(encoding="utf-8"))
    assert document == json.loads(done.stdout)
    assert list(document["models"]) == ["popularity", "ease"]
    assert {"mf", "two_tower", "blend"} <= set(document["not_asked"])


def test_users_are_sliced_by_the_personas_of_the_run_in_use(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _train(workspace, load_dataset(workspace).fingerprint, monkeypatch)
    rows = room.evaluate_ranking(workspace, CONFIG)["models"]["ease"]["slices"]["persona"]
    assert {row["slice"] for row in rows} == {"even", "odd"}


def test_personas_of_other_tables_are_not_used(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _train(workspace, "of other tables", monkeypatch)
    assert "persona" not in room.evaluate_ranking(workspace, CONFIG)["models"]["ease"]["slices"]
