"""Trained runs of a workspace: when, on what, how good, and which one is in use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from recsys import foreign
from recsys.errors import ArtefactError
from recsys.evaluation.recommender_labels import ALL, TRAINED_ALONE
from recsys.presentation.text.numbers import day, span
from recsys.run_files import RunFiles
from recsys.workspace import Workspace, read_manifest

_MODELS = {ALL: "both models"} | {word: f"{each.label} only" for word, each in TRAINED_ALONE.items()}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run."""

    name: str
    created: str
    """ISO 8601"""
    models: str
    data: str
    seconds: float
    in_use: bool
    complete: bool
    """Whether it can answer scenarios."""
    metrics: Mapping[str, Any]


def listed(workspace: Workspace) -> tuple[Run, ...]:
    """Every readable run, the latest first."""
    try:
        current = workspace.current_run().name
    except ArtefactError:
        current = ""
    found = []
    for folder in workspace.runs.glob("[!.]*"):
        try:
            facts = read_manifest(folder, verify=False)
        except ArtefactError:
            continue
        model = str(facts.get("model", ALL))
        found.append(
            Run(
                name=folder.name,
                created=str(facts.get("created", "")),
                models=_MODELS.get(model, model),
                data=str(facts.get("data", ""))[:10],
                seconds=float(sum(dict(facts.get("stage_seconds", {})).values())),
                in_use=folder.name == current,
                complete=model == ALL,
                metrics=metrics_of(folder),
            )
        )
    return tuple(sorted(found, key=lambda run: (run.created, run.name), reverse=True))


def table(runs: tuple[Run, ...]) -> pd.DataFrame:
    """Runs as rows."""
    return pd.DataFrame(
        {
            "": ["in use" if run.in_use else "" for run in runs],
            "run": [run.name for run in runs],
            "trained": [day(datetime.fromisoformat(run.created)) if run.created else "" for run in runs],
            "models": [run.models for run in runs],
            "on data": [run.data for run in runs],
            "took": [span(run.seconds) for run in runs],
        }
    )


def metrics_of(folder: Path) -> Mapping[str, Any]:
    """What a run measured of itself; empty where it did not, or cannot be read."""
    try:
        document = foreign.json_file(RunFiles(folder).metrics)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
