"""The rest of the demo, without TensorFlow: a signed bundle, then the time machine, told line by line."""

import io
import json
from pathlib import Path

import pytest

from recsys.export import bundle, signature, tfjs
from recsys.pipeline import demo_completion
from recsys.progress import Progress, ReportProgress
from recsys.scenario.store import ScenarioStore
from recsys.workspace import Workspace
from tests.builders import tiny_workspace
from tests.export import models


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = tiny_workspace(tmp_path / "demo")
    (workspace.runs / "made-up").mkdir(parents=True)
    workspace.use_run("made-up")
    monkeypatch.setattr(tfjs, "write", models.write_weights_only)
    monkeypatch.setattr(bundle, "load_source", lambda _workspace: models.source(n_movies=40, run="made-up"))

    def travel(_workspace: Workspace, *, report: ReportProgress) -> None:
        for done in (0, 1):
            line = Progress(
                stage="o", message="Travelling", done=done, total=1, fraction=float(done), seconds=1.0, eta_seconds=None
            )
            report(line)

    monkeypatch.setattr(demo_completion, "backtest", travel)
    return workspace


def lines(out: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_bundle_is_signed_and_comes_before_the_time_machine(demo: Workspace, tmp_path: Path):
    out = io.StringIO()
    key = tmp_path / "home" / "demo.key"
    assert demo_completion.work(demo, tmp_path / "exports", key, out) == 0
    held = bundle.status(tmp_path / "exports")
    assert held is not None
    assert held.signed_by == (signature.load_public(signature.public_path(key)),)
    *told, last = lines(out)
    assert last["result"]["version"] == held.version
    shares = [line["fraction"] for line in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [line["message"] for line in told][-2:] == ["Travelling", "Travelling"]


def test_started_again_it_makes_no_second_bundle_and_keeps_the_key(demo: Workspace, tmp_path: Path):
    key = tmp_path / "home" / "demo.key"
    for _ in range(2):
        assert demo_completion.work(demo, tmp_path / "exports", key, io.StringIO()) == 0
    held = bundle.status(tmp_path / "exports")
    assert held is not None
    assert len(held.versions) == 1
    assert [(done.what, done.detail) for done in ScenarioStore(demo.scenarios).activity()] == [
        ("export", f"version {held.version}")
    ]


def test_a_refusal_is_told_with_its_code(demo: Workspace, tmp_path: Path):
    out = io.StringIO()
    key = tmp_path / "demo.key"
    key.write_text("no key")
    assert demo_completion.work(demo, tmp_path / "exports", key, out) == 2
    assert lines(out)[-1]["errors"][0]["code"] == "E_KEY"
