"""Nests: movies that are close substitutes, found by what they are and named for it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from recsys.choice.model import Float32Array
from recsys.ids import IntArray

_FEWEST, _MOST = 2, 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Nests:
    """A partition of the catalogue."""

    assignment: IntArray
    """int64[n_movies]"""
    names: tuple[str, ...]
    centroids: Float32Array
    """float32[n_nests, content_dim], unit vectors"""

    def __len__(self) -> int:
        return len(self.names)


def number_of_nests(n_movies: int) -> int:
    """How many nests a catalogue of that size is cut into.

    Examples
    --------
    >>> [number_of_nests(n) for n in (3, 50, 800, 10_000)]
    [2, 5, 20, 32]
    """
    return int(min(max(round(np.sqrt(n_movies / 2)), _FEWEST), _MOST, n_movies))


def find_nests(content: Float32Array, movies: pd.DataFrame, *, seed: int) -> Nests:
    """Cluster movies by the direction of their content vectors.

    Parameters
    ----------
    content : float32[n_movies, content_dim]
    movies : the movies table, for the names
    seed : of the clustering

    Returns
    -------
    Nests, largest first
    """
    unit = _unit(content)
    distinct = len(np.unique(unit, axis=0))
    wanted = min(number_of_nests(len(unit)), distinct)
    found = KMeans(n_clusters=wanted, n_init=4, random_state=seed).fit(unit).labels_.astype(np.int64)
    order = np.argsort(-np.bincount(found, minlength=wanted), kind="stable")
    place = np.empty(wanted, dtype=np.int64)
    place[order] = np.arange(wanted)
    assignment: IntArray = place[found]
    centroids = _unit(np.stack([unit[assignment == nest].mean(axis=0) for nest in range(wanted)]).astype(np.float32))
    return Nests(assignment=assignment, names=_names(assignment, movies, wanted), centroids=centroids)


def support_distance(content: Float32Array) -> float:
    """99th percentile of the cosine distances from each movie to its nearest other movie."""
    if len(content) < 2:
        return 0.0
    distances, _ = NearestNeighbors(n_neighbors=2, metric="cosine").fit(content).kneighbors(content)
    return float(np.quantile(np.clip(distances[:, 1], 0.0, 2.0), 0.99))


def _unit(vectors: Float32Array) -> Float32Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32Array = (vectors / np.where(length > 0, length, 1)).astype(np.float32)
    return unit


def _names(assignment: IntArray, movies: pd.DataFrame, n_nests: int) -> tuple[str, ...]:
    """Each nest's most over-represented language, then its two most over-represented genres."""
    traits = [_shares(movies[column], assignment, n_nests) for column in ("languages", "genres") if column in movies]
    names: list[str] = []
    for nest in range(n_nests):
        words = [word for column, shares in enumerate(traits) for word in _typical(shares, nest, 1 + column)]
        names.append(" ".join(words) or f"Group {nest + 1}")
    return _unique(names)


def _shares(column: pd.Series, assignment: IntArray, n_nests: int) -> pd.DataFrame:
    """Share of each nest's movies that have each value: values in rows, nests in columns."""
    values = column.fillna("").astype(str).str.split("|").explode()
    values = values[values != ""]
    counts = pd.crosstab(values, pd.Series(assignment).loc[values.index].to_numpy()).reindex(columns=range(n_nests), fill_value=0)
    return counts.div(np.maximum(np.bincount(assignment, minlength=n_nests), 1), axis=1)


def _typical(shares: pd.DataFrame, nest: int, most: int) -> list[str]:
    here = shares[nest]
    lift = np.log((here + 0.02) / (shares.mean(axis=1) + 0.02)) * here
    telling = lift[(here >= 0.25) & (lift > 0.1)].sort_values(ascending=False, kind="stable")
    return [str(value) for value in telling.index[:most]]


def _unique(names: list[str]) -> tuple[str, ...]:
    taken: dict[str, int] = {}
    out = []
    for name in names:
        while name in taken:
            taken[name] += 1
            name = f"{name} {taken[name]}"  # noqa: PLW2901
        taken[name] = 1
        out.append(name)
    return tuple(out)
