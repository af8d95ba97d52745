"""Utility space: a recommender's vectors, scaled and filled in so that their products are utilities up to a slope.

The length of an implicit-feedback vector says as much about how long a movie was there, and how much somebody watches, as
about taste; :class:`LengthScaling` takes some of it out. Movies with few views, and offers, get a vector from their
attributes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.choice.estimate.attribute_affinity import AttributeAffinities
from recsys.choice.estimate.regression.ridge import fit_ridge
from recsys.choice.model.parameters import Float32Array, Member
from recsys.choice.panel.user_clusters import UserClusters
from recsys.ids import FloatArray, IntArray

Vectors = tuple[Float32Array, Float32Array]
"""(users float32[n_users, dim], movies float32[n_movies, dim]) of one recommender"""

FEW_VIEWS = 10
"""Movies with fewer are known by their attributes alone."""


@dataclass(frozen=True, kw_only=True)
class LengthScaling:
    """Power of the length that vectors are divided by: 0 leaves them, 1 makes them unit vectors."""

    users: float
    movies: float


SCALINGS = (LengthScaling(users=0.0, movies=0.0), LengthScaling(users=0.5, movies=1.0))
"""What is tried; the likelihood of held-out choices decides."""


@dataclass(frozen=True, eq=False, kw_only=True)
class UtilitySpace:
    """One recommender's users and movies in utility space."""

    users: Float32Array
    movies: Float32Array
    """float32[n_movies, dim]; from attributes where ``cold``"""
    cold: NDArray[np.bool_]
    from_codes: FloatArray
    """float64[1 + n_codes, dim]: intercept and weights of a movie's attributes"""
    affinity: AttributeAffinities

    def centres(self, nests: IntArray) -> FloatArray:
        """float64[n_movies, dim]: mean vector of each movie's nest."""
        counts = np.maximum(np.bincount(nests), 1)
        sums = np.zeros((len(counts), self.movies.shape[1]))
        np.add.at(sums, nests, self.movies.astype(np.float64))
        return np.asarray((sums / counts[:, None])[nests])


def build_utility_space(  # noqa: PLR0917
    users: Float32Array,
    movies: Float32Array,
    views: IntArray,
    codes: Float32Array,
    scaling: LengthScaling,
    affinity: AttributeAffinities,
) -> UtilitySpace:
    """Scale a recommender's vectors and fill in those of movies with few views.

    Parameters
    ----------
    users, movies : the recommender's vectors
    views : int64[n_movies], views that it was trained on
    codes : float32[n_movies, n_codes], attributes
    affinity : from the same views
    """
    scaled_users, scaled_movies = _scaled(users, scaling.users), _scaled(movies, scaling.movies)
    cold = views < FEW_VIEWS
    known = ~cold
    if known.sum() < 2:
        coefficients = np.zeros((1 + codes.shape[1], movies.shape[1]))
        coefficients[0] = scaled_movies.mean(axis=0)
    else:
        weight = views[known] / (views[known] + FEW_VIEWS)
        coefficients = fit_ridge(codes[known], scaled_movies[known], weight).coefficients
    filled = scaled_movies.copy()
    filled[cold] = coefficients[0] + codes[cold] @ coefficients[1:]
    return UtilitySpace(
        users=scaled_users.astype(np.float32),
        movies=filled.astype(np.float32),
        cold=cold,
        from_codes=coefficients,
        affinity=affinity,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoreReliability:
    """Reliability of the components of a score, relative to its own slope (:mod:`recsys.choice.estimate.taste.likelihood`)."""

    cold: float
    """1 + δ/θ: scores of movies known by their attributes alone"""
    cluster: float
    """ζ/θ, added: the mean taste of a user's cluster"""
    nest: float
    """η/θ, added: what the movies of a nest have in common"""
    affinity: FloatArray
    """β/θ, float64[n_affinities], added: the user's affinity to the movie's languages, genres and so on"""


def to_member(
    space: UtilitySpace, clusters: UserClusters, nests: IntArray, codes: Float32Array, reliability: ScoreReliability
) -> Member:
    """Work the reliabilities into the vectors, so that one slope does for all scores.

    The cluster's part of a score is weighted at the user, the nest's at the movie; their product, twice weighted, is left as it
    falls out. Affinities are dimensions of their own.
    """
    centres = space.centres(nests)
    own = space.movies * np.where(space.cold, reliability.cold, 1.0)[:, None]
    of_nest = fit_ridge(codes, centres, np.ones(len(codes))).coefficients
    affinity = space.affinity
    slope = reliability.affinity[affinity.attribute]
    half = np.sqrt(np.abs(slope))  # shared out evenly, so that users and movies move in the same scale
    of_value = np.zeros((1 + codes.shape[1], len(slope)))
    of_value[1 + affinity.codes, np.arange(len(slope))] = half
    users = space.users + reliability.cluster * clusters.centroids[clusters.assignment]
    return Member(
        users=np.hstack([users, affinity.users * half * np.sign(slope)]).astype(np.float32),
        movies=np.hstack([own + reliability.nest * centres, affinity.movies * half]).astype(np.float32),
        cold_map=np.hstack([reliability.cold * space.from_codes + reliability.nest * of_nest, of_value]).astype(np.float32),
    )


def _scaled(vectors: Float32Array, power: float) -> FloatArray:
    wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    usual = float(np.median(length[length > 0])) if (length > 0).any() else 1.0
    return np.asarray(wide / np.maximum(length / usual, 0.05) ** power)
