"""What a training leaves in the workspace, with stages that take no time."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from recsys.errors import ArtefactError, DataError
from recsys.pipeline.checkpointed_stages import Stage
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.pipeline.publish import run_id
from recsys.pipeline.train import train
from recsys.pipeline.training_context import TrainingContext
from recsys.pipeline.worker import work
from recsys.progress import Progress, ReportProgress
from recsys.workspace import Workspace, read_manifest
from tests.builders import tiny_dataset
from tests.datasets import save_dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "w")
    save_dataset(made, tiny_dataset())
    return made


class Fakes:
    """Stages that count how often they run; ``fail_at`` dies there."""

    def __init__(self, fail_at: str | None = None) -> None:
        self.ran: list[str] = []
        self.fail_at = fail_at

    def __call__(self, context: TrainingContext) -> Sequence[Stage]:
        return [self._stage(context, name) for name in ("mf", "mf_early", "personas", "metrics")]

    def _stage(self, context: TrainingContext, name: str) -> Stage:
        def make(folder: Path, progress: ReportProgress) -> None:
            self.ran.append(name)
            if name == self.fail_at:
                raise KeyboardInterrupt
            progress(Progress.of(1, 1))
            content = {"seed": context.config.seed, "views": int(context.views.sum())}
            (folder / ("metrics.json" if name == "metrics" else "result.json")).write_text(json.dumps(content))

        return Stage(name=name, message=name, weight=1.0, make=make)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "manifest.json"
    }


def test_a_training_publishes_a_checked_run_and_brings_it_into_use(workspace: Workspace):
    lines: list[Progress] = []
    result = train(workspace, TrainConfig(), lines.append, stages=Fakes())
    assert workspace.current_run() == result.folder == workspace.runs / result.run
    manifest = read_manifest(result.folder)
    assert set(manifest["files"]) == {"config.json", "metrics.json", "mf/result.json", "personas/result.json"}
    assert manifest["data"] == tiny_dataset().fingerprint
    assert manifest["simulated"] is True
    assert result.metrics == {"seed": 0, "views": len(tiny_dataset().events)}
    assert lines[-1].fraction == 1.0
    assert [p.name for p in workspace.runs.iterdir()] == [result.run]
    json.dumps(result.as_json(), allow_nan=False)


def test_the_same_tables_and_settings_are_not_trained_twice(workspace: Workspace):
    first = train(workspace, TrainConfig(), stages=Fakes())
    again = Fakes()
    second = train(workspace, TrainConfig(), stages=again)
    assert (second.run, second.reused, again.ran) == (first.run, True, [])
    other = train(workspace, TrainConfig(seed=1), stages=Fakes())
    assert other.run != first.run
    back = train(workspace, TrainConfig(), stages=Fakes())
    assert (back.run, workspace.current_run().name) == (first.run, first.run)


def test_two_workspaces_with_the_same_tables_get_the_same_run(workspace: Workspace, tmp_path: Path):
    twin = Workspace(tmp_path / "twin")
    save_dataset(twin, tiny_dataset())
    first, second = train(workspace, stages=Fakes()), train(twin, stages=Fakes())
    assert first.run == second.run
    assert contents(first.folder) == contents(second.folder)


def test_other_tables_or_another_forerunner_make_another_run(workspace: Workspace):
    first = train(workspace, stages=Fakes())
    save_dataset(workspace, tiny_dataset(seed=1))
    assert train(workspace, stages=Fakes()).run != first.run
    assert run_id({"data": "x"}, None) != run_id({"data": "x"}, "0123456789ab")


def test_an_interrupted_training_leaves_the_old_run_and_goes_on_where_it_stopped(workspace: Workspace, tmp_path: Path):
    old = train(workspace, TrainConfig(seed=7), stages=Fakes())
    with pytest.raises(KeyboardInterrupt):
        train(workspace, TrainConfig(), stages=Fakes(fail_at="personas"))
    assert workspace.current_run().name == old.run
    rest = Fakes()
    resumed = train(workspace, TrainConfig(), stages=rest)
    assert rest.ran == ["personas", "metrics"]
    twin = Workspace(tmp_path / "twin")
    save_dataset(twin, tiny_dataset())
    assert contents(resumed.folder) == contents(train(twin, TrainConfig(), stages=Fakes()).folder)
    assert sorted(p.name for p in workspace.runs.iterdir()) == sorted([old.run, resumed.run])


def test_other_settings_do_not_take_up_a_draft_and_clear_it(workspace: Workspace):
    with pytest.raises(KeyboardInterrupt):
        train(workspace, TrainConfig(), stages=Fakes(fail_at="metrics"))
    assert len(list(workspace.runs.glob(".draft-*"))) == 1
    other = Fakes()
    train(workspace, TrainConfig(seed=3), stages=other)
    assert other.ran == ["mf", "mf_early", "personas", "metrics"]
    assert not list(workspace.runs.glob(".*"))


def test_a_death_between_publishing_and_use_is_mended_by_the_next_start(workspace: Workspace):
    result = train(workspace, stages=Fakes())
    workspace.current.unlink()
    again = Fakes()
    assert train(workspace, stages=again).run == result.run
    assert again.ran == []
    assert workspace.current_run().name == result.run


def test_a_damaged_run_is_trained_again(workspace: Workspace):
    result = train(workspace, stages=Fakes())
    (result.folder / "mf" / "result.json").write_text("damaged")
    with pytest.raises(ArtefactError):
        read_manifest(result.folder)
    again = train(workspace, stages=Fakes())
    assert (again.run, again.reused) == (result.run, False)
    read_manifest(again.folder)


def test_one_model_alone_is_kept_but_does_not_come_into_use(workspace: Workspace):
    whole = train(workspace, stages=Fakes())
    alone = train(workspace, TrainConfig(model="mf"), stages=Fakes())
    assert not alone.in_use
    assert alone.folder.is_dir()
    assert workspace.current_run().name == whole.run


def test_a_last_run_that_cannot_be_read_is_said_and_not_hidden(workspace: Workspace):
    train(workspace, TrainConfig(seed=7), stages=Fakes())
    result = train(workspace, stages=Fakes())
    assert "start afresh" in result.warnings[0]


def test_too_few_users_movies_or_events_are_refused(tmp_path: Path):
    for n_users, n_movies in ((10, 12), (30, 9)):
        small = Workspace(tmp_path / f"{n_users}")
        save_dataset(small, tiny_dataset(n_users, n_movies))
        with pytest.raises(DataError, match="E_TOO_SMALL"):
            train(small, stages=Fakes())


def test_a_second_training_is_told_who_trains(workspace: Workspace):
    with workspace.writing(), pytest.raises(DataError, match="E_BUSY"):
        train(workspace, stages=Fakes())


@pytest.mark.slow
def test_the_worker_is_a_process_that_prints_json_lines_only(tmp_path: Path):
    command = [sys.executable, "-m", "recsys.pipeline", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert [json.loads(line)["errors"][0]["code"] for line in done.stdout.splitlines()] == ["E_NO_TABLES"]


@pytest.mark.parametrize("settings", ["{", "[]", '{"membres": 3}', '{"members": 1e999}', "[" * 100_000, '{"seed": 4294967296}'])
def test_the_worker_refuses_bad_settings_with_status_two(workspace: Workspace, settings: str):
    out = StringIO()
    assert work(workspace, settings, out) == 2
    assert json.loads(out.getvalue())["errors"][0]["code"] == "E_CONFIG"
    assert not workspace.runs.exists()


def test_settings_travel_as_json():
    config = with_settings(TrainConfig(), members=3, factorisation__dim=8, two_tower__epochs=2, tsne__perplexity=9.5, at=(5,))
    assert TrainConfig.from_json(json.loads(json.dumps(config.as_json()))) == config
    assert TrainConfig.from_json({}) == TrainConfig()
    assert TrainConfig.from_json({"tsne": {"perplexity": 7}}).tsne == replace(TrainConfig().tsne, perplexity=7.0)


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ([], "config"),
        ({"members": -1}, "members"),
        ({"members": "8"}, "members"),
        ({"members": True}, "members"),
        ({"early_share": 0.99, "model": "all"}, "early_share"),
        ({"model": "nmf"}, "model"),
        ({"tsne": {"perplexty": 3}}, "tsne.perplexty"),
        ({"tsne": 3}, "tsne"),
        ({"at": []}, "at"),
        ({"at": ["x"]}, "at"),
    ],
)
def test_unknown_settings_and_wrong_values_are_refused(document: object, names: str):
    with pytest.raises(DataError, match="E_CONFIG") as refused:
        TrainConfig.from_json(document)
    assert names in [finding.column for finding in refused.value.findings]
