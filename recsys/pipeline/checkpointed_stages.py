"""Runs stages so that a killed training goes on where it stopped, with the same result.

A stage works in ``.<name>.work`` inside the draft folder and may leave checkpoints there. When it has finished, what it made is
flushed and the folder renamed to ``<name>``: that name is the mark of completion, and a later stage reads from there, whether the
stage ran a second ago or in a process that died.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys.pipeline.progress import Clock, Report, Steps
from recsys.workspace import publish_folder


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of a training."""

    name: str
    """Folder of its result."""
    message: str
    """What it does, in words."""
    weight: float
    """Expected seconds; only proportions matter."""
    make: Callable[[Path, Steps], None]
    """Writes the result into the folder given, which may hold what an interrupted attempt left."""


def run_stages(stages: Sequence[Stage], draft: Path, report: Report) -> dict[str, float]:
    """Run what is not done yet.

    Parameters
    ----------
    stages : in order; names differ
    draft : folder of the results
    report : told where the training stands

    Returns
    -------
    seconds of each stage that was run now
    """
    draft.mkdir(parents=True, exist_ok=True)
    clock = Clock({stage.name: stage.weight for stage in stages}, report)
    seconds: dict[str, float] = {}
    for stage in stages:
        if (draft / stage.name).is_dir():
            clock.skip(stage.name)
            continue
        started = time.monotonic()
        work = draft / f".{stage.name}.work"
        work.mkdir(exist_ok=True)
        steps = clock.begin(stage.name, stage.message)
        stage.make(work, steps)
        publish_folder(work, draft / stage.name)
        clock.end()
        seconds[stage.name] = time.monotonic() - started
    return seconds


def clear_stale(runs: Path, *, keep: Path) -> None:
    """Remove drafts of other trainings. The caller holds the workspace for writing, so nobody works in them."""
    for left in [*runs.glob(".draft-*"), *runs.glob(".publish-*")]:
        if left != keep:
            shutil.rmtree(left)
