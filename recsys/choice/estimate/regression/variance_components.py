"""Variance components: a mixed linear model of attribute values, with a variance of its own for every attribute.

    y = μ + x_fixed · b_fixed + Σ_f Z_f u_f + e        u_f ~ N(0, σ_f² I)        e_j ~ N(0, σ² + error_j²)

Stars may differ a lot and genres little: each attribute's values are shrunk by how much the values of that attribute differ,
which is estimated by restricted maximum likelihood. One penalty for all, as in a ridge regression, shrinks the first too much and
the second too little.

References
----------
Patterson, Thompson (1971); Searle, Casella, McCulloch (1992), Variance Components.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.optimize import minimize

from recsys.ids import FloatArray, IntArray

_MOST_ROWS = 800
"""Rows that variances are estimated from; a solution costs their number cubed. Drawn by chance: the best known ones are the most
watched, and differ less than all."""
_SMALLEST, _LARGEST = 1e-6, 10.0
"""Variances, of that of y."""
_FLAT = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class VarianceComponents:
    """σ_f² by attribute, and σ²."""

    attributes: FloatArray
    residual: float


@dataclass(frozen=True, eq=False, kw_only=True)
class MixedModel:
    """Fitted mixed linear model. Coefficients: the intercept, those of the attributes' values, those of the fixed columns."""

    coefficients: FloatArray
    """float64[1 + n_values + n_fixed]"""
    covariance: FloatArray
    """float64[same, same]"""
    variances: VarianceComponents


def fit_mixed_model(
    values: FloatArray,
    attribute: IntArray,
    fixed: FloatArray,
    target: FloatArray,
    error: FloatArray,
    *,
    fixed_sd: float = 1.0,
    variances: VarianceComponents | None = None,
) -> MixedModel:
    """Estimate the random effects, and the variance components where they are not given.

    Parameters
    ----------
    values : float64[n, n_values], how much of each value a row has
    attribute : int64[n_values], which attribute each value is of, from 0
    fixed : float64[n, n_fixed], columns with an effect each
    target : float64[n]
    error : float64[n], its standard errors
    fixed_sd : prior standard deviation of their effects, of y for each unit
    """
    found = variances or _restricted_maximum_likelihood(values, attribute, fixed * fixed_sd, target, error)
    full = np.hstack([np.ones((len(target), 1)), values, fixed])
    weight = 1.0 / (found.residual + error**2)
    prior = np.concatenate([[_FLAT], 1.0 / found.attributes[attribute], np.full(fixed.shape[1], fixed_sd**-2.0)])
    covariance = linalg.inv(full.T @ (weight[:, None] * full) + np.diag(prior))
    return MixedModel(coefficients=covariance @ (full.T @ (weight * target)), covariance=covariance, variances=found)


def _restricted_maximum_likelihood(
    values: FloatArray, attribute: IntArray, fixed: FloatArray, target: FloatArray, error: FloatArray
) -> VarianceComponents:
    """Restricted maximum likelihood, each variance with an exponential prior whose mean is the variance of y."""
    rows = np.sort(np.random.default_rng(0).permutation(len(target))[:_MOST_ROWS])
    values, fixed, target, error = values[rows], fixed[rows], target[rows], error[rows]
    n = len(target)
    total = max(float(np.var(target)), 1e-12)
    n_attributes = int(attribute.max()) + 1 if len(attribute) else 0
    kernels = [values[:, attribute == place] @ values[:, attribute == place].T for place in range(n_attributes)]
    size = np.array([max(float(np.trace(kernel)) / n, _FLAT) for kernel in kernels])
    known = np.diag(error**2) + fixed @ fixed.T

    def loss(log_variance: FloatArray) -> tuple[float, FloatArray]:
        variance = np.exp(log_variance)
        covariance = known + variance[-1] * np.eye(n)
        for kernel, each in zip(kernels, variance[:-1] / size, strict=True):
            covariance = covariance + each * kernel
        factor = linalg.cholesky(covariance, lower=True)
        inverse = linalg.cho_solve((factor, True), np.eye(n))
        ones = inverse.sum(axis=1)
        projected = inverse - np.outer(ones, ones) / ones.sum()
        away = projected @ target
        value = np.log(np.diag(factor)).sum() + 0.5 * (np.log(ones.sum()) + target @ away)
        by_kernel = [np.sum(projected * kernel) - away @ kernel @ away for kernel in kernels]
        slope = np.append(np.array(by_kernel) / size, np.trace(projected) - away @ away)
        return float(value + variance.sum() / total), variance * (0.5 * slope + 1.0 / total)

    start = np.full(n_attributes + 1, np.log(total / (n_attributes + 1)))
    bounds = [(np.log(_SMALLEST * total), np.log(_LARGEST * total))] * (n_attributes + 1)
    found = np.exp(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
    return VarianceComponents(attributes=found[:-1] / size, residual=float(found[-1]))
