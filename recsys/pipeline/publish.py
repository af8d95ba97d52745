"""Publishes the finished stages of a training as an immutable run: its id, its content, its manifest."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys import __version__, foreign
from recsys.errors import ArtefactError
from recsys.pipeline.config import FORMAT, TrainConfig
from recsys.run_files import CONFIG_FILE, METRICS, METRICS_FILE, RunFiles
from recsys.tables.dataset import Dataset
from recsys.workspace import Workspace, publish_folder, read_manifest, write_manifest


def training_identity(dataset: Dataset, config: TrainConfig) -> dict[str, Any]:
    """Everything that decides a run, except the run before it, whose persona names and map orientation it carries over."""
    return {"format": FORMAT, "program": __version__, "data": dataset.fingerprint, "config": config.as_json()}


def run_id(identity: Mapping[str, Any], previous: str | None) -> str:
    """Twelve hexadecimal digits: the same tables, settings and forerunner give the same run; no date is in it."""
    text = json.dumps({**identity, "last": previous}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def find_identical_run(runs: Path, identity: Mapping[str, Any]) -> str | None:
    """A published run of the same tables and settings that is whole; its id, None where there is none."""
    for path in sorted(runs.glob(f"[!.]*/{CONFIG_FILE}")):
        try:
            if foreign.json_file(path)["identity"] == identity and read_manifest(path.parent):
                return path.parent.name
        except (OSError, ValueError, KeyError, TypeError, ArtefactError):
            continue  # a damaged run is no reason not to train again
    return None


def publish(
    workspace: Workspace,
    stages_folder: Path,
    run: str,
    parts: Sequence[str],
    *,
    identity: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Path:
    """Make a run folder of finished stages and rename it into place.

    Parameters
    ----------
    stages_folder : folder of the finished stages
    parts : stages whose results are published; of the stage ``metrics`` only its file, beside the folders
    identity : :func:`training_identity`
    facts : for the manifest, beside its own; may differ between equal runs (time taken)

    Returns
    -------
    the run's folder
    """
    whole = workspace.runs / f".publish-{run}"
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir(parents=True)
    for part in parts:
        if part == METRICS:
            _link(stages_folder / part / METRICS_FILE, RunFiles(whole).metrics)
        else:
            shutil.copytree(stages_folder / part, whole / part, copy_function=_link)
    text = json.dumps({"identity": identity}, indent=1, sort_keys=True, ensure_ascii=False)
    RunFiles(whole).config.write_text(text + "\n", encoding="utf-8")
    write_manifest(whole, {"kind": "run", "run": run, "created": datetime.now(UTC).isoformat(timespec="seconds"), **facts})
    final = workspace.runs / run
    if final.exists():  # of an attempt whose files were damaged afterwards
        shutil.rmtree(final)
    publish_folder(whole, final)
    return final


def _link(source: str | Path, target: str | Path) -> None:
    """A second name for a file that will not change any more; a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
