"""Ridge regression from a movie's content to its factors, with prediction intervals of the scores: for cold-start movies.

A ridge regression of the factors of known movies on their content. What it misses of a movie that it has not seen
(leave-one-out) has a size, which is told from content too, and a direction, whose covariance is the same for all movies. That
gives every score of a new movie a spread, size·√(x'Σx) with x the user's vector.

A spread is no range yet. Misses are skewed and have long tails, and content that was learnt from what known movies won knows
these better than it will know new ones. How many spreads a range takes, below and above, is counted on movies that were held back
from everything that was learnt (split conformal prediction), whatever is wrong with the spread.

References
----------
Lei, G'Sell, Rinaldo, Tibshirani, Wasserman (2018), Distribution-free predictive inference for regression (5.2, locally weighted).
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from sklearn.linear_model import RidgeCV

from recsys.evaluation.appeal import FOLDS, prediction_interval
from recsys.ids import FloatArray, IntArray

_PENALTIES = np.logspace(-3, 3, 19)
_LEAST_SIZE = 1e-3
"""Of a miss, against the mean of all: a movie hit by chance has no size near 0."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ContentRegression:
    """Predicted factors of every movie, and their standard errors."""

    movies: FloatArray
    """float64[n_movies, dim]: what content says"""
    size: FloatArray
    """float64[n_movies]: how large a miss is usual for such content"""
    covariance: FloatArray
    """float64[dim, dim] of what it misses, over its size"""
    penalty: float

    def standard_errors(self, users: FloatArray, movie_rows: IntArray) -> FloatArray:
        """Standard errors of scores, float64[n_users, len(movie_rows)].

        Parameters
        ----------
        users : float64[n_users, dim]
        movie_rows : movies that were not learnt from
        """
        of_users = np.sqrt(np.einsum("ud,de,ue->u", users, self.covariance, users))
        standard_errors: FloatArray = of_users[:, None] * self.size[movie_rows][None, :]
        return standard_errors


def fit(movies: FloatArray, content: FloatArray, known: IntArray) -> ContentRegression:
    """Fit the regression.

    Parameters
    ----------
    movies : float64[n_movies, dim], factors, of which only the rows ``known`` are looked at
    content : float64[n_movies, n_codes], of every movie
    known : rows of movies to learn from, at least 2

    Returns
    -------
    ContentRegression; the penalty is the one with the least leave-one-out error

    Examples
    --------
    >>> content = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> told = fit(2.0 * content, content, np.array([0, 1, 2]))
    >>> told.movies[3].round(2)
    array([6.])
    """
    x, y = content[known], movies[known]
    ridge = RidgeCV(alphas=_PENALTIES, alpha_per_target=False).fit(x, y)
    told = np.asarray(ridge.predict(content)).reshape(len(content), -1)
    centred = x - x.mean(axis=0)
    normal = centred.T @ centred
    normal[np.diag_indices_from(normal)] += float(ridge.alpha_)
    leverage = np.einsum("nk,kn->n", centred, linalg.solve(normal, centred.T, assume_a="pos")) + 1.0 / len(known)
    # exact for a ridge regression with a free intercept
    miss = (y - told[known]) / (1.0 - np.minimum(leverage, 1.0 - 1e-6))[:, None]
    length = np.linalg.norm(miss, axis=1)
    length = np.maximum(length, max(_LEAST_SIZE * float(length.mean()), float(np.finfo(np.float64).tiny)))
    size = np.exp(RidgeCV(alphas=_PENALTIES).fit(x, np.log(length)).predict(content))
    unit = miss / size[known][:, None]
    return ContentRegression(movies=told, size=size, covariance=unit.T @ unit / len(known), penalty=float(ridge.alpha_))


def interval_ends(miss: FloatArray, level: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Ends of each calibration movie's interval, in standard errors around the prediction, from the other movies' errors.

    The scores of a movie go together, so that it is movies, not scores, that are drawn into folds and counted.

    Parameters
    ----------
    miss : float64[n_movies, n_users], (truth − told) / spread of movies held back, at least 2
    level : share of scores that ranges promise to hold, in (0, 1)
    rng : decides the folds

    Returns
    -------
    Two float64[n_movies]
    """
    below, above = np.empty(len(miss)), np.empty(len(miss))
    order = rng.permutation(len(miss))
    for fold in np.array_split(order, min(FOLDS, len(miss))):
        below[fold], above[fold] = prediction_interval(miss[np.setdiff1d(order, fold)], level)
    return below, above
