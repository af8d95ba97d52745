"""Import in a child process with bounded memory: what the app does with an upload.

The child writes to standard output as every worker does: progress, one JSON document a line, then ``{"result": …}`` or
``{"errors": …}``. If it needs more memory than it may have, it ends, the parent says so with a code, and the workspace is as it
was.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from recsys.errors import DataError, RecsysError, coded_system_errors
from recsys.progress import Progress, ReportProgress, silent
from recsys.tables.limits import DEFAULT, GIB, Limits
from recsys.tables.report import ImportReport, finding_from_json
from recsys.workspace import Workspace

DEFAULT_MEMORY_BYTES = 4 * GIB
_DATABASE_SHARE = 0.4
_WATCH_SECONDS = 0.05
_ADDRESS_SLACK = 2 * GIB
_PROGRESS_SECONDS = 0.2
REFUSED, OUT_OF_MEMORY = 2, 3
"""Exit status of the child: it wrote its findings; it ran out of memory."""


def import_in_child(
    path: Path,
    workspace: Workspace,
    *,
    format: str | None = None,  # noqa: A002 – the word of the command line
    limits: Limits = DEFAULT,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
    progress: ReportProgress = silent,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """As :func:`recsys.tables.import_tables.import_path`, in a child that may hold ``memory_bytes`` of memory.

    The kernel bounds what the child may allocate, and the parent ends it when what it holds passes the bound.

    Parameters
    ----------
    progress : called in this process, from a thread
    cancelled : asked many times a second; once it says yes the child is ended

    Raises
    ------
    DataError  as ``import_path``; E_TOO_BIG: more memory would be needed; E_CANCELLED
    """
    order = {
        "path": str(path.absolute()),
        "workspace": str(workspace.root.absolute()),
        "format": format,
        "limits": asdict(limits) | {"memory_bytes": min(limits.memory_bytes, int(memory_bytes * _DATABASE_SHARE))},
        "memory_bytes": memory_bytes,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "recsys.tables.sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        close_fds=False,  # what is left open for children is the job's lock: a child that outlives this process holds it
        env=os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"},
    )
    answers: list[dict[str, Any]] = []
    listener = threading.Thread(target=_listen, args=(child, progress, answers), daemon=True)
    listener.start()
    try:
        ended_for = _watch(child, json.dumps(order), memory_bytes, cancelled)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        listener.join()
    return _answer(child.returncode, answers, ended_for, memory_bytes)


def _watch(child: "subprocess.Popen[str]", order: str, memory_bytes: int, cancelled: Callable[[], bool]) -> str | None:
    """Wait for the child, ending it where it must be; why it was ended, or None."""
    if child.stdin:
        try:
            child.stdin.write(order)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it died at once; its exit status tells why
    while child.poll() is None:
        if _resident_bytes(child.pid) > memory_bytes:
            child.kill()
            return "memory"
        if cancelled():
            child.kill()
            return "cancelled"
        time.sleep(_WATCH_SECONDS)
    if child.returncode == -signal.SIGTERM and cancelled():  # whoever stops this process's group stops the child as well
        return "cancelled"
    return None


def _answer(status: int, answers: list[dict[str, Any]], ended_for: str | None, memory_bytes: int) -> ImportReport:
    if ended_for == "cancelled":
        raise DataError.of("E_CANCELLED", "the import was stopped; nothing was changed.", "Start it again when you like.")
    if ended_for == "memory" or status in (OUT_OF_MEMORY, -signal.SIGKILL):  # the kernel kills who takes too much
        raise DataError.of(
            "E_TOO_BIG",
            f"the tables need more than {memory_bytes / GIB:.1f} GiB of memory; nothing was changed.",
            "Split them, or import on the command line with more memory.",
        )
    if status not in (0, REFUSED) or not answers:
        raise RuntimeError(f"the import ended with status {status} and {len(answers)} answers")
    if status == REFUSED:
        raise DataError([finding_from_json(finding) for finding in answers[-1]["errors"]])
    return ImportReport.from_json(answers[-1]["result"])


def _listen(child: "subprocess.Popen[str]", progress: ReportProgress, answers: list[dict[str, Any]]) -> None:
    for line in child.stdout or ():
        try:
            document = json.loads(line)
        except ValueError:
            continue  # cut off as the child was ended, or a library's: whoever stops reading here leaves the child waiting
        if not isinstance(document, dict):
            continue
        step = Progress.read(document)
        if step is None:
            answers.append(document)
        else:
            progress(step)


def _resident_bytes(pid: int) -> int:
    """Memory that a process holds; 0 where the system does not say (the kernel's bound then stands alone)."""
    try:
        status = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(status[1]) * resource.getpagesize() if len(status) > 1 else 0


def _bound_memory(memory_bytes: int) -> None:
    """Bound the data this process may allocate. Address space itself is not bounded: the database reserves more than it uses."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes + _ADDRESS_SLACK, memory_bytes + _ADDRESS_SLACK))


class _Writer:
    """Writes progress as lines, not more often than anybody can read, and the time since the start with it."""

    def __init__(self) -> None:
        self._start, self._last, self._message = time.monotonic(), -_PROGRESS_SECONDS, ""

    def __call__(self, step: Progress) -> None:
        seconds = time.monotonic() - self._start
        if step.message != self._message or step.fraction >= 1.0 or seconds - self._last > _PROGRESS_SECONDS:
            self._last, self._message = seconds, step.message
            _write(replace(step, seconds=round(seconds, 3)).as_line())


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Read an order from stdin, import, answer on stdout."""
    order: dict[str, Any] = json.load(sys.stdin)
    _bound_memory(order["memory_bytes"])
    try:
        from recsys.tables.import_tables import import_path  # noqa: PLC0415 – the parent never needs it, and the app starts faster

        with coded_system_errors():
            report = import_path(
                Path(order["path"]),
                Workspace(Path(order["workspace"])),
                format=order["format"],
                limits=Limits(**order["limits"]),
                progress=_Writer(),
            )
    except RecsysError as error:
        if isinstance(error.__cause__, MemoryError):
            return OUT_OF_MEMORY
        _write(json.dumps(error.as_json()))
        return REFUSED
    _write(json.dumps({"result": report.as_json()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
