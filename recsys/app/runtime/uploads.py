"""Uploaded files on their way to import: put aside in the workspace, imported by a process with a memory limit."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from recsys.app.runtime import demo_completion, jobs
from recsys.errors import DataError
from recsys.workspace import Workspace

UPLOADS = ".uploads"
JOB = "import"


def keep(workspace: Workspace, files: Mapping[str, BinaryIO]) -> Path:
    """Write uploaded files into a fresh folder of the workspace; what earlier uploads left is cleared.

    Raises
    ------
    DataError  E_PARAM: a name that is no plain file name; E_BUSY: an import of earlier ones is running
    """
    root = workspace.root / UPLOADS
    if jobs.running(workspace, JOB):
        raise DataError.of("E_BUSY", "an import is running already.", "Wait until it has finished, or cancel it.")
    shutil.rmtree(root, ignore_errors=True)
    folder = root / secrets.token_hex(8)
    folder.mkdir(parents=True)
    for name, file in files.items():
        if name in ("", ".", "..") or PurePosixPath(name).name != name or PureWindowsPath(name).name != name or "\0" in name:
            raise DataError.of("E_PARAM", f"{name!r} is not a plain file name.", "Rename the file.")
        with (folder / name).open("wb") as out:
            file.seek(0)
            shutil.copyfileobj(file, out)
    return folder


def start_import(workspace: Workspace, path: Path, format_name: str | None) -> None:
    """Import in a process of its own.

    Raises
    ------
    DataError  E_BUSY: an import is running, or the rest of the demo does not stop for it
    """
    demo_completion.stop(workspace)
    command = ["-m", "recsys.app.runtime.import_worker", str(workspace.root.resolve()), str(path.expanduser().resolve())]
    jobs.start(workspace, JOB, [*command, *(["--format", format_name] if format_name else [])])
