"""Ranking metrics of a run's recommenders and of the baselines, on views of the later part: ``metrics.json``.

Trained on the earlier part of the events and tested on the later part; every movie that was still on the service is ranked, the
same users for all. An interval that comes with a difference tells whether it is more than chance. Only rules that cost next to
nothing are trained here; ``recsys evaluate`` takes the time for all of them.
"""

from typing import Any

import numpy as np

from recsys.evaluation.beyond_accuracy import CatalogueProfile, beyond_accuracy
from recsys.evaluation.evaluate import Evaluation, entries_not_in, evaluate
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.report import EvaluationContext, Slices, metrics_document, paired_differences, pairwise_tests
from recsys.evaluation.slices import Masks, dataset_slices
from recsys.models.protocol import TrainingData
from recsys.models.registry import REGISTRY
from recsys.pipeline.training_context import TrainingContext, early_stage
from recsys.progress import Progress, ReportProgress, silent
from recsys.segments.persona_files import load_personas
from recsys.segments.personas import Personas


def measure(context: TrainingContext, progress: ReportProgress) -> dict[str, Any]:
    """The metrics document.

    Returns
    -------
    JSON: what was measured and on whom; ``models`` (each figure with a 95 % interval over users), ``against_popularity``,
    ``pairs`` (paired tests of every two models), and by model its ``slices`` and checks of ``behaviour``; none of them, and 0
    ``users``, where nobody watched early and something else late, so that there is nothing to find
    """
    seen, later = context.early_views, context.late_views
    head = {
        "schema": 1,
        "split": {"kind": "temporal", "early_share": context.config.early_share, "cutoff": context.cutoff.isoformat()},
    }
    if not ((np.diff(seen.indptr) > 0) & (np.diff(entries_not_in(later, seen).indptr) > 0)).any():
        nobody: dict[str, Any] = {"models": {}, "against_popularity": {}, "pairs": [], "slices": {}, "behaviour": {}}
        return {**head, "users": 0, **nobody}
    gone = context.dataset.movies.get("available_until")
    allowed = None if gone is None else ~(gone <= context.cutoff).to_numpy(dtype=bool)
    scorers = _scorers(context)
    done: list[Evaluation] = []
    for number, scorer in enumerate(scorers):
        done.append(evaluate(scorer, seen, later, at=context.config.at, allowed=allowed))
        progress(Progress.of(number + 1, 2 * len(scorers)))
    shared = _evaluation_context(context, done[0])
    told: dict[str, dict[str, Any]] = {}
    for number, (each, scorer) in enumerate(zip(done, scorers, strict=True)):
        told[each.name] = metrics_document(each, scorer, shared)
        progress(Progress.of(len(scorers) + number + 1, 2 * len(scorers)))
    return {
        **head,
        "users": len(done[0].user_rows),
        "models": {each.name: _flat(told[each.name], each, context) for each in done},
        "against_popularity": {each.name: paired_differences(each, done[0], shared.resamples) for each in done[1:]},
        "pairs": pairwise_tests(done, shared.resamples),
        "slices": {name: each["slices"] for name, each in told.items()},
        "behaviour": {name: each["behaviour"] for name, each in told.items()},
    }


def _scorers(context: TrainingContext) -> list[Scorer]:
    """Baselines and trained recommenders; popularity first, since the others are compared with it."""
    data = TrainingData(
        views=context.early_views,
        events=context.split.train,
        users=context.dataset.users,
        movies=context.dataset.movies,
        validation=lambda: context.validation,
    )
    fitted, loaded = [], []
    for name, recommender in REGISTRY.items():
        stage = context.files.recommender(early_stage(name))
        if recommender.measured_up_to_movies >= context.dataset.n_movies:
            fitted.append(recommender.fit(data, recommender.config, seed=context.config.seed, progress=silent))
        elif recommender.load and stage.folder.is_dir():
            loaded.append(recommender.load(stage.folder))
    return [*fitted, *loaded]


def _evaluation_context(context: TrainingContext, popular: Evaluation) -> EvaluationContext:
    dataset, seen = context.dataset, context.early_views
    of_users, of_movies = dataset_slices(dataset.users, dataset.movies, seen, context.cutoff.year)
    if context.files.personas.is_dir():
        of_users["persona"] = persona_masks(load_personas(context.files.personas))
    return EvaluationContext(
        seen=seen,
        relevant=entries_not_in(context.late_views, seen),
        profile=CatalogueProfile.of(seen, dataset.movies),
        popular=popular,
        slices=Slices(users=of_users, movies=of_movies),
        at=context.config.at,
        seed=context.config.seed,
    )


def persona_masks(personas: Personas) -> Masks:
    """Users of each persona, by its name."""
    return {each.name: personas.assignment == number for number, each in enumerate(personas.personas)}


def _flat(told: dict[str, Any], each: Evaluation, context: TrainingContext) -> dict[str, Any]:
    """Accuracy and beyond-accuracy metrics, keyed ``name@places``."""
    flat: dict[str, Any] = dict(told["metrics"])
    for k in context.config.at:
        flat |= {f"{name}@{k}": value for name, value in beyond_accuracy(each, k).items()}
    return flat | {f"{name}@{told['list_places']}": value for name, value in told["lists"].items()}
