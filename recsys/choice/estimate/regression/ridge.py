"""Weighted ridge regression on content vectors, with exact leave-one-out predictions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import RidgeCV

from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray

_PENALTIES = np.logspace(-3, 4, 22)


@dataclass(frozen=True, eq=False, kw_only=True)
class Ridge:
    """Fitted ridge regression; targets may have one column or several."""

    coefficients: FloatArray
    """float64[1 + content_dim] or [1 + content_dim, n_targets]: intercept and weights"""
    penalty: float
    leave_one_out: FloatArray
    """Prediction of each row from all the others, shaped as the targets"""
    leave_one_out_sd: float
    """Weighted root mean square of what they miss"""
    covariance: FloatArray
    """float64[1 + content_dim, 1 + content_dim], of one target's coefficients"""


def fit_ridge(content: Float32Array, target: ArrayLike, weight: ArrayLike, *, penalty: float | None = None) -> Ridge:
    """Fit a weighted ridge regression on content; the intercept is not shrunk.

    Parameters
    ----------
    content : float32[n, content_dim]
    target : float[n] or float[n, n_targets]
    weight : float[n] > 0
    penalty : what is added to the squares of the weights; by default chosen by leave-one-out error

    Examples
    --------
    >>> fit = fit_ridge(np.array([[0.0], [1.0], [2.0]], np.float32), [1.0, 3.0, 5.0], np.ones(3), penalty=0.0)
    >>> fit.coefficients.round(6)
    array([1., 2.])
    """
    x, y, w = np.asarray(content, np.float64), np.asarray(target, np.float64), np.asarray(weight, np.float64)
    w = w / w.mean()
    if penalty is None and not x.shape[1]:  # movies have no attributes: there is nothing to shrink
        penalty = 0.0
    if penalty is None:
        penalty = float(RidgeCV(alphas=_PENALTIES, alpha_per_target=False).fit(x, y, sample_weight=w).alpha_)
    full = np.hstack([np.ones((len(x), 1)), x])
    shrink = np.full(full.shape[1], penalty)
    shrink[0] = 0.0
    normal = full.T @ (w[:, None] * full) + np.diag(shrink)
    # a catalogue of few movies may leave directions that nothing determines; a trace of ridge settles them
    normal[np.diag_indices_from(normal)] += 1e-9 * max(float(np.trace(normal)), 1.0) * (shrink == 0)
    inverse = np.linalg.pinv(normal, hermitian=True)
    coefficients = inverse @ (full.T @ (y * (w if y.ndim == 1 else w[:, None])))
    fitted = full @ coefficients
    leverage = np.clip(np.einsum("nk,kl,nl->n", full, inverse, full) * w, 0.0, 1.0 - 1e-6)
    miss = (y - fitted) / (1.0 - (leverage if y.ndim == 1 else leverage[:, None]))
    sd = float(np.sqrt(np.mean((miss.T * w) * miss.T)))
    return Ridge(
        coefficients=np.asarray(coefficients),
        penalty=penalty,
        leave_one_out=y - miss,
        leave_one_out_sd=sd,
        covariance=inverse * sd**2,
    )
