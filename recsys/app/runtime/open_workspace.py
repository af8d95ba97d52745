"""What is open: the workspace, its tables, its run, and the answers given so far. Loaded once, shared by all readers.

Caches are keyed by what is on disk (the run's name and the tables' stamp), never by frames; what they hold is read-only.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from recsys.app.runtime import demo_completion, disclosure
from recsys.app.runtime.background import BackgroundCache, Pending, session_id
from recsys.backtest.store import REPORT, load_report
from recsys.errors import ArtefactError, DataError, SystemRefusedError, coded_system_errors
from recsys.presentation.text.numbers import day
from recsys.projection.context import ProjectionContext, load_projection_context
from recsys.projection.draws import SimulatedDraws, simulate_draws
from recsys.projection.project import assemble
from recsys.projection.range_calibration import FILE as CALIBRATION
from recsys.projection.range_calibration import load_calibration
from recsys.projection.result import Projection
from recsys.scenario.hash import content_hash, demand_hash, question_hash
from recsys.scenario.scenario import Scenario
from recsys.scenario.store import ScenarioStore
from recsys.tables.dataset import Dataset
from recsys.tables.store.published_tables import TABLES_JSON, TablesInfo, load_dataset, load_fingerprint, load_info
from recsys.workspace import Workspace

ROOT = Path(__file__).parents[3]
"""Folder of ``streamlit_app.py``."""


def workspace() -> Workspace:
    """The workspace that this app was started on."""
    named = os.environ.get("RECSYS_WORKSPACE")
    return Workspace(Path(named) if named else ROOT / "data" / "workspace")


def has_tables() -> bool:
    """Whether tables have been taken in."""
    return workspace().exists()


def has_run() -> bool:
    """Whether a model has been trained on them."""
    try:
        with coded_system_errors():
            workspace().current_run()
    except (ArtefactError, SystemRefusedError):
        return False
    return True


def is_simulated() -> bool:
    """Whether the tables were made by a simulation; False where there are none."""
    info = _info_or_none()
    return info is not None and info.simulated


def origin() -> tuple[tuple[str, str], ...]:
    """(What, which) of the figures on the page: the workspace, the model's run, the data's fingerprint."""
    opened = workspace()
    info = _info_or_none()
    data = (("data", fingerprint()[:10]), ("taken in", _taken_in(opened))) if info else ()
    run = (("model", opened.current_run().name), ("past arrivals", _learnt(opened))) if has_run() and info else ()
    return (("workspace", opened.root.name), *run, *data)


def _learnt(opened: Workspace) -> str:
    """Whether figures of offers are corrected by past arrivals: when that comes about, all of them move."""
    return "learnt from" if load_calibration(opened.backtest, fingerprint()) else "not learnt from yet"


def fingerprint() -> str:
    """Fingerprint of tables and terms, without reading the tables.

    Raises
    ------
    DataError  E_NO_TABLES; and what the terms are refused for
    """
    opened = workspace()
    if not opened.exists():
        raise _no_tables()
    return load_fingerprint(opened)


def dataset_info() -> TablesInfo:
    """What the tables say of themselves.

    Raises
    ------
    DataError  E_NO_TABLES: nothing has been taken in
    """
    opened = workspace()
    if not opened.exists():
        raise _no_tables()
    return load_info(opened)


def export_folder() -> Path:
    """Where bundles of this workspace are published."""
    return demo_completion.export_folder(workspace())


def dataset() -> Dataset:
    """The validated tables.

    Raises
    ------
    DataError  as :func:`recsys.tables.store.published_tables.load_dataset`
    """
    opened = workspace()
    if not opened.exists():
        raise _no_tables()
    return _dataset(str(opened.root), stamp(opened))


def projection_context() -> ProjectionContext:
    """What every projection stands on.

    Raises
    ------
    DataError  E_NO_TABLES: nothing has been taken in
    ArtefactError  E_NO_RUN: nothing has been trained; and as :func:`recsys.projection.context.load_projection_context`
    """
    opened = workspace()
    if not opened.exists():
        raise _no_tables()
    return _loaded_context(str(opened.root), opened.current_run().name, stamp(opened))


def answer(scenario: Scenario) -> Projection | Pending:
    """The projection of a scenario, pending while its draws are simulated. Another name or another fee is answered at once.

    Raises
    ------
    ScenarioError  the scenario asks for what the workspace does not have; E_SMALL_SEGMENT: or would tell of too few users
    """
    opened = projection_context()
    disclosure.admit_scenario(workspace(), opened, scenario)
    key = demand_key(opened, scenario)

    def simulate() -> SimulatedDraws:
        return simulate_draws(opened, scenario, draws="all", progress=background().reporter(key))

    found = background().ask(key, simulate, session_id=session_id())
    if isinstance(found, Pending):
        return found
    projection = _assembled(f"{opened.fingerprint}/{question_hash(scenario)}", opened, scenario, found)
    return replace(projection, scenario_name=scenario.name, scenario_hash=content_hash(scenario))


def demand_key(opened: ProjectionContext, scenario: Scenario) -> str:
    """Under which the draws of a scenario are kept."""
    return f"{opened.fingerprint}/{demand_hash(scenario)}"


def backtest() -> dict[str, Any] | None:
    """What the time machine found on this workspace; None where it has not been run.

    Raises
    ------
    ArtefactError  the result is damaged
    """
    opened = workspace()
    return _backtest(str(opened.root), stamp(opened))


def scenarios() -> ScenarioStore:
    """Saved scenarios of the workspace."""
    return ScenarioStore(workspace().scenarios)


def stamp(opened: Workspace) -> str:
    """Changes whenever tables, terms or calibration on disk do."""
    seen = []
    for path in (opened.tables / TABLES_JSON, opened.economics, opened.backtest / REPORT, opened.backtest / CALIBRATION):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        seen.append(f"{path.name}:{status.st_mtime_ns}:{status.st_size}")
    return "|".join(seen)


@st.cache_resource
def background() -> BackgroundCache[SimulatedDraws]:
    """Simulated draws by :func:`demand_key`."""
    return BackgroundCache()


@st.cache_resource(max_entries=2, show_spinner="Reading the tables …")
def _dataset(root: str, stamp_of_tables: str) -> Dataset:  # noqa: ARG001  the stamp is part of the cache's key
    return load_dataset(Workspace(Path(root)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _backtest(root: str, stamp_of_tables: str) -> dict[str, Any] | None:  # noqa: ARG001  as above
    return load_report(Workspace(Path(root)))


@st.cache_resource(max_entries=2, show_spinner="Opening the model …")
def _loaded_context(root: str, run: str, stamp_of_tables: str) -> ProjectionContext:  # noqa: ARG001  as above
    return load_projection_context(Workspace(Path(root)))


@st.cache_resource(max_entries=256, show_spinner=False)
def _assembled(question: str, _context: ProjectionContext, _scenario: Scenario, _drawn: SimulatedDraws) -> Projection:  # noqa: ARG001  as above
    return assemble(_context, _scenario, _drawn)


def _info_or_none() -> TablesInfo | None:
    opened = workspace()
    if not opened.exists():
        return None
    try:
        with coded_system_errors():
            return load_info(opened)
    except (ArtefactError, DataError, SystemRefusedError):
        return None


def _taken_in(opened: Workspace) -> str:
    try:
        return day(datetime.fromtimestamp((opened.tables / TABLES_JSON).stat().st_mtime, tz=UTC))
    except FileNotFoundError:
        return "being replaced"


def _no_tables() -> DataError:
    return DataError.of("E_NO_TABLES", "this workspace holds no tables yet.", "Open the Data page and bring some in.")
