"""The process behind an upload: ``python -m recsys.app.runtime.import_worker WORKSPACE PATH [--format F]``.

Imports in a child with bounded memory and says on standard output, one JSON document a line, how far it is and what came of it,
as the training worker does. Exit status 0 or 2. A request to terminate ends the child too, and nothing is changed.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recsys.errors import RecsysError, coded_system_errors
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
    started = time.monotonic()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())

    def progress(step: str, share: float) -> None:
        _say({"message": step, "fraction": share, "seconds": time.monotonic() - started, "eta_seconds": None})

    try:
        with coded_system_errors():
            report = import_in_child(
                given.path, Workspace(given.workspace), format=given.format, progress=progress, cancelled=stopped.is_set
            )
    except RecsysError as error:
        _say(error.as_json())
        return 2
    unlike = support_findings_of(Workspace(given.workspace)) if "offers" in report.imported else ()
    unwritten = audit_trail.note(Workspace(given.workspace), "import", f"{given.path.name}: {', '.join(report.imported)}")
    document = report.as_json()
    _say({"result": {**document, "warnings": [*document["warnings"], *(finding.as_json() for finding in (*unlike, *unwritten))]}})
    return 0


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
