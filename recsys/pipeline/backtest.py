"""Backtest: trains on the tables as they stood at several past cutoffs, projects from each, and compares with what happened.

Every origin is published by itself, so that a killed run loses at most the one that it was at; the training inside an origin goes
on from its last finished stage too.
"""

import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from recsys import __version__, foreign
from recsys.backtest import store
from recsys.backtest.arrivals import Arrivals, arrivals
from recsys.backtest.conformal import FEWEST_ARRIVALS
from recsys.backtest.cutoff import CutoffInputs, evaluate_cutoff, past_context
from recsys.backtest.report import document
from recsys.backtest.scoring import learn_calibration, score_cutoffs
from recsys.backtest.serialization import CutoffResult
from recsys.choice.model.parameters import ChoiceModel
from recsys.choice.model.store import load as load_choice
from recsys.embeddings.tower import MovieTower
from recsys.errors import ArtefactError, DataError
from recsys.ids import IntArray
from recsys.pipeline.checkpointed_stages import run_stages
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.pipeline.progress import Clock
from recsys.pipeline.stages import backtest_plan
from recsys.pipeline.training_context import TrainingContext
from recsys.progress import Progress, ReportProgress, silent
from recsys.projection.range_calibration import Calibration, MeasuredCoverage
from recsys.run_files import TWO_TOWER, RunFiles
from recsys.tables.arrivals import ASSUMED_ARRIVALS
from recsys.tables.as_of import dataset_as_of
from recsys.tables.dataset import Dataset
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace, write_atomically

FORMAT = 6
"""Of an origin's result; a change of what is made is a new number, so that no old one is taken up."""
SCORING_FORMAT = 3
"""Of what is worked out from the origins; a new number works it out again without projecting again."""
CUTOFF_TRAINING = with_settings(
    TrainConfig(), members=3, member_iterations=2, draws=16, factorisation__iterations=8, two_tower__epochs=6
)
"""Settings of the training at each origin: fewer members, draws and rounds than a run that comes into use."""

Trained = tuple[ChoiceModel, MovieTower]
Trainer = Callable[[Dataset, TrainConfig, Path, ReportProgress], Trained]

_MOST_PAIRS = 500


@dataclass(frozen=True, kw_only=True)
class BacktestConfig:
    """Settings of a backtest. The same tables and settings give the same figures."""

    origins: int = 6
    """Moments at which the tables are frozen, evenly over the time that is left to look at."""
    days: tuple[int, ...] = (28, 90)
    """How long each arrival is followed, in days, ascending."""
    first_share: float = 0.3
    """Share of the events before the first origin."""
    most_arrivals: int = 400
    """Arrivals looked at from one origin at most; evenly chosen in time beyond that."""
    training: TrainConfig = field(default_factory=lambda: CUTOFF_TRAINING)

    def __post_init__(self) -> None:
        wrong = []
        if not 1 <= self.origins <= 100:
            wrong.append(f"origins = {self.origins} (1 to 100)")
        if not self.days or min(self.days) < 1 or max(self.days) > 730 or list(self.days) != sorted(set(self.days)):
            wrong.append(f"days = {list(self.days)} (1 to 730, ascending)")
        if not 0 < self.first_share < 1:
            wrong.append(f"first_share = {self.first_share} (between 0 and 1)")
        if (pairs := self.origins * len(self.days)) > _MOST_PAIRS:
            text = f"{self.origins} origins times {len(self.days)} spans are {pairs:,} combinations; at most {_MOST_PAIRS}."
            raise DataError.of("E_GRID", text, "Give fewer origins, or fewer spans of days.")
        if wrong:
            raise DataError.of("E_CONFIG", f"a backtest cannot use {', '.join(wrong)}.", "Change these settings.")


def backtest(
    workspace: Workspace,
    config: BacktestConfig | None = None,
    report: ReportProgress = silent,
    *,
    train: Trainer | None = None,
) -> dict[str, Any]:
    """Run the time machine on a workspace's tables and publish what it found.

    Parameters
    ----------
    report : told where it stands
    train : makes the models of an origin; the real training unless a test says otherwise

    Returns
    -------
    The document of ``recsys backtest --json``

    Raises
    ------
    DataError  E_NO_TABLES; E_BUSY; E_CONFIG; E_NO_ARRIVALS: no movie arrived late enough to be followed; E_TOO_SMALL
    """
    config = config or BacktestConfig()
    train = train or _train
    with workspace.writing():
        dataset = load_dataset(workspace)
        identity = {
            "format": FORMAT,
            "program": __version__,
            "data": dataset.fingerprint,
            "config": json.loads(json.dumps(asdict(config))),
        }
        if (done := store.load_equal_report(workspace, identity, SCORING_FORMAT)) is not None:
            return done
        if (kept := store.load_equal_cutoffs(workspace, identity)) is not None:
            return _published(workspace, dataset, config, kept, identity)
        plan = _plan(dataset, config)
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
        stages_folder = workspace.root / f".backtest-{digest}"
        for left in workspace.root.glob(".backtest-*"):
            if left != stages_folder:
                shutil.rmtree(left)
        found = _origins(dataset, config, plan, stages_folder, report, train)
        made = _published(workspace, dataset, config, found, identity)
        shutil.rmtree(stages_folder)
    return made


def _published(
    workspace: Workspace, dataset: Dataset, config: BacktestConfig, found: Sequence[CutoffResult], identity: dict[str, Any]
) -> dict[str, Any]:
    made, calibration = _document(dataset, config, found)
    store.publish(workspace, made, found, calibration, {**identity, "judged": SCORING_FORMAT})
    return made


@dataclass(frozen=True, eq=False, kw_only=True)
class _Plan:
    arrivals: Arrivals
    moments: tuple[pd.Timestamp, ...]
    positions: tuple[IntArray, ...]


def _plan(dataset: Dataset, config: BacktestConfig) -> _Plan:
    """Origins, and the arrivals that each looks at: those until the next one whose first days the data hold."""
    if dataset.events.empty:
        raise DataError.of("E_TOO_SMALL", "there are no events.", "Import events.", table="events")
    times = dataset.events["timestamp"]
    found = arrivals(dataset, config.days)
    start = times.iloc[int(len(times) * config.first_share)].ceil("D")
    stop = (times.iloc[-1] - pd.Timedelta(days=config.days[0])).floor("D")
    nothing = DataError.of(
        "E_NO_ARRIVALS",
        f"no movie arrived between the first {config.first_share:.0%} of the events and {config.days[0]} days before the last.",
        "Import a longer history, or give available_from in the movies table.",
        table="movies",
        column="available_from",
    )
    if stop <= start:
        raise nothing
    edges = pd.date_range(start, stop, periods=config.origins + 1).floor("D")
    moments, positions = [], []
    for begin, end in itertools.pairwise(edges):
        inside = found.between(begin, end)
        inside = inside[np.isfinite(found.views[config.days[0]][inside])]
        if len(inside) > config.most_arrivals:
            inside = inside[np.linspace(0, len(inside) - 1, config.most_arrivals).astype(np.int64)]
        if len(inside):
            moments.append(begin)
            positions.append(inside)
    if not moments:
        raise nothing
    return _Plan(arrivals=found, moments=tuple(moments), positions=tuple(positions))


def _origins(  # noqa: PLR0917
    dataset: Dataset, config: BacktestConfig, plan: _Plan, stages_folder: Path, report: ReportProgress, train: Trainer
) -> list[CutoffResult]:
    clock = Clock({moment.date().isoformat(): 1.0 for moment in plan.moments}, report)
    found: list[CutoffResult] = []
    for number, (at, positions) in enumerate(zip(plan.moments, plan.positions, strict=True), 1):
        name = at.date().isoformat()
        path = stages_folder / f"{name}.json"
        if (kept := _load_result(path)) is not None:
            clock.skip(name)
            found.append(kept)
            continue
        started = time.monotonic()
        place = f"{name} ({number} of {len(plan.moments)})"
        progress = clock.begin(name, f"Learning from before {place}")
        moment = CutoffInputs(
            at=at,
            dataset=dataset,
            arrivals=plan.arrivals,
            positions=positions,
            days=tuple(days for days in config.days if np.isfinite(plan.arrivals.views[days][positions]).any()),
            seed=config.training.seed,
        )
        past = dataset_as_of(dataset, at, offers=np.sort(plan.arrivals.row[positions]))
        choice, tower = train(past, config.training, stages_folder / f"{name}-training", _part(progress, 0.0, 0.5))
        looked = evaluate_cutoff(moment, past_context(past, choice, tower), tower, _part(progress, 0.5, 1.0))
        looked = replace(looked, seconds=round(time.monotonic() - started, 1))
        write_atomically(path, (json.dumps(looked.as_json(), allow_nan=False) + "\n").encode())
        shutil.rmtree(stages_folder / f"{name}-training", ignore_errors=True)
        clock.end()
        found.append(looked)
    return found


def _train(past: Dataset, config: TrainConfig, folder: Path, report: ReportProgress) -> Trained:
    context = TrainingContext(dataset=past, config=config, files=RunFiles(folder), previous=None)
    with threadpool_limits(1):  # as in a training: sums must not depend on how many threads there are
        run_stages(backtest_plan(context), folder, report)
    return load_choice(context.files.choice), MovieTower.load(context.files.recommender(TWO_TOWER).folder)


def _load_result(path: Path) -> CutoffResult | None:
    """What an earlier attempt has left of an origin."""
    try:
        return CutoffResult.from_json(foreign.json_file(path))
    except (OSError, ValueError, ArtefactError):
        return None


def _document(
    dataset: Dataset, config: BacktestConfig, found: Sequence[CutoffResult]
) -> tuple[dict[str, Any], Calibration | None]:
    facts: dict[str, Any] = {
        "data": dataset.fingerprint,
        "simulated": dataset.simulated,
        "currency": dataset.economics.currency,
        "settings": json.loads(json.dumps(asdict(config))),
        "notes": list(_notes(dataset, config)),
        "calibration": None,
    }
    made = document(score_cutoffs(found, dataset, config.days[0]), days=config.days, seed=config.training.seed, facts=facts)
    first = made["totals"].get(str(config.days[0]), {}).get("views", {"coverage": []})
    held = [
        MeasuredCoverage(promised=each["promised"], measured=each["measured"], arrivals=each["arrivals"])
        for each in first["coverage"]
        if each["ranges"] == "calibrated"
    ]
    end = dataset.events["timestamp"].iloc[-1] + pd.Timedelta(days=1)
    calibration = learn_calibration(found, dataset, config.days[0], at=end, held=held)
    if calibration is not None:
        made["calibration"] = {
            name: getattr(calibration, name)
            for name in ("shift_nats", "factor_above", "factor_below", "arrivals", "origins", "days")
        }
    return made, calibration


def _notes(dataset: Dataset, config: BacktestConfig) -> Sequence[str]:
    said = [
        f"Models of an origin are trained with fewer members ({config.training.members}), draws ({config.training.draws}) and "
        "rounds than a run in use.",
        "An arrival is projected by itself in the catalogue of the day, from its attributes alone; views by users who joined "
        "later count as actual views, and nobody who joins later is projected.",
        f"Ranges of an origin are calibrated on arrivals that had ended their first {config.days[0]} days by then; fewer than "
        f"{FEWEST_ARRIVALS} are too few.",
    ]
    if any(sentence.startswith(ASSUMED_ARRIVALS) for sentence in dataset.assumed):
        said.append(
            "Arrivals are told from first views, since no dates are given: a movie that nobody watched never arrives, and "
            "none has less than one view."
        )
    if "minutes" not in dataset.events:
        said.append("No minutes are logged: views are compared, hours are not.")
    return said


def _part(progress: ReportProgress, low: float, high: float) -> ReportProgress:
    """Reports a part of a stage, from one share of it to another."""
    return lambda step: progress(Progress.of(round(1000 * (low + (high - low) * step.fraction)), 1000))
