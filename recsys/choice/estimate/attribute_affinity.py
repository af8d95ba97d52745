"""Attribute affinity: the log-lift of each user's share of an attribute's value, a language or a genre, over everybody's share.

For a user with n views, w of them of a value whose share of all views is p, the next view is of that value with probability

    (w + κ p) / (n + κ)

the posterior mean under a Dirichlet prior with mean p and concentration κ, and the affinity is its logarithm less ln p. κ is
estimated for each attribute by maximum marginal likelihood: it says how alike users are. Where all watch alike it is large, and
every affinity is near 0.

A view of a movie that can be heard in several languages was watched in one of them, which the log does not say: an EM algorithm
shares it out in proportion to what the user watches otherwise. The affinity to a set of languages is that of the languages
together, the logarithm of the sum.

References
----------
Minka (2000), Estimating a Dirichlet distribution.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import betaln

from recsys.choice.model.movie_attributes import LANGUAGE_SET, languages_of
from recsys.choice.model.parameters import Float32Array
from recsys.embeddings.features import FeatureSpace
from recsys.ids import FloatArray, IntArray

_MOST_VALUES = 48
"""An attribute with more values says little of a user by each of them."""
_EM_ROUNDS = 10
_TRACE = 1e-3
"""Views that a value has before anybody has watched it."""
_LOG_CONCENTRATIONS = np.log(0.05), np.log(1e4)


@dataclass(frozen=True, eq=False, kw_only=True)
class AttributeAffinities:
    """Affinities of users, and attribute weights of movies; products of the two are scores of movies by attribute."""

    names: tuple[str, ...]
    """Attributes with affinities"""
    users: Float32Array
    """float32[n_users, n_values], log-lift in nats"""
    movies: Float32Array
    """float32[n_movies, n_values]: weights, which sum to 1 or 0 in each attribute"""
    codes: IntArray
    """int64[n_values]: place of each value among the codes of all attributes"""
    attribute: IntArray
    """int64[n_values]: place in ``names``"""

    def scores(self, user: IntArray, movie: IntArray) -> Float32Array:
        """float32[n_attributes, len(user), len(movie)]"""
        out = np.empty((len(self.names), len(user), len(movie)), dtype=np.float32)
        for place in range(len(self.names)):
            here = self.attribute == place
            np.matmul(self.users[user][:, here], self.movies[movie][:, here].T, out=out[place])
        return out


def estimate_affinities(
    features: FeatureSpace, codes: Float32Array, user: IntArray, movie: IntArray, n_users: int
) -> AttributeAffinities:
    """Estimate affinities from views.

    Parameters
    ----------
    features, codes : of movies, as :mod:`recsys.choice.model.movie_attributes` has them
    user, movie : int64[n_views]
    """
    starts = np.cumsum([0, *(feature.n_codes for feature in features.features)])
    views = sparse.csr_array((np.ones(len(user)), (user, movie)), shape=(n_users, len(codes)))
    all_views = np.bincount(user, minlength=n_users).astype(np.float64)
    names: list[str] = []
    tables: list[FloatArray] = []
    places: list[IntArray] = []
    for start, stop, feature in zip(starts[:-1], starts[1:], features.features, strict=True):
        by_set = feature.column == LANGUAGE_SET
        if feature.column == "languages" or not (by_set or 2 <= len(feature.names) <= _MOST_VALUES):
            continue
        watched = (views @ (codes[:, start:stop] > 0).astype(np.float64)).astype(np.float64)
        names.append("languages" if by_set else feature.column)
        tables.append(_log_lift_of_sets(watched, feature.names) if by_set else _log_lift(watched, all_views))
        places.append(np.arange(start, stop))
    chosen = np.concatenate([np.zeros(0, dtype=np.int64), *places])
    return AttributeAffinities(
        names=tuple(names),
        users=np.hstack([np.zeros((n_users, 0)), *tables]).astype(np.float32),
        movies=codes[:, chosen],
        codes=chosen,
        attribute=np.repeat(np.arange(len(places)), [len(each) for each in places]).astype(np.int64),
    )


def _log_lift_of_sets(views_of_set: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Affinities to sets of languages, float64[n_users, n_sets], from each user's views of each set."""
    languages = sorted({language for name in names for language in languages_of(name)})
    has = np.array([[language in languages_of(name) for language in languages] for name in names], dtype=np.float64)
    counts = views_of_set @ (has / has.sum(axis=1, keepdims=True))
    views = views_of_set.sum(axis=1)
    for _ in range(_EM_ROUNDS):
        counts = _expectation(views_of_set, _maximisation(counts, views), has)
    together: FloatArray = np.log(np.exp(_log_lift(counts, views)) @ has.T)
    return together


def _maximisation(counts: FloatArray, views: FloatArray) -> FloatArray:
    """M-step: posterior mean of each user's share of each language, from views in it, float64[n_users, n_languages]."""
    shares: FloatArray = np.exp(_log_lift(counts, views)) * _population_share(counts, views)
    return shares


def _expectation(views_of_set: FloatArray, shares: FloatArray, has: FloatArray) -> FloatArray:
    """E-step: expected views in each language, float64[n_users, n_languages]; those of a set go to its languages by share."""
    counts: FloatArray = shares * ((views_of_set / (shares @ has.T)) @ has)
    return counts


def _log_lift(counts: FloatArray, views: FloatArray) -> FloatArray:
    """Logarithm of each user's posterior mean share of a value, less that of everybody's share.

    Parameters
    ----------
    counts : float64[n_users, n_values], views of each value
    views : float64[n_users], all views
    """
    share = _population_share(counts, views)
    concentration = _concentration(counts, views, share)
    lift: FloatArray = np.log((counts + concentration * share) / (views[:, None] + concentration)) - np.log(share)
    return lift


def _concentration(counts: FloatArray, views: FloatArray, share: FloatArray) -> float:
    """κ of maximum marginal likelihood: each value's count is beta-binomial, whatever the others are."""
    rest = np.maximum(views[:, None] - counts, 0.0)

    def loss(log_concentration: float) -> float:
        a, b = np.exp(log_concentration) * share, np.exp(log_concentration) * (1.0 - share)
        return -float((betaln(counts + a, rest + b) - betaln(a, b)).sum())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_CONCENTRATIONS, method="bounded").x))


def _population_share(counts: FloatArray, views: FloatArray) -> FloatArray:
    """p of each value, float64[n_values]."""
    return np.asarray((counts.sum(axis=0) + _TRACE) / (views.sum() + _TRACE * (counts.shape[1] + 1)))
