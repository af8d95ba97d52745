"""Import in a process of its own: the same answer, bounded memory, and it can be stopped."""

import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.import_tables import import_path
from recsys.tables.limits import DEFAULT, MIB
from recsys.tables.sandbox import import_in_child
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.tables.raw import Raw

pytestmark = pytest.mark.slow


def test_the_child_answers_as_import_does_and_tells_how_far_it_is(tmp_path: Path):
    raw = Raw().write(tmp_path / "raw")
    told: list[tuple[str, float]] = []
    report = import_in_child(raw, Workspace(tmp_path / "one"), progress=lambda step: told.append((step.message, step.fraction)))
    assert report == import_path(raw, Workspace(tmp_path / "two"))
    assert load_dataset(Workspace(tmp_path / "one")).fingerprint == report.fingerprint
    assert ("writing events", 1.0) in told


def test_findings_cross_the_border_unchanged(tmp_path: Path):
    raw = Raw()
    raw.set("events", 4, minutes="-1")
    raw.set("users", 2, signup_date="yesterday")
    folder = raw.write(tmp_path / "raw")
    with pytest.raises(DataError) as here:
        import_path(folder, Workspace(tmp_path / "one"))
    with pytest.raises(DataError) as there:
        import_in_child(folder, Workspace(tmp_path / "two"))
    assert there.value.findings == here.value.findings


def test_lines_that_are_no_documents_do_not_stop_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A library's chatter, and a number, before and beside what the child says."""
    chatty = tmp_path / "python"
    chatty.write_text(f'#!/bin/sh\necho "chatter"\necho 7\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    chatty.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(chatty))
    report = import_in_child(Raw().write(tmp_path / "raw"), Workspace(tmp_path / "workspace"))
    assert report.fingerprint == load_dataset(Workspace(tmp_path / "workspace")).fingerprint


def test_limits_cross_the_border(tmp_path: Path):
    folder = Raw().write(tmp_path / "raw")
    with pytest.raises(DataError) as refusal:
        import_in_child(folder, Workspace(tmp_path / "workspace"), limits=replace(DEFAULT, events=10_000))
    assert refusal.value.code == "E_TOO_SMALL"


def test_a_child_that_takes_too_much_memory_is_ended_and_nothing_changes(tmp_path: Path):
    """Python with the database alone holds about 150 MiB."""
    folder = Raw().write(tmp_path / "raw")
    _, workspace = Raw().load(tmp_path / "before")
    before = load_dataset(workspace).fingerprint
    with pytest.raises(DataError) as refusal:
        import_in_child(folder, workspace, memory_bytes=60 * MIB)
    assert refusal.value.code == "E_TOO_BIG"
    assert load_dataset(workspace).fingerprint == before


def test_a_child_can_be_stopped(tmp_path: Path):
    folder = Raw().write(tmp_path / "raw")
    started = time.monotonic()
    with pytest.raises(DataError) as refusal:
        import_in_child(folder, Workspace(tmp_path / "workspace"), cancelled=lambda: time.monotonic() > started + 0.2)
    assert refusal.value.code == "E_CANCELLED"
    assert not Workspace(tmp_path / "workspace").exists()


def test_a_child_that_is_stopped_together_with_its_parent_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A signal to the whole process group ends the child before its parent does."""
    children: list[subprocess.Popen[str]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: children.append(popen(*args, **kwargs)) or children[0])

    def cancelled() -> bool:
        if children[0].poll() is None:
            children[0].terminate()
            children[0].wait()
            return False
        return True

    with pytest.raises(DataError, match="E_CANCELLED"):
        import_in_child(Raw().write(tmp_path / "raw"), Workspace(tmp_path / "workspace"), cancelled=cancelled)


@pytest.mark.slow
def test_a_file_that_needs_more_than_the_bound_is_refused_with_a_code(tmp_path: Path):
    """A user table of 800,000 long texts is held whole; 300 MiB do not hold it."""
    raw = Raw()
    users = pd.DataFrame({"user_id": [f"x{k:07d}" for k in range(800_000)]})
    users["about"] = users["user_id"] + "y" * 400
    raw.put("users", users.to_csv(index=False))
    with pytest.raises(DataError) as refusal:
        import_in_child(raw.write(tmp_path / "raw"), Workspace(tmp_path / "workspace"), memory_bytes=300 * MIB)
    assert refusal.value.code == "E_TOO_BIG"
