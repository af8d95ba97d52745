"""A whole training of a tiny world with the real models: killed in the middle, it ends with the same bits."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.choice.model.store import load as load_choice
from recsys.embeddings.maps import load_map
from recsys.embeddings.store import load_table
from recsys.embeddings.tower import MovieTower
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.pipeline.demo import make_demo
from recsys.pipeline.train import train
from recsys.progress import Progress
from recsys.projection.context import load_projection_context
from recsys.projection.project import project
from recsys.scenario.scenario import Scenario
from recsys.segments.persona_files import load_personas
from recsys.simulation.demo import ServiceConfig, write_service
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace, read_manifest

pytestmark = [pytest.mark.train, pytest.mark.slow]

WORLD = ServiceConfig(n_users=200, n_movies=60, n_offers=4, seed=3)
CONFIG = with_settings(
    TrainConfig(),
    members=2,
    member_iterations=2,
    factorisation__dim=8,
    factorisation__iterations=10,
    two_tower__dim=8,
    two_tower__hidden=16,
    two_tower__epochs=3,
    tsne__early_iterations=30,
    tsne__iterations=40,
    at=(5, 10),
)


def imported(root: Path) -> Workspace:
    """A workspace with the world's tables."""
    if not (root.parent / "world").exists():
        write_service(WORLD, root.parent / "world")
    workspace = Workspace(root)
    import_path(root.parent / "world", workspace)
    return workspace


def start(workspace: Workspace) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "recsys.pipeline", str(workspace.root), "--config", json.dumps(CONFIG.as_json())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def stage_of(line: str) -> str | None:
    """The stage that a line tells of; None where it is no progress."""
    said = json.loads(line)
    return said.get("stage")


def kill_in(workspace: Workspace, stage: str) -> None:
    """Start a training and kill it without warning while a stage is at work."""
    child = start(workspace)
    for line in child.stdout:
        if stage_of(line) == stage:
            break
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL


def run_to_the_end(workspace: Workspace) -> tuple[dict[str, object], list[str]]:
    """The result, and the stages that were run."""
    lines = start(workspace).communicate()[0].splitlines()
    stages = [stage for line in lines if (stage := stage_of(line))]
    return json.loads(lines[-1])["result"], list(dict.fromkeys(stages))


def contents(folder: Path) -> dict[str, bytes]:
    """Everything but the manifest, which holds the date and the time taken."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, object]]:
    """Trained without a break."""
    workspace = imported(tmp_path_factory.mktemp("whole") / "w")
    return workspace, run_to_the_end(workspace)[0]


def test_a_training_killed_twice_ends_with_the_same_run_and_the_same_bits(trained, tmp_path: Path):
    workspace = imported(tmp_path / "w")
    kill_in(workspace, "members")
    kill_in(workspace, "two_tower")
    assert not workspace.current.exists()
    result, stages = run_to_the_end(workspace)
    assert stages[0] == "two_tower"
    assert result["run"] == trained[1]["run"]
    whole, resumed = (contents(w.current_run()) for w in (trained[0], workspace))
    assert sorted(whole) == sorted(resumed)
    assert [name for name in whole if whole[name] != resumed[name]] == []


def test_everything_that_pages_and_projections_need_is_in_the_run(trained):
    workspace, result = trained
    run, dataset = workspace.current_run(), load_dataset(workspace)
    assert run.name == result["run"]
    read_manifest(run)
    choice, personas = load_choice(run / "choice"), load_personas(run / "personas")
    assert len(choice.members) == 3
    assert choice.user_ids.ids == dataset.users["user_id"].tolist()
    assert choice.movie_ids.ids == dataset.movies["movie_id"].tolist()
    assert sum(persona.size for persona in personas.personas) == dataset.n_users
    for name in ("users", "movies"):
        table = load_table(run / "mf" / name)
        for kind in ("linear", "neighbourhood"):
            assert load_map(run / "maps" / f"{name}_{kind}").ids == table.ids
    content = MovieTower.load(run / "two_tower").content(dataset.movies)
    assert content == pytest.approx(choice.content, abs=1e-6)
    assert MovieTower.load(run / "two_tower").content(dataset.offers).shape == (4, choice.content.shape[1])


def test_members_of_the_ensemble_differ_and_are_of_the_same_users(trained):
    choice = load_choice(trained[0].current_run() / "choice")
    first, second, third = (member.users @ member.movies.T for member in choice.members)
    for other in (second, third):
        assert 0.3 < np.corrcoef(first.ravel(), other.ravel())[0, 1] < 0.999


def test_metrics_name_the_models_and_the_popular(trained):
    metrics = trained[1]["metrics"]
    rules = {"popularity", "recent_popularity", "segment_popularity", "content_knn", "ease"}
    assert set(metrics["models"]) == rules | {"mf", "two_tower"}
    assert set(metrics["behaviour"]) == set(metrics["slices"]) == set(metrics["models"])
    assert sum(row["users"] for row in metrics["slices"]["mf"]["persona"]) == metrics["users"]
    figure = metrics["models"]["mf"]["ndcg@10"]
    assert 0 <= figure["low"] <= figure["mean"] <= figure["high"] <= 1


def test_the_demo_makes_a_workspace_in_one_go_and_is_done_at_once_when_asked_again(trained, tmp_path: Path):
    """Its tables come through the import, so that the run is the one that importing and training give."""
    workspace = Workspace(tmp_path / "demo")
    lines: list[Progress] = []
    first = make_demo(workspace, WORLD, CONFIG, lines.append)
    assert first.training.run == trained[1]["run"]
    shares = [line.fraction for line in lines]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert {"simulate", "import", "mf"} <= {line.stage for line in lines}
    again = make_demo(workspace, WORLD, CONFIG)
    assert (again.training.reused, again.simulated_seconds) == (True, 0.0)
    assert not list(workspace.root.glob(".world*"))


def test_projections_count_the_people_whom_each_user_stands_for(trained):
    context = load_projection_context(trained[0])
    assert set(context.weight) == {WORLD.people_per_user} == {1_000.0}
    asked = Scenario(name="today", horizon_months=1)
    everyone = project(context, asked).baseline
    sample = project(replace(context, weight=np.ones(WORLD.n_users)), asked).baseline
    assert everyone.hours == pytest.approx(1_000 * sample.hours)
    assert everyone.revenue == pytest.approx(1_000 * sample.revenue)


def test_a_retrained_workspace_keeps_its_personas_and_bearings(trained, tmp_path: Path):
    shutil.copytree(trained[0].root, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    before = workspace.current_run()
    result = train(workspace, with_settings(CONFIG, factorisation__iterations=12))
    assert result.folder != before
    assert result.warnings == ()
    old, new = load_personas(before / "personas"), load_personas(result.folder / "personas")
    names = [np.array([persona.name for persona in each.personas])[each.assignment] for each in (old, new)]
    assert (names[0] == names[1]).mean() > 0.8
    for kind in ("linear", "neighbourhood"):
        last, flat = (load_map(run / "maps" / f"users_{kind}") for run in (before, result.folder))
        assert flat.aligned_to == before.name
        assert np.trace(np.corrcoef(flat.positions.T, last.positions.T)[:2, 2:]) > 0.8  # of 2: both axes as they were
