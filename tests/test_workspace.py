"""The workspace: published whole or not at all, one writer, nothing trusted unchecked."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.errors import ArtefactError, DataError
from recsys.workspace import (
    MANIFEST,
    Workspace,
    publish_folder,
    read_manifest,
    recover_folder,
    replace_folder,
    write_atomically,
    write_manifest,
)
from tests.effort import times


def _folder(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "a.txt").write_text(text)
    (path / "b.txt").write_text(text)
    return path


def test_a_workspace_without_a_run_says_what_to_do(tmp_path: Path):
    with pytest.raises(ArtefactError, match=r"E_NO_RUN.*recsys train"):
        Workspace(tmp_path).current_run()


def test_a_current_name_whose_run_is_gone_is_refused(tmp_path: Path):
    workspace = Workspace(tmp_path)
    workspace.use_run("gone")
    with pytest.raises(ArtefactError, match=r"E_NOT_FOUND.*'gone'"):
        workspace.current_run()


def test_the_run_in_use_is_the_one_named_last(tmp_path: Path):
    workspace = Workspace(tmp_path)
    for name in ("first", "second"):
        publish_folder(_folder(tmp_path / f".draft-{name}", name), workspace.runs / name)
        workspace.use_run(name)
    assert workspace.current_run() == workspace.runs / "second"


def test_a_second_writer_is_told_who_holds_the_workspace(tmp_path: Path):
    code = "import signal; from pathlib import Path; from recsys.workspace import Workspace\n"
    code += f"with Workspace(Path({str(tmp_path)!r})).writing(): print('held', flush=True); signal.pause()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataError, match=f"E_BUSY.*process {holder.pid}"), Workspace(tmp_path).writing():
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with Workspace(tmp_path).writing():
        pass  # the lock died with its holder


def test_a_replaced_folder_is_the_old_or_the_new_after_kill_9_at_any_moment(tmp_path: Path):
    """A child replaces a folder over and over and is killed at different moments; the two files always agree."""
    final = _folder(tmp_path / "tables", "start")
    code = f"""
import itertools, shutil
from pathlib import Path
from recsys.workspace import replace_folder
final = Path({str(final)!r})
for n in itertools.count():
    draft = final.with_name('.draft')
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for name in ('a.txt', 'b.txt'):
        (draft / name).write_text(str(n))
    replace_folder(draft, final)
    print(n, flush=True)
"""
    for moment in range(times(8)):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(1 + moment):
            child.stdout.readline()
        child.kill()
        child.wait()
        recover_folder(final)
        assert (final / "a.txt").read_text() == (final / "b.txt").read_text() != ""


def test_writing_a_file_leaves_no_draft_behind(tmp_path: Path):
    write_atomically(tmp_path / "current", b"one")
    write_atomically(tmp_path / "current", b"two")
    assert os.listdir(tmp_path) == ["current"]
    assert (tmp_path / "current").read_bytes() == b"two"


def test_a_manifest_lists_every_file_and_keeps_the_facts(tmp_path: Path):
    folder = _folder(tmp_path / "run", "text")
    write_manifest(folder, {"schema": 1})
    manifest = read_manifest(folder)
    assert manifest["schema"] == 1
    assert set(manifest["files"]) == {"a.txt", "b.txt"}
    assert manifest["files"]["a.txt"]["bytes"] == len("text")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda run: (run / "a.txt").write_text("texT"), "E_HASH"),
        (lambda run: (run / "a.txt").unlink(), "E_MANIFEST"),
        (lambda run: (run / "c.txt").write_text("stray"), "E_MANIFEST"),
        (lambda run: (run / MANIFEST).write_text("{"), "E_MANIFEST"),
        (lambda run: (run / MANIFEST).write_text(json.dumps({"schema": 1})), "E_MANIFEST"),
    ],
)
def test_a_damaged_folder_is_refused(tmp_path: Path, damage, code: str):
    folder = _folder(tmp_path / "run", "text")
    write_manifest(folder, {})
    damage(folder)
    with pytest.raises(ArtefactError) as refused:
        read_manifest(folder)
    assert refused.value.code == code


def test_replacing_brings_the_new_content_and_removes_the_old(tmp_path: Path):
    final = _folder(tmp_path / "tables", "old")
    replace_folder(_folder(tmp_path / ".draft", "new"), final)
    assert (final / "a.txt").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tables"]


def test_a_file_that_the_disk_has_no_room_for_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_atomically(tmp_path / "file", b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write_atomically(tmp_path / "file", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}
