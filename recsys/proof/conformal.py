"""Learns a calibration from past arrivals: how content misjudged them, and how wide ranges have to be to hold.

Split-conformal in two respects: an arrival's own outcome has no part in the correction that it is judged by (leave-one-out
predictions of a ridge regression, exact), and the factor on the spread is the smallest at which the promised share of the past
arrivals, of n + 1 with the one to come, lies inside its range.

References
----------
Vovk, Gammerman, Shafer (2005), Algorithmic Learning in a Random World. Romano, Patterson, Candès (2019), Conformalized quantile
regression. Barber, Candès, Ramdas, Tibshirani (2021), Predictive inference with the jackknife+.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.choice.ridge import fit_ridge
from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.ids import FloatArray
from recsys.projection.calibration import Calibration, Held, attribute_codes

FEWEST_ARRIVALS = 30
"""Past arrivals below which nothing is calibrated."""
PROMISED = 0.8
"""Share of arrivals that the factor makes ranges hold for; P10 to P90 is what every page shows."""
_FEWEST_WITH_VALUE = 3
"""Arrivals that share an attribute's value before it gets a weight."""
_FACTOR_RANGE = 0.2, 50.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Misjudged:
    """Past arrivals with known outcomes, axis 0."""

    attributes: pd.DataFrame
    nats: FloatArray
    """float64[n]: appeal that each turned out to have, against the projected one"""
    noise: FloatArray
    """float64[n, 2]: P10 and P90 of the draws' cold residual, nats"""
    other: FloatArray
    """float64[n, 2]: P10 and P90 of what else the draws differ in, nats"""


def fit_calibration(past: Misjudged, *, days: int, origins: int, data: str, held: Sequence[Held] = ()) -> Calibration | None:
    """Learn a calibration; None where there are fewer than :data:`FEWEST_ARRIVALS` past arrivals.

    The correction is centred so that half of the past arrivals did better than projected and half worse.
    """
    n = len(past.nats)
    if n < FEWEST_ARRIVALS:
        return None
    features = FeatureSpace.learn(past.attributes, MOVIE_COLUMNS_LEFT_OUT, min_count=_FEWEST_WITH_VALUE)
    codes = attribute_codes(features, past.attributes)
    if features.n_codes:
        fit = fit_ridge(codes, past.nats, np.ones(n))
        shift, weights, away = float(fit.coefficients[0]), fit.coefficients[1:], past.nats - fit.leave_one_out
    else:
        shift, weights, away = 0.0, np.zeros(0), past.nats
    centre = float(np.median(away))
    factor = conformal_factor(away - centre, past.noise, past.other)
    return Calibration(
        features=features,
        weights=np.asarray(weights, dtype=np.float64),
        shift_nats=shift + centre,
        spread_factor=factor,
        arrivals=n,
        origins=origins,
        days=days,
        data=data,
        held=tuple(held),
    )


def conformal_factor(away: FloatArray, noise: FloatArray, other: FloatArray) -> float:
    """The smallest factor on the cold residual at which ranges hold for the promised share of past arrivals.

    An arrival lies inside if its distance is within √((factor · noise)² + other²) of the middle, on its own side.

    Parameters
    ----------
    away : float64[n], nats from the middle of the range
    noise, other : float64[n, 2], P10 and P90 of each part of the draws' spread

    Examples
    --------
    >>> tenths = np.arange(1, 11) / 10
    >>> float(conformal_factor(tenths, np.array([[-0.5, 0.5]] * 10), np.zeros((10, 2))))     # the 9th of 10 is 0.9
    1.8
    """
    side = (away > 0).astype(np.int64)
    rows = np.arange(len(away))
    needed = np.sqrt(np.maximum(away**2 - other[rows, side] ** 2, 0.0)) / np.maximum(np.abs(noise[rows, side]), 1e-9)
    place = min(int(np.ceil((len(away) + 1) * PROMISED)), len(away)) - 1
    return float(np.clip(np.sort(needed)[place], *_FACTOR_RANGE))
