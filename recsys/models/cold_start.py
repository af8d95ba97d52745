"""Cold-start evaluation: predictors are tested on movies that are held out with all their views.

A fifth of the movies is hidden with all of their views; everything is trained on the rest. Each way then ranks the hidden movies
for every user (nothing else is shown), first knowing nothing but content, then with the views of a movie's first days.

What first views say is mostly how large the audience will be. The two-tower model's scores are log-odds, so that news of the
audience adds to them: the change in what a regression tells of ln views once the first views are known.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from recsys.evaluation import appeal, significance
from recsys.evaluation.appeal import PREDICTORS, AppealFeatures, out_of_fold_predictions
from recsys.evaluation.cold_start_holdout import ColdStartHoldout, first_views, hold_out_movies, remaining_views
from recsys.evaluation.evaluate import Evaluation, evaluate
from recsys.evaluation.interactions import interactions
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.report import intervals, pairwise_tests
from recsys.evaluation.resampling import Resamples
from recsys.ids import FloatArray, IntArray
from recsys.models import baselines, content_regression, dropout_net, factorisation, two_tower
from recsys.models.content_regression import ContentRegression
from recsys.models.factorisation import FactorisationConfig, Factors
from recsys.models.protocol import Float32Array
from recsys.models.two_tower import TwoTower, TwoTowerConfig
from recsys.progress import Progress, ReportProgress, silent
from recsys.tables.dataset import Dataset

DAYS = (1.0, 3.0, 7.0)
"""Days after its first view of which a held-out movie's views are revealed."""
_COVERAGE_USERS = 500


@dataclass(frozen=True, kw_only=True)
class ColdStartConfig:
    """Settings of a cold-start evaluation."""

    places: int = 30
    days: tuple[float, ...] = DAYS
    seed: int = 0
    """Decides what is hidden, the starts of the models, and the resamples."""
    factorisation: FactorisationConfig = field(default_factory=FactorisationConfig)
    two_tower: TwoTowerConfig = field(default_factory=TwoTowerConfig)


@dataclass(frozen=True, eq=False, kw_only=True)
class BiasedVectorScorer:
    """Scorer by products of vectors, plus a bias of each movie."""

    name: str
    users: FloatArray
    movies: FloatArray
    bias: FloatArray | float = 0.0
    """float64[n_movies]"""

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""
        return np.asarray(self.users[user_rows] @ self.movies.T + self.bias, dtype=np.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class WarmModels:
    """Models trained without the held-out movies."""

    dataset: Dataset
    holdout: ColdStartHoldout
    facts: AppealFeatures
    warm: IntArray
    """rows of movies with views"""
    log_views: FloatArray
    """float64[n_movies]: ln views of warm movies; 0 for the others, never looked at"""
    mf: Factors
    towers: TwoTower
    content_map: ContentRegression
    """from the towers' content vectors to factors"""
    attribute_map: ContentRegression
    """from attributes to factors"""
    seed: int

    @property
    def users(self) -> FloatArray:
        """float64[n_users, dim] of the factorisation."""
        return self.mf.users.astype(np.float64)

    def shape(self) -> tuple[int, int]:
        return self.dataset.n_users, self.dataset.n_movies


def compare_cold_start(
    dataset: Dataset, config: ColdStartConfig | None = None, *, progress: ReportProgress = silent
) -> dict[str, Any]:
    """Hold out movies, train on the others, and evaluate the predictions for those held out.

    Returns
    -------
    JSON: ``ranking`` by the first days known (``"0"``: nothing but content), each with ``models`` (metrics with 95 % intervals
    over users) and ``pairs`` (paired tests); ``appeal`` by the same, each with ``predictors`` (R² of ln views, every movie hidden
    once, and the measured coverage of intervals) and ``pairs`` (on squared errors); ``score_intervals`` of the map from content,
    by level: the measured coverage with its 95 % interval over movies, and the mean width in scores

    Raises
    ------
    DataError  E_TOO_SMALL: too few movies or views
    """
    config = config or ColdStartConfig()
    trained = _train(dataset, config, progress)
    resamples: Resamples | None = None
    ranking: dict[str, Any] = {}
    days = (0.0, *config.days)
    for number, day in enumerate(days):
        progress(Progress.of(80 + 10 * number // len(days), 100, stage="cold ranking"))
        early = _early(trained, day)
        judged = _judge(_scorers_at_day(trained, day, early), trained, early, config)
        resamples = Resamples(n=len(judged[0].user_rows), seed=config.seed)
        ranking[f"{day:g}"] = {
            "users": len(judged[0].user_rows),
            "first_views_median": float(np.median(_counts(early)[trained.holdout.movies])) if day else 0.0,
            "models": {each.name: intervals(each.by_user, resamples) for each in judged},
            "pairs": pairwise_tests(judged, resamples, [f"recall@{config.places}", f"ndcg@{config.places}"]),
        }
    views = np.bincount(trained.holdout.seen.indices, minlength=dataset.n_movies)
    document = {
        "schema": 1,
        "seed": config.seed,
        "simulated": dataset.simulated,
        "places": config.places,
        "hidden_movies": int(trained.holdout.movies.sum()),
        "known_movies": int((views > 0).sum()),
        "ranking": ranking,
        "score_intervals": _score_intervals(trained),
        "appeal": compare_appeal_predictors(dataset, config, progress=progress),
    }
    progress(Progress.of(100, 100, stage="cold"))
    return document


def compare_appeal_predictors(dataset: Dataset, config: ColdStartConfig, *, progress: ReportProgress = silent) -> dict[str, Any]:
    """Cross-validated R² of ln views and measured coverage of intervals, by the first days known."""
    everywhere = np.ones(dataset.n_movies, dtype=bool)
    shape = (dataset.n_users, dataset.n_movies)
    counts = np.bincount(dataset.events["movie_index"], minlength=dataset.n_movies)
    rows = np.flatnonzero(counts)
    target = np.log(counts[rows].astype(np.float64))
    facts = AppealFeatures.of(dataset.movies.iloc[rows])
    out: dict[str, Any] = {}
    days = (0.0, *config.days)
    for number, day in enumerate(days):
        progress(Progress.of(90 + 10 * number // len(days), 100, stage="cold appeal"))
        if day:
            early = _counts(first_views(dataset.events, everywhere, day, shape))[rows]
            facts = replace(facts, early=np.log1p(early))
        told = {
            name: out_of_fold_predictions(predictor, facts, target, np.random.default_rng(config.seed))
            for name, predictor in PREDICTORS.items()
            if day or name != "early_views"
        }
        resamples = Resamples(n=len(rows), seed=config.seed)
        ends = resamples.intervals(np.column_stack([each.explained() for each in told.values()]))
        out[f"{day:g}"] = {
            "movies": len(rows),
            "target": "ln views",
            "spread_nats": float(target.std()),
            "predictors": {name: appeal.as_json(each, ends[:, at]) for at, (name, each) in enumerate(told.items())},
            "pairs": {
                "test": significance.TEST,
                "correction": significance.CORRECTION,
                "level": significance.LEVEL,
                "metrics": {"r2": significance.pairs({name: each.explained() for name, each in told.items()}, resamples)},
            },
        }
    return out


def _train(dataset: Dataset, config: ColdStartConfig, progress: ReportProgress) -> WarmModels:
    views = interactions(dataset.events["user_index"], dataset.events["movie_index"], dataset.n_users, dataset.n_movies)
    holdout = hold_out_movies(views, np.random.default_rng(config.seed))
    counts = np.bincount(holdout.seen.indices, minlength=dataset.n_movies)
    warm = np.flatnonzero(counts)
    mf = factorisation.fit(holdout.seen, config.factorisation, seed=config.seed, progress=_part(progress, "cold mf", 0, 20))
    towers = two_tower.fit(
        holdout.seen,
        dataset.movies,
        dataset.users,
        config.two_tower,
        seed=config.seed,
        progress=_part(progress, "cold two_tower", 20, 80),
    )
    content, factors, facts = towers.content.astype(np.float64), mf.movies.astype(np.float64), AppealFeatures.of(dataset.movies)
    return WarmModels(
        dataset=dataset,
        holdout=holdout,
        facts=facts,
        warm=warm,
        log_views=np.log(np.maximum(counts, 1).astype(np.float64)),
        mf=mf,
        towers=towers,
        content_map=content_regression.fit(factors, content, warm),
        attribute_map=content_regression.fit(factors, facts.codes, warm),
        seed=config.seed,
    )


def _early(trained: WarmModels, day: float) -> sparse.csr_array:
    """Views within each movie's first days; none at day 0."""
    if not day:
        return sparse.csr_array(trained.shape(), dtype=np.float32)
    return first_views(trained.dataset.events, np.ones(trained.dataset.n_movies, dtype=bool), day, trained.shape())


def _scorers_at_day(trained: WarmModels, day: float, early: sparse.csr_array) -> list[Callable[[], Scorer]]:
    """Predictors available once so many first days are known; each is built when it is called."""
    users, towers = trained.users, trained.towers
    tower = BiasedVectorScorer(name="two_tower", users=towers.users.astype(np.float64), movies=towers.content.astype(np.float64))
    mapped = BiasedVectorScorer(name="content_map", users=users, movies=trained.content_map.movies)
    if not day:
        return [lambda: tower, lambda: mapped, *_content_baselines(trained)]
    counts = _counts(early)
    so_far = np.log1p(counts)
    predicted_now = _predicted_log_views(replace(trained.facts, early=so_far), trained)
    update = predicted_now - _predicted_log_views(trained.facts, trained)
    folded = _folded_in(trained, early)
    return [
        lambda: replace(tower, name="two_tower_and_news", bias=update),
        lambda: replace(mapped, name="content_map_and_first_viewers", movies=trained.content_map.movies + folded),
        lambda: tower,
        lambda: mapped,
        lambda: BiasedVectorScorer(name="first_viewers", users=users, movies=folded),
        lambda: baselines.Popularity("first_views", counts.astype(np.float64)),
        lambda: baselines.Popularity("told_popularity", predicted_now),
    ]


def _content_baselines(trained: WarmModels) -> list[Callable[[], Scorer]]:
    """Content-based predictors that the two-tower model has to beat."""
    users, factors, codes = trained.users, trained.mf.movies.astype(np.float64), trained.facts.codes
    views, movies, cold = trained.holdout.seen, trained.dataset.movies, trained.holdout.movies

    def dropout_net_scorer() -> Scorer:
        predicted = dropout_net.predict_factors(users, factors, codes, trained.warm, seed=trained.seed)
        return BiasedVectorScorer(name="dropout_net", users=users, movies=predicted)

    counts = np.bincount(views.indices, minlength=len(movies)).astype(np.float64)
    return [
        lambda: BiasedVectorScorer(name="ridge", users=users, movies=trained.attribute_map.movies),
        dropout_net_scorer,
        lambda: baselines.cold_start_knn(views, movies, cold),
        lambda: baselines.genre_popularity(trained.facts.genres, counts, trained.warm),
        lambda: baselines.own_genres(views, trained.facts.genres, counts, trained.warm),
        lambda: baselines.Popularity("told_popularity", _predicted_log_views(trained.facts, trained)),
    ]


def _predicted_log_views(facts: AppealFeatures, trained: WarmModels) -> FloatArray:
    """Predicted ln views of every movie, learnt from the warm ones."""
    return appeal.ridge_and_boosting(facts, trained.log_views, trained.warm)


def _folded_in(trained: WarmModels, early: sparse.csr_array) -> FloatArray:
    """Fold-in: factors of held-out movies from their first viewers alone, as though there were no others."""
    turned = replace(trained.mf, users=trained.mf.movies, movies=trained.mf.users)  # a movie is to users what a user is to movies
    by_movie = early.tocsc()
    folded = np.zeros(trained.mf.movies.shape, dtype=np.float64)
    for movie in np.flatnonzero(trained.holdout.movies):
        viewers = by_movie.indices[by_movie.indptr[movie] : by_movie.indptr[movie + 1]]
        if len(viewers):
            folded[movie] = turned.fold_in(viewers)
    return folded


def _judge(
    scorers: list[Callable[[], Scorer]], trained: WarmModels, early: sparse.csr_array, config: ColdStartConfig
) -> list[Evaluation]:
    """Evaluate rankings of the held-out movies, without those that a user was among the first to watch."""
    of_held_out = sparse.csr_array(early @ sparse.diags_array(trained.holdout.movies.astype(np.float32)))
    seen = sparse.csr_array(trained.holdout.seen + of_held_out)
    seen.eliminate_zeros()
    seen.sort_indices()
    relevant = remaining_views(trained.holdout, of_held_out)
    return [evaluate(build(), seen, relevant, at=(config.places,), allowed=trained.holdout.movies) for build in scorers]


def _score_intervals(trained: WarmModels) -> dict[str, Any]:
    """Measured coverage of score intervals, against the factors of held-out movies from all of their viewers."""
    rows = np.flatnonzero(trained.holdout.movies)
    true = _folded_in(trained, trained.holdout.relevant)[rows]
    rated = np.flatnonzero(trained.users.any(axis=1))  # the others' scores are 0, told or true
    rng = np.random.default_rng(trained.seed)
    users = trained.users[rng.choice(rated, min(_COVERAGE_USERS, len(rated)), replace=False)]
    standard_errors = trained.content_map.standard_errors(users, rows).T
    miss = (true - trained.content_map.movies[rows]) @ users.T / standard_errors
    resamples = Resamples(n=len(rows), seed=trained.seed)
    out: dict[str, Any] = {}
    for level in appeal.COVERAGE_LEVELS:
        below, above = content_regression.interval_ends(miss, level, np.random.default_rng(trained.seed))
        held = ((below[:, None] <= miss) & (miss <= above[:, None])).mean(axis=1)
        low, high = resamples.interval(held)
        width = float(((above - below)[:, None] * standard_errors).mean())
        out[f"{level:.0%}"] = {"promised": level, "coverage": float(held.mean()), "low": low, "high": high, "width": width}
    return out


def _counts(views: sparse.csr_array) -> IntArray:
    return np.bincount(views.indices, minlength=int(views.shape[1])).astype(np.int64)


def _part(progress: ReportProgress, name: str, start: int, stop: int) -> ReportProgress:
    def told(part: Progress) -> None:
        progress(Progress.of(start + (stop - start) * part.done // max(part.total, 1), 100, stage=name))

    return told
