"""How appealing a movie without a history is: told from content, with an honest spread.

Content vectors are learnt from what the catalogue's movies won. Through attributes that few movies share (a star, a director)
they know these movies too well, and leaving one out of the regression does not make them forget it. What is wrong about an
offer is therefore measured with the attributes themselves, which know nothing of success: leave one movie out of a regression
on those, and see how far off it is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from recsys.choice.model import Float32Array
from recsys.choice.ridge import fit_ridge
from recsys.ids import FloatArray

LEAST_SD = 0.05
_NOT_ATTRIBUTES = frozenset(
    {"movie_id", "title", "available_from", "available_until", "licence_fee", "licence_until", "available_days"}
)
_FEWEST_MOVIES = 2
"""Movies that share a value before it says anything about another."""
_MOST_VALUES = 300


@dataclass(frozen=True, eq=False, kw_only=True)
class Cold:
    """How cold appeal is told."""

    coefficients: FloatArray
    """float64[1 + content_dim]: intercept and weights"""
    covariance: FloatArray
    """float64[1 + content_dim, 1 + content_dim]"""
    penalty: float
    residual_sd: float
    """Spread of true appeals round what is told of movies that nobody has seen, nats"""


def tell_cold(
    content: Float32Array,
    attributes: Float32Array,
    target: FloatArray,
    error: FloatArray,
    prior_sd: float,
    *,
    least_sd: float = LEAST_SD,
    penalty: float | None = None,
) -> Cold:
    """Regress appeal on content.

    Parameters
    ----------
    content : float32[n, content_dim], of movies with a known appeal
    attributes : float32[n, n_attributes] of the same movies, from :func:`attribute_table`
    target : float64[n], appeal that goes with vectors told from content, as the movies' own views tell it: a shrunken one would
        agree with content by construction
    error : float64[n], its standard error
    prior_sd : spread of appeals round what is expected of them, for the weights
    least_sd : what the spread is known to be at least
    penalty : of the ridge, where it is known from the point estimate
    """
    weight = 1.0 / (prior_sd**2 + error**2)
    fit = fit_ridge(content, target, weight, penalty=penalty)
    miss = fit.leave_one_out_sd
    if attributes.shape[1]:
        miss = max(miss, fit_ridge(attributes, target, weight).leave_one_out_sd)
    variance = max(miss**2 - float(np.average(error**2, weights=weight)), least_sd**2)
    return Cold(
        coefficients=fit.coefficients,
        covariance=fit.covariance,
        penalty=fit.penalty,
        residual_sd=float(np.sqrt(variance)),
    )


def attribute_table(movies: pd.DataFrame) -> Float32Array:
    """Attributes of movies as numbers: 1 for each value that a movie has, and numbers in standard deviations.

    Ids, titles, dates and terms are no attributes. A missing number counts as the mean.

    Examples
    --------
    >>> attribute_table(pd.DataFrame({"title": ["a", "b", "c"], "genres": ["Drama|Family", "Drama", "Family"]}))
    array([[1., 1.],
           [1., 0.],
           [0., 1.]], dtype=float32)
    """
    columns: list[FloatArray] = []
    for name in sorted(set(movies.columns) - _NOT_ATTRIBUTES):
        values = movies[name]
        if is_numeric_dtype(values):
            number = values.to_numpy(dtype=np.float64)
            spread = float(np.nanstd(number)) if np.isfinite(number).any() else 0.0
            if spread > 0:
                columns.append(np.nan_to_num((number - np.nanmean(number)) / spread)[:, None])
        elif not pd.api.types.is_datetime64_any_dtype(values):
            has = values.fillna("").astype(str).str.get_dummies("|")
            often = has.sum().sort_values(ascending=False, kind="stable")
            kept = often[often >= _FEWEST_MOVIES].index[:_MOST_VALUES]
            columns.append(has[sorted(kept)].to_numpy(dtype=np.float64))
    table = np.hstack(columns) if columns else np.empty((len(movies), 0))
    return np.asarray(table, dtype=np.float32)
