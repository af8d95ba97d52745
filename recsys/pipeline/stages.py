"""The stages of a training, each a few lines: what it reads, which room does the work, what it leaves."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scipy import sparse

from recsys.models import factorisation, two_tower
from recsys.models.tuning import tune_factorisation
from recsys.models.two_tower import TwoTowerConfig
from recsys.pipeline.calibration import calibrate_choice
from recsys.pipeline.checkpointed_stages import Stage
from recsys.pipeline.ensemble import MEMBERS, make_members
from recsys.pipeline.map_layouts import draw_maps
from recsys.pipeline.progress import Steps
from recsys.pipeline.publish import METRICS
from recsys.pipeline.ranking_metrics import measure
from recsys.pipeline.training_context import SETTINGS, TUNING, Bench, Make, told
from recsys.segments.build import LastRun, fit_personas
from recsys.segments.store import save_personas

PARTS = (TUNING, "mf", "two_tower", "choice", "personas", "maps", "metrics")
"""Stages whose results make the run; the others are means to them."""


def plan(bench: Bench) -> Sequence[Stage]:
    """What a training does, in order. Weights are seconds at the demo's size."""
    config = bench.config
    mf = [
        Stage(name="mf", message="Learning tastes from what was watched", weight=8, make=_mf(bench, early=False)),
        Stage(name="mf_early", message="Learning tastes from the earlier part", weight=7, make=_mf(bench, early=True)),
    ]
    members = Stage(
        name=MEMBERS, message="Learning again from resamples of users", weight=1.0 * config.members, make=make_members(bench)
    )
    towers = [
        Stage(
            name="two_tower_early",
            message="Learning what movies are like from the earlier part",
            weight=40,
            make=_two_tower_early(bench),
        ),
        Stage(name="two_tower", message="Learning what movies are like", weight=25, make=_two_tower(bench)),
    ]
    choice = [Stage(name="choice", message="Calibrating what people choose", weight=30, make=_choice(bench))]
    people = [
        Stage(name="personas", message="Finding personas", weight=3, make=_personas(bench)),
        Stage(name="maps", message="Drawing the maps", weight=10, make=_maps(bench)),
    ]
    metrics = [Stage(name="metrics", message="Measuring against simple rules", weight=6, make=_metrics(bench))]
    if config.trials and config.model != "two-tower":
        mf.insert(0, Stage(name=TUNING, message="Trying settings", weight=1.5 * config.trials, make=_tuning(bench)))
    if config.model == "mf":
        return [*mf, *people, *metrics]
    if config.model == "two-tower":
        return [*towers, *metrics]
    return [*mf, members, *towers, *choice, *people, *metrics]


def light_plan(bench: Bench) -> Sequence[Stage]:
    """What the time machine does at each origin, in order: what a projection needs and nothing else, the towers trained for as
    many epochs as the settings say."""
    config = bench.config
    towers = replace(config.two_tower, patience=config.two_tower.epochs, validation_users=0)

    def content(folder: Path, steps: Steps) -> None:
        _towers(bench, bench.views, towers, folder, steps)

    return [
        Stage(name="mf", message="learning tastes", weight=8, make=_mf(bench, early=False)),
        Stage(name="mf_early", message="learning tastes from the earlier part", weight=7, make=_mf(bench, early=True)),
        Stage(
            name=MEMBERS, message="learning again from resamples of users", weight=1.0 * config.members, make=make_members(bench)
        ),
        Stage(name="two_tower", message="learning what movies are like", weight=20, make=content),
        Stage(name="choice", message="calibrating what people choose", weight=30, make=_choice(bench)),
    ]


def _mf(bench: Bench, *, early: bool) -> Make:
    def make(folder: Path, steps: Steps) -> None:
        factors = factorisation.fit(
            bench.early_views if early else bench.views,
            bench.factorisation,
            seed=bench.config.seed,
            progress=told(steps),
            checkpoint=folder / "checkpoint",
        )
        bench.save_vectors(folder, factors.users, factors.movies)

    return make


def _tuning(bench: Bench) -> Make:
    def make(folder: Path, steps: Steps) -> None:
        config = bench.config
        tuned = tune_factorisation(
            bench.rehearsal, config.factorisation, trials=config.trials, seed=config.seed, progress=told(steps)
        )
        text = json.dumps(tuned.as_json(), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")

    return make


def _two_tower_early(bench: Bench) -> Make:
    """Trained on the earlier part until views held out from it are ranked no better."""

    def make(folder: Path, steps: Steps) -> None:
        _towers(bench, bench.early_views, bench.config.two_tower, folder, steps)

    return make


def _two_tower(bench: Bench) -> Make:
    """Trained on everything, for as many epochs as served the earlier part best: nothing needs to be held out again."""

    def make(folder: Path, steps: Steps) -> None:
        epochs = max(1, bench.epochs_of("two_tower_early"))
        config = replace(bench.config.two_tower, epochs=epochs, patience=epochs, validation_users=0)
        _towers(bench, bench.views, config, folder, steps)

    return make


def _towers(bench: Bench, views: sparse.csr_array, config: TwoTowerConfig, folder: Path, steps: Steps) -> None:
    model = two_tower.fit(
        views,
        bench.dataset.movies,
        bench.dataset.users,
        config,
        seed=bench.config.seed,
        progress=told(steps),
        checkpoint=folder / "checkpoint",
    )
    model.save(folder)
    bench.save_vectors(folder, model.users, model.movies)
    bench.save_content(folder, model.content, model.epochs)


def _choice(bench: Bench) -> Make:
    def make(folder: Path, steps: Steps) -> None:
        calibrate_choice(bench, folder, steps)

    return make


def _personas(bench: Bench) -> Make:
    def make(folder: Path, _steps: Steps) -> None:
        last = LastRun(personas=bench.last.personas, users=bench.last.users) if bench.last else None
        config = replace(bench.config.personas, seed=bench.config.seed)
        save_personas(fit_personas(bench.dataset, bench.users_of("mf"), config, last=last), folder)

    return make


def _maps(bench: Bench) -> Make:
    def make(folder: Path, steps: Steps) -> None:
        draw_maps(bench, folder, steps)

    return make


def _metrics(bench: Bench) -> Make:
    def make(folder: Path, steps: Steps) -> None:
        text = json.dumps(measure(bench, steps), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (folder / METRICS).write_text(text + "\n", encoding="utf-8")

    return make
