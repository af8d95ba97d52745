"""How well the recommenders rank what was watched later, against popularity: ``metrics.json`` of a run.

Trained on the earlier part of the events and tested on the later part; every movie that was still on the service is ranked, the
same users for all. An interval that comes with a difference tells whether it is more than chance.
"""

from typing import Any

import numpy as np

from recsys.evaluation.evaluate import Evaluation, beyond_accuracy, evaluate, interval, paired_difference
from recsys.evaluation.ranking import Scorer
from recsys.ids import IntArray
from recsys.models.baselines import popularity
from recsys.models.protocol import Float32Array, dot_scores
from recsys.pipeline.bench import Bench
from recsys.pipeline.progress import Steps


class _Vectors:
    """A recommender that an earlier stage has left."""

    def __init__(self, bench: Bench, stage: str, name: str) -> None:
        self.name = name
        self._users, self._movies = bench.users_of(stage).vectors, bench.movies_of(stage).vectors

    def score(self, user_rows: IntArray) -> Float32Array:
        return dot_scores(self._users, self._movies, user_rows)


def measure(bench: Bench, steps: Steps) -> dict[str, Any]:
    """The metrics document: what was measured, on whom, and each figure with a 95 % interval over users."""
    seen, later = bench.early_views, bench.late_views
    trained = {"mf": "mf_early", "two_tower": "two_tower_early"}
    scorers: list[Scorer] = [popularity(seen)]
    scorers += [_Vectors(bench, stage, name) for name, stage in trained.items() if (bench.draft / stage).is_dir()]
    gone = bench.dataset.movies.get("available_until")
    allowed = None if gone is None else ~(gone <= bench.cutoff).to_numpy(dtype=bool)
    done: list[Evaluation] = []
    for number, scorer in enumerate(scorers):
        done.append(evaluate(scorer, seen, later, at=bench.config.at, allowed=allowed))
        steps(number + 1, len(scorers))
    return {
        "schema": 1,
        "split": {"kind": "temporal", "early_share": bench.config.early_share, "cutoff": bench.cutoff.isoformat()},
        "users": len(done[0].user_rows),
        "models": {each.name: _figures(each, bench) for each in done},
        "against_popularity": {each.name: _differences(each, done[0], bench) for each in done[1:]},
    }


def _figures(each: Evaluation, bench: Bench) -> dict[str, Any]:
    rng = np.random.default_rng(bench.config.seed)
    figures: dict[str, Any] = {}
    for metric, values in each.by_user.items():
        low, high = interval(values, rng)
        figures[metric] = {"mean": each.mean(metric), "low": low, "high": high}
    return figures | {f"{name}@{k}": value for k in bench.config.at for name, value in beyond_accuracy(each, k).items()}


def _differences(each: Evaluation, reference: Evaluation, bench: Bench) -> dict[str, Any]:
    rng = np.random.default_rng(bench.config.seed)
    return {metric: paired_difference(each, reference, metric, rng) for metric in each.by_user}
