"""The process that trains: ``python -m recsys.pipeline WORKSPACE --config JSON``.

Standard output carries one JSON object a line and nothing else: progress (:class:`recsys.progress.Progress`), and at
the end ``{"result": {…}}`` with exit status 0 or ``{"errors": […]}`` with status 2. Libraries' chatter goes to standard error.
To cancel, terminate the process: the old run stays in use, and the next start with the same settings goes on from there.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from recsys import foreign
from recsys.errors import DataError, RecsysError, coded_system_errors
from recsys.pipeline.config import TrainConfig
from recsys.pipeline.train import train
from recsys.progress import Progress
from recsys.scenario import audit_trail
from recsys.workspace import Workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m recsys.pipeline", description="Train a workspace, telling progress as JSON.")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--config", default="{}", help="settings as JSON; what is not named keeps its default")
    given = parser.parse_args(arguments)
    with lines_only() as out:
        return work(Workspace(given.workspace), given.config, out)


def work(workspace: Workspace, settings: str, out: TextIO) -> int:
    """Train and tell; returns the exit status.

    Parameters
    ----------
    settings : JSON, see :class:`recsys.pipeline.config.TrainConfig`
    out : where the lines go
    """
    try:
        with coded_system_errors():
            result = train(workspace, TrainConfig.from_json(_parsed(settings)), lambda line: emit(out, line))
    except RecsysError as error:
        write(out, error.as_json())
        return 2
    unwritten = audit_trail.note(workspace, "train", f"run {result.run}")
    document = result.as_json()
    write(out, {"result": {**document, "warnings": [*document["warnings"], *map(str, unwritten)]}})
    return 0


def _parsed(text: str) -> Any:
    try:
        return foreign.json_value(text)
    except ValueError as error:
        raise DataError.of("E_CONFIG", f"the settings are not JSON ({error}).", "Give a JSON object.") from error


def lines_only() -> TextIO:
    """The real standard output, for lines alone; what anybody else prints goes to standard error from here on."""
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(real, "w", encoding="utf-8", buffering=1)


def emit(out: TextIO, line: Progress) -> None:
    """One line of progress."""
    out.write(line.as_line() + "\n")


def write(out: TextIO, document: dict[str, Any]) -> None:
    """One document on a line of its own: the result, or why there is none."""
    out.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")
