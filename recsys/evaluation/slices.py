"""Metrics by slice of users or movies.

A slice of users is a mean over its users. A slice of movies is judged by what was wanted of it: for each user who wanted some of
its movies, the share of these that is in the list, of those that would fit.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.embeddings.features import FeatureSpace
from recsys.evaluation.evaluate import Evaluation
from recsys.evaluation.ranking import entries, holds
from recsys.evaluation.resampling import Resamples
from recsys.ids import FloatArray, IntArray

Masks = Mapping[str, NDArray[np.bool_]]
"""Name of each slice → bool, one a user or movie of the tables."""
AGE_EDGES_YEARS = (1, 3, 10, 30)
MOST_LANGUAGES = 12
"""Languages with a slice of their own, the most frequent first."""


def by_slice(evaluation: Evaluation, slices: Mapping[str, IntArray], metric: str) -> list[dict[str, Any]]:
    """Means of a metric over slices of users.

    Parameters
    ----------
    slices : name → user rows; users who are not evaluated are passed over
    """
    rows = []
    for name, members in slices.items():
        inside = np.isin(evaluation.user_rows, members)
        mean = float(evaluation.by_user[metric][inside].mean()) if inside.any() else None
        rows.append({"slice": name, "users": int(inside.sum()), metric: mean})
    return rows


def user_slices(evaluation: Evaluation, masks: Masks, metric: str, resamples: Resamples) -> list[dict[str, Any]]:
    """Mean of a metric over each slice of users, with its 95 % interval.

    Parameters
    ----------
    masks : bool[n_users] of each slice; slices without an evaluated user are left out
    resamples : of the evaluated users
    """
    figures = evaluation.by_user[metric]
    inside = {name: mask[evaluation.user_rows] for name, mask in masks.items()}
    return _rows({name: np.where(members, figures, np.nan) for name, members in inside.items()}, metric, resamples)


def movie_slices(
    evaluation: Evaluation, relevant: sparse.csr_array, masks: Masks, k: int, resamples: Resamples
) -> list[dict[str, Any]]:
    """Recall of the wanted movies of each slice in the first k places, with its 95 % interval over users.

    Parameters
    ----------
    relevant : CSR[n_users, n_movies], what was to be found
    masks : bool[n_movies] of each slice; slices of which nobody wanted anything are left out
    """
    shown = evaluation.shown[:, :k]
    owner, wanted = entries(relevant, evaluation.user_rows)
    hits = holds(relevant, evaluation.user_rows, shown)
    figures = {}
    for name, mask in masks.items():
        found = (hits & mask[np.maximum(shown, 0)]).sum(axis=1)
        of = np.bincount(owner, weights=mask[wanted], minlength=len(shown))
        figures[name] = np.where(of > 0, found / np.maximum(np.minimum(of, k), 1), np.nan)
    rows = _rows(figures, f"recall@{k}", resamples)
    wanted_of = {name: int(mask[wanted].sum()) for name, mask in masks.items()}
    return [{**row, "wanted": wanted_of[row["slice"]]} for row in rows]


def _rows(figures: Mapping[str, FloatArray], metric: str, resamples: Resamples) -> list[dict[str, Any]]:
    kept = {name: values for name, values in figures.items() if np.isfinite(values).any()}
    if not kept:
        return []
    ends = resamples.intervals(np.column_stack(list(kept.values())))
    return [
        {
            "slice": name,
            "users": int(np.isfinite(values).sum()),
            metric: float(np.nanmean(values)),
            "low": float(low),
            "high": float(high),
        }
        for (name, values), low, high in zip(kept.items(), *ends, strict=True)
    ]


def activity_slices(seen: sparse.csr_array, evaluation: Evaluation, parts: int = 4) -> dict[str, IntArray]:
    """Evaluated users by how much they had watched, in at most so many parts, about equal where users differ enough."""
    watched = np.diff(seen.indptr)[evaluation.user_rows]
    edges = np.unique(np.quantile(watched, np.arange(1, parts) / parts, method="lower"))
    part = np.searchsorted(edges, watched, side="left")
    named: dict[str, IntArray] = {}
    for number in np.unique(part):
        members = part == number
        named[f"{watched[members].min()}–{watched[members].max()} watched"] = evaluation.user_rows[members]
    return named


def activity_deciles(seen: sparse.csr_array, evaluation: Evaluation) -> Masks:
    """Tenths of the evaluated users by how much they had watched; fewer where many watched equally much."""
    masks = {}
    for name, rows in activity_slices(seen, evaluation, parts=10).items():
        masks[name] = np.zeros(int(seen.shape[0]), dtype=bool)
        masks[name][rows] = True
    return masks


def value_masks(column: pd.Series, *, at_most: int = MOST_LANGUAGES) -> Masks:
    """Rows by each value of a column (values joined by ``|``): a row with two values is in two slices.

    Examples
    --------
    >>> {name: mask.tolist() for name, mask in value_masks(pd.Series(["Tamil", "Tamil|Hindi", None], name="languages")).items()}
    {'Tamil': [True, True, False], 'Hindi': [False, True, False]}
    """
    frame = column.to_frame()
    space = FeatureSpace.learn(frame, (), min_count=1)
    has = space.encode(frame).toarray() > 0
    names = [name for feature in space.features for name in feature.names][:at_most]
    return {name: has[:, code] for code, name in enumerate(names)}


def age_masks(year: pd.Series, now_year: int) -> Masks:
    """Movies by the years between their release and now.

    Examples
    --------
    >>> list(age_masks(pd.Series([2013.0, 2011.0, 1950.0, np.nan]), 2013))
    ['under 1 year', '1 to 2 years', '30 years and more', 'year not known']
    """
    age = now_year - pd.to_numeric(year, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    edges = (-np.inf, *AGE_EDGES_YEARS, np.inf)
    masks = {_age(low, high): (age >= low) & (age < high) for low, high in pairwise(edges)}
    masks["year not known"] = np.isnan(age)
    return {name: mask for name, mask in masks.items() if mask.any()}


def favourite(masks: Masks, seen: sparse.csr_array) -> Masks:
    """Users by the slice of movies that they had watched most of; who watched none of any is in no slice."""
    if not masks:
        return {}
    ones = sparse.csr_array((np.ones(seen.nnz), seen.indices, seen.indptr), shape=seen.shape)
    watched = ones @ np.column_stack([mask.astype(np.float64) for mask in masks.values()])
    most = np.where(watched.max(axis=1) > 0, watched.argmax(axis=1), -1)
    return {name: most == number for number, name in enumerate(masks)}


def _age(low: float, high: float) -> str:
    if low == -np.inf:
        return f"under {high:.0f} year"
    return f"{low:.0f} years and more" if high == np.inf else f"{low:.0f} to {high - 1:.0f} years"


def dataset_slices(
    users: pd.DataFrame, movies: pd.DataFrame, seen: sparse.csr_array, now_year: int
) -> tuple[dict[str, Masks], dict[str, Masks]]:
    """The slices that tables allow: of users by language, of movies by language and by age.

    A user's language is that of most movies that they watched, or what the users' table says where movies have none.

    Returns
    -------
    Kind of slice → masks, of users and of movies
    """
    of_users: dict[str, Masks] = {}
    of_movies: dict[str, Masks] = {}
    if "languages" in movies and len(spoken := value_masks(movies["languages"])) > 1:
        of_movies["movie_language"] = spoken
        of_users["language"] = favourite(spoken, seen)
    elif "language" in users:
        of_users["language"] = value_masks(users["language"])
    if "year" in movies:
        of_movies["movie_age"] = age_masks(movies["year"], now_year)
    return of_users, of_movies
