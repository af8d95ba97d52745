"""Ranking metrics of a run's recommenders and of the baselines, on views of the later part: ``metrics.json``.

Trained on the earlier part of the events and tested on the later part; every movie that was still on the service is ranked, the
same users for all. An interval that comes with a difference tells whether it is more than chance. Only rules that cost next to
nothing are trained here; ``recsys evaluate`` takes the time for all of them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from recsys.evaluation.beyond_accuracy import Shelf, beyond_accuracy
from recsys.evaluation.evaluate import Evaluation, evaluate, without
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.report import Ground, Slices, against, all_pairs, figures
from recsys.evaluation.slices import Masks, slices_of
from recsys.ids import IntArray
from recsys.models import baselines
from recsys.models.protocol import Float32Array, dot_scores
from recsys.pipeline.training_context import FACTORISATION_EARLY, TWO_TOWER_EARLY, TrainingContext
from recsys.progress import Progress, ReportProgress
from recsys.run_files import FACTORISATION, TWO_TOWER
from recsys.segments.persona_files import load_personas
from recsys.segments.personas import Personas

EASE_MOST_MOVIES = 1_000
"""Beyond it, EASE takes longer than it should here."""
_TRAINED = {FACTORISATION: FACTORISATION_EARLY, TWO_TOWER: TWO_TOWER_EARLY}
"""Model → the stage that trained it on the earlier part."""


class _Vectors:
    """Recommender whose vectors an earlier stage has saved."""

    def __init__(self, context: TrainingContext, stage: str, name: str) -> None:
        self.name = name
        self._users, self._movies = context.users_of(stage).vectors, context.movies_of(stage).vectors

    def score(self, user_rows: IntArray) -> Float32Array:
        return dot_scores(self._users, self._movies, user_rows)


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
    if not ((np.diff(seen.indptr) > 0) & (np.diff(without(later, seen).indptr) > 0)).any():
        nobody: dict[str, Any] = {"models": {}, "against_popularity": {}, "pairs": [], "slices": {}, "behaviour": {}}
        return {**head, "users": 0, **nobody}
    gone = context.dataset.movies.get("available_until")
    allowed = None if gone is None else ~(gone <= context.cutoff).to_numpy(dtype=bool)
    scorers = _scorers(context)
    done: list[Evaluation] = []
    for number, scorer in enumerate(scorers):
        done.append(evaluate(scorer, seen, later, at=context.config.at, allowed=allowed))
        progress(Progress.of(number + 1, 2 * len(scorers)))
    ground = _ground(context, done[0])
    told: dict[str, dict[str, Any]] = {}
    for number, (each, scorer) in enumerate(zip(done, scorers, strict=True)):
        told[each.name] = figures(each, scorer, ground)
        progress(Progress.of(len(scorers) + number + 1, 2 * len(scorers)))
    return {
        **head,
        "users": len(done[0].user_rows),
        "models": {each.name: _flat(told[each.name], each, context) for each in done},
        "against_popularity": {each.name: against(each, done[0], ground.resamples) for each in done[1:]},
        "pairs": all_pairs(done, ground.resamples),
        "slices": {name: each["slices"] for name, each in told.items()},
        "behaviour": {name: each["behaviour"] for name, each in told.items()},
    }


def _scorers(context: TrainingContext) -> list[Scorer]:
    """Baselines and trained recommenders; popularity first, since the others are compared with it."""
    seen, dataset = context.early_views, context.dataset
    events = context.parts.train
    rules: list[Callable[[], Scorer]] = [
        lambda: baselines.popularity(seen),
        lambda: baselines.recent_popularity(events["movie_index"], events["timestamp"], dataset.n_movies),
        lambda: baselines.segment_popularity(seen, dataset.movies),
        lambda: baselines.content_knn(seen, dataset.movies),
    ]
    if dataset.n_movies <= EASE_MOST_MOVIES:
        rules.append(lambda: baselines.ease(seen))
    trained: list[Scorer] = [
        _Vectors(context, stage, name) for name, stage in _TRAINED.items() if context.files.recommender(stage).folder.is_dir()
    ]
    return [*(rule() for rule in rules), *trained]


def _ground(context: TrainingContext, popular: Evaluation) -> Ground:
    dataset, seen = context.dataset, context.early_views
    of_users, of_movies = slices_of(dataset.users, dataset.movies, seen, context.cutoff.year)
    if context.files.personas.is_dir():
        of_users["persona"] = persona_masks(load_personas(context.files.personas))
    return Ground(
        seen=seen,
        relevant=without(context.late_views, seen),
        shelf=Shelf.of(seen, dataset.movies),
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
