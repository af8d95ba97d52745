"""What the machine refuses is told as a coded sentence with status 2, and what was stored stays as it was."""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner

from recsys.app.runtime import import_worker
from recsys.cli import cli
from recsys.errors import DataError, SystemRefusedError, coded_system_errors, system_refusal
from recsys.pipeline import worker
from recsys.scenario.changes import Drop
from recsys.scenario.scenario import Scenario
from recsys.scenario.store import ScenarioStore
from recsys.tables import import_tables
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests import patience
from tests.tables.raw import Raw

RECSYS = str(Path(sys.executable).with_name("recsys"))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "E_DISK"),
        (errno.EDQUOT, "E_DISK"),
        (errno.EFBIG, "E_DISK"),
        (errno.EIO, "E_DISK"),
        (errno.ENODEV, "E_DISK"),
        (errno.EROFS, "E_READ_ONLY"),
        (errno.EACCES, "E_PERMISSION"),
        (errno.EPERM, "E_PERMISSION"),
        (errno.ENOTDIR, "E_PATH"),
        (errno.EEXIST, "E_PATH"),
        (errno.ENAMETOOLONG, "E_PATH"),
        (errno.ENOMEM, "E_MEMORY"),
        (errno.EINTR, "E_INTERRUPTED"),
    ],
)
def test_an_error_of_the_system_has_a_code_and_names_the_file(number: int, code: str):
    refusal = system_refusal(OSError(number, os.strerror(number), "/data/tables"))
    assert refusal is not None
    assert refusal.code == code
    assert "/data/tables" in str(refusal)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), "E_INTERRUPTED"),
        (RuntimeError("Query interrupted"), "E_INTERRUPTED"),
        (MemoryError(), "E_MEMORY"),
        (duckdb.IOException('IO Error: Could not write file "x": No space left on device'), "E_DISK"),
        (pa.ArrowInvalid("cannot open: Permission denied"), "E_PERMISSION"),
        (OSError("error while writing: Os { code: 28, kind: StorageFull }"), "E_DISK"),
    ],
)
def test_what_a_library_made_of_it_is_recognised(error: BaseException, code: str):
    refusal = system_refusal(error)
    assert refusal is not None
    assert refusal.code == code


@pytest.mark.parametrize("error", [ValueError("No space left on device"), FileNotFoundError(errno.ENOENT, "gone"), KeyError("x")])
def test_a_defect_of_ours_is_not_taken_for_the_system(error: Exception):
    with pytest.raises(type(error)), coded_system_errors():
        raise error


def test_a_refusal_of_ours_passes_as_it_is():
    with pytest.raises(DataError, match="E_TITLE"), coded_system_errors():
        raise DataError.of("E_TITLE", "blank.", "Fill it.") from OSError(errno.EIO, "x")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Workspace]:
    """Fingerprint of what was imported, and the workspace that holds it."""
    report, workspace = Raw().load(tmp_path_factory.mktemp("imported"))
    return report.fingerprint, workspace


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "full"), "E_DISK"),
        (OSError(errno.EROFS, "read-only"), "E_READ_ONLY"),
        (PermissionError(errno.EACCES, "denied"), "E_PERMISSION"),
        (OSError(errno.ENODEV, "gone"), "E_DISK"),
        (KeyboardInterrupt(), "E_INTERRUPTED"),
    ],
)
def test_an_import_that_the_system_stops_at_its_last_step_leaves_the_old_tables(
    error: BaseException, code: str, imported: tuple[str, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fingerprint, workspace = imported
    raw = Raw()
    raw.set("movies", title="New")
    raw.write(tmp_path / "raw")

    def stopped(*_: object) -> None:
        raise error

    monkeypatch.setattr(import_tables, "publish", stopped)
    done = CliRunner().invoke(cli, ["--workspace", str(workspace.root), "import", str(tmp_path / "raw")])
    assert done.exit_code == 2
    assert code in done.stderr
    assert load_dataset(workspace).fingerprint == fingerprint
    assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "tables"]


@pytest.mark.slow
def test_a_disk_that_fills_during_an_import_is_told_and_keeps_the_old_tables(tmp_path: Path):
    """No file may grow beyond 2 kB: what the system says then, it says of a full disk too."""
    report, workspace = Raw().load(tmp_path)
    limited = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)); from recsys.cli import main; main()"
    command = [sys.executable, "-c", limited, "--workspace", str(workspace.root), "import", str(tmp_path / "raw"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 2, done.stderr
    assert [finding["code"] for finding in json.loads(done.stdout)["errors"]] == ["E_DISK"]
    assert load_dataset(workspace).fingerprint == report.fingerprint
    assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "tables"]


@pytest.mark.slow
def test_an_interrupted_command_answers_with_one_document(tmp_path: Path):
    """A service of a hundred thousand users takes minutes; Ctrl+C comes when it has begun."""
    # what a shell ignores in the background would stay ignored
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from recsys.cli import main; main()"
    command = [sys.executable, "-c", heard, "--workspace", str(tmp_path / "ws"), "demo", "--users", "100000", "--json"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        patience.until(lambda: (tmp_path / "ws").exists() or started.poll() is not None)
        started.send_signal(signal.SIGINT)
        said, _ = started.communicate(timeout=250)
    assert started.returncode == 2
    assert [finding["code"] for finding in json.loads(said)["errors"]] == ["E_INTERRUPTED"]
    assert not Workspace(tmp_path / "ws").exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["project", "missing.toml", "--json"], "E_NOT_FOUND"),
        (["project", "missing.toml"], "E_NOT_FOUND"),
        (["--help"], "E_DISK"),
    ],
)
def test_a_full_disk_behind_standard_output_is_told_on_standard_error(given: list[str], code: str, tmp_path: Path):
    """Whether Python writes at once or keeps what it writes, as it does unless it is told otherwise."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [RECSYS, *given],
            cwd=tmp_path,
            env=buffered,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert code in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_workspace_below_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    done = CliRunner().invoke(cli, ["--workspace", str(tmp_path / "file" / "ws"), "import", str(Raw().write(tmp_path / "raw"))])
    assert (done.exit_code, "E_PATH" in done.stderr) == (2, True)


def test_the_worker_that_trains_tells_it_as_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(worker, "train", full)
    said = StringIO()
    assert worker.work(Workspace(tmp_path), "{}", said) == 2
    assert json.loads(said.getvalue())["errors"][0]["code"] == "E_DISK"


def test_the_process_behind_an_upload_tells_it_as_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(import_worker, "import_in_child", denied)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert import_worker.main([str(tmp_path / "ws"), str(tmp_path)]) == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "E_PERMISSION"


def filled(store: ScenarioStore) -> None:
    """Save until the disk is full, as a page would."""
    with coded_system_errors():
        for k in range(400):
            store.save(Scenario(name=f"{k:0200}", changes=(Drop(movie="m1"),)))


def test_saving_a_scenario_on_a_full_disk_is_refused_and_keeps_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A database that may not grow by another page is full as on a full disk."""
    store = ScenarioStore(tmp_path / "scenarios.sqlite")
    kept = store.save(Scenario(name="kept", changes=(Drop(movie="m1"),)))
    connect = sqlite3.connect

    def full(*arguments: Any, **options: Any) -> sqlite3.Connection:
        db = connect(*arguments, **options)
        db.execute("PRAGMA max_page_count = 1")
        return db

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", full)
        with pytest.raises(SystemRefusedError, match="E_DISK"):
            filled(store)
    assert kept in store.all()
    store.save(Scenario(name="and more", changes=(Drop(movie="m1"),)))


def test_saving_on_a_disk_that_is_really_full_is_refused(tmp_path: Path):
    """Where this machine lets us mount one: a disk of 128 kB; elsewhere the test above stands for it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], check=False).returncode:
        return
    try:
        store = ScenarioStore(disk / "scenarios.sqlite")
        kept = store.save(Scenario(name="kept", changes=(Drop(movie="m1"),)))
        with pytest.raises(SystemRefusedError, match="E_DISK"):
            filled(store)
        assert kept in store.all()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
