"""Long work in processes of their own: training, import, export.

Their state lies in the workspace, so that a closed page, another reader or a restarted app finds them again.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from recsys.app.person import person
from recsys.errors import DataError, Finding
from recsys.scenario import audit
from recsys.workspace import Workspace

JOBS = ".jobs"
"""Folder in the workspace."""
State = Literal["running", "done", "refused", "cancelled", "failed"]
_TAIL_BYTES = 64_000


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job says it is."""

    message: str
    fraction: float
    seconds: float
    eta_seconds: float | None


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
    """Start a job, unless it runs already.

    Parameters
    ----------
    name : ``train``, ``import``, ``export``: one of each at a time
    command : arguments for this Python: ``["-m", "recsys.pipeline", …]``

    Raises
    ------
    DataError  E_BUSY: the job runs
    """
    folder = workspace.root / JOBS / name
    held = find(workspace, name)
    if held is not None and held.state == "running":
        raise DataError.of("E_BUSY", f"{name} is running already.", "Wait until it has finished, or cancel it.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = subprocess.Popen(  # noqa: S603  our own module
        [sys.executable, "-m", "recsys.app.follow", str(folder), sys.executable, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, audit.VARIABLE: person()},
    )
    facts = {"pid": started.pid, "born": _born(started.pid), "started_at": datetime.now(UTC).isoformat(timespec="seconds")}
    (folder / "job.json").write_text(json.dumps(facts), encoding="utf-8")


def find(workspace: Workspace, name: str) -> Job | None:
    """The job of that name as it stands; None where there never was one."""
    folder = workspace.root / JOBS / name
    try:
        facts = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    documents = _documents(folder / "lines")
    progress = next((_progress(document) for document in reversed(documents) if "fraction" in document), None)
    last = documents[-1] if documents else {}
    findings = tuple(_finding(entry) for entry in last.get("errors", ()))
    answered = "fraction" not in last and "errors" not in last and bool(last)
    return Job(
        name=name,
        state=_state(folder, facts, bool(findings)),
        started_at=str(facts["started_at"]),
        progress=progress,
        result=(last.get("result") or last) if answered else None,
        findings=findings,
        log=_tail(folder / "log")[-4000:],
    )


def cancel(workspace: Workspace, name: str) -> None:
    """Ask a running job to stop; what it had finished stays for the next start."""
    folder = workspace.root / JOBS / name
    held = find(workspace, name)
    if held is None or held.state != "running":
        return
    facts = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    (folder / "cancelled").touch()
    if _alive(facts):
        os.kill(int(facts["pid"]), signal.SIGTERM)


def forget(workspace: Workspace, name: str) -> None:
    """Clear a job that has ended from the page."""
    held = find(workspace, name)
    if held is not None and held.state != "running":
        shutil.rmtree(workspace.root / JOBS / name, ignore_errors=True)


def _state(folder: Path, facts: dict[str, Any], refused: bool) -> State:
    if (status := _status(folder)) is None:
        if _alive(facts):
            return "running"
        status = _status(folder)
    if status == 0:
        return "done"
    if (folder / "cancelled").exists():
        return "cancelled"
    return "refused" if refused else "failed"


def _status(folder: Path) -> int | None:
    try:
        return int((folder / "status").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _alive(facts: dict[str, Any]) -> bool:
    return facts.get("born") is not None and _born(int(facts["pid"])) == facts["born"]


def _born(pid: int) -> str | None:
    """When a process started, in the kernel's ticks: with it, a number that was given to another process is noticed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] == "Z" else fields[19]


def _documents(path: Path) -> list[dict[str, Any]]:
    """JSON objects at the end of a file, one a line, or the whole file as one."""
    text = _tail(path)
    found = []
    for line in text.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            found.append(document)
    if not found and text.strip():
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [document] if isinstance(document, dict) else []
    return found


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _progress(document: dict[str, Any]) -> Progress:
    eta = document.get("eta_seconds")
    return Progress(
        message=str(document.get("message", "")),
        fraction=min(max(float(document["fraction"]), 0.0), 1.0),
        seconds=float(document.get("seconds", 0.0)),
        eta_seconds=None if eta is None else float(eta),
    )


def _finding(entry: dict[str, Any]) -> Finding:
    return Finding(
        code=str(entry.get("code", "E_UNKNOWN")),
        message=str(entry.get("message", "")),
        remedy=str(entry.get("remedy", "")),
        table=entry.get("table"),
        column=entry.get("column"),
        rows=tuple(entry.get("rows") or ()),
    )
