"""JSON document of a comparison: metrics of recommenders on the same users, with paired tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from recsys.evaluation import significance
from recsys.evaluation.behaviour import CheckedRecommender, behaviour_checks
from recsys.evaluation.beyond_accuracy import CatalogueProfile, beyond_accuracy, by_user
from recsys.evaluation.evaluate import Evaluation
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.resampling import Resamples
from recsys.evaluation.slices import Masks, activity_deciles, activity_slices, by_slice, movie_slices, user_slices
from recsys.ids import FloatArray

COMPARED = ("ndcg@10", "ndcg@100", "recall@20", "recall@50", "hit_rate@10", "mrr")
"""Metrics on which every two models are tested against each other, where they are measured."""
PLACES = 10
"""Places that slices are counted to, where so many are."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Slices:
    """Slices of a data set; those by activity come from the views themselves."""

    users: Mapping[str, Masks] = field(default_factory=dict)
    """For example ``persona`` → name → bool[n_users]"""
    movies: Mapping[str, Masks] = field(default_factory=dict)
    """For example ``movie_age`` → name → bool[n_movies]"""


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationContext:
    """What all recommenders of a comparison share: views, users, slices, reference."""

    seen: sparse.csr_array
    relevant: sparse.csr_array
    """What is to be found and had not been seen"""
    profile: CatalogueProfile
    popular: Evaluation
    """Popularity: what the others are held against"""
    slices: Slices
    at: tuple[int, ...]
    seed: int

    @cached_property
    def resamples(self) -> Resamples:
        """Bootstrap resamples of the evaluated users."""
        return Resamples(n=len(self.popular.user_rows), seed=self.seed)

    @property
    def places(self) -> int:
        """Places that slices and checks of lists count to."""
        return PLACES if PLACES in self.at else min(self.at)


def metrics_document(each: Evaluation, scorer: Scorer, shared: EvaluationContext) -> dict[str, Any]:
    """Metrics document of one recommender.

    Returns
    -------
    JSON: ``metrics`` (mean and 95 % interval over users), ``beyond_accuracy`` by places and ``lists`` (what a user's list of
    ``list_places`` is like, mean and interval), ``by_activity`` and ``slices`` by kind, and ``behaviour``
    """
    lists = by_user(each, shared.popular, shared.profile, shared.relevant, shared.places)
    case = CheckedRecommender(
        scorer=scorer,
        evaluation=each,
        popular=shared.popular,
        relevant=shared.relevant,
        profile=shared.profile,
        resamples=shared.resamples,
        seed=shared.seed,
    )
    return {
        "metrics": intervals(each.by_user, shared.resamples),
        "beyond_accuracy": {f"@{k}": beyond_accuracy(each, k) for k in shared.at},
        "lists": intervals(lists, shared.resamples),
        "list_places": shared.places,
        "by_activity": by_slice(each, activity_slices(shared.seen, each), f"ndcg@{min(shared.at)}"),
        "slices": _sliced(each, shared, f"ndcg@{shared.places}"),
        "behaviour": behaviour_checks(case),
    }


def intervals(by_user: Mapping[str, FloatArray], resamples: Resamples) -> dict[str, dict[str, float | None]]:
    """Mean and 95 % interval of each figure; None where it concerns nobody."""
    ends = resamples.intervals(np.column_stack(list(by_user.values())))
    out: dict[str, dict[str, float | None]] = {}
    for (name, values), low, high in zip(by_user.items(), *ends, strict=True):
        mean = float(np.nanmean(values)) if np.isfinite(values).any() else None
        out[name] = {"mean": mean, "low": _known(low), "high": _known(high)}
    return out


def paired_differences(each: Evaluation, reference: Evaluation, resamples: Resamples) -> dict[str, dict[str, float | None]]:
    """Paired mean differences to another recommender on the same users, with 95 % intervals."""
    if not np.array_equal(each.user_rows, reference.user_rows):
        raise ValueError("a paired comparison needs the same users")
    return intervals({name: values - reference.by_user[name] for name, values in each.by_user.items()}, resamples)


def pairwise_tests(evaluations: Sequence[Evaluation], resamples: Resamples, metrics: Sequence[str] = COMPARED) -> dict[str, Any]:
    """Paired tests of every two recommenders, on each of some metrics where it is measured; corrected within each metric."""
    if not evaluations:
        return {}
    measured = [name for name in metrics if all(name in each.by_user for each in evaluations)]
    measured = measured or [next(iter(evaluations[0].by_user))]
    return {
        "test": significance.TEST,
        "correction": f"{significance.CORRECTION}, over the pairs of a metric",
        "level": significance.LEVEL,
        "metrics": {
            name: significance.pairs({each.name: each.by_user[name] for each in evaluations}, resamples) for name in measured
        },
    }


def _sliced(each: Evaluation, shared: EvaluationContext, metric: str) -> dict[str, list[dict[str, Any]]]:
    of_users = {"activity_decile": activity_deciles(shared.seen, each), **shared.slices.users}
    rows = {kind: user_slices(each, masks, metric, shared.resamples) for kind, masks in of_users.items()}
    for kind, masks in shared.slices.movies.items():
        rows[kind] = movie_slices(each, shared.relevant, masks, shared.places, shared.resamples)
    return {kind: found for kind, found in rows.items() if found}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
