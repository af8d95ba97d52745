"""A finished backtest on disk: ``backtest/`` of a workspace, published whole.

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
from recsys.backtest.serialization import Origin
from recsys.errors import ArtefactError
from recsys.projection.range_calibration import FILE, Calibration
from recsys.workspace import MANIFEST, Workspace, bytes_or_none, read_manifest, replace_folder, write_manifest

REPORT, ORIGINS = "report.json", "origins.json"


def publish(
    workspace: Workspace,
    report: Mapping[str, Any],
    origins: Sequence[Origin],
    calibration: Calibration | None,
    identity: Mapping[str, Any],
) -> None:
    """Replace the workspace's backtest; the caller holds the workspace for writing."""
    draft = workspace.root / f".backtest-publish-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _write(draft / REPORT, report)
    _write(draft / ORIGINS, [origin.as_json() for origin in origins])
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


def equal(workspace: Workspace, identity: Mapping[str, Any], judged: int) -> dict[str, Any] | None:
    """The report of a backtest of the same tables and settings that is whole; None where there is none."""
    return load_report(workspace) if _identity(workspace) == {**identity, "judged": judged} else None


def equal_origins(workspace: Workspace, identity: Mapping[str, Any]) -> tuple[Origin, ...] | None:
    """The origins of a backtest of the same tables and settings, whatever was worked out from them; None where there is none."""
    found = _identity(workspace)
    if found is None or {name: value for name, value in found.items() if name != "judged"} != dict(identity):
        return None
    listed = foreign.json_file(workspace.backtest / ORIGINS)
    return tuple(Origin.from_json(each) for each in listed)


def _identity(workspace: Workspace) -> dict[str, Any] | None:
    """What decided the backtest that is there; None where there is none, or a damaged one: that is run again."""
    try:
        found = read_manifest(workspace.backtest).get("identity")
    except ArtefactError:
        return None
    return found if isinstance(found, dict) else None


def _write(path: Any, document: Any) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
