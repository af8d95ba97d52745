"""Train every recommender on one part of the events and judge all of them on the other: what ``recsys evaluate`` prints."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.evaluate import (
    Evaluation,
    activity_slices,
    beyond_accuracy,
    by_slice,
    evaluate,
    interval,
    paired_difference,
)
from recsys.evaluation.interactions import interactions
from recsys.evaluation.ranking import Scorer
from recsys.models import baselines, factorisation, two_tower
from recsys.models.factorisation import FactorisationConfig
from recsys.models.protocol import Progress, no_progress
from recsys.models.two_tower import TwoTowerConfig
from recsys.tables import split as splits
from recsys.tables.dataset import Dataset

SplitKind = Literal["temporal", "random"]
MODELS = ("popularity", "recent_popularity", "content_knn", "ease", "mf", "two_tower")
REFERENCE = "popularity"
"""What the others are compared with, user by user."""


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """What to train and how to judge it."""

    split: SplitKind = "temporal"
    """``random`` lets a model see the future: for comparison with published figures."""
    train_share: float = 0.8
    at: tuple[int, ...] = (10, 20, 50, 100)
    """Places to count to."""
    models: tuple[str, ...] = MODELS
    seed: int = 0
    """Decides the random split, the starts of the models, and the resamples behind the intervals."""
    factorisation: FactorisationConfig = field(default_factory=FactorisationConfig)
    two_tower: TwoTowerConfig = field(default_factory=TwoTowerConfig)

    def __post_init__(self) -> None:
        unknown = [name for name in self.models if name not in MODELS]
        if unknown or REFERENCE not in self.models:
            raise DataError.of(
                "E_PARAM",
                f"cannot compare {list(self.models)}.",
                f"Choose from {', '.join(MODELS)}, with {REFERENCE} among them.",
            )
        if self.split not in ("temporal", "random"):
            raise DataError.of("E_PARAM", f"there is no split {self.split!r}.", "Choose temporal or random.")


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """The two parts of a data set, as matrices of its users and movies."""

    dataset: Dataset
    train: pd.DataFrame
    """events to learn from"""
    seen: sparse.csr_array
    later: sparse.csr_array
    allowed: NDArray[np.bool_] | None
    """bool[n_movies]: movies that had not left the service when the test part began; None where time plays no part"""
    cutoff: pd.Timestamp | None


def parts(dataset: Dataset, config: CompareConfig) -> Parts:
    """Split a data set.

    Raises
    ------
    DataError  E_SPLIT: too few events for two parts
    """
    if config.split == "temporal":
        cut = splits.temporal(dataset.events, config.train_share)
    else:
        cut = splits.random(dataset.events, config.train_share, np.random.default_rng(config.seed))
    allowed = None
    if cut.cutoff is not None and "available_until" in dataset.movies:
        allowed = ~(dataset.movies["available_until"] <= cut.cutoff).to_numpy(dtype=bool)
    return Parts(
        dataset=dataset,
        train=cut.train,
        seen=_matrix(cut.train, dataset),
        later=_matrix(cut.test, dataset),
        allowed=allowed,
        cutoff=cut.cutoff,
    )


def compare(dataset: Dataset, config: CompareConfig | None = None, *, progress: Progress = no_progress) -> dict[str, Any]:
    """Train and judge; the same users for every model.

    Parameters
    ----------
    dataset : validated tables
    config : what to train and how to judge it
    progress : told ("evaluate", models done, models in all), and by the models of their own steps in between

    Returns
    -------
    JSON: ``models`` (for each its seconds, metrics with 95 % intervals over users, coverage, novelty and concentration at each k,
    and slices by activity), ``against_popularity`` (paired differences with intervals), ``left_out`` (models that could not be
    trained here, and why), and what was measured on

    Raises
    ------
    DataError  E_SPLIT, E_TOO_SMALL: too few events
    """
    config = config or CompareConfig()
    split = parts(dataset, config)
    done: list[tuple[Evaluation, float]] = []
    left_out: list[dict[str, str]] = []
    for number, name in enumerate(config.models):
        progress("evaluate", number, len(config.models))
        started = time.perf_counter()
        try:
            scorer = train(name, split, config, progress)
        except DataError as error:
            if error.code != "E_TOO_BIG":
                raise
            left_out.append({"model": name, "reason": str(error)})
            continue
        seconds = time.perf_counter() - started
        done.append((evaluate(scorer, split.seen, split.later, at=config.at, allowed=split.allowed), seconds))
    progress("evaluate", len(config.models), len(config.models))
    reference = next(each for each, _ in done if each.name == REFERENCE)
    return {
        "schema": 1,
        "split": config.split,
        "train_share": config.train_share,
        "cutoff": split.cutoff.isoformat() if split.cutoff is not None else None,
        "seed": config.seed,
        "simulated": dataset.simulated,
        "users": len(reference.user_rows),
        "movies": dataset.n_movies,
        "train_views": int(split.seen.nnz),
        "test_views_of_movies_unseen_in_training": _cold_share(split),
        "models": {each.name: _figures(each, split, seconds, config) for each, seconds in done},
        "against_popularity": {each.name: _differences(each, reference, config) for each, _ in done if each.name != REFERENCE},
        "left_out": left_out,
    }


def train(name: str, split: Parts, config: CompareConfig, progress: Progress = no_progress) -> Scorer:
    """One recommender, trained on the first part."""
    dataset, seen = split.dataset, split.seen
    trainers: dict[str, Callable[[], Scorer]] = {
        "popularity": lambda: baselines.popularity(seen),
        "recent_popularity": lambda: baselines.recent_popularity(
            split.train["movie_index"], split.train["timestamp"], dataset.n_movies
        ),
        "content_knn": lambda: baselines.content_knn(seen, dataset.movies),
        "ease": lambda: baselines.ease(seen),
        "mf": lambda: factorisation.fit(seen, config.factorisation, seed=config.seed, progress=progress),
        "two_tower": lambda: two_tower.fit(
            seen, dataset.movies, dataset.users, config.two_tower, seed=config.seed, progress=progress
        ),
    }
    return trainers[name]()


def _figures(each: Evaluation, split: Parts, seconds: float, config: CompareConfig) -> dict[str, Any]:
    rng = np.random.default_rng(config.seed)
    metrics: dict[str, Any] = {}
    for metric, values in each.by_user.items():
        low, high = interval(values, rng)
        metrics[metric] = {"mean": each.mean(metric), "low": low, "high": high}
    main = f"ndcg@{min(config.at)}"
    return {
        "train_seconds": round(seconds, 2),
        "metrics": metrics,
        "beyond_accuracy": {f"@{k}": beyond_accuracy(each, k) for k in config.at},
        "by_activity": by_slice(each, activity_slices(split.seen, each), main),
    }


def _differences(each: Evaluation, reference: Evaluation, config: CompareConfig) -> dict[str, Any]:
    rng = np.random.default_rng(config.seed)
    return {metric: paired_difference(each, reference, metric, rng) for metric in each.by_user}


def _cold_share(split: Parts) -> float:
    known = np.bincount(split.seen.indices, minlength=split.seen.shape[1]) > 0
    return float((~known[split.later.indices]).mean()) if split.later.nnz else 0.0


def _matrix(events: pd.DataFrame, dataset: Dataset) -> sparse.csr_array:
    return interactions(events["user_index"], events["movie_index"], dataset.n_users, dataset.n_movies)


def summary(document: dict[str, Any], metrics: Sequence[str] = ("ndcg@10", "ndcg@100", "recall@20", "recall@50")) -> str:
    """The comparison as a table for people."""
    rows = [f"{'model':<18}" + "".join(f"{metric:>12}" for metric in metrics) + f"{'seconds':>10}"]
    for name, figures in document["models"].items():
        cells = "".join(f"{figures['metrics'][m]['mean']:>12.4f}" for m in metrics if m in figures["metrics"])
        rows.append(f"{name:<18}{cells}{figures['train_seconds']:>10.1f}")
    return "\n".join(rows)
