"""Trains every recommender on one part of the events and evaluates all of them on the other: ``recsys evaluate``."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.beyond_accuracy import CatalogueProfile
from recsys.evaluation.evaluate import Evaluation, entries_not_in, evaluate
from recsys.evaluation.interactions import interactions
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.recommender_labels import REFERENCE
from recsys.evaluation.report import EvaluationContext, Slices, metrics_document, paired_differences, pairwise_tests
from recsys.evaluation.sampled_negatives import NEGATIVES, sampled_candidates
from recsys.evaluation.slices import Masks, dataset_slices
from recsys.models.protocol import TrainingData
from recsys.models.registry import REGISTRY
from recsys.models.validation_split import ValidationSplit, random_split
from recsys.progress import Progress, ReportProgress, silent
from recsys.tables import split as splits
from recsys.tables.dataset import Dataset

SplitKind = Literal["temporal", "random", "leave-one-out"]
SPLITS: tuple[SplitKind, ...] = ("temporal", "random", "leave-one-out")
CAUTION = (
    f"Each user's last new movie is ranked among {NEGATIVES} that they never watched: such figures are higher than those of the "
    "whole catalogue and can order models differently (Krichene and Rendle 2020). Compare them with published ones only."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationSplit:
    """Training and test views of a data set, as matrices of its users and movies."""

    dataset: Dataset
    train: pd.DataFrame
    """events to learn from"""
    seen: sparse.csr_array
    later: sparse.csr_array
    allowed: NDArray[np.bool_] | None
    """bool[n_movies]: movies that had not left the service when the test part began; None where time plays no part"""
    offered: sparse.csr_array | None
    """CSR[n_users, n_movies]: what each user may be shown; None where it is the catalogue"""
    cutoff: pd.Timestamp | None


MODELS = tuple(REGISTRY)
"""Every recommender that can be compared, in the order of reports."""


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Settings of a comparison: which recommenders, on which split, counted how."""

    split: SplitKind = "temporal"
    """``random`` and ``leave-one-out`` let a model see the future: for comparison with published figures."""
    train_share: float = 0.8
    at: tuple[int, ...] = (10, 20, 50, 100)
    """Places to count to."""
    models: tuple[str, ...] = MODELS
    """Those that are trained and told of; popularity, which they are held against, is fitted in any case."""
    seed: int = 0
    """Decides the random split and samples, the starts of the models, and the resamples behind the intervals."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings by model; one that is not named is trained with those it is registered with."""

    def __post_init__(self) -> None:
        if unknown := [name for name in self.models if name not in MODELS]:
            named = ", ".join(repr(name[:60]) for name in unknown[:10])
            raise DataError.of(
                "E_PARAM", f"no recommender is called {named}.", f"Choose from {', '.join(MODELS)}.", column="models"
            )
        if not self.models:
            raise DataError.of("E_PARAM", "no recommender is named.", f"Choose from {', '.join(MODELS)}.", column="models")
        if unknown := sorted(set(self.settings) - set(MODELS)):
            raise DataError.of(
                "E_PARAM", f"there are settings of unknown models: {unknown}.", f"Choose from {', '.join(MODELS)}."
            )
        if self.split not in SPLITS:
            raise DataError.of("E_PARAM", f"there is no split {self.split!r}.", f"Choose from {', '.join(SPLITS)}.")


def split_dataset(dataset: Dataset, config: CompareConfig) -> EvaluationSplit:
    """Split the events into what models are trained on and what they are tested on.

    Raises
    ------
    DataError  E_SPLIT: too few events for two parts
    """
    rng = np.random.default_rng(config.seed)
    if config.split == "temporal":
        cut = splits.temporal(dataset.events, config.train_share)
    elif config.split == "random":
        cut = splits.random(dataset.events, config.train_share, rng)
    else:
        cut = splits.leave_one_out(dataset.events)
    seen, later = _matrix(cut.train, dataset), _matrix(cut.test, dataset)
    return EvaluationSplit(
        dataset=dataset,
        train=cut.train,
        seen=seen,
        later=later,
        allowed=_allowed(dataset, cut.cutoff),
        offered=sampled_candidates(seen, later, rng) if config.split == "leave-one-out" else None,
        cutoff=cut.cutoff,
    )


def validation_split(split: EvaluationSplit, config: CompareConfig) -> ValidationSplit:
    """Split the training part in the same way: settings are chosen on it.

    Raises
    ------
    DataError  E_SPLIT: too few events for two parts
    """
    if config.split != "temporal":
        return random_split(split.seen, share=1 - config.train_share, seed=config.seed)
    cut = splits.temporal(split.train, config.train_share)
    return ValidationSplit(
        seen=_matrix(cut.train, split.dataset),
        later=_matrix(cut.test, split.dataset),
        allowed=_allowed(split.dataset, cut.cutoff),
    )


def compare(
    dataset: Dataset,
    config: CompareConfig | None = None,
    *,
    groups: Mapping[str, Masks] | None = None,
    progress: ReportProgress = silent,
) -> dict[str, Any]:
    """Train and evaluate recommenders; the same users for each.

    Parameters
    ----------
    dataset : validated tables
    config : settings
    groups : further slices of users, kind → name → bool[n_users] (``persona``, say)
    progress : told in hundredths, which never fall, as stage ``evaluate NAME``, and once each model is done

    Returns
    -------
    JSON: ``models`` (for each its seconds, metrics with 95 % intervals over users, what its lists are like, slices, and checks of
    behaviour), ``against_popularity`` (paired differences with intervals), ``pairs`` (paired tests of every two models),
    ``left_out`` (models that could not be trained here, and why), ``not_asked`` (models that were not to be evaluated), and what
    was measured on

    Raises
    ------
    DataError  E_SPLIT, E_TOO_SMALL: too few events
    """
    config = config or CompareConfig()
    split = split_dataset(dataset, config)
    data = TrainingData(
        views=split.seen,
        events=split.train,
        users=dataset.users,
        movies=dataset.movies,
        validation=lambda: validation_split(split, config),
    )
    fitted = config.models if REFERENCE in config.models else (REFERENCE, *config.models)
    steps = _Steps(fitted, progress)
    trained: dict[str, tuple[Scorer, Evaluation, float]] = {}
    left_out: list[dict[str, str]] = []
    for name in fitted:
        started = time.perf_counter()
        try:
            settings = config.settings.get(name, REGISTRY[name].config)
            scorer = REGISTRY[name].fit(data, settings, seed=config.seed, progress=steps.begin(name))
        except DataError as error:
            if error.code != "E_TOO_BIG" and not REGISTRY[name].needs_validation:
                raise
            left_out.append({"model": name, "reason": str(error)})
            continue
        seconds = time.perf_counter() - started
        judged = evaluate(scorer, split.seen, split.later, at=config.at, allowed=split.allowed, offered=split.offered)
        trained[name] = scorer, judged, seconds
    steps.finish()
    shared = _evaluation_context(split, trained[REFERENCE][1], config, groups or {})
    reference, resamples = shared.popular, shared.resamples
    told = {name: trained[name] for name in config.models if name in trained}
    document: dict[str, Any] = {
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
        "models": {
            name: {"train_seconds": round(seconds, 2)} | metrics_document(judged, scorer, shared)
            for name, (scorer, judged, seconds) in told.items()
        },
        "against_popularity": {
            name: paired_differences(judged, reference, resamples) for name, (_, judged, _) in told.items() if name != REFERENCE
        },
        "pairs": pairwise_tests([judged for _, judged, _ in told.values()], resamples),
        "left_out": left_out,
        "not_asked": [name for name in MODELS if name not in config.models],
    }
    return document | ({"caution": CAUTION} if split.offered is not None else {})


def _allowed(dataset: Dataset, cutoff: pd.Timestamp | None) -> NDArray[np.bool_] | None:
    if cutoff is None or "available_until" not in dataset.movies:
        return None
    return ~(dataset.movies["available_until"] <= cutoff).to_numpy(dtype=bool)


def _evaluation_context(
    split: EvaluationSplit, popular: Evaluation, config: CompareConfig, groups: Mapping[str, Masks]
) -> EvaluationContext:
    dataset = split.dataset
    now = split.cutoff if split.cutoff is not None else dataset.events["timestamp"].iloc[-1]
    of_users, of_movies = dataset_slices(dataset.users, dataset.movies, split.seen, now.year)
    return EvaluationContext(
        seen=split.seen,
        relevant=entries_not_in(split.later, split.seen),
        profile=CatalogueProfile.of(split.seen, dataset.movies),
        popular=popular,
        slices=Slices(users=of_users | dict(groups), movies=of_movies),
        at=config.at,
        seed=config.seed,
    )


class _Steps:
    """Share of a comparison that is done, from the models' own steps."""

    def __init__(self, models: tuple[str, ...], progress: ReportProgress) -> None:
        self._weights = {name: REGISTRY[name].fit_seconds for name in models}
        self._total = sum(self._weights.values())
        self._behind, self._told, self._progress = 0.0, 0, progress
        self._name = ""

    def begin(self, name: str) -> ReportProgress:
        """Start on a model; gives what the model is to tell."""
        self._behind += self._weights.get(self._name, 0.0)
        self._name = name
        self._report(0.0)

        def told(part: Progress) -> None:
            self._report(part.fraction)

        return told

    def finish(self) -> None:
        self._told = 100
        self._progress(Progress.of(100, 100, stage="evaluate"))

    def _report(self, share: float) -> None:
        done = (self._behind + self._weights[self._name] * min(share, 1.0)) / self._total
        self._told = max(self._told, int(100 * done))
        self._progress(Progress.of(self._told, 100, stage=f"evaluate {self._name}"))


def _cold_share(split: EvaluationSplit) -> float:
    known = np.bincount(split.seen.indices, minlength=split.seen.shape[1]) > 0
    return float((~known[split.later.indices]).mean()) if split.later.nnz else 0.0


def _matrix(events: pd.DataFrame, dataset: Dataset) -> sparse.csr_array:
    return interactions(events["user_index"], events["movie_index"], dataset.n_users, dataset.n_movies)
