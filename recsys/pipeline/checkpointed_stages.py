"""Runs checkpointed stages: a training that was killed resumes after its last finished stage, with the same result.

A stage works in ``.<name>.work`` inside that folder and may leave checkpoints there. When it has finished, its result is
flushed and the folder renamed to ``<name>``: that name is the mark of completion, and a later stage reads from there, whether the
stage ran a second ago or in a process that died.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys.pipeline.progress import Clock
from recsys.progress import ReportProgress
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
    make: Callable[[Path, ReportProgress], None]
    """Writes the result into the folder given, which may hold what an interrupted attempt left."""


def run_stages(stages: Sequence[Stage], stages_folder: Path, report: ReportProgress) -> dict[str, float]:
    """Run the stages that are not finished.

    Parameters
    ----------
    stages : in order; names differ
    stages_folder : folder of the finished stages
    report : told where the training stands

    Returns
    -------
    seconds of each stage that was run now
    """
    stages_folder.mkdir(parents=True, exist_ok=True)
    clock = Clock({stage.name: stage.weight for stage in stages}, report)
    seconds: dict[str, float] = {}
    for stage in stages:
        if (stages_folder / stage.name).is_dir():
            clock.skip(stage.name)
            continue
        started = time.monotonic()
        work = stages_folder / f".{stage.name}.work"
        work.mkdir(exist_ok=True)
        progress = clock.begin(stage.name, stage.message)
        stage.make(work, progress)
        publish_folder(work, stages_folder / stage.name)
        clock.end()
        seconds[stage.name] = time.monotonic() - started
    return seconds


def clear_stale(runs: Path, *, keep: Path) -> None:
    """Remove unfinished stages of other trainings. The caller holds the workspace for writing, so nobody works in them."""
    for left in [*runs.glob(".draft-*"), *runs.glob(".publish-*")]:
        if left != keep:
            shutil.rmtree(left)
