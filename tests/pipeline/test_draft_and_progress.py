"""Stages: run once, go on after any death, and say truthfully where they are."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.pipeline.checkpointed_stages import Stage, clear_stale, run_stages
from recsys.pipeline.progress import Clock
from recsys.progress import Progress, ReportProgress, silent
from tests import patience


def stage(name: str, log: list[str], *, weight: float = 1.0, fails: Callable[[], bool] = lambda: False) -> Stage:
    def make(folder: Path, progress: ReportProgress) -> None:
        log.append(name)
        progress(Progress.of(1, 2))
        if fails():
            raise RuntimeError(name)
        (folder / "result").write_text(name)

    return Stage(name=name, message=f"doing {name}", weight=weight, make=make)


def test_each_stage_runs_once_and_in_order(tmp_path: Path):
    log: list[str] = []
    stages = [stage("a", log), stage("b", log)]
    assert set(run_stages(stages, tmp_path, silent)) == {"a", "b"}
    assert run_stages(stages, tmp_path, silent) == {}
    assert log == ["a", "b"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_after_a_failure_the_finished_stages_are_not_run_again(tmp_path: Path):
    log: list[str] = []
    broken = [True]
    stages = [stage("a", log), stage("b", log, fails=lambda: broken[0]), stage("c", log)]
    with pytest.raises(RuntimeError):
        run_stages(stages, tmp_path, silent)
    broken[0] = False
    assert set(run_stages(stages, tmp_path, silent)) == {"b", "c"}
    assert log == ["a", "b", "b", "c"]


def test_an_interrupted_stage_finds_what_it_left(tmp_path: Path):
    """A checkpoint inside a stage outlives its process; a half-written result does not count as done."""
    found: list[bool] = []

    def make(folder: Path, progress: ReportProgress) -> None:
        found.append((folder / "checkpoint").exists())
        (folder / "checkpoint").write_text("half")
        if len(found) == 1:
            raise KeyboardInterrupt
        (folder / "checkpoint").unlink()

    only = Stage(name="a", message="a", weight=1, make=make)
    with pytest.raises(KeyboardInterrupt):
        run_stages([only], tmp_path, silent)
    assert not (tmp_path / "a").exists()
    run_stages([only], tmp_path, silent)
    assert found == [False, True]
    assert not list((tmp_path / "a").iterdir())


KILLED = """
import signal, sys
from pathlib import Path
from recsys.pipeline.checkpointed_stages import Stage, run_stages

def slow(folder, steps):
    (folder / "half").write_text("half")
    Path(sys.argv[1], "started").touch()
    signal.pause()

def quick(folder, steps):
    (folder / "result").write_text("whole")

stages = [Stage(name=n, message=n, weight=1, make=m) for n, m in (("a", quick), ("b", slow))]
run_stages(stages, Path(sys.argv[1]), lambda line: None)
"""


def test_kill_minus_nine_keeps_finished_stages_and_no_half_ones(tmp_path: Path):
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
    patience.until((tmp_path / "started").exists)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert (tmp_path / "a" / "result").read_text() == "whole"
    assert not (tmp_path / "b").exists()
    log: list[str] = []
    run_stages([stage("a", log), stage("b", log)], tmp_path, silent)
    assert log == ["b"]


def test_drafts_of_other_trainings_are_cleared_and_runs_stay(tmp_path: Path):
    for name in (".draft-old", ".draft-mine", "0123456789ab", ".publish-x"):
        (tmp_path / name).mkdir()
    clear_stale(tmp_path, keep=tmp_path / ".draft-mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".draft-mine", "0123456789ab"]


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_time_left_comes_from_the_pace_so_far():
    """Stage a weighs 1 and b 3. After a and a third of b, half is done; it took 20 s, so 20 s are left."""
    hand, lines = Hand(), []
    clock = Clock({"a": 1, "b": 3}, lines.append, now=hand)
    clock.begin("a", "doing a")
    hand.at = 10
    clock.end()
    progress = clock.begin("b", "doing b")
    hand.at = 20
    progress(Progress.of(1, 3))
    assert lines[0].eta_seconds is None
    assert lines[-1] == Progress(stage="b", message="doing b", done=1, total=3, fraction=0.5, seconds=20.0, eta_seconds=20.0)


def test_stages_found_done_do_not_make_the_pace_look_faster():
    """a (half of the work) was there already. A half of b took 10 s, so 10 s are left, though three quarters are done."""
    hand, lines = Hand(), []
    clock = Clock({"a": 1, "b": 1}, lines.append, now=hand)
    clock.skip("a")
    progress = clock.begin("b", "doing b")
    hand.at = 10
    progress(Progress.of(1, 2))
    assert (lines[-1].fraction, lines[-1].eta_seconds) == (0.75, 10.0)


def test_the_share_done_never_falls_and_ends_at_one():
    hand, lines = Hand(), []
    clock = Clock({"a": 1, "b": 2}, lines.append, now=hand)
    for name in ("a", "b"):
        progress = clock.begin(name, name)
        for done in (1, 3, 2, 5):
            hand.at += 1
            progress(Progress.of(done, 4))
        clock.end()
    shares = [line.fraction for line in lines]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_many_steps_make_few_lines():
    hand, lines = Hand(), []
    progress = Clock({"a": 1}, lines.append, now=hand).begin("a", "a")
    for done in range(10_000):
        hand.at += 0.001
        progress(Progress.of(done, 10_000))
    assert 40 < len(lines) < 60  # 10 s, five a second


def test_a_line_is_one_line_of_json():
    line = Progress(stage="a", message="é", done=1, total=2, fraction=0.5, seconds=1.0, eta_seconds=None)
    assert "\n" not in line.as_line()
    assert Progress(**json.loads(line.as_line())) == line
