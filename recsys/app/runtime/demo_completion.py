"""The rest of the demo: a signed bundle and the time machine, made in the background while the app is open already."""

import importlib.util
import os
import time
from pathlib import Path

from recsys.app.runtime import jobs
from recsys.backtest.store import REPORT
from recsys.errors import ArtefactError, DataError, SystemRefusedError
from recsys.export import bundle
from recsys.tables.store.published_tables import load_info
from recsys.workspace import Workspace

JOB = "demo"
VARIABLE = "RECSYS_FINISH_DEMO"
"""Set by ``recsys app``: the server that it starts makes what is missing."""
_ATTEMPTS = 200
_PAUSE_SECONDS = 0.05
ROOT = Path(__file__).parents[3]


def start(workspace: Workspace) -> bool:
    """Start making what the demo lacks; gives whether anything is made.

    Only where the service is simulated, a model is trained, TensorFlow is there to learn with, nobody cancelled it before, and no
    training or import that outlived an earlier app is at work.
    """
    try:
        missing = _missing(workspace)
        if missing:
            folder, root = export_folder(workspace).resolve(), workspace.root.resolve()
            command = ["-m", "recsys.pipeline.demo_completion", str(root), "--to", str(folder), "--key", str(key_path())]
            jobs.start(workspace, JOB, command)
    except (ArtefactError, DataError, SystemRefusedError):
        return False  # whatever it is, the pages say it
    return missing


def stop(workspace: Workspace) -> None:
    """Stop making it, for whoever imports or trains now: it holds the workspace for minutes. What is finished of it is kept.

    Raises
    ------
    DataError  E_BUSY: it does not stop
    """
    for _ in range(_ATTEMPTS):
        if not jobs.running(workspace, JOB):
            return
        jobs.cancel(workspace, JOB)
        time.sleep(_PAUSE_SECONDS)
    raise DataError.of("E_BUSY", "the rest of the demo is still being made.", "Cancel it on the Today page, and try again.")


def export_folder(workspace: Workspace) -> Path:
    """Where bundles of a workspace are published."""
    named = os.environ.get("RECSYS_EXPORTS")
    return (Path(named) if named else ROOT / "exports") / workspace.root.resolve().name


def key_path() -> Path:
    """The key that demos are signed with, of this user alone."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "greenlight" / "demo.key"


def signing_options(workspace: Workspace) -> list[str]:
    """Options of ``recsys export`` that sign a demo as it was signed before; none for a real service."""
    own = workspace.exists() and load_info(workspace).simulated and key_path().exists()
    return ["--key", str(key_path())] if own and not os.environ.get("RECSYS_EXPORT_KEY") else []


def _missing(workspace: Workspace) -> bool:
    if not workspace.exists() or not load_info(workspace).simulated or importlib.util.find_spec("tensorflow") is None:
        return False
    workspace.current_run()
    held = jobs.find(workspace, JOB)
    if held is not None and held.state in ("running", "cancelled"):
        return False
    return bundle.status(export_folder(workspace)) is None or not (workspace.backtest / REPORT).exists()
