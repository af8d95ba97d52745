"""Nests of close substitutes, by clustering of content vectors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from recsys.choice.model.parameters import Float32Array
from recsys.ids import IntArray
from recsys.tables import lists

_FEWEST, _MOST = 2, 32
_FEWEST_MOVIES = 5
"""Movies in a language that makes a nest."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Nests:
    """Partition of the catalogue into nests."""

    assignment: IntArray
    """int64[n_movies]"""
    names: tuple[str, ...]
    centroids: Float32Array
    """float32[n_nests, content_dim], unit vectors"""

    def __len__(self) -> int:
        return len(self.names)


def number_of_nests(n_movies: int) -> int:
    """Number of nests for a catalogue of a size.

    Examples
    --------
    >>> [number_of_nests(n) for n in (3, 50, 800, 10_000)]
    [2, 5, 20, 32]
    """
    return int(min(max(round(np.sqrt(n_movies / 2)), _FEWEST), _MOST, n_movies))


def candidate_nests(content: Float32Array, movies: pd.DataFrame, *, seed: int) -> list[Nests]:
    """Candidate partitions of the catalogue, for the likelihood of choices to select from.

    Clusters of movies by the direction of their content vectors, as many as suits the catalogue and half and a quarter as many;
    and clusters that begin with the languages. A movie belongs to the nearest centre in each, as an offer will.

    Parameters
    ----------
    content : float32[n_movies, content_dim]
    movies : the movies table, for languages and names
    seed : of the clustering

    Returns
    -------
    One or more, different from each other; each has its largest nest first
    """
    unit = _unit(content)
    most = min(number_of_nests(len(unit)), len(np.unique(unit, axis=0)))
    found = [
        KMeans(n_clusters=wanted, n_init=4, random_state=seed).fit(unit).cluster_centers_
        for wanted in dict.fromkeys([most, max(most // 2, _FEWEST), max(most // 4, _FEWEST)])
        if wanted <= most
    ]
    if "languages" in movies:
        first = lists.split(movies["languages"]).map(lambda several: several[0] if several else "")
        spoken = [language for language, n in first.value_counts().items() if language and n >= _FEWEST_MOVIES]
        if len(spoken) >= _FEWEST:
            found.append(np.stack([unit[(first == language).to_numpy()].mean(axis=0) for language in spoken]))
    out: list[Nests] = []
    for centres in found:
        nests = _around(unit, np.asarray(centres, dtype=np.float32), movies)
        if not any(np.array_equal(nests.assignment, other.assignment) for other in out):
            out.append(nests)
    return out


def _around(unit: Float32Array, centres: Float32Array, movies: pd.DataFrame) -> Nests:
    """Nests round the given centres, each movie in that of the nearest."""
    centres = _unit(centres)
    nearest = np.argmax(unit @ centres.T, axis=1)
    sizes = np.bincount(nearest, minlength=len(centres))
    order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
    place = np.full(len(centres), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    assignment: IntArray = place[nearest]
    return Nests(assignment=assignment, names=_names(assignment, movies, len(order)), centroids=centres[order])


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
    values = lists.exploded(column)
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
