"""Long work in processes of their own: training, import, export.

The state of a job lies in the workspace, so that a closed page, another session or a restarted app finds it again. Starts are
serialised by a lock of the workspace, and the record of a job is written before its command runs. A job holds a lock of its own,
the kernel's, which every process of it inherits: it is not started twice, and what outlives its parent can be stopped.
``FOLDER/lines`` holds a job's standard output, ``FOLDER/log`` its standard error.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from recsys.app.runtime.identity import user_name
from recsys.errors import DataError, Finding
from recsys.foreign import json_file
from recsys.progress import Progress
from recsys.scenario import audit_trail
from recsys.workspace import Workspace, write_atomically

JOBS = ".jobs"
"""Folder in the workspace."""
State = Literal["running", "done", "refused", "cancelled", "interrupted", "failed"]
"""``interrupted``: whoever started it was killed before its command ran."""
WRITERS = ("train", "import", "demo")
"""Jobs that write to the workspace: one of them at a time."""
_RECORD_AND_RUN = 'echo $$ > "$0" && exec "$@"'
"""Shell: the number of the process is written down, then the command runs in its place."""
_TAIL_BYTES = 64_000
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands."""

    name: str
    state: State
    started_at: str
    """ISO 8601, UTC"""
    progress: Progress | None
    """The last that it said."""
    result: dict[str, Any] | None
    """What it answered, where it is done."""
    findings: tuple[Finding, ...]
    """Why it was refused."""
    log: str
    """The end of what it said besides, for whoever mends it."""


def start(workspace: Workspace, name: str, command: Sequence[str]) -> None:
    """Start a job, unless it runs already or another one writes to the workspace.

    Parameters
    ----------
    name : ``train``, ``import``, ``export``, ``demo``: one of each at a time
    command : arguments for this Python: ``["-m", "recsys.pipeline", …]``

    Raises
    ------
    DataError  E_BUSY: the job runs, or another of :data:`WRITERS`
    """
    folder = workspace.root / JOBS / name
    with starts_held(workspace), _lock(folder).open("a", encoding="ascii") as lock:
        at_work = [other for other in WRITERS if name in WRITERS and other != name and running(workspace, other)]
        if at_work or not _taken(lock, fcntl.LOCK_EX):
            raise DataError.of(
                "E_BUSY", f"{(*at_work, name)[0]} is running already.", "Wait until it has finished, or cancel it."
            )
        if folder.exists():
            shutil.rmtree(folder)  # where that is refused, the reason is said
        folder.mkdir()
        facts = {"started_at": datetime.now(UTC).isoformat(timespec="seconds")}
        write_atomically(folder / "job.json", json.dumps(facts).encode())
        with (folder / "lines").open("wb") as lines, (folder / "log").open("wb") as log:
            started = subprocess.Popen(  # noqa: S603  our own module
                ["/bin/sh", "-c", _RECORD_AND_RUN, str(folder / "pid"), sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=log,
                start_new_session=True,
                env={**os.environ, audit_trail.VARIABLE: user_name()},
                pass_fds=[lock.fileno()],
            )
        while _group(folder) is None and started.poll() is None:  # so that it can be cancelled from here on
            time.sleep(_PAUSE_SECONDS)


@contextmanager
def starts_held(workspace: Workspace) -> Iterator[None]:
    """Within it no job of the workspace starts, nor is one half started."""
    folder = workspace.root / JOBS
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "start.lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def running(workspace: Workspace, name: str) -> bool:
    """Whether the job, or what is left of it, is at work: it holds the lock, which the kernel frees when the last of it ends."""
    try:
        with _lock(workspace.root / JOBS / name).open("rb") as lock:
            return not _taken(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def find(workspace: Workspace, name: str) -> Job | None:
    """The job of that name as it stands; None where there never was one."""
    folder = workspace.root / JOBS / name
    at_work = running(workspace, name)
    try:
        started_at = str(json_file(folder / "job.json")["started_at"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    documents = _documents(folder / "lines")
    progress = next((step for document in reversed(documents) if (step := Progress.read(document))), None)
    last = documents[-1] if documents else {}
    findings = tuple(_finding(entry) for entry in last.get("errors", ()))
    answered = "fraction" not in last and "errors" not in last and bool(last)
    return Job(
        name=name,
        state="running" if at_work or running(workspace, name) else _state(folder, answered=answered, refused=bool(findings)),
        started_at=started_at,
        progress=progress,
        result=(last.get("result") or last) if answered else None,
        findings=findings,
        log=_tail(folder / "log")[-4000:],
    )


def cancel(workspace: Workspace, name: str) -> None:
    """Ask a running job to stop; what it had finished stays for the next start."""
    folder = workspace.root / JOBS / name
    if not running(workspace, name):
        return
    with starts_held(workspace):  # one that is only just starting is waited for
        group = _group(folder)
        if group is None or not running(workspace, name):
            return
        (folder / "cancelled").touch()
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)  # its children too, in case the first process was killed


def clear(workspace: Workspace, name: str) -> None:
    """Clear a job that has ended from the page."""
    folder = workspace.root / JOBS / name
    if folder.is_dir():
        with _lock(folder).open("a", encoding="ascii") as lock:
            if _taken(lock, fcntl.LOCK_EX):  # nobody starts it anew meanwhile
                shutil.rmtree(folder, ignore_errors=True)


def _state(folder: Path, *, answered: bool, refused: bool) -> State:
    """How a job ended, by what it wrote last."""
    if answered:
        return "done"
    if (folder / "cancelled").exists():
        return "cancelled"
    if refused:
        return "refused"
    return "failed" if _group(folder) is not None else "interrupted"


def _group(folder: Path) -> int | None:
    """Process group of a job; None before its command runs."""
    try:
        return int((folder / "pid").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _taken(lock: IO[Any], kind: int) -> bool:
    """Whether the lock could be taken; somebody who only looks holds it for an instant."""
    for _ in range(_ATTEMPTS if kind == fcntl.LOCK_EX else 1):
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False


def _documents(path: Path) -> list[dict[str, Any]]:
    """JSON objects at the end of a file, one a line, or the whole file as one."""
    tail = _tail(path)
    found = _objects(tail.split("\n"))
    if found or not tail.strip():
        return found
    try:
        whole = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return _objects(whole.split("\n")) or _objects([whole])  # a line may be longer than the tail


def _objects(texts: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for text in texts:  # lines end at a line feed alone: a text in them may hold what else separates lines
        try:
            document = json.loads(text)
        except ValueError:
            continue
        if isinstance(document, dict):
            found.append(document)
    return found


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _finding(entry: dict[str, Any]) -> Finding:
    return Finding(
        code=str(entry.get("code", "E_UNKNOWN")),
        message=str(entry.get("message", "")),
        remedy=str(entry.get("remedy", "")),
        table=entry.get("table"),
        column=entry.get("column"),
        rows=tuple(entry.get("rows") or ()),
    )
