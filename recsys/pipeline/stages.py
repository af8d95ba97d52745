"""The stages of a training, each a few lines: what it reads, which module does the work, what it writes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scipy import sparse

from recsys.choice.estimate.calibrate import calibrate
from recsys.choice.estimate.utility_space import Vectors
from recsys.choice.model.store import save as save_choice
from recsys.evaluation.recommender_labels import ALL, TRAINED_ALONE
from recsys.models import factorisation, two_tower
from recsys.models.tuning import tune_factorisation
from recsys.models.two_tower import TwoTowerConfig
from recsys.pipeline.checkpointed_stages import Stage
from recsys.pipeline.ensemble import MEMBERS, member_stage, train_members
from recsys.pipeline.map_layouts import draw_maps
from recsys.pipeline.ranking_metrics import measure
from recsys.pipeline.training_context import (
    SETTINGS,
    TUNING,
    StageFunction,
    TrainingContext,
    early_stage,
)
from recsys.progress import ReportProgress
from recsys.projection.demand import compile_kernel
from recsys.run_files import CHOICE, FACTORISATION, MAPS, METRICS, METRICS_FILE, PERSONAS, TWO_TOWER
from recsys.segments.build import PreviousPersonas, fit_personas
from recsys.segments.persona_files import save_personas

PUBLISHED_STAGES = (TUNING, FACTORISATION, TWO_TOWER, CHOICE, PERSONAS, MAPS, METRICS)
"""Stages whose results are published as the run; the others are intermediate."""


def plan(context: TrainingContext) -> Sequence[Stage]:
    """Stages of a training, in order. Weights are seconds at the demo's size."""
    config = context.config
    mf = [
        Stage(name=FACTORISATION, message="Learning tastes from what was watched", weight=8, make=_mf(context, early=False)),
        Stage(
            name=early_stage(FACTORISATION),
            message="Learning tastes from the earlier part",
            weight=7,
            make=_mf(context, early=True),
        ),
    ]
    members = Stage(
        name=MEMBERS, message="Learning again from resamples of users", weight=1.0 * config.members, make=train_members(context)
    )
    towers = [
        Stage(
            name=early_stage(TWO_TOWER),
            message="Learning what movies are like from the earlier part",
            weight=40,
            make=_two_tower_early(context),
        ),
        Stage(name=TWO_TOWER, message="Learning what movies are like", weight=25, make=_two_tower(context)),
    ]
    choice = [Stage(name=CHOICE, message="Calibrating what people choose", weight=30, make=_choice(context))]
    people = [
        Stage(name=PERSONAS, message="Finding personas", weight=3, make=_personas(context)),
        Stage(name=MAPS, message="Drawing the maps", weight=10, make=_maps(context)),
    ]
    metrics = [Stage(name=METRICS, message="Measuring against simple rules", weight=6, make=_metrics(context))]
    if config.trials:
        mf.insert(0, Stage(name=TUNING, message="Trying settings", weight=1.5 * config.trials, make=_tuning(context)))
    if config.model == ALL:
        return [*mf, members, *towers, *choice, *people, *metrics]
    alone = {FACTORISATION: [*mf, *people], TWO_TOWER: towers}
    return [*alone[TRAINED_ALONE[config.model].name], *metrics]


def backtest_plan(context: TrainingContext) -> Sequence[Stage]:
    """Stages of the training at each backtest origin, in order: only what a projection needs. The towers are trained for as many
    epochs as the settings say."""
    config = context.config
    towers = replace(config.two_tower, patience=config.two_tower.epochs, validation_users=0)

    def content(folder: Path, progress: ReportProgress) -> None:
        _towers(context, context.views, towers, folder, progress)

    return [
        Stage(name=FACTORISATION, message="learning tastes", weight=8, make=_mf(context, early=False)),
        Stage(
            name=early_stage(FACTORISATION),
            message="learning tastes from the earlier part",
            weight=7,
            make=_mf(context, early=True),
        ),
        Stage(
            name=MEMBERS,
            message="learning again from resamples of users",
            weight=1.0 * config.members,
            make=train_members(context),
        ),
        Stage(name=TWO_TOWER, message="learning what movies are like", weight=20, make=content),
        Stage(name=CHOICE, message="calibrating what people choose", weight=30, make=_choice(context)),
    ]


def _mf(context: TrainingContext, *, early: bool) -> StageFunction:
    def make(folder: Path, progress: ReportProgress) -> None:
        factors = factorisation.fit(
            context.early_views if early else context.views,
            context.factorisation,
            seed=context.config.seed,
            progress=progress,
            checkpoint=folder / "checkpoint",
        )
        context.save_vectors(folder, factors.users, factors.movies)

    return make


def _tuning(context: TrainingContext) -> StageFunction:
    def make(folder: Path, progress: ReportProgress) -> None:
        config = context.config
        tuned = tune_factorisation(
            context.validation, config.factorisation, trials=config.trials, seed=config.seed, progress=progress
        )
        text = json.dumps(tuned.as_json(), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")

    return make


def _two_tower_early(context: TrainingContext) -> StageFunction:
    """Trained on the earlier part until views held out from it are ranked no better."""

    def make(folder: Path, progress: ReportProgress) -> None:
        _towers(context, context.early_views, context.config.two_tower, folder, progress)

    return make


def _two_tower(context: TrainingContext) -> StageFunction:
    """Trained on everything, for as many epochs as served the earlier part best: nothing needs to be held out again."""

    def make(folder: Path, progress: ReportProgress) -> None:
        epochs = max(1, context.epochs_of(early_stage(TWO_TOWER)))
        config = replace(context.config.two_tower, epochs=epochs, patience=epochs, validation_users=0)
        _towers(context, context.views, config, folder, progress)

    return make


def _towers(
    context: TrainingContext, views: sparse.csr_array, config: TwoTowerConfig, folder: Path, progress: ReportProgress
) -> None:
    model = two_tower.fit(
        views,
        context.dataset.movies,
        context.dataset.users,
        config,
        seed=context.config.seed,
        progress=progress,
        checkpoint=folder / "checkpoint",
    )
    model.save(folder)
    context.save_vectors(folder, model.users, model.movies)
    context.save_content(folder, model.content, model.epochs)


def _choice(context: TrainingContext) -> StageFunction:
    """Calibrated on the held-out choices of the later part; content vectors are those of the published towers, so that an offer
    is compared with the catalogue in one space."""

    def vectors(stage: str) -> Vectors:
        return context.users_of(stage).vectors, context.movies_of(stage).vectors

    def make(folder: Path, progress: ReportProgress) -> None:
        choice = calibrate(
            context.dataset,
            [vectors(stage) for stage in (FACTORISATION, *(member_stage(k) for k in range(1, context.config.members + 1)))],
            vectors(early_stage(FACTORISATION)),
            context.content_of(TWO_TOWER),
            seed=context.config.seed,
            n_draws=context.config.draws,
            cutoff=context.cutoff,
            progress=progress,
        )
        save_choice(choice, folder)
        compile_kernel()

    return make


def _personas(context: TrainingContext) -> StageFunction:
    def make(folder: Path, _progress: ReportProgress) -> None:
        previous = context.previous
        last = PreviousPersonas(personas=previous.personas, users=previous.users) if previous else None
        config = replace(context.config.personas, seed=context.config.seed)
        save_personas(fit_personas(context.dataset, context.users_of(FACTORISATION), config, last=last), folder)

    return make


def _maps(context: TrainingContext) -> StageFunction:
    def make(folder: Path, progress: ReportProgress) -> None:
        draw_maps(context, folder, progress)

    return make


def _metrics(context: TrainingContext) -> StageFunction:
    def make(folder: Path, progress: ReportProgress) -> None:
        text = json.dumps(measure(context, progress), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (folder / METRICS_FILE).write_text(text + "\n", encoding="utf-8")

    return make
