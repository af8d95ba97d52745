"""``recsys evaluate``: evaluates recommenders on the workspace's tables and stores the document for the app.

The documents lie in the workspace under ``evaluations/``, one for each kind (``temporal.json``, ``random.json``,
``leave-one-out.json``, ``cold.json``); a new one takes the place of the old in one step. They belong to tables and not to a run:
``data`` names the tables' fingerprint.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from threadpoolctl import threadpool_limits

from recsys.errors import ArtefactError
from recsys.evaluation.slices import Masks
from recsys.models.cold_start import ColdStartConfig, compare_cold_start
from recsys.models.compare import CompareConfig, compare
from recsys.pipeline.ranking_metrics import persona_masks
from recsys.progress import ReportProgress, silent
from recsys.run_files import RunFiles
from recsys.segments.persona_files import load_personas
from recsys.tables.dataset import Dataset
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace, read_manifest, write_atomically

Document = dict[str, Any]


def evaluate_ranking(workspace: Workspace, config: CompareConfig, progress: ReportProgress = silent) -> Document:
    """Compare all recommenders on one split; with slices by persona where the run in use has personas of these users.

    Raises
    ------
    DataError  E_NO_TABLES; and as :func:`recsys.models.compare.compare`
    """
    dataset = load_dataset(workspace)
    groups = _personas(workspace, dataset)
    return _stored(workspace, dataset, config.split, lambda: compare(dataset, config, groups=groups, progress=progress))


def evaluate_cold_start(workspace: Workspace, config: ColdStartConfig, progress: ReportProgress = silent) -> Document:
    """Evaluate cold-start predictions on a fifth of the movies, held out with all their views.

    Raises
    ------
    DataError  E_NO_TABLES; and as :func:`recsys.models.cold_start.compare_cold_start`
    """
    dataset = load_dataset(workspace)
    return _stored(workspace, dataset, "cold", lambda: compare_cold_start(dataset, config, progress=progress))


def _stored(workspace: Workspace, dataset: Dataset, kind: str, make: Callable[[], Document]) -> Document:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    with threadpool_limits(1):  # sums must not depend on how many threads there are; TensorFlow minds its own
        document = make()
    document |= {"kind": kind, "data": dataset.fingerprint, "created": created}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(workspace.evaluation(kind), (text + "\n").encode())
    return document


def _personas(workspace: Workspace, dataset: Dataset) -> dict[str, Masks]:
    """Users by persona; nothing where nothing is trained, or was on other tables."""
    try:
        run = workspace.current_run()
        if read_manifest(run, verify=False).get("data") != dataset.fingerprint:
            return {}
        return {"persona": persona_masks(load_personas(RunFiles(run).personas))}
    except ArtefactError:
        return {}
