"""Regression of a movie's ln views on what is known before, or shortly after, its release: predictors and conformal intervals.

A predictor sees attributes and, a few days on, how many watched so far. Every movie is hidden once (five folds); of the others a
part is held back to tell how far off the predictor is on movies that it has not seen, which gives an interval with a promised
coverage (split conformal prediction). What is reported is what then happened: R², and the share of hidden movies whose views
lay in their interval.

References
----------
Lei, G'Sell, Rinaldo, Tibshirani, Wasserman (2018), Distribution-free predictive inference for regression.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.neighbors import KNeighborsRegressor

from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.ids import FloatArray, IntArray

FOLDS = 5
CALIBRATION_SHARE = 0.1
"""Share of the movies that intervals are calibrated on."""
COVERAGE_LEVELS = (0.8, 0.9)
"""Nominal coverage of the intervals."""
_NEIGHBOURS = 30
_PENALTIES = np.logspace(-2, 4, 13)
_GENRE_PRIOR_MOVIES = 5.0


@dataclass(frozen=True, eq=False)
class AppealFeatures:
    """Features of the regression; row k is movie k."""

    codes: FloatArray
    """float64[n_movies, n_codes]: attributes as weights (:mod:`recsys.embeddings.features`)"""
    plain: FloatArray
    """float64[n_movies, n]: attributes as 0 or 1, and numbers as they are (NaN where not known): for trees"""
    genres: FloatArray
    """float64[n_movies, n_genres]: shares"""
    early: FloatArray | None = None
    """float64[n_movies]: ln(1 + views so far); None before the first day"""

    @classmethod
    def of(cls, movies: pd.DataFrame) -> "AppealFeatures":
        """From the table of movies."""
        codes = FeatureSpace.learn(movies, MOVIE_COLUMNS_LEFT_OUT, min_count=2).encode(movies).toarray().astype(np.float64)
        numbers = [
            movies[name].to_numpy(dtype=np.float64, na_value=np.nan)[:, None]
            for name in sorted(set(movies.columns) - MOVIE_COLUMNS_LEFT_OUT)
            if is_numeric_dtype(movies[name]) and not is_datetime64_any_dtype(movies[name])
        ]
        genre = movies[["genres"]] if "genres" in movies else movies[[]]
        genres = FeatureSpace.learn(genre, (), min_count=1).encode(genre).toarray().astype(np.float64)
        return cls(codes, np.hstack([(codes > 0).astype(np.float64), *numbers]), genres)

    def linear(self) -> FloatArray:
        """Design matrix of the linear predictors."""
        return self.codes if self.early is None else np.column_stack([self.codes, self.early])

    def trees(self) -> FloatArray:
        """Feature matrix of the tree-based predictors."""
        return self.plain if self.early is None else np.column_stack([self.plain, self.early])


Predictor = Callable[[AppealFeatures, FloatArray, IntArray], FloatArray]
"""From the facts of all movies, ln views and the rows to learn from, to ln views told of all movies."""


def mean(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """Overall mean, the reference of R²."""
    return np.full(len(facts.codes), target[known].mean())


def genre_mean(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """Mean of a movie's genres, shrunk towards the overall mean where a genre has few movies."""
    overall = target[known].mean()
    weight = facts.genres[known]
    of_genre = (weight.T @ (target[known] - overall)) / (weight.sum(axis=0) + _GENRE_PRIOR_MOVIES)
    told: FloatArray = overall + facts.genres @ of_genre
    return told


def early_only(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """Linear regression on ln(1 + views so far)."""
    if facts.early is None:
        return mean(facts, target, known)
    slope, level = np.polyfit(facts.early[known], target[known], 1) if np.ptp(facts.early[known]) else (0.0, target[known].mean())
    told: FloatArray = level + slope * facts.early
    return told


def neighbours(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """k nearest neighbours by attributes."""
    x = facts.linear()
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    told: FloatArray = KNeighborsRegressor(min(_NEIGHBOURS, len(known))).fit(x[known], target[known]).predict(x)
    return told


def ridge(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """Ridge regression on the attributes; the penalty is chosen by leave-one-out error."""
    x = facts.linear()
    told: FloatArray = RidgeCV(alphas=_PENALTIES).fit(x[known], target[known]).predict(x)
    return told


def boosting(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """Gradient-boosted shallow trees."""
    x = facts.trees()
    trees = HistGradientBoostingRegressor(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=12, min_samples_leaf=max(5, min(20, len(known) // 50)), random_state=0
    )
    told: FloatArray = trees.fit(x[known], target[known]).predict(x)
    return told


def ridge_and_boosting(facts: AppealFeatures, target: FloatArray, known: IntArray) -> FloatArray:
    """Mean of ridge and boosting, whose errors differ."""
    return 0.5 * (ridge(facts, target, known) + boosting(facts, target, known))


PREDICTORS: Mapping[str, Predictor] = {
    "genre_mean": genre_mean,
    "neighbours": neighbours,
    "ridge": ridge,
    "boosting": boosting,
    "ridge_and_boosting": ridge_and_boosting,
    "early_views": early_only,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class OutOfFoldPredictions:
    """Out-of-fold predictions of one predictor, with intervals."""

    target: FloatArray
    """float64[n], ln views"""
    told: FloatArray
    """float64[n]"""
    low: FloatArray
    high: FloatArray
    """float64[n_levels, n]: ends of the interval of each of ``COVERAGE_LEVELS``"""

    @property
    def squared_error(self) -> FloatArray:
        """float64[n]"""
        out: FloatArray = (self.target - self.told) ** 2
        return out

    def explained(self) -> FloatArray:
        """float64[n], of which the mean is R²: 1 − squared error over the variance of all movies."""
        out: FloatArray = 1.0 - self.squared_error / self.target.var()
        return out

    def intervals(self) -> dict[str, dict[str, float]]:
        """By level: the share of movies that lay in their interval, and its mean width in nats."""
        inside = (self.low <= self.target) & (self.target <= self.high)
        width = self.high - self.low
        return {
            f"{level:.0%}": {"promised": level, "coverage": float(inside[at].mean()), "width_nats": float(width[at].mean())}
            for at, level in enumerate(COVERAGE_LEVELS)
        }


def out_of_fold_predictions(
    predictor: Predictor, facts: AppealFeatures, target: FloatArray, rng: np.random.Generator
) -> OutOfFoldPredictions:
    """Cross-validate a predictor: every movie is predicted while it is out of the training folds.

    Parameters
    ----------
    predictor : one of ``PREDICTORS``
    facts : of the movies that had views, in the order of the target
    target : float64[n], ln views
    rng : decides the folds; the same for predictors that are to be compared
    """
    n = len(target)
    order = rng.permutation(n)
    folds = np.array_split(order, FOLDS)
    told, low, high = np.empty(n), np.empty((len(COVERAGE_LEVELS), n)), np.empty((len(COVERAGE_LEVELS), n))
    for hidden in folds:
        others = rng.permutation(np.setdiff1d(order, hidden))
        held_back, known = np.split(others, [max(1, round(CALIBRATION_SHARE * n))])
        said = predictor(facts, target, np.sort(known))
        miss = target[held_back] - said[held_back]
        told[hidden] = said[hidden]
        for at, level in enumerate(COVERAGE_LEVELS):
            below, above = prediction_interval(miss, level)
            low[at, hidden], high[at, hidden] = said[hidden] + below, said[hidden] + above
    return OutOfFoldPredictions(target=target, told=told, low=low, high=high)


def prediction_interval(miss: FloatArray, level: float) -> tuple[float, float]:
    """Split-conformal interval of the error: a new movie's error lies in it with a probability of at least ``level``.

    A tail of (1 − level)/2 is left on each side, counted conservatively for a new movie among the ``miss`` of others: with n of
    them the end is the one at rank ⌈(n + 1)(1 + level)/2⌉; where n is too small for that, the largest. Where a movie has k misses
    (one a user), they go together, and it is still the n movies that count: the rank among all is ⌈k(n + 1)(1 + level)/2⌉, and
    the chance that of a new movie's miss drawn by lot.

    Parameters
    ----------
    miss : float64[n] or float64[n, k], truth − told of movies that nothing was learnt from
    level : in (0, 1)

    References
    ----------
    Lee, Barber, Willett (2023), Distribution-free inference with hierarchical data.

    Examples
    --------
    >>> prediction_interval(np.arange(1.0, 20.0), 0.8)      # 19 of them: ranks 2 and 18
    (2.0, 18.0)
    >>> prediction_interval(np.repeat(np.arange(1.0, 20.0)[:, None], 7, axis=1), 0.8)      # seven alike of each tell nothing more
    (2.0, 18.0)
    """
    ordered = np.sort(miss, axis=None)
    total = len(ordered)
    rank = min(int(np.ceil((total + total / len(miss)) * (1 + level) / 2 - 1e-9)), total)
    return float(ordered[total - rank]), float(ordered[rank - 1])


def as_json(told: OutOfFoldPredictions, ends: FloatArray) -> dict[str, Any]:
    """R² with its interval over movies, error in nats, and the intervals' coverage."""
    return {
        "r2": {"mean": float(told.explained().mean()), "low": float(ends[0]), "high": float(ends[1])},
        "rmse_nats": float(np.sqrt(told.squared_error.mean())),
        "interval": told.intervals(),
    }
