"""Baseline recommenders that a trained one has to beat. NumPy and SciPy only.

References
----------
Steck (2019), Embarrassingly shallow autoencoders for sparse data (EASE).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.errors import DataError
from recsys.ids import FloatArray, IntArray
from recsys.models.protocol import Float32Array, Recommender, Scorer, TrainingData

EASE_MOST_MOVIES = 12_000
"""EASE inverts a dense matrix of movies × movies: 1.2 GB of float64 at this size."""
KNN_BLOCK = 1_024
SEGMENT_PRIOR_VIEWS = 200.0
_LIFT_PRIOR_VIEWS = 5.0


@dataclass(frozen=True, eq=False)
class Popularity:
    """Non-personalised scorer: one ranking for everyone."""

    name: str
    popularity: FloatArray
    """float64[n_movies]"""

    def score(self, user_rows: IntArray) -> Float32Array:
        """The popularity, once a user."""
        row = self.popularity.astype(np.float32)
        return np.broadcast_to(row, (len(user_rows), len(row)))


@dataclass(frozen=True, eq=False)
class NeighbourScorer:
    """Neighbourhood scorer: sum of a movie's similarities to what the user watched (views · similarity)."""

    name: str
    views: sparse.csr_array
    """CSR[n_users, n_movies] of ones"""
    similarity: sparse.csr_array | Float32Array
    """[n_movies, n_movies]: from watched to scored"""

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""
        scores = self.views[user_rows] @ self.similarity
        return np.asarray(scores.toarray() if sparse.issparse(scores) else scores, dtype=np.float32)


def popularity(views: sparse.csr_array) -> Popularity:
    """Popularity: movies by their number of viewers.

    Examples
    --------
    >>> popularity(sparse.csr_array(np.array([[1, 0], [2, 1]]))).score(np.array([0]))
    array([[2., 1.]], dtype=float32)
    """
    viewers: FloatArray = np.bincount(views.indices, minlength=views.shape[1]).astype(np.float64)
    return Popularity("popularity", viewers)


def recent_popularity(
    movie_index: ArrayLike, timestamps: pd.Series, n_movies: int, *, half_life_days: float = 30.0
) -> Popularity:
    """Recency-weighted popularity: a view counts half as much every ``half_life_days`` before the last one."""
    age_days = (timestamps.max() - timestamps) / pd.Timedelta(days=1)
    weight = 0.5 ** (age_days.to_numpy(dtype=np.float64) / half_life_days)
    counted = np.bincount(np.asarray(movie_index), weights=weight, minlength=n_movies).astype(np.float64)
    return Popularity("recent_popularity", counted)


@dataclass(frozen=True, eq=False)
class SegmentPopularity:
    """Popularity within segments: one ranking for each segment of users."""

    name: str
    segment: IntArray
    """int64[n_users]: row of ``popularity``"""
    popularity: FloatArray
    """float64[n_segments, n_movies]"""

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""
        scores: Float32Array = self.popularity.astype(np.float32)[self.segment[user_rows]]
        return scores


def segment_popularity(
    views: sparse.csr_array, movies: pd.DataFrame, *, prior_views: float = SEGMENT_PRIOR_VIEWS
) -> SegmentPopularity:
    """Popularity within segments of users: the rule of thumb of a service with a table of personas.

    A user's segment is the language that they watched most of and, within it, the genre that they watched most of against all
    users (either alone, or nothing, where movies have no such column). A segment's counts are filled up with ``prior_views``
    views shared out as all users share theirs, so that small segments lean on everybody.

    Parameters
    ----------
    views : CSR[n_users, n_movies]
    movies : the table of movies, row k is column k of the views
    prior_views : views of all users' mix that each segment starts with, > 0
    """
    ones = _ones(views)
    kind = np.zeros(views.shape[0], dtype=np.int64)
    for column, by_lift in (("languages", False), ("genres", True)):
        if column in movies:
            favourite = _favourite(ones, movies[column], by_lift=by_lift)
            kind = kind * (favourite.max(initial=0) + 2) + favourite + 1
    _, segment = np.unique(kind, return_inverse=True)
    n_segments = int(segment.max(initial=0)) + 1
    member = sparse.csr_array((np.ones(len(segment)), (segment, np.arange(len(segment)))), shape=(n_segments, len(segment)))
    counted = (member @ ones).toarray().astype(np.float64)
    overall = counted.sum(axis=0)
    return SegmentPopularity(
        "segment_popularity", segment.astype(np.int64), counted + prior_views * overall / max(overall.sum(), 1)
    )


def _favourite(ones: sparse.csr_array, column: pd.Series, *, by_lift: bool) -> IntArray:
    """Favourite value of a column of each user, by count or by lift over all users; -1 where nothing is known."""
    frame = column.to_frame()
    space = FeatureSpace.learn(frame, (), min_count=1)
    if not space.n_codes:
        return np.full(ones.shape[0], -1, dtype=np.int64)
    watched = (ones @ space.encode(frame)).astype(np.float64).toarray()
    total = watched.sum(axis=1, keepdims=True)
    if by_lift:  # some views of everyone's mix first, so that a single view of a rare genre does not make a kind
        prior_views = watched.sum(axis=0) / max(watched.sum(), 1e-12)
        watched = (watched + _LIFT_PRIOR_VIEWS * prior_views) / np.maximum(prior_views, 1e-12)
    return np.where(total[:, 0] > 0, watched.argmax(axis=1), -1).astype(np.int64)


def content_knn(views: sparse.csr_array, movies: pd.DataFrame, *, neighbours: int = 50) -> NeighbourScorer:
    """Content-based k nearest neighbours: movies by the attributes that they share with what the user watched.

    Attributes count the more the fewer movies have them (inverse document frequency); similarity is the cosine, kept for each
    movie's nearest ones.

    Parameters
    ----------
    views : CSR[n_users, n_movies]
    movies : the table of movies, row k is column k of the views
    neighbours : movies each watched one speaks for
    """
    unit, n_movies = content_directions(movies), len(movies)
    blocks = [_nearest(unit, start, min(start + KNN_BLOCK, n_movies), neighbours) for start in range(0, n_movies, KNN_BLOCK)]
    return NeighbourScorer("content_knn", _ones(views), sparse.csr_array(sparse.vstack(blocks)))


def content_directions(movies: pd.DataFrame) -> sparse.csr_array:
    """Attributes of each movie as a vector of length 1 (or 0 where nothing is known), rare ones counting more: CSR."""
    codes = FeatureSpace.learn(movies, MOVIE_COLUMNS_LEFT_OUT, min_count=2).encode(movies).astype(np.float64)
    carriers = np.bincount(codes.indices, minlength=codes.shape[1])
    weighted = sparse.csr_array(codes @ sparse.diags_array(np.log((1 + len(movies)) / (1 + carriers))))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ weighted)


def cold_start_knn(
    views: sparse.csr_array, movies: pd.DataFrame, cold: NDArray[np.bool_], *, neighbours: int = 50
) -> NeighbourScorer:
    """Content-based k nearest neighbours for cold-start movies: by the user's views of the movies most like each.

    Unlike :func:`content_knn`, each cold movie keeps its own nearest among those that were watched, so that none is left without.

    Parameters
    ----------
    views : CSR[n_users, n_movies], without views of cold movies
    movies : the table of movies
    cold : bool[n_movies], movies to score; the others score 0
    neighbours : watched movies that speak for a cold one
    """
    unit = content_directions(movies)
    warm = np.flatnonzero(np.bincount(views.indices, minlength=len(movies)) > 0)
    warm = warm[~cold[warm]]
    rows = np.flatnonzero(cold)
    kept = min(neighbours, len(warm))
    similarity = sparse.lil_array((len(movies), len(movies)), dtype=np.float32)
    for start in range(0, len(rows), KNN_BLOCK):
        block = rows[start : start + KNN_BLOCK]
        alike = (unit[block] @ unit[warm].T).toarray().astype(np.float32)
        lowest = -np.partition(-alike, kept - 1, axis=1)[:, kept - 1 : kept]
        place, column = np.nonzero((alike >= lowest) & (alike > 0))
        similarity[warm[column], block[place]] = alike[place, column]
    return NeighbourScorer("content_knn", _ones(views), sparse.csr_array(similarity))


def genre_popularity(genres: FloatArray, counts: FloatArray, known: IntArray) -> Popularity:
    """Popularity of genres: every movie by the mean viewers of movies of its genres.

    Parameters
    ----------
    genres : float64[n_movies, n_genres], shares
    counts : float64[n_movies], viewers
    known : rows of the movies whose viewers may be looked at

    Examples
    --------
    >>> genres = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> genre_popularity(genres, np.array([8.0, 2.0, 0.0]), np.array([0, 1])).popularity
    array([8., 2., 5.])
    """
    return Popularity("genre_popularity", genres @ _genre_means(genres, counts, known))


def own_genres(views: sparse.csr_array, genres: FloatArray, counts: FloatArray, known: IntArray) -> "GenreAffinity":
    """Personalised popularity of genres: each genre weighted by its share of the user's views.

    Parameters as :func:`genre_popularity`, and CSR[n_users, n_movies] of views.
    """
    watched = _ones(views) @ genres
    mix = watched / np.maximum(watched.sum(axis=1, keepdims=True), 1e-12)
    return GenreAffinity("own_genres", mix, genres * _genre_means(genres, counts, known))


@dataclass(frozen=True, eq=False)
class GenreAffinity:
    """Scorer by genre: a user's genre shares times each movie's genre scores."""

    name: str
    mix: FloatArray
    """float64[n_users, n_genres]"""
    genre_scores: FloatArray
    """float64[n_movies, n_genres]"""

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""
        return np.asarray(self.mix[user_rows] @ self.genre_scores.T, dtype=np.float32)


def _genre_means(genres: FloatArray, counts: FloatArray, known: IntArray) -> FloatArray:
    means: FloatArray = (genres[known].T @ counts[known]) / np.maximum(genres[known].sum(axis=0), 1e-12)
    return means


def ease(views: sparse.csr_array, *, regularisation: float = 300.0) -> NeighbourScorer:
    """EASE: the linear autoencoder with a zero diagonal that best reconstructs the views, in closed form.

    Parameters
    ----------
    views : CSR[n_users, n_movies]
    regularisation : λ > 0, in views

    Raises
    ------
    DataError  E_TOO_BIG: more than ``EASE_MOST_MOVIES`` movies
    """
    if views.shape[1] > EASE_MOST_MOVIES:
        raise DataError.of(
            "E_TOO_BIG",
            f"EASE needs memory for {views.shape[1]}² numbers; {EASE_MOST_MOVIES} movies are the most.",
            "Compare with the other baselines.",
        )
    ones = _ones(views)
    gram = (ones.T @ ones).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += regularisation
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return NeighbourScorer("ease", ones, weights.astype(np.float32))


def _ones(views: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array((np.ones(views.nnz, dtype=np.float32), views.indices, views.indptr), shape=views.shape)


def _nearest(unit: sparse.csr_array, start: int, stop: int, neighbours: int) -> sparse.csr_array:
    """Similarities of some movies to their nearest others."""
    similarity = (unit[start:stop] @ unit.T).toarray().astype(np.float32)
    similarity[np.arange(stop - start), np.arange(start, stop)] = 0.0
    kept = min(neighbours, similarity.shape[1] - 1)
    lowest = -np.partition(-similarity, kept - 1, axis=1)[:, kept - 1 : kept]
    return sparse.csr_array(np.where(similarity >= lowest, similarity, 0.0))


def _registered(
    name: str, fit: Callable[[TrainingData], Scorer], *, fit_seconds: float = 1.0, measured_up_to_movies: float = math.inf
) -> Recommender:
    """A baseline: it has no settings, no chance and no need of a checkpoint."""
    return Recommender(
        name=name,
        fit=lambda data, _config, **_options: fit(data),
        fit_seconds=fit_seconds,
        measured_up_to_movies=measured_up_to_movies,
    )


RECOMMENDERS = (
    _registered("popularity", lambda data: popularity(data.views)),
    _registered(
        "recent_popularity",
        lambda data: recent_popularity(data.events["movie_index"], data.events["timestamp"], len(data.movies)),
    ),
    _registered("segment_popularity", lambda data: segment_popularity(data.views, data.movies)),
    _registered("content_knn", lambda data: content_knn(data.views, data.movies)),
    _registered("ease", lambda data: ease(data.views), fit_seconds=4.0, measured_up_to_movies=1_000),
)
"""In the order of reports."""
