"""How views respond to the worth of what there is: Poisson regression with two-way fixed effects and an instrument.

For cells (row i, column t) with expected counts

    E y_it = A_i · B_t · w_it · σ(x_it + c)        σ(v) = 1 / (1 + e^{−v})

where x is the log worth of the catalogue and σ the share of occasions that it wins. Effects of rows and columns are
concentrated out by raking (μ has the margins of y), and c solves Σ z (y − μ) = 0 with the instrument z, which must not know what
the cell's own people happened to choose. The local slope of ln E y on x is 1 − σ, the outside share; regressing on x itself with
one slope for all would weigh people by how much their x moves and not by what they watch.
"""

from dataclasses import dataclass, replace

import numpy as np

from recsys.ids import FloatArray, IntArray

_RAKES = 25
_STEPS = 60
_FARTHEST = 7.0
"""Nats of c from where half of all occasions would be taken; an answer beyond is none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Response:
    """The outside share and what it stands on."""

    constant: float
    """c"""
    share: float
    """Mean of 1 − σ over views; NaN where nothing varies, inf where the answer is no share"""
    standard_error: float
    """Of the share, robust to whatever the cells of one cluster have in common"""
    within_sd: float
    """Spread of x once the effects are taken out: how much there was to learn from"""
    instrument_share: float
    """Squared correlation of instrument and x, effects taken out"""
    inside_bounds: bool
    """An answer was found that is neither 0 nor 1."""


def respond(y: FloatArray, weight: FloatArray, x: FloatArray, z: FloatArray, clusters: tuple[IntArray, ...]) -> Response:
    """Estimate the outside share.

    Parameters
    ----------
    y : float64[n_rows, n_columns], counts
    weight : same shape, exposure of each cell; 0 where it does not exist
    x, z : same shape; only cells with a weight count
    clusters : int64[n_rows] each: whose cells may have shocks in common; the largest standard error is taken
    """
    here = (weight > 0) & np.isfinite(x) & np.isfinite(z)
    y, weight = np.where(here, y, 0.0), np.where(here, weight, 0.0)
    x, z = np.where(here, x, 0.0), np.where(here, z, 0.0)
    views = float(y.sum())
    if not views or not here.any():
        return _nothing()
    middle = -float((x * y).sum()) / views
    constant = middle
    for _ in range(_STEPS):
        share = 1.0 / (1.0 + np.exp(-(x + constant)))
        expected = _raked(y, weight * share)
        instrument = _residual(z, expected)
        regressor = _residual(1.0 - share, expected)
        gradient = float((instrument * expected * regressor).sum())
        if not abs(gradient) > 1e-9 * views:
            return _nothing()
        step = float((instrument * (y - expected)).sum()) / gradient
        constant += float(np.clip(step, -0.5, 0.5))
        if abs(constant - middle) > _FARTHEST:
            return _at_bound()
        if abs(step) < 1e-6:
            break
    else:
        return _at_bound()
    scores = (instrument * (y - expected)).sum(axis=1)
    error = max(float(np.sqrt((np.bincount(cluster, weights=scores) ** 2).sum())) for cluster in clusters) / abs(gradient)
    moved = _residual(x, expected)
    square = float((instrument**2 * expected).sum()), float((moved**2 * expected).sum())
    return Response(
        constant=constant,
        share=float((y * (1.0 - share)).sum()) / views,
        standard_error=error * float((y * share * (1.0 - share)).sum()) / views,
        within_sd=float(np.sqrt(square[1] / expected.sum())),
        instrument_share=float((instrument * moved * expected).sum()) ** 2 / max(square[0] * square[1], 1e-300),
        inside_bounds=True,
    )


def _nothing() -> Response:
    return Response(
        constant=np.nan, share=np.nan, standard_error=np.inf, within_sd=0.0, instrument_share=0.0, inside_bounds=False
    )


def _at_bound() -> Response:
    """Viewing moved as if none, or all, of the occasions went elsewhere."""
    return replace(_nothing(), share=np.inf)


def _raked(y: FloatArray, base: FloatArray) -> FloatArray:
    """``base`` scaled by rows and columns until its margins are those of ``y``."""
    rows, columns = y.sum(axis=1), y.sum(axis=0)
    by_column = np.ones(y.shape[1])
    by_row = rows
    for _ in range(_RAKES):
        by_row = _ratio(rows, base @ by_column)
        by_column = _ratio(columns, by_row @ base)
    raked: FloatArray = base * by_row[:, None] * by_column
    return raked


def _residual(table: FloatArray, weight: FloatArray) -> FloatArray:
    """``table`` less its weighted row and column effects."""
    rows, columns = weight.sum(axis=1), weight.sum(axis=0)
    by_row, by_column = (table * weight).sum(axis=1), (table * weight).sum(axis=0)
    effect = np.zeros(table.shape[1])
    of_row = np.zeros(len(table))
    for _ in range(_RAKES):
        of_row = _ratio(by_row - weight @ effect, rows)
        effect = _ratio(by_column - of_row @ weight, columns)
    return table - of_row[:, None] - effect


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
