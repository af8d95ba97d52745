"""The rest of the demo, made while the app is open: ``python -m recsys.pipeline.demo_completion WORKSPACE --to FOLDER --key
FILE``.

A signed bundle first, which the phone preview waits for, then the time machine. It says where it stands as the training worker
does, gives way to whoever looks at pages, and goes on where it was when it is started again.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from recsys.backtest.store import REPORT
from recsys.errors import Finding, RecsysError, coded_system_errors
from recsys.export import bundle, signature
from recsys.pipeline.backtest import backtest
from recsys.pipeline.worker import emit, lines_only, write
from recsys.progress import Progress, ReportProgress
from recsys.scenario import audit_trail
from recsys.workspace import Workspace

_BUNDLE = 0.2
"""Share of the whole at which the bundle is there, at the demo's size."""
_NICENESS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m recsys.pipeline.demo_completion", description="Complete the demo, telling progress."
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--to", type=Path, required=True, help="folder of the bundle's channel")
    parser.add_argument("--key", type=Path, required=True, help="to sign with; made where it is not there")
    given = parser.parse_args(arguments)
    os.nice(_NICENESS)
    with lines_only() as out:
        return work(Workspace(given.workspace), given.to, given.key, out)


def work(workspace: Workspace, to: Path, key: Path, out: TextIO) -> int:
    """Make what is missing and tell; returns the exit status.

    Parameters
    ----------
    out : where the lines go
    """
    started = time.monotonic()

    def told(low: float, high: float) -> ReportProgress:
        return lambda line: emit(out, _placed(line, low, high, time.monotonic() - started))

    try:
        with coded_system_errors():
            version, unwritten = _bundle(workspace, to, key, told(0.0, _BUNDLE))
            before = _backtested(workspace)
            backtest(workspace, report=told(_BUNDLE, 1.0))
            if _backtested(workspace) != before:
                unwritten += audit_trail.note(workspace, "backtest", "figures of offers are calibrated by it")
    except RecsysError as error:
        write(out, error.as_json())
        return 2
    write(out, {"result": {"version": version, "warnings": [*map(str, unwritten)]}})
    return 0


def _backtested(workspace: Workspace) -> int | None:
    """When the time machine's report was written; None where there is none."""
    report = workspace.backtest / REPORT
    return report.stat().st_mtime_ns if report.exists() else None


def _bundle(workspace: Workspace, to: Path, key: Path, report: ReportProgress) -> tuple[str, tuple[Finding, ...]]:
    """Version of the signed bundle in force, the one that is there where it was made from the run in use; and what is amiss."""
    held = bundle.status(to)
    if held is not None and held.run == workspace.current_run().name:
        return held.version, ()
    if not key.exists():
        signature.make_key(key)

    made = bundle.export_bundle(
        workspace, to, keys=[signature.load_private(key)], progress=lambda step: report(replace(step, stage="export"))
    ).version
    return made, audit_trail.note(workspace, "export", f"version {made}")


def _placed(line: Progress, low: float, high: float, seconds: float) -> Progress:
    """A part's line as one of the whole's; the time left is told once enough of it has passed."""
    fraction = low + (high - low) * line.fraction
    left = None if fraction < 0.05 else round(seconds / fraction * (1 - fraction), 1)
    return replace(line, fraction=fraction, seconds=round(seconds, 3), eta_seconds=left)


if __name__ == "__main__":
    sys.exit(main())
