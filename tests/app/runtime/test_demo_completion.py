"""What the demo lacks when the app opens is made behind it, once, and for nobody's own service."""

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from recsys import cli
from recsys.app.runtime import demo_completion, jobs, uploads
from recsys.export import bundle
from recsys.workspace import Workspace
from tests import patience
from tests.app.runtime.waiting import ended
from tests.browser.servers import free_port
from tests.builders import tiny_dataset, tiny_workspace


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Commands of the jobs that were started; none is."""
    commands: list[list[str]] = []
    monkeypatch.setenv("RECSYS_EXPORTS", str(tmp_path / "exports"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(jobs, "start", lambda _workspace, _name, command: commands.append(list(command)))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    return commands


def trained(root: Path, *, simulated: bool = True) -> Workspace:
    workspace = tiny_workspace(root, tiny_dataset())
    told = workspace.tables / "tables.json"
    document = json.loads(told.read_text(encoding="utf-8"))
    told.write_text(json.dumps({**document, "simulated": simulated}), encoding="utf-8")
    (workspace.runs / "made-up").mkdir(parents=True)
    workspace.use_run("made-up")
    return workspace


def test_a_demo_without_bundle_and_proof_gets_them(started: list[list[str]], tmp_path: Path):
    workspace = trained(tmp_path / "demo")
    assert demo_completion.start(workspace)
    (command,) = started
    assert command[:2] == ["-m", "recsys.pipeline.demo_completion"]
    assert command[2:] == [
        str(workspace.root),
        "--to",
        str(tmp_path / "exports" / "demo"),
        "--key",
        str(tmp_path / "home" / "greenlight" / "demo.key"),
    ]


def test_a_real_service_is_left_alone(started: list[list[str]], tmp_path: Path):
    assert not demo_completion.start(trained(tmp_path / "ours", simulated=False))
    assert not demo_completion.start(Workspace(tmp_path / "nothing"))
    assert not demo_completion.start(tiny_workspace(tmp_path / "untrained"))
    assert not started
    assert demo_completion.signing_options(trained(tmp_path / "theirs", simulated=False)) == []


def test_what_was_cancelled_is_not_started_again(started: list[list[str]], tmp_path: Path):
    workspace = trained(tmp_path / "demo")
    folder = workspace.root / jobs.JOBS / demo_completion.JOB
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"pid": 0, "born": None, "started_at": "2024-01-01T00:00:00+00:00"}))
    (folder / "cancelled").touch()
    assert not demo_completion.start(workspace)


def test_a_demo_that_lacks_nothing_is_left_alone(started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace = trained(tmp_path / "demo")
    monkeypatch.setattr(bundle, "status", lambda _folder: object())
    assert demo_completion.start(workspace)
    workspace.backtest.mkdir()
    (workspace.backtest / demo_completion.REPORT).write_text("{}")
    assert not demo_completion.start(workspace)


def test_without_tensorflow_nothing_is_started(started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert not demo_completion.start(trained(tmp_path / "demo"))


def test_beside_a_training_that_outlived_its_app_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace = trained(tmp_path / "demo")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setattr(bundle, "status", lambda _folder: None)
    jobs.start(workspace, "train", ["-c", "import signal; signal.pause()"])
    assert not demo_completion.start(workspace)
    assert jobs.find(workspace, demo_completion.JOB) is None
    jobs.cancel(workspace, "train")
    ended(workspace, "train")


def test_an_import_does_not_wait_for_the_rest_of_the_demo(tmp_path: Path):
    """Its time machine holds the workspace for minutes, in which an import would be refused."""
    workspace = trained(tmp_path / "demo")
    line = json.dumps({"message": "at work", "fraction": 0.0})
    holding = (
        "import signal, sys; from pathlib import Path; from recsys.workspace import Workspace\n"
        f"with Workspace(Path(sys.argv[1])).writing(): print({line!r}, flush=True); signal.pause()"
    )
    jobs.start(workspace, demo_completion.JOB, ["-c", holding, str(workspace.root)])
    patience.until(lambda: (held := jobs.find(workspace, demo_completion.JOB)) and held.progress)
    uploads.start_import(workspace, tmp_path / "nothing", None)
    job, stopped = ended(workspace, uploads.JOB), jobs.find(workspace, demo_completion.JOB)
    assert job is not None
    assert [finding.code for finding in job.findings] == ["E_NOT_FOUND"]
    assert stopped is not None
    assert stopped.state == "cancelled"


def test_the_command_that_opens_the_app_asks_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    given: dict[str, str] = {}

    monkeypatch.setattr(os, "execve", lambda _program, _command, environment: given.update(environment))
    CliRunner().invoke(cli.cli, ["--workspace", str(tmp_path), "app", "--headless", "--port", str(free_port())])
    assert given[demo_completion.VARIABLE] == "1"


def test_the_demos_key_lies_outside_of_the_program():
    assert shutil.which("git") is None or demo_completion.ROOT not in demo_completion.key_path().parents
