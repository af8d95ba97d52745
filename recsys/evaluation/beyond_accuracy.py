"""Beyond-accuracy metrics of recommendation lists: coverage, novelty, diversity, serendipity, popularity bias.

Figures of a user's list are one number a user, so that they carry intervals; figures of all lists together (coverage,
concentration) are one number.

References
----------
Ge, Delgado-Battenfeld, Jannach (2010), Beyond accuracy: evaluating recommender systems by coverage and serendipity.
Ziegler, McNee, Konstan, Lausen (2005), Improving recommendation lists through topic diversification: intra-list similarity.
Abdollahpouri, Mansoury, Burke, Mobasher (2019), The unfairness of popularity bias in recommendation.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.evaluation.calibrated_recommendations import TasteShares
from recsys.evaluation.evaluate import Evaluation
from recsys.evaluation.ranking import as_matrix, entries, holds
from recsys.ids import FloatArray, IntArray

_CALIBRATED = ("genres", "languages")


@dataclass(frozen=True, eq=False)
class CatalogueProfile:
    """Popularity, attributes and users' tastes that lists are compared with."""

    seen: sparse.csr_array
    """CSR[n_users, n_movies]"""
    viewers_share: FloatArray
    """float64[n_movies]: share of users who had watched each movie"""
    unit: sparse.csr_array
    """CSR[n_movies, n_codes]: attributes as vectors of length 1, or 0 where nothing is known"""
    tastes: dict[str, TasteShares]
    """By column: the movies' genres and languages, where there are any"""

    @classmethod
    def of(cls, seen: sparse.csr_array, movies: pd.DataFrame) -> "CatalogueProfile":
        """From the training views and the table of movies."""
        codes = FeatureSpace.learn(movies, MOVIE_COLUMNS_LEFT_OUT, min_count=2).encode(movies).astype(np.float64)
        length = np.sqrt(np.asarray(codes.multiply(codes).sum(axis=1)).ravel())
        unit = sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ codes)
        shares = np.bincount(seen.indices, minlength=seen.shape[1]) / seen.shape[0]
        tastes = {name: TasteShares.of(movies[name], seen) for name in _CALIBRATED if name in movies}
        return cls(seen, shares, unit, {name: taste for name, taste in tastes.items() if taste.names})


def beyond_accuracy(evaluation: Evaluation, k: int) -> dict[str, float]:
    """Aggregate metrics of all lists' first k places.

    Returns
    -------
    ``coverage``: share of the catalogue shown to somebody; ``novelty_bits``: mean novelty of what is shown; ``concentration``:
    Gini coefficient of how often movies are shown, 0 all alike, near 1 the same few to everyone
    """
    shown = evaluation.shown[:, :k]
    times = np.sort(np.bincount(shown[shown >= 0], minlength=evaluation.n_movies)).astype(np.float64)
    n, total = len(times), times.sum()
    gini = float((2 * np.arange(1, n + 1) - n - 1) @ times / (n * total)) if total else 0.0
    novelty = evaluation.novelty_bits[shown[shown >= 0]]
    return {
        "coverage": float((times > 0).mean()),
        "novelty_bits": float(novelty.mean()) if len(novelty) else 0.0,
        "concentration": gini,
    }


def by_user(
    evaluation: Evaluation, popular: Evaluation, profile: CatalogueProfile, relevant: sparse.csr_array, k: int
) -> dict[str, FloatArray]:
    """Metrics of each user's first k places.

    Parameters
    ----------
    evaluation : of the recommender
    popular : of popularity, on the same users: what anybody could have guessed
    profile : the movies
    relevant : CSR[n_users, n_movies], what was to be found
    k : places

    Returns
    -------
    ``serendipity``: share of places that hold what was wanted and popularity would not have shown; ``diversity``: mean
    1 − cosine of the attributes of two movies of the list (NaN with fewer than two); ``popularity_lift``: how much more popular
    the list is than what the user had watched, 0.5 is half as popular again; ``genres_divergence``, ``languages_divergence``:
    how far the list's mix is from the user's own, nats, 0 the same (:mod:`recsys.evaluation.calibrated_recommendations`)
    """
    users, shown = evaluation.user_rows, evaluation.shown[:, :k]
    if not np.array_equal(users, popular.user_rows):
        raise ValueError("a comparison with popularity needs the same users")
    figures = {
        "serendipity": serendipity(shown, popular.shown[:, :k], relevant, users),
        "diversity": diversity(shown, profile.unit),
        "popularity_lift": popularity_lift(shown, profile, users),
    }
    for name, taste in profile.tastes.items():
        figures[f"{name}_divergence"] = taste.divergence(shown, users)
    return figures


def serendipity(shown: IntArray, popular: IntArray, relevant: sparse.csr_array, users: IntArray) -> FloatArray:
    """Share of the k places that hold a relevant movie which the popular list of the same length has not.

    Parameters
    ----------
    shown, popular : int64[n, k], movies, -1 for an empty place
    relevant : CSR[n_users, n_movies]
    users : int64[n], row of each list in ``relevant``

    Examples
    --------
    >>> wanted = sparse.csr_array(np.array([[0, 1, 1, 0]]))
    >>> serendipity(np.array([[1, 2]]), np.array([[1, 3]]), wanted, np.array([0]))      # 2 is wanted and not popular
    array([0.5])
    """
    guessed = holds(as_matrix(popular, int(relevant.shape[1])), np.arange(len(shown)), shown)
    share: FloatArray = (holds(relevant, users, shown) & ~guessed).mean(axis=1)
    return share


def diversity(shown: IntArray, unit: sparse.csr_array) -> FloatArray:
    """Mean of 1 − cosine over all pairs of a list; NaN where fewer than two movies are shown.

    Examples
    --------
    >>> diversity(np.array([[0, 1, 2]]), sparse.csr_array(np.array([[1.0, 0], [1, 0], [0, 1]])))      # 0, 1 and 1
    array([0.66666667])
    """
    lists = as_matrix(shown, int(unit.shape[0]))
    total = sparse.csr_array(lists @ unit)
    n = np.asarray(lists.sum(axis=1)).ravel()
    known = lists @ np.asarray(unit.multiply(unit).sum(axis=1)).ravel()
    within = np.asarray(total.multiply(total).sum(axis=1)).ravel() - known
    with np.errstate(invalid="ignore", divide="ignore"):
        varied: FloatArray = np.where(n > 1, 1.0 - within / (n * (n - 1)), np.nan)
    return varied


def popularity_lift(shown: IntArray, profile: CatalogueProfile, users: IntArray) -> FloatArray:
    """Mean popularity of a list over that of what its user had watched, less 1."""
    share = profile.viewers_share
    listed = np.where(shown >= 0, share[np.maximum(shown, 0)], np.nan)
    empty = ~(shown >= 0).any(axis=1)
    listed[empty] = 0.0
    of_list = np.where(empty, np.nan, np.nanmean(listed, axis=1))
    owner, watched = entries(profile.seen, users)
    of_profile = np.bincount(owner, weights=share[watched], minlength=len(users)) / np.bincount(owner, minlength=len(users))
    lift: FloatArray = of_list / of_profile - 1.0
    return lift
