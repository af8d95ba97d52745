"""Instrumental-variable Poisson regression with two-way fixed effects: what a view of an arrival adds to viewing.

For cells (row i, column t) with expected counts

    E[y_it − β a_it] = A_i · B_t · w_it

where y are all views of a cell, a those of them that went to arrivals, and w its exposure: without arrivals there would be only
who watches much (A) and when much is watched (B); each view of an arrival adds β of a view and takes 1 − β from others. Effects
are concentrated out by raking (μ has the margins of y − β a), and β solves Σ z (y − β a − μ) = 0 with the instrument z, which
must not know what the cell's own people happened to choose: who is in the mood watches more of everything, arrivals included.

Nothing here depends on how utilities are scaled, on nests, or on how much of the catalogue people have used up. What an arrival
left for later, because it was watched in place of it, counts as added as soon as it is watched.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from recsys.ids import FloatArray, IntArray

_RAKES = 50
_FARTHEST = 3.0
"""β beyond which an answer is none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class IvEstimate:
    """Coefficient β with its standard error."""

    coefficient: float
    """β; NaN where nothing varies or nothing is found"""
    standard_error: float
    """Robust to whatever the cells of one cluster have in common"""
    instrument_varies: bool
    """Whether arrivals were liked differently by different rows, as the instrument has it"""


def fit_iv_poisson(
    y: FloatArray, arrivals: FloatArray, weight: FloatArray, z: FloatArray, clusters: tuple[IntArray, ...]
) -> IvEstimate:
    """Estimate β, the views that a view of an arrival adds.

    Parameters
    ----------
    y : float64[n_rows, n_columns], counts
    arrivals : same shape, those of the counts that went to arrivals
    weight : same shape, exposure of each cell; 0 where it does not exist
    z : same shape; only cells with a weight count
    clusters : int64[n_rows] each: whose cells may have shocks in common; the largest standard error is taken

    References
    ----------
    Mullahy (1997), Instrumental-variable estimation of count data models; Hausman, Hall, Griliches (1984).
    """
    here = (weight > 0) & np.isfinite(z)
    y, arrivals, weight, z = (np.where(here, table, 0.0) for table in (y, arrivals, weight, z))
    if not y.sum() > 0:
        return _nothing()

    def moment(share: float) -> tuple[FloatArray, FloatArray]:
        """Instrument and residual of each cell."""
        rest = y - share * arrivals
        expected = np.maximum(_raked(rest, weight), 0.0)
        return _residual(z, expected), rest - expected

    def total(share: float) -> float:
        instrument, rest = moment(share)
        return float((instrument * rest).sum())

    instrument, _ = moment(0.0)
    if not float((instrument**2 * weight).sum()) > 1e-12 * float((z**2 * weight).sum()):
        return _nothing()
    if total(-_FARTHEST) * total(_FARTHEST) >= 0:
        return IvEstimate(coefficient=np.nan, standard_error=np.inf, instrument_varies=True)
    share = float(optimize.brentq(total, -_FARTHEST, _FARTHEST, xtol=1e-6))
    gradient = (total(share + 1e-3) - total(share - 1e-3)) / 2e-3
    instrument, rest = moment(share)
    scores = (instrument * rest).sum(axis=1)
    error = max(float(np.sqrt((np.bincount(cluster, weights=scores) ** 2).sum())) for cluster in clusters)
    return IvEstimate(coefficient=share, standard_error=error / max(abs(gradient), 1e-300), instrument_varies=True)


def _nothing() -> IvEstimate:
    return IvEstimate(coefficient=np.nan, standard_error=np.inf, instrument_varies=False)


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
