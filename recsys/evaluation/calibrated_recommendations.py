"""Calibration of lists to taste: somebody who watches three Tamil movies in four should be shown such a mix.

p is the mix of values (genres, or languages) in what a user watched, q that of a list; a movie with n values counts 1/n for each.
The divergence is KL(p | q̃) with q̃ = (1 − a)·q + a·p and a = 0.01, so that it stays finite where a value is missing from the list.

References
----------
Steck (2018), Calibrated recommendations.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.embeddings.features import FeatureSpace
from recsys.evaluation.ranking import as_matrix
from recsys.ids import FloatArray, IntArray

SMOOTHING = 0.01


@dataclass(frozen=True, eq=False)
class TasteShares:
    """Taste distributions: each user's shares of the values of one column of movies."""

    names: tuple[str, ...]
    of_movies: sparse.csr_array
    """CSR[n_movies, n_values]: shares that sum to 1, or to 0 where nothing is known"""
    of_users: FloatArray
    """float64[n_users, n_values]: shares of what each watched; rows of 0 where nothing is known"""

    @classmethod
    def of(cls, column: pd.Series, seen: sparse.csr_array) -> "TasteShares":
        """From a column of the movies' table (values joined by ``|``) and who watched what."""
        frame = column.to_frame()
        space = FeatureSpace.learn(frame, (), min_count=1)
        shares = space.encode(frame).astype(np.float64)
        names = tuple(name for feature in space.features for name in feature.names)
        ones = sparse.csr_array((np.ones(seen.nnz), seen.indices, seen.indptr), shape=seen.shape)
        return cls(names, shares, _normalised((ones @ shares).toarray()))

    def divergence(self, shown: IntArray, users: IntArray) -> FloatArray:
        """KL divergence of each list's mix from its user's own, nats; NaN where either is not known.

        Parameters
        ----------
        shown : int64[n, k], movies of each list, -1 for an empty place
        users : int64[n], whose list it is
        """
        lists = as_matrix(shown, int(self.of_movies.shape[0]))
        return divergence(self.of_users[users], _normalised((lists @ self.of_movies).toarray()))


def divergence(taste: FloatArray, mix: FloatArray, *, smoothing: float = SMOOTHING) -> FloatArray:
    """KL(p | (1 − a)·q + a·p) of each row, nats; NaN where a row of either holds nothing.

    Examples
    --------
    >>> p, q = np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])
    >>> divergence(p, q)          # 0.5 ln(0.5 / 0.995) + 0.5 ln(0.5 / 0.005) = 0.5 · (−0.6881 + 4.6052)
    array([1.95851777])
    """
    smoothed = (1 - smoothing) * mix + smoothing * taste
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(taste > 0, taste * np.log(taste / smoothed), 0.0)
    known = (taste.sum(axis=1) > 0) & (mix.sum(axis=1) > 0)
    out: FloatArray = np.where(known, terms.sum(axis=1), np.nan)
    return out


def _normalised(counts: FloatArray) -> FloatArray:
    total = counts.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return shares
