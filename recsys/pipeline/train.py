"""Trains everything that pages and projections need, and publishes it as one run.

    tables → mf and two-tower, each on the earlier part and on everything → bootstrap members of mf → choice → personas → maps →
    metrics

Each stage leaves its result in ``runs/.draft-<run>/``, so that a training that was killed goes on where it stopped when it is
started again with the same tables and settings, and ends with the same bits. The old run stays in use until the new one is there.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from recsys import foreign
from recsys.embeddings.maps import load_map
from recsys.embeddings.store import load_table
from recsys.errors import ArtefactError, DataError
from recsys.evaluation.recommender_labels import ALL
from recsys.pipeline.checkpointed_stages import Stage, clear_stale, run_stages
from recsys.pipeline.config import TrainConfig
from recsys.pipeline.map_layouts import MAP_NAMES
from recsys.pipeline.publish import find_identical_run, publish, run_id, training_identity
from recsys.pipeline.stages import PUBLISHED_STAGES, plan
from recsys.pipeline.training_context import PreviousRun, TrainingContext
from recsys.progress import ReportProgress, silent
from recsys.run_files import FACTORISATION, RunFiles
from recsys.segments.persona_files import load_personas
from recsys.tables.dataset import Dataset
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace

MIN_USERS = 20
MIN_MOVIES = 10
MIN_EVENTS = 100

Plan = Callable[[TrainingContext], Sequence[Stage]]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainResult:
    """Result of a training."""

    run: str
    folder: Path
    reused: bool
    """The same tables and settings had been trained before; nothing was done."""
    in_use: bool
    """Whether this run answers scenarios now."""
    seconds: float
    stage_seconds: Mapping[str, float]
    """Of the stages that were run now; those of an interrupted attempt are not in it."""
    metrics: Mapping[str, Any]
    """``metrics.json`` of the run."""
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The document of ``recsys train --json``."""
        return {
            "schema": 1,
            "run": self.run,
            "in_use": self.in_use,
            "reused": self.reused,
            "seconds": round(self.seconds, 1),
            "stage_seconds": {name: round(seconds, 1) for name, seconds in self.stage_seconds.items()},
            "metrics": dict(self.metrics),
            "warnings": list(self.warnings),
        }


def train(
    workspace: Workspace, config: TrainConfig | None = None, report: ReportProgress = silent, *, stages: Plan = plan
) -> TrainResult:
    """Train on the workspace's tables and bring the result into use.

    Parameters
    ----------
    workspace : with tables
    config : settings
    report : told where the training stands
    stages : what is done; the real stages unless a test says otherwise

    Raises
    ------
    DataError  E_BUSY: another process is writing; E_NO_TABLES; E_TOO_SMALL: too little to train on; E_CONFIG: settings
    """
    config = config or TrainConfig()
    started = time.monotonic()
    with workspace.writing():
        dataset = load_dataset(workspace)
        _check_size(dataset)
        identity = training_identity(dataset, config)
        done: dict[str, float] = {}
        run = find_identical_run(workspace.runs, identity)
        reused = run is not None
        warnings: tuple[str, ...] = ()
        if run is None:
            previous, warnings = _previous_run(workspace)
            run = run_id(identity, previous.run if previous else None)
            files = RunFiles(workspace.runs / f".draft-{run}")
            clear_stale(workspace.runs, keep=files.folder)
            context = TrainingContext(dataset=dataset, config=config, files=files, previous=previous)
            _ = context.split  # a history that ends in next to nothing is refused before anything is learnt
            with threadpool_limits(1):  # sums must not depend on how many threads there are; TensorFlow minds its own
                done = run_stages(stages(context), files.folder, report)
            facts = {
                "data": dataset.fingerprint,
                "simulated": dataset.simulated,
                "model": config.model,
                "after": previous.run if previous else None,
                "stage_seconds": {name: round(seconds, 2) for name, seconds in done.items()},
            }
            parts = [part for part in PUBLISHED_STAGES if (files.folder / part).is_dir()]
            publish(workspace, files.folder, run, parts, identity=identity, facts=facts)
            shutil.rmtree(files.folder)
        in_use = config.model == ALL
        if in_use:
            workspace.use_run(run)
    folder = workspace.runs / run
    return TrainResult(
        run=run,
        folder=folder,
        reused=reused,
        in_use=in_use,
        seconds=time.monotonic() - started,
        stage_seconds=done,
        metrics=foreign.json_file(RunFiles(folder).metrics),
        warnings=warnings,
    )


def _check_size(dataset: Dataset) -> None:
    found = (dataset.n_users, dataset.n_movies, len(dataset.events))
    if any(count < least for count, least in zip(found, (MIN_USERS, MIN_MOVIES, MIN_EVENTS), strict=True)):
        raise DataError.of(
            "E_TOO_SMALL",
            f"{found[0]} users, {found[1]} movies and {found[2]} events are too few to train on.",
            f"Import at least {MIN_USERS} users, {MIN_MOVIES} movies and {MIN_EVENTS} events.",
            table="events",
        )


def _previous_run(workspace: Workspace) -> tuple[PreviousRun | None, tuple[str, ...]]:
    """The run in use, whose persona names and map orientation are carried over, and a warning where it cannot be read."""
    try:
        folder = workspace.current_run()
    except ArtefactError:
        return None, ()
    try:
        files = RunFiles(folder)
        previous = PreviousRun(
            run=folder.name,
            personas=load_personas(files.personas),
            users=load_table(files.recommender(FACTORISATION).user_vectors),
            maps={name: load_map(files.map(name)) for name in MAP_NAMES},
        )
    except ArtefactError as error:
        return None, (f"The last run could not be read, so personas and maps start afresh ({error.code}).",)
    return previous, ()
