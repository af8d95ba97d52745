"""The process behind an upload: ``python -m recsys.app.runtime.import_worker WORKSPACE PATH [--format F]``.

Imports in a child with bounded memory, and passes its progress and its answer on to standard output, one JSON document a line,
as the training worker does. Exit status 0 or 2. A request to terminate ends the child too, and nothing is changed.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from recsys.errors import RecsysError, coded_system_errors
from recsys.progress import Progress
from recsys.projection.data_support import support_findings_of
from recsys.scenario import audit_trail
from recsys.tables.sandbox import import_in_child
from recsys.workspace import Workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Import; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m recsys.app.runtime.import_worker")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("path", type=Path)
    parser.add_argument("--format")
    given = parser.parse_args(arguments)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())

    try:
        with coded_system_errors():
            report = import_in_child(
                given.path, Workspace(given.workspace), format=given.format, progress=_pass_on, cancelled=stopped.is_set
            )
    except RecsysError as error:
        _write(json.dumps(error.as_json()))
        return 2
    unlike = support_findings_of(Workspace(given.workspace)) if "offers" in report.imported else ()
    unwritten = audit_trail.note(Workspace(given.workspace), "import", f"{given.path.name}: {', '.join(report.imported)}")
    document = report.as_json()
    warnings = [*document["warnings"], *(finding.as_json() for finding in (*unlike, *unwritten))]
    _write(json.dumps({"result": {**document, "warnings": warnings}}))  # ASCII: a name of a file need not be text
    return 0


def _pass_on(step: Progress) -> None:
    _write(step.as_line())


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
