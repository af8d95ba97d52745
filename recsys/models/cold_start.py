"""Movies that nobody has watched: what each way of telling says of them, judged on movies whose every view was hidden.

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
from recsys.evaluation.appeal import PREDICTORS, Facts, tell_hidden
from recsys.evaluation.evaluate import Evaluation, evaluate
from recsys.evaluation.hidden_movies import Hidden, first_days, hide, later
from recsys.evaluation.interactions import interactions
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.report import all_pairs, intervals
from recsys.evaluation.resampling import Resamples
from recsys.ids import FloatArray, IntArray
from recsys.models import baselines, content_regression, dropout_net, factorisation, two_tower
from recsys.models.content_regression import ContentMap
from recsys.models.factorisation import FactorisationConfig, Factors
from recsys.models.protocol import Float32Array
from recsys.models.two_tower import TwoTower, TwoTowerConfig
from recsys.progress import Progress, ReportProgress, silent
from recsys.tables.dataset import Dataset

DAYS = (1.0, 3.0, 7.0)
"""Lengths of the first days whose views are made known."""
_COVERAGE_USERS = 500


@dataclass(frozen=True, kw_only=True)
class ColdConfig:
    """What to hide, train and count."""

    places: int = 30
    days: tuple[float, ...] = DAYS
    seed: int = 0
    """Decides what is hidden, the starts of the models, and the resamples."""
    factorisation: FactorisationConfig = field(default_factory=FactorisationConfig)
    two_tower: TwoTowerConfig = field(default_factory=TwoTowerConfig)


@dataclass(frozen=True, eq=False, kw_only=True)
class Vectors:
    """Scores that are products, and something added to each movie's."""

    name: str
    users: FloatArray
    movies: FloatArray
    added: FloatArray | float = 0.0

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""
        return np.asarray(self.users[user_rows] @ self.movies.T + self.added, dtype=np.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class Known:
    """What was trained on the movies that are not hidden."""

    dataset: Dataset
    hidden: Hidden
    facts: Facts
    warm: IntArray
    """rows of movies with views"""
    log_views: FloatArray
    """float64[n_movies]: ln views of warm movies; 0 for the others, never looked at"""
    mf: Factors
    towers: TwoTower
    map: ContentMap
    """from the towers' content vectors to factors"""
    plain: ContentMap
    """from attributes to factors"""
    seed: int

    @property
    def users(self) -> FloatArray:
        """float64[n_users, dim] of the factorisation."""
        return self.mf.users.astype(np.float64)

    def shape(self) -> tuple[int, int]:
        return self.dataset.n_users, self.dataset.n_movies


def compare_cold(dataset: Dataset, config: ColdConfig | None = None, *, progress: ReportProgress = silent) -> dict[str, Any]:
    """Hide movies, train on the others, and judge what is said of the hidden ones.

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
    config = config or ColdConfig()
    known = _train(dataset, config, progress)
    resamples: Resamples | None = None
    ranking: dict[str, Any] = {}
    days = (0.0, *config.days)
    for number, day in enumerate(days):
        progress(Progress.of(80 + 10 * number // len(days), 100, stage="cold ranking"))
        early = _early(known, day)
        judged = _judge(_at_day(known, day, early), known, early, config)
        resamples = Resamples(n=len(judged[0].user_rows), seed=config.seed)
        ranking[f"{day:g}"] = {
            "users": len(judged[0].user_rows),
            "first_views_median": float(np.median(_counts(early)[known.hidden.movies])) if day else 0.0,
            "models": {each.name: intervals(each.by_user, resamples) for each in judged},
            "pairs": all_pairs(judged, resamples, [f"recall@{config.places}", f"ndcg@{config.places}"]),
        }
    views = np.bincount(known.hidden.seen.indices, minlength=dataset.n_movies)
    document = {
        "schema": 1,
        "seed": config.seed,
        "simulated": dataset.simulated,
        "places": config.places,
        "hidden_movies": int(known.hidden.movies.sum()),
        "known_movies": int((views > 0).sum()),
        "ranking": ranking,
        "score_intervals": _score_intervals(known),
        "appeal": compare_appeal(dataset, config, progress=progress),
    }
    progress(Progress.of(100, 100, stage="cold"))
    return document


def compare_appeal(dataset: Dataset, config: ColdConfig, *, progress: ReportProgress = silent) -> dict[str, Any]:
    """R² of ln views and measured coverage, by the first days known; every movie with views is hidden once."""
    everywhere = np.ones(dataset.n_movies, dtype=bool)
    shape = (dataset.n_users, dataset.n_movies)
    counts = np.bincount(dataset.events["movie_index"], minlength=dataset.n_movies)
    rows = np.flatnonzero(counts)
    target = np.log(counts[rows].astype(np.float64))
    facts = Facts.of(dataset.movies.iloc[rows])
    out: dict[str, Any] = {}
    days = (0.0, *config.days)
    for number, day in enumerate(days):
        progress(Progress.of(90 + 10 * number // len(days), 100, stage="cold appeal"))
        if day:
            early = _counts(first_days(dataset.events, everywhere, day, shape))[rows]
            facts = replace(facts, early=np.log1p(early))
        told = {
            name: tell_hidden(predictor, facts, target, np.random.default_rng(config.seed))
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


def _train(dataset: Dataset, config: ColdConfig, progress: ReportProgress) -> Known:
    views = interactions(dataset.events["user_index"], dataset.events["movie_index"], dataset.n_users, dataset.n_movies)
    hidden = hide(views, np.random.default_rng(config.seed))
    counts = np.bincount(hidden.seen.indices, minlength=dataset.n_movies)
    warm = np.flatnonzero(counts)
    mf = factorisation.fit(hidden.seen, config.factorisation, seed=config.seed, progress=_part(progress, "cold mf", 0, 20))
    towers = two_tower.fit(
        hidden.seen,
        dataset.movies,
        dataset.users,
        config.two_tower,
        seed=config.seed,
        progress=_part(progress, "cold two_tower", 20, 80),
    )
    content, factors, facts = towers.content.astype(np.float64), mf.movies.astype(np.float64), Facts.of(dataset.movies)
    return Known(
        dataset=dataset,
        hidden=hidden,
        facts=facts,
        warm=warm,
        log_views=np.log(np.maximum(counts, 1).astype(np.float64)),
        mf=mf,
        towers=towers,
        map=content_regression.fit(factors, content, warm),
        plain=content_regression.fit(factors, facts.codes, warm),
        seed=config.seed,
    )


def _early(known: Known, day: float) -> sparse.csr_array:
    """First views of all movies; none at day 0."""
    if not day:
        return sparse.csr_array(known.shape(), dtype=np.float32)
    return first_days(known.dataset.events, np.ones(known.dataset.n_movies, dtype=bool), day, known.shape())


def _at_day(known: Known, day: float, early: sparse.csr_array) -> list[Callable[[], Scorer]]:
    """The ways of telling that are there at a day, made one after the other."""
    users, towers = known.users, known.towers
    tower = Vectors(name="two_tower", users=towers.users.astype(np.float64), movies=towers.content.astype(np.float64))
    mapped = Vectors(name="content_map", users=users, movies=known.map.movies)
    if not day:
        return [lambda: tower, lambda: mapped, *_rivals(known)]
    counts = _counts(early)
    so_far = np.log1p(counts)
    told_now = _told(replace(known.facts, early=so_far), known)
    news = told_now - _told(known.facts, known)
    folded = _folded_in(known, early)
    return [
        lambda: replace(tower, name="two_tower_and_news", added=news),
        lambda: replace(mapped, name="content_map_and_first_viewers", movies=known.map.movies + folded),
        lambda: tower,
        lambda: mapped,
        lambda: Vectors(name="first_viewers", users=users, movies=folded),
        lambda: baselines.Popularity("first_views", counts.astype(np.float64)),
        lambda: baselines.Popularity("told_popularity", told_now),
    ]


def _rivals(known: Known) -> list[Callable[[], Scorer]]:
    """Ways of telling from content that the two-tower model has to beat."""
    users, factors, codes = known.users, known.mf.movies.astype(np.float64), known.facts.codes
    views, movies, cold = known.hidden.seen, known.dataset.movies, known.hidden.movies

    def dropped() -> Scorer:
        told = dropout_net.tell_factors(users, factors, codes, known.warm, seed=known.seed)
        return Vectors(name="dropout_net", users=users, movies=told)

    counts = np.bincount(views.indices, minlength=len(movies)).astype(np.float64)
    return [
        lambda: Vectors(name="ridge", users=users, movies=known.plain.movies),
        dropped,
        lambda: baselines.cold_knn(views, movies, cold),
        lambda: baselines.genre_popularity(known.facts.genres, counts, known.warm),
        lambda: baselines.own_genres(views, known.facts.genres, counts, known.warm),
        lambda: baselines.Popularity("told_popularity", _told(known.facts, known)),
    ]


def _told(facts: Facts, known: Known) -> FloatArray:
    """ln views of every movie, told from the warm ones."""
    return appeal.ridge_and_boosting(facts, known.log_views, known.warm)


def _folded_in(known: Known, early: sparse.csr_array) -> FloatArray:
    """Factors of hidden movies from their first viewers alone, as though they were all there ever will be."""
    turned = replace(known.mf, users=known.mf.movies, movies=known.mf.users)  # a movie is to users what a user is to movies
    by_movie = early.tocsc()
    folded = np.zeros(known.mf.movies.shape, dtype=np.float64)
    for movie in np.flatnonzero(known.hidden.movies):
        viewers = by_movie.indices[by_movie.indptr[movie] : by_movie.indptr[movie + 1]]
        if len(viewers):
            folded[movie] = turned.fold_in(viewers)
    return folded


def _judge(ways: list[Callable[[], Scorer]], known: Known, early: sparse.csr_array, config: ColdConfig) -> list[Evaluation]:
    """Rank the hidden movies, without those that a user was among the first to watch."""
    of_hidden = sparse.csr_array(early @ sparse.diags_array(known.hidden.movies.astype(np.float32)))
    seen = sparse.csr_array(known.hidden.seen + of_hidden)
    seen.eliminate_zeros()
    seen.sort_indices()
    relevant = later(known.hidden, of_hidden)
    return [evaluate(way(), seen, relevant, at=(config.places,), allowed=known.hidden.movies) for way in ways]


def _score_intervals(known: Known) -> dict[str, Any]:
    """Measured coverage of the intervals of scores: against the factors of hidden movies from all of their viewers."""
    rows = np.flatnonzero(known.hidden.movies)
    true = _folded_in(known, known.hidden.relevant)[rows]
    rated = np.flatnonzero(known.users.any(axis=1))  # the others' scores are 0, told or true
    rng = np.random.default_rng(known.seed)
    users = known.users[rng.choice(rated, min(_COVERAGE_USERS, len(rated)), replace=False)]
    spread = known.map.spread(users, rows).T
    miss = (true - known.map.movies[rows]) @ users.T / spread
    resamples = Resamples(n=len(rows), seed=known.seed)
    out: dict[str, Any] = {}
    for level in appeal.LEVELS:
        below, above = content_regression.ends(miss, level, np.random.default_rng(known.seed))
        held = ((below[:, None] <= miss) & (miss <= above[:, None])).mean(axis=1)
        low, high = resamples.interval(held)
        width = float(((above - below)[:, None] * spread).mean())
        out[f"{level:.0%}"] = {"promised": level, "coverage": float(held.mean()), "low": low, "high": high, "width": width}
    return out


def _counts(views: sparse.csr_array) -> IntArray:
    return np.bincount(views.indices, minlength=int(views.shape[1])).astype(np.int64)


def _part(progress: ReportProgress, name: str, start: int, stop: int) -> ReportProgress:
    def told(part: Progress) -> None:
        progress(Progress.of(start + (stop - start) * part.done // max(part.total, 1), 100, stage=name))

    return told
