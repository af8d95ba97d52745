"""Everything that changes how much is watched, projected against true, over simulated services of every kind.

    python -m tests.benchmarks.viewing_study OUT [--kinds KIND …] [--seeds 1] [--jobs 1] [--users 1500] [--movies 240]
                                                 [--offers 12] [--futures 16] [--engine now] [--before ENGINE]
                                                 [--recalibrate] [--report]

For each service a run is trained with the settings of ``truth_study``, and the six months after its history are lived under two
futures: ``none`` (the catalogue stays as it is) and ``as_usual`` (movies come and go as they did); nobody signs up in either. In
both it is compared what is watched if nothing is done, and what is added by a segment that is 40 % more active or 40 % larger, by
the loss of the ten movies most watched of late, and by offers, all together and each alone.

OUT keeps of each service its tables (``workspace``), the finished stages of its training (``stages``), ``truth.json`` and, by the
name that ``--engine`` gives the engine, what it projects. Only the projection is made again where it is there, so that a later
engine is measured on the same services without training; ``--recalibrate`` makes their choice models again from the recommenders
that were kept. ``--before`` names an engine to compare with, service by service; ``--report`` only prints.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from recsys.choice.model.store import load as load_choice
from recsys.embeddings.tower import MovieTower
from recsys.pipeline.checkpointed_stages import run_stages
from recsys.pipeline.stages import plan
from recsys.pipeline.training_context import TrainingContext
from recsys.projection.context import ProjectionContext, context_of
from recsys.projection.project import project
from recsys.projection.result import Projection, Range
from recsys.run_files import CHOICE, MAPS, METRICS, TWO_TOWER, RunFiles
from recsys.scenario.changes import Acquire, ByRule, Change, Drop, ResizeSegment, ScaleActivity
from recsys.scenario.scenario import Arrivals, Scenario
from recsys.segments.persona_files import load_personas
from recsys.simulation import population
from recsys.simulation.config import ServiceConfig
from recsys.simulation.demo import write_service
from recsys.tables.dataset import Dataset
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.benchmarks.truth_study import CONFIG
from tests.simulation.changed_futures import Change as TrueChange
from tests.simulation.changed_futures import TrueHours, changed_futures, future_catalogue
from tests.simulation.counterfactual_truth import TrueEffect, true_effects
from tests.simulation.presets import PRESETS, STAYING, UNTUNED
from tests.simulation.viewing_errors import AHEAD, report

MONTHS, MORE, N_DROPPED, LATELY_MONTHS = 6, 1.4, 10, 3
OFFER_FUTURES = 4
TIER = 2
SEGMENT = ByRule(where=f"city_tier = {TIER}")
KINDS = {**PRESETS, **UNTUNED}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One service of the study."""

    kind: str
    config: ServiceConfig
    folder: Path
    futures: int
    engine: str
    recalibrate: bool

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "workspace")


def prepare(job: Job) -> None:
    """Make the tables of a service; of one that nobody leaves, without subscriptions."""
    if job.workspace.exists():
        return
    job.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=job.folder) as scratch:
        tables = Path(scratch) / "tables"
        write_service(job.config, tables)
        if job.kind == STAYING:
            (tables / "subscriptions.csv").unlink()
        import_path(tables, job.workspace)


def trained(job: Job, dataset: Dataset) -> ProjectionContext:
    """Train on a service what is not trained yet."""
    files = RunFiles(job.folder / "stages")
    if job.recalibrate:
        shutil.rmtree(files.choice, ignore_errors=True)
        shutil.rmtree(files.folder / f".{CHOICE}.work", ignore_errors=True)
    context = TrainingContext(dataset=dataset, config=CONFIG, files=files, previous=None)
    stages = [stage for stage in plan(context) if stage.name not in (MAPS, METRICS)]
    with threadpool_limits(1):
        run_stages(stages, files.folder, lambda _line: None)
    tower = MovieTower.load(files.recommender(TWO_TOWER).folder)
    choice, personas = load_choice(files.choice), load_personas(files.personas)
    return context_of(dataset, choice, tower, personas, run=job.folder.name, fingerprint=job.folder.name)


def most_watched(dataset: Dataset) -> list[str]:
    """Movies most watched of late among those that are licensed for all months ahead, by id: what is lost is their loss alone."""
    events, end = dataset.events, dataset.events["timestamp"].max()
    lately = events.loc[events["timestamp"] > end - pd.DateOffset(months=LATELY_MONTHS), "movie_index"]
    until = pd.to_datetime(dataset.movies["available_until"], utc=True)
    stays = (until.isna() | (until > pd.to_datetime(end, utc=True) + pd.DateOffset(months=MONTHS))).to_numpy()
    views = np.where(stays, np.bincount(lately, minlength=dataset.n_movies), 0)
    return dataset.movies["movie_id"].astype(str).iloc[np.argsort(-views, kind="stable")[:N_DROPPED]].tolist()


def truth(job: Job, dataset: Dataset) -> dict[str, Any]:
    """What is truly watched, by future, hours of the people whom users stand for: total and first month, and the luck left."""
    config, people = job.config, job.config.people_per_user
    dropped, offers = most_watched(dataset), dataset.offers["movie_id"].astype(str).tolist()
    tier = population.CITY_TIERS.index(TIER)
    changes = {"active": TrueChange(occasions=MORE), "dropped": TrueChange(dropped=dropped)}
    found: dict[str, Any] = {"dropped": dropped, "offers": offers}
    for arrivals in AHEAD:
        movies = future_catalogue(config, horizon_months=MONTHS, arrivals=arrivals)
        lived = changed_futures(
            config,
            changes,
            movies=movies,
            segment=lambda users: users.city_tier == tier,
            horizon_months=MONTHS,
            futures=job.futures,
        )
        effects = true_effects(config, offers, horizon_months=MONTHS, futures=OFFER_FUTURES, together=offers, movies=movies)
        assert effects.together is not None
        found[arrivals] = {
            "viewing": _lived(lived.baseline, people),
            **{name: _lived(added, people) for name, added in lived.added.items()},
            "larger": _lived(lived.segment, people * (MORE - 1.0)),
            "together": _effect(effects.together, people),
            "alone": [_effect(effect, people) for effect in effects.alone],
        }
    return found


def _lived(hours: TrueHours, people: float) -> dict[str, float]:
    return {
        "total": people * float(hours.monthly.sum()),
        "first": people * float(hours.monthly[0]),
        "luck": people * hours.standard_error,
        "luck_first": people * hours.standard_error_of_first_month,
    }


def _effect(effect: TrueEffect, people: float) -> dict[str, float]:
    return {
        "total": people * effect.total("hours"),
        "first": people * float(effect.monthly["hours"][0]),
        "gross": people * effect.total("gross_hours"),
        "luck": people * effect.standard_error["hours"],
    }


def projected(context: ProjectionContext, dropped: Sequence[str]) -> dict[str, Any]:
    """What is projected, in the form of :func:`truth`, with ranges; hours."""
    offers = list(map(str, context.offer_ids.ids))
    asked: dict[str, tuple[Change, ...]] = {
        "active": (ScaleActivity(segment=SEGMENT, factor=MORE),),
        "dropped": tuple(Drop(movie=movie) for movie in dropped),
        "larger": (ResizeSegment(segment=SEGMENT, factor=MORE),),
        "together": tuple(Acquire(offer=offer) for offer in offers),
    }
    found: dict[str, Any] = {}
    for arrivals in AHEAD:
        said = {name: project(context, _ahead(arrivals, changes), draws="all") for name, changes in asked.items()}
        alone = [project(context, _ahead(arrivals, (Acquire(offer=offer),)), draws="all") for offer in offers]
        baseline = said["together"]
        found[arrivals] = {
            "viewing": {"total": baseline.baseline.hours, "first": baseline.monthly_baseline_hours[0]},
            **{name: _said(answer) for name, answer in said.items()},
            "alone": [_said(answer) for answer in alone],
        }
    estimates = {each.name: each.value for each in context.choice.estimates}
    return {**found, "estimates": estimates}


def _ahead(arrivals: Arrivals, changes: tuple[Change, ...]) -> Scenario:
    return Scenario(name="x", horizon_months=MONTHS, arrivals=arrivals, joining="none", changes=changes)


def _said(answer: Projection) -> dict[str, float]:
    effect: Range = answer.total_effect.hours
    return {
        "total": effect.mean,
        "p10": effect.p10,
        "p50": effect.p50,
        "p90": effect.p90,
        "first": answer.monthly_projected_hours[0] - answer.monthly_baseline_hours[0],
        "gross": answer.gross_hours.mean,
    }


def measure(job: Job) -> str:
    """Make what is missing of a service, and project; a line that says how long it took."""
    spent: list[str] = []
    _timed(spent, "tables", lambda: prepare(job))
    dataset = load_dataset(job.workspace)
    context = _timed(spent, "training", lambda: trained(job, dataset))
    written = job.folder / "truth.json"
    if not written.exists():
        _write(written, _timed(spent, "truth", lambda: truth(job, dataset)))
    lived = json.loads(written.read_text(encoding="utf-8"))
    _write(
        job.folder / "projected" / f"{job.engine}.json", _timed(spent, "projection", lambda: projected(context, lived["dropped"]))
    )
    return f"{job.folder.name}: {', '.join(spent)}"


def _timed(spent: list[str], what: str, work: Callable[[], Any]) -> Any:
    began = time.monotonic()
    found = work()
    spent.append(f"{what} {time.monotonic() - began:.0f} s")
    return found


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(document, indent=1), encoding="utf-8")
    draft.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--users", type=int, default=1500)
    parser.add_argument("--movies", type=int, default=240)
    parser.add_argument("--offers", type=int, default=12)
    parser.add_argument("--futures", type=int, default=16)
    parser.add_argument("--engine", default="now")
    parser.add_argument("--before")
    parser.add_argument("--recalibrate", action="store_true")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    sizes = {"n_users": given.users, "n_movies": given.movies, "n_offers": given.offers}
    jobs = [
        Job(
            kind=kind,
            config=replace(KINDS[kind], **sizes, seed=seed),
            folder=given.out / f"{kind}-{seed}",
            futures=given.futures,
            engine=given.engine,
            recalibrate=given.recalibrate,
        )
        for seed in range(100, 100 + given.seeds)
        for kind in given.kinds
    ]
    print(f"{os.cpu_count()} processors; {given}; {CONFIG}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not given.report:
        with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
            for line in pool.map(measure, jobs):
                print(line, flush=True)
    print(report(given.out, given.engine, given.before))


if __name__ == "__main__":
    main()
