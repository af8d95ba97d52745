"""Cold-start appeal: regression of appeal on a movie's attributes and its time on the service, by a mixed linear model.

The error of an offer's appeal has two parts: the residual spread of catalogue movies round the regression, and the uncertainty of
its coefficients, which is larger for a star of one movie than for a star of ten. Appeal falls with the time a movie has been on
the service, because those who like it best watch it first. Ageing is a coefficient of its own, so that an offer starts fresh and
ages as the catalogue did.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from recsys.choice.estimate.regression.variance_components import VarianceComponents, fit_mixed_model
from recsys.choice.model import movie_attributes
from recsys.choice.model.parameters import Float32Array
from recsys.embeddings.features import FeatureSpace
from recsys.ids import FloatArray

LEAST_SD = 0.05
_AGEING_SD = 0.5
"""Prior: nats that appeal falls or rises by each time that a movie's months, and one more, are e times as many."""
_LEAST_SPREAD = 0.1
"""Of ln(1 + months), below which ageing cannot be estimated."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ColdStartAppeal:
    """Coefficients of appeal on attributes, with covariance and residual spread."""

    coefficients: FloatArray
    """float64[1 + n_codes + 1]: intercept and weights, for a movie that has just arrived; then what each unit of ln(1 + months on
    the service) adds, nats"""
    covariance: FloatArray
    """float64[same, same]"""
    variances: VarianceComponents
    residual_sd: float
    """Standard deviation of true appeals round the prediction for movies that nobody has seen, nats"""

    @property
    def ageing_error(self) -> float | None:
        """Standard error of ageing; None where the movies' times on the service differ too little, and 0 is assumed."""
        error = float(np.sqrt(self.covariance[-1, -1]))
        return error if error > 0 else None

    def sample(self, rng: np.random.Generator) -> FloatArray:
        """Draw coefficients from the distribution of the estimate."""
        spread = np.linalg.cholesky(self.covariance + 1e-12 * np.eye(len(self.covariance)))
        return np.asarray(self.coefficients + spread @ rng.standard_normal(len(spread)))


def fit(
    features: FeatureSpace,
    codes: Float32Array,
    months: FloatArray,
    target: FloatArray,
    error: FloatArray,
    *,
    least_sd: float = LEAST_SD,
    variances: VarianceComponents | None = None,
) -> ColdStartAppeal:
    """Fit appeal on attributes.

    Parameters
    ----------
    features, codes : attributes of movies with a known appeal, float32[n, n_codes]
    months : float64[n] that each had been on the service
    target : float64[n], appeal that goes with vectors predicted from attributes, as the movies' own views tell it: a shrunken one
        would agree with the attributes by construction
    error : float64[n], its standard error
    least_sd : what the spread is known to be at least
    variances : between the values of each attribute, where they are known from the point estimate
    """
    since = np.log1p(months)
    steps = movie_attributes.step_basis(features)
    ageing = since[:, None] if np.ptp(since) > _LEAST_SPREAD else np.zeros((len(since), 0))
    fit = fit_mixed_model(
        codes @ steps,
        movie_attributes.attribute_of_code(features),
        ageing,
        target,
        error,
        fixed_sd=_AGEING_SD,
        variances=variances,
    )
    back = linalg.block_diag(np.eye(1), steps, np.eye(1)[:, : ageing.shape[1]])
    coefficients, covariance = back @ fit.coefficients, back @ fit.covariance @ back.T
    return ColdStartAppeal(
        coefficients=coefficients,
        covariance=covariance,
        variances=fit.variances,
        residual_sd=max(float(np.sqrt(fit.variances.residual)), least_sd),
    )
