"""Makes the demo: simulates a service, imports its tables, trains on them."""

import json
import shutil
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from recsys import foreign
from recsys.errors import DataError
from recsys.pipeline.config import TrainConfig
from recsys.pipeline.train import TrainResult, train
from recsys.progress import Progress, ReportProgress, silent
from recsys.simulation.demo import ServiceConfig, write_service
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import SIMULATION_JSON
from recsys.workspace import Workspace

_SIMULATE, _IMPORT = 0.04, 0.06
"""Shares of the whole at which simulating and importing have ended, at the default size."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DemoResult:
    """Result of the demo: a workspace ready to open."""

    service: ServiceConfig
    training: TrainResult
    seconds: float
    simulated_seconds: float
    """Of simulating and importing; 0 where the tables were there already."""

    def as_json(self) -> dict[str, Any]:
        """The document of ``recsys demo --json``: that of ``train``, and the configuration of the service."""
        return {
            **self.training.as_json(),
            "seconds": round(self.seconds, 1),
            "simulated_seconds": round(self.simulated_seconds, 1),
            "world": asdict(self.service),
        }


def make_demo(
    workspace: Workspace, service: ServiceConfig | None = None, config: TrainConfig | None = None, report: ReportProgress = silent
) -> DemoResult:
    """Make a workspace of a simulated service, ready to open. Started again after a stop, it goes on from there.

    Parameters
    ----------
    workspace : empty, or holding a simulated service, which is replaced
    service : parameters of the service
    config : settings of the training
    report : told where it stands

    Raises
    ------
    DataError  E_EXISTS: the workspace holds tables that are not simulated; and what import and training raise
    """
    service, config = service or ServiceConfig(), config or TrainConfig()
    clock = _Span(report)
    holds = _service_of(workspace)
    if workspace.exists() and holds is None:
        raise DataError.of(
            "E_EXISTS", f"the workspace {workspace.root} holds tables that are not simulated.", "Name another with --workspace."
        )
    simulated = 0.0
    if holds != json.loads(json.dumps(asdict(service))):
        _take_in(workspace, service, clock)
        simulated = clock.seconds
    training = train(workspace, config, lambda line: clock.report(line, _IMPORT, 1.0))
    return DemoResult(service=service, training=training, seconds=clock.seconds, simulated_seconds=simulated)


def _take_in(workspace: Workspace, service: ServiceConfig, clock: "_Span") -> None:
    folder = workspace.root / ".world"
    workspace.root.mkdir(parents=True, exist_ok=True)
    try:
        write_service(service, folder, clock.part("simulate", "Simulating a service", 0.0, _SIMULATE))
        import_path(
            folder,
            workspace,
            progress=clock.part("import", "Taking in its tables", _SIMULATE, _IMPORT),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _service_of(workspace: Workspace) -> Any:
    """Configuration of the simulated service whose tables the workspace holds; None where there is none."""
    try:
        return foreign.json_file(workspace.tables / SIMULATION_JSON)["config"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


class _Span:
    """One progress over several parts that tell their own."""

    def __init__(self, report: ReportProgress) -> None:
        self._report, self._start, self._fraction = report, time.monotonic(), 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def part(self, stage: str, message: str, low: float, high: float) -> ReportProgress:
        """Reports a part that has no clock of its own."""

        def report(step: Progress) -> None:
            done = round(100 * step.fraction)
            self.report(replace(step, stage=stage, message=message, done=done, total=100), low, high)

        return report

    def report(self, line: Progress, low: float, high: float) -> None:
        """A line of a part that runs from one share of the whole to another."""
        self._fraction = fraction = max(self._fraction, low + (high - low) * line.fraction)
        seconds = self.seconds
        left = line.eta_seconds
        if left is None and fraction > 0.02:
            left = round(seconds / fraction * (1 - fraction), 1)
        self._report(replace(line, fraction=fraction, seconds=round(seconds, 3), eta_seconds=left))
