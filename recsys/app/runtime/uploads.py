"""Uploaded files on their way to import: put aside in the workspace, imported by a process with a memory limit."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from recsys.app.runtime import demo_completion, jobs
from recsys.errors import DataError
from recsys.workspace import Workspace

UPLOADS = ".uploads"
JOB = "import"


def keep(workspace: Workspace, files: Mapping[str, BinaryIO]) -> Path:
    """Write uploaded files into a fresh folder of the workspace; earlier ones that nobody is writing are cleared.

    Raises
    ------
    DataError  E_PARAM: a name that is no plain file name; E_BUSY: an import of earlier ones is running
    """
    root = workspace.root / UPLOADS
    folder = root / secrets.token_hex(8)
    with _being_written(workspace, folder):
        for name, file in files.items():
            if name in ("", ".", "..") or PurePosixPath(name).name != name or PureWindowsPath(name).name != name or "\0" in name:
                raise DataError.of("E_PARAM", f"{name!r} is not a plain file name.", "Rename the file.")
            with (folder / name).open("wb") as out:
                file.seek(0)
                shutil.copyfileobj(file, out)
    return folder


@contextmanager
def _being_written(workspace: Workspace, folder: Path) -> Iterator[None]:
    """Make the folder in the place of those that nobody writes, and hold its lock, so that nobody clears it meanwhile."""
    with jobs.starts_held(workspace):
        if jobs.running(workspace, JOB):
            raise DataError.of("E_BUSY", "an import is running already.", "Wait until it has finished, or cancel it.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        for earlier in folder.parent.iterdir():
            if _free(earlier):
                shutil.rmtree(earlier, ignore_errors=True)
        folder.mkdir()
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def _free(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def start_import(workspace: Workspace, path: Path, format_name: str | None) -> None:
    """Import in a process of its own.

    Raises
    ------
    DataError  E_BUSY: an import is running, or the rest of the demo does not stop for it
    """
    demo_completion.stop(workspace)
    command = ["-m", "recsys.app.runtime.import_worker", str(workspace.root.resolve()), str(path.expanduser().resolve())]
    jobs.start(workspace, JOB, [*command, *(["--format", format_name] if format_name else [])])
