"""Split-conformal calibration from past arrivals: a correction of their appeal, and factors at which ranges hold.

Conformal in two respects: an arrival's own outcome has no part in the correction that it is judged by (leave-one-out
predictions of a ridge regression, exact), and the factors on the spread are the smallest at which the promised share of the past
arrivals, of n + 1 with the one to come, lies inside its range, with as many above it as below.

References
----------
Vovk, Gammerman, Shafer (2005), Algorithmic Learning in a Random World. Romano, Patterson, Candès (2019), Conformalized quantile
regression. Barber, Candès, Ramdas, Tibshirani (2021), Predictive inference with the jackknife+.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.choice.estimate.regression.ridge import fit_ridge
from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.ids import FloatArray
from recsys.projection.range_calibration import Calibration, MeasuredCoverage, attribute_codes

FEWEST_ARRIVALS = 30
"""Past arrivals below which nothing is calibrated."""
PROMISED = 0.8
"""Share of arrivals that the factors make ranges hold for; P10 to P90 is what every page shows."""
_FEWEST_WITH_VALUE = 3
"""Arrivals that share an attribute's value before it gets a weight."""
_FACTOR_RANGE = 0.2, 50.0


@dataclass(frozen=True, eq=False, kw_only=True)
class AppealErrors:
    """Appeal errors of past arrivals with known outcomes, axis 0."""

    attributes: pd.DataFrame
    nats: FloatArray
    """float64[n]: appeal that each turned out to have, against the projected one"""
    noise: FloatArray
    """float64[n, 2]: P10 and P90 of the draws' cold residual, nats"""
    other: FloatArray
    """float64[n, 2]: P10 and P90 of what else the draws differ in, nats"""


def fit_calibration(
    past: AppealErrors, *, days: int, origins: int, data: str, held: Sequence[MeasuredCoverage] = ()
) -> Calibration | None:
    """Learn a calibration; None where there are fewer than :data:`FEWEST_ARRIVALS` past arrivals.

    The correction is centred so that half of the past arrivals did better than projected and half worse.
    """
    n = len(past.nats)
    if n < FEWEST_ARRIVALS:
        return None
    features = FeatureSpace.learn(past.attributes, MOVIE_COLUMNS_LEFT_OUT, min_count=_FEWEST_WITH_VALUE)
    codes = attribute_codes(features, past.attributes)
    # one figure for all, unless attributes say something: those that say nothing would only shuffle the offers
    shift, weights = float(past.nats.mean()), np.zeros(features.n_codes)
    away = past.nats - shift
    if features.n_codes:
        fit = fit_ridge(codes, past.nats, np.ones(n))
        unexplained = past.nats - fit.leave_one_out
        if _helps(unexplained, past.nats):
            shift, weights, away = float(fit.coefficients[0]), fit.coefficients[1:], unexplained
    centre = float(np.median(away))
    below, above = conformal_factors(away - centre, past.noise, past.other)
    return Calibration(
        features=features,
        weights=np.asarray(weights, dtype=np.float64),
        shift_nats=shift + centre,
        factor_above=above,
        factor_below=below,
        arrivals=n,
        origins=origins,
        days=days,
        data=data,
        held=tuple(held),
    )


def _helps(away: FloatArray, nats: FloatArray) -> bool:
    """Whether leaving-one-out errors are smaller than those of the mean alone, by more than a standard error."""
    n = len(nats)
    gain = ((nats - nats.mean()) * n / (n - 1)) ** 2 - away**2
    return float(gain.mean()) > float(gain.std(ddof=1) / np.sqrt(n))


def conformal_factors(away: FloatArray, noise: FloatArray, other: FloatArray) -> tuple[float, float]:
    """The smallest factors on the cold residual, below the middle and above it, at which ranges hold for past arrivals.

    An arrival lies inside if its distance is within √((factor · noise)² + other²) of the middle. Half of those that may lie
    outside lie on each side.

    Parameters
    ----------
    away : float64[n], nats from the middle of the range
    noise, other : float64[n, 2], P10 and P90 of each part of the draws' spread

    Examples
    --------
    >>> hits = np.append(np.zeros(15), np.arange(1, 5))           # the 18th of 19 is 3
    >>> below, above = conformal_factors(hits, np.array([[-0.5, 0.5]] * 19), np.zeros((19, 2)))
    >>> below, above
    (0.2, 6.0)
    """
    place = min(int(np.ceil((len(away) + 1) * (1.0 + PROMISED) / 2.0)), len(away)) - 1
    factors = []
    for side, sign in ((0, -1.0), (1, 1.0)):
        distance = np.maximum(sign * away, 0.0)
        needed = np.sqrt(np.maximum(distance**2 - other[:, side] ** 2, 0.0)) / np.maximum(np.abs(noise[:, side]), 1e-9)
        factors.append(float(np.clip(np.sort(needed)[place], *_FACTOR_RANGE)))
    return factors[0], factors[1]
