"""From a movie's content to its factors, with how far off that may be: where a movie stands before anybody watched it.

A ridge regression of the factors of known movies on their content. What it misses of a movie that it has not seen (leave-one-out)
is as good as normal with one covariance for all movies, which gives every score of a new movie a spread: a user's score lies
x·m ± z·√(x'Σx·(1 + leverage)).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, stats
from sklearn.linear_model import RidgeCV

from recsys.ids import FloatArray, IntArray

_PENALTIES = np.logspace(-3, 3, 19)


@dataclass(frozen=True, eq=False, kw_only=True)
class ContentMap:
    """Factors told of every movie, and their spread."""

    movies: FloatArray
    """float64[n_movies, dim]: what content says"""
    covariance: FloatArray
    """float64[dim, dim] of what it misses"""
    leverage: FloatArray
    """float64[n_movies]: how much wider it is for a movie unlike those it was learnt from, 0 for one like them"""
    penalty: float

    def spread(self, users: FloatArray, movie_rows: IntArray) -> FloatArray:
        """Standard deviation of scores, float64[n_users, len(movie_rows)].

        Parameters
        ----------
        users : float64[n_users, dim]
        movie_rows : movies that were not learnt from
        """
        of_users = np.sqrt(np.einsum("ud,de,ue->u", users, self.covariance, users))
        spread: FloatArray = of_users[:, None] * np.sqrt(1.0 + self.leverage[movie_rows])[None, :]
        return spread


def fit(movies: FloatArray, content: FloatArray, known: IntArray) -> ContentMap:
    """Learn the map.

    Parameters
    ----------
    movies : float64[n_movies, dim], factors, of which only the rows ``known`` are looked at
    content : float64[n_movies, n_codes], of every movie
    known : rows of movies to learn from, at least 2

    Returns
    -------
    ContentMap; the penalty is the one with the least leave-one-out error

    Examples
    --------
    >>> content = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> told = fit(2.0 * content, content, np.array([0, 1, 2]))
    >>> told.movies[3].round(2)
    array([6.])
    """
    x, y = content[known], movies[known]
    ridge = RidgeCV(alphas=_PENALTIES, alpha_per_target=False).fit(x, y)
    centred = content - x.mean(axis=0)
    normal = centred[known].T @ centred[known]
    normal[np.diag_indices_from(normal)] += float(ridge.alpha_)
    solved = linalg.solve(normal, centred.T, assume_a="pos").T
    leverage = np.einsum("nk,nk->n", centred, solved) + 1.0 / len(known)
    told = np.asarray(ridge.predict(content)).reshape(len(content), -1)
    # exact for a ridge regression with a free intercept
    miss = (y - told[known]) / (1.0 - np.minimum(leverage[known], 1.0 - 1e-6))[:, None]
    return ContentMap(movies=told, covariance=miss.T @ miss / len(known), leverage=leverage, penalty=float(ridge.alpha_))


def no_surer_than(told: ContentMap, other: ContentMap) -> ContentMap:
    """What ``told`` says, with the spread of whichever of the two misses more.

    Vectors that were learnt from what known movies won know these too well through attributes that few movies share (a star, a
    director), and leaving one out of the regression does not make them forget it. A regression on the attributes themselves
    knows nothing of success, so that what it misses of a movie left out is what it will miss of a new one.
    """
    if np.trace(told.covariance) >= np.trace(other.covariance):
        return told
    return replace(told, covariance=other.covariance, leverage=other.leverage)


def coverage(truth: FloatArray, told: FloatArray, spread: FloatArray, level: float) -> float:
    """Share of scores that lie within the interval of this level round what was told."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    return float((np.abs(truth - told) <= z * spread).mean())
