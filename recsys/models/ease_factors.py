"""Low-rank EASE: scores are products of user and movie vectors, so that a catalogue may have any size.

EASE scores a user's row x of views by x B, B the linear autoencoder with a diagonal of zeros: B_ij = −P_ij / P_jj off the
diagonal, P = (XᵀX + λI)⁻¹. The diagonal of B never matters, because what was watched is not shown again. So with the singular
vectors V and values s of the views X, and h = s² / (s² + λ),

    λP = I − V h Vᵀ,        user vector  x V √h,        movie vector  V_j √h / (1 − Σ h V_j²).

All λ share one decomposition. Directions beyond ``rank`` are left out of the vectors, and enter the denominator by their sum.

References
----------
Steck (2019), Embarrassingly shallow autoencoders for sparse data.
Halko, Martinsson, Tropp (2011), Finding structure with randomness.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from recsys.ids import FloatArray
from recsys.models.protocol import Float32Array

POWER_ITERATIONS = 4
OVERSAMPLING = 16
LEAST_LEFT = 1e-3
"""Of the denominator: what rounding must not make zero."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TruncatedSvd:
    """Truncated singular value decomposition of the views: leading values and right vectors."""

    views: sparse.csr_array
    """CSR[n_users, n_movies] of ones"""
    viewers: FloatArray
    """float64[n_movies]"""
    values: FloatArray
    """float64[rank], falling"""
    vectors: FloatArray
    """float64[n_movies, rank]"""

    def factors(self, regularisation: float) -> tuple[Float32Array, Float32Array]:
        """Vectors float32[n_users, rank] and float32[n_movies, rank] for λ > 0, in views."""
        squares = np.square(self.values)
        into = self.vectors * np.sqrt(squares / (squares + regularisation))
        beyond = np.maximum(self.viewers - np.square(self.vectors) @ squares, 0.0) / (regularisation + squares[-1])
        left = np.maximum(1.0 - np.square(into).sum(axis=1) - beyond, LEAST_LEFT)
        users = np.asarray(self.views @ into.astype(np.float32), dtype=np.float32)
        return users, (into / left[:, None]).astype(np.float32)


def truncated_svd(views: sparse.csr_array, *, rank: int, seed: int) -> TruncatedSvd:
    """Randomised truncated SVD of the views, computed once for every λ: memory O(entries + (n_users + n_movies) · rank).

    Parameters
    ----------
    views : CSR[n_users, n_movies], entries are watched; at least one
    rank : directions kept at most; with all of them the scores are EASE's
    seed : of the decomposition's random start
    """
    ones = sparse.csr_array((np.ones(views.nnz, dtype=np.float32), views.indices, views.indptr), shape=views.shape)
    n_users, n_movies = ones.shape
    width = min(rank + OVERSAMPLING, n_users, n_movies)
    context = np.random.default_rng(seed).normal(size=(n_movies, width)).astype(np.float32)
    for _ in range(POWER_ITERATIONS if width < min(n_users, n_movies) else 1):  # a full context is exact at once
        context = linalg.qr(ones.T @ (ones @ context), mode="economic", check_finite=False, overwrite_a=True)[0]
    projected = (ones @ context).astype(np.float64)
    squares, turned = linalg.eigh(projected.T @ projected, check_finite=False)
    kept = np.argsort(-squares)[: min(rank, width)]
    kept = kept[squares[kept] > 1e-6 * squares.max()]
    return TruncatedSvd(
        views=ones,
        viewers=np.bincount(ones.indices, minlength=n_movies).astype(np.float64),
        values=np.sqrt(squares[kept]),
        vectors=context.astype(np.float64) @ turned[:, kept],
    )
