"""Baseline forecasts of arrivals, without a choice model: by genre, by comparable movies, and by gradient boosting.

Each learns from the outcomes of earlier arrivals that were known on the day, and from nothing else. All work with ln(1 + views),
since views of arrivals differ by factors: on the plain scale a few hits decide everything, and each of the three does worse.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray
from recsys.tables import lists

N_COMPARABLES = 5
FEWEST_KNOWN = 10
"""Outcomes that must be known before a baseline says anything."""
_NOT_ATTRIBUTES = frozenset(
    {"movie_id", "title", "available_from", "available_until", "licence_fee", "licence_until", "available_days"}
)
_FEWEST_MOVIES = 2
"""Movies that share a value before it says anything about another."""
_MOST_VALUES = 300


@dataclass(frozen=True, eq=False, kw_only=True)
class KnownArrivals:
    """Training data of a baseline: earlier arrivals with their outcomes, and the offers to forecast."""

    known: pd.DataFrame
    """Attributes of earlier arrivals"""
    known_content: Float32Array
    """float32[n_known, content_dim]"""
    outcome: FloatArray
    """float64[n_known], views or hours"""
    offers: pd.DataFrame
    offer_content: Float32Array


def genre_popularity(past: KnownArrivals, _seed: int = 0) -> FloatArray:
    """Mean over an offer's genres of what earlier arrivals of each genre won; the overall mean where it has none that is known.

    float64[n_offers]
    """
    level = np.log1p(past.outcome)
    overall = float(level.mean())
    if "genres" not in past.known:
        return np.full(len(past.offers), np.expm1(overall))
    parts = lists.split(past.known["genres"]).to_numpy()
    by_genre = pd.DataFrame({"genre": parts, "level": level}).explode("genre").groupby("genre")["level"].mean()
    out = np.empty(len(past.offers))
    for k, genres in enumerate(lists.split(past.offers["genres"])):
        found = [by_genre[genre] for genre in genres if genre in by_genre.index]
        out[k] = np.mean(found) if found else overall
    return _views(out)


def five_comparables(past: KnownArrivals, _seed: int = 0) -> FloatArray:
    """Mean of the five earlier arrivals nearest in content, float64[n_offers]."""
    similarity = _unit(past.offer_content) @ _unit(past.known_content).T
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :N_COMPARABLES]
    return _views(np.log1p(past.outcome)[nearest].mean(axis=1))


def gradient_boosting(past: KnownArrivals, seed: int = 0) -> FloatArray:
    """Gradient-boosted trees on the attributes, float64[n_offers]."""
    n_known = len(past.known)
    table = attribute_table(pd.concat([past.known, past.offers[past.known.columns]], ignore_index=True))
    if not table.shape[1]:
        return np.full(len(past.offers), np.expm1(np.log1p(past.outcome).mean()))
    model = HistGradientBoostingRegressor(learning_rate=0.05, min_samples_leaf=min(10, max(n_known // 4, 1)), random_state=seed)
    with threadpool_limits(1):  # some hundred rows: threads would only wait for each other
        model.fit(table[:n_known], np.log1p(past.outcome))
        return _views(model.predict(table[n_known:]))


BASELINES: dict[str, Callable[[KnownArrivals, int], FloatArray]] = {
    "genre_popularity": genre_popularity,
    "five_comparables": five_comparables,
    "gradient_boosting": gradient_boosting,
}


def baseline_forecasts(past: KnownArrivals, seed: int) -> dict[str, FloatArray]:
    """Forecasts of each baseline, by name; nothing where too few outcomes are known."""
    if len(past.known) < FEWEST_KNOWN:
        return {}
    return {name: baseline(past, seed) for name, baseline in BASELINES.items()}


def _views(level: FloatArray) -> FloatArray:
    """Inverse of ln(1 + views), never below 0."""
    views: FloatArray = np.maximum(np.expm1(level), 0.0)
    return views


def _unit(vectors: Float32Array) -> Float32Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32Array = vectors / np.where(length > 0, length, 1)
    return unit


def attribute_table(movies: pd.DataFrame) -> Float32Array:
    """Attributes of movies as numbers: 1 for each value that a movie has, and numbers in standard deviations.

    Ids, titles, dates and terms are no attributes. A missing number counts as the mean.

    Examples
    --------
    >>> attribute_table(pd.DataFrame({"title": ["a", "b", "c"], "genres": ["Drama|Family", "Drama", "Family"]}))
    array([[1., 1.],
           [1., 0.],
           [0., 1.]], dtype=float32)
    """
    columns: list[FloatArray] = []
    for name in sorted(set(movies.columns) - _NOT_ATTRIBUTES):
        values = movies[name]
        if is_numeric_dtype(values):
            number = values.to_numpy(dtype=np.float64)
            spread = float(np.nanstd(number)) if np.isfinite(number).any() else 0.0
            if spread > 0:
                columns.append(np.nan_to_num((number - np.nanmean(number)) / spread)[:, None])
        elif not pd.api.types.is_datetime64_any_dtype(values):
            has = pd.DataFrame(lists.masks(values), index=values.index)
            often = has.sum().sort_values(ascending=False, kind="stable")
            kept = often[often >= _FEWEST_MOVIES].index[:_MOST_VALUES]
            columns.append(has[sorted(kept)].to_numpy(dtype=np.float64))
    table = np.hstack(columns) if columns else np.empty((len(movies), 0))
    return np.asarray(table, dtype=np.float32)
