"""Storage of a finished backtest: ``backtest/`` of a workspace, published whole.

``report.json`` is the document of the command line, ``origins.json`` what it was made from, ``calibration.json`` what projections
use (absent where past arrivals were too few), ``manifest.json`` holds the checksums.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys import foreign
from recsys.backtest.serialization import CutoffResult
from recsys.errors import ArtefactError
from recsys.projection.range_calibration import FILE, Calibration
from recsys.workspace import MANIFEST, Workspace, bytes_or_none, read_manifest, replace_folder, write_manifest

REPORT, ORIGINS = "report.json", "origins.json"


def publish(
    workspace: Workspace,
    report: Mapping[str, Any],
    cutoffs: Sequence[CutoffResult],
    calibration: Calibration | None,
    identity: Mapping[str, Any],
) -> None:
    """Replace the workspace's backtest; the caller holds the workspace for writing."""
    draft = workspace.root / f".backtest-publish-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _write(draft / REPORT, report)
    _write(draft / ORIGINS, [cutoff.as_json() for cutoff in cutoffs])
    if calibration is not None:
        _write(draft / FILE, calibration.as_json())
    created = datetime.now(UTC).isoformat(timespec="seconds")
    write_manifest(draft, {"kind": "backtest", "created": created, "identity": dict(identity)})
    replace_folder(draft, workspace.backtest)


def load_report(workspace: Workspace) -> dict[str, Any] | None:
    """The report of the workspace's backtest; None where none has been run.

    Raises
    ------
    ArtefactError  E_MANIFEST, E_HASH: damaged; E_FORMAT: not a report
    DataError  E_BUSY
    """
    folder = workspace.backtest
    return workspace.read_folder(folder, lambda: bytes_or_none(folder / MANIFEST), lambda _: _report(folder))


def _report(folder: Path) -> dict[str, Any]:
    read_manifest(folder)
    try:
        document: dict[str, Any] = foreign.json_file(folder / REPORT)
    except (FileNotFoundError, ValueError) as error:
        raise ArtefactError.of("E_FORMAT", f"the backtest cannot be read ({error}).", "Run `recsys backtest` again.") from error
    return document


def load_equal_report(workspace: Workspace, identity: Mapping[str, Any], scoring_schema: int) -> dict[str, Any] | None:
    """The report of a backtest of the same tables and settings that is whole; None where there is none."""
    return load_report(workspace) if _identity(workspace) == {**identity, "judged": scoring_schema} else None


def load_equal_cutoffs(workspace: Workspace, identity: Mapping[str, Any]) -> tuple[CutoffResult, ...] | None:
    """The cutoffs of a backtest of the same tables and settings, whatever was worked out from them; None where there is none."""
    found = _identity(workspace)
    if found is None or {name: value for name, value in found.items() if name != "judged"} != dict(identity):
        return None
    listed = foreign.json_file(workspace.backtest / ORIGINS)
    return tuple(CutoffResult.from_json(each) for each in listed)


def _identity(workspace: Workspace) -> dict[str, Any] | None:
    """What decided the backtest that is there; None where there is none, or a damaged one: that is run again."""
    try:
        found = read_manifest(workspace.backtest).get("identity")
    except ArtefactError:
        return None
    return found if isinstance(found, dict) else None


def _write(path: Any, document: Any) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
