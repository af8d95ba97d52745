"""Poisson regression of counts on one worth, with two-way fixed effects and an instrument.

For cells (block b, row i, column t) with expected counts

    E y_bit = A_bi · B_bt · w_bit · exp(slope · x_bit)

the effects A and B are concentrated out by raking (μ has the margins of y), and the slope solves Σ z (y − μ) = 0 with the
instrument z, which must not know what the cell's own people happened to choose. With z = x this is the maximum of the likelihood.
"""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray, IntArray

_RAKES = 30
_STEPS = 25


@dataclass(frozen=True, eq=False, kw_only=True)
class Slope:
    """A slope and what it stands on."""

    value: float
    standard_error: float
    """Robust to whatever the cells of one cluster have in common."""
    within_sd: float
    """Spread of x once the effects are taken out: how much there was to learn from."""
    instrument_share: float
    """Squared correlation of instrument and x, effects taken out; 1 without an instrument."""


def poisson_slope(y: FloatArray, weight: FloatArray, x: FloatArray, z: FloatArray, cluster: IntArray) -> Slope:
    """Estimate the slope.

    Parameters
    ----------
    y : float64[n_blocks, n_rows, n_columns], counts
    weight : same shape, exposure of each cell; 0 where it does not exist
    x, z : same shape, finite wherever the weight is not 0
    cluster : int64[n_blocks, n_rows], whose cells may have shocks in common

    Returns
    -------
    Slope; with NaN where nothing varies
    """
    here = weight > 0
    x, z = np.where(here, x, 0.0), np.where(here, z, 0.0)
    value = 0.5
    expected, inner = y, 0.0
    instrument = regressor = np.zeros_like(x)
    for _ in range(_STEPS):
        expected = _raked(y, weight * np.exp(value * (x - x[here].mean())))
        instrument, regressor = _residual(z, expected), _residual(x, expected)
        inner = float((instrument * expected * regressor).sum())
        if not abs(inner) > 1e-12:
            return Slope(value=np.nan, standard_error=np.nan, within_sd=0.0, instrument_share=0.0)
        step = float((instrument * (y - expected)).sum()) / inner
        value = float(np.clip(value + np.clip(step, -0.5, 0.5), -5.0, 5.0))
        if abs(step) < 1e-6:
            break
    scores = (instrument * (y - expected)).sum(axis=2)
    by_cluster = np.bincount(cluster.ravel(), weights=scores.ravel())
    total = float(expected.sum())
    own = float((instrument**2 * expected).sum()), float((regressor**2 * expected).sum())
    return Slope(
        value=value,
        standard_error=float(np.sqrt((by_cluster**2).sum()) / abs(inner)),
        within_sd=float(np.sqrt(own[1] / total)),
        instrument_share=inner**2 / max(own[0] * own[1], 1e-300),
    )


def _raked(y: FloatArray, base: FloatArray) -> FloatArray:
    """``base`` scaled by rows and columns of each block until its margins are those of ``y``."""
    rows, columns = y.sum(axis=2, keepdims=True), y.sum(axis=1, keepdims=True)
    out = base
    for _ in range(_RAKES):
        out = out * _ratio(rows, out.sum(axis=2, keepdims=True))
        out = out * _ratio(columns, out.sum(axis=1, keepdims=True))
    return out


def _residual(table: FloatArray, weight: FloatArray) -> FloatArray:
    """``table`` less its weighted row and column means, by block."""
    out = table
    for _ in range(_RAKES):
        for axis in (2, 1):
            out = out - _ratio((out * weight).sum(axis=axis, keepdims=True), weight.sum(axis=axis, keepdims=True))
    return out


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
