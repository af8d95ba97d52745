"""The posterior of taste parameters given choices: normal priors, the mode, and the sandwich covariance around it.

The mode is found by a trust-region Newton method on the Fisher information. Appeals are in the likelihood, with a normal prior,
so that what everybody watches is not mistaken for taste.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from recsys.choice.estimate.taste.likelihood import Likelihood, in_batches
from recsys.choice.estimate.taste.parameters import TasteParameters
from recsys.choice.estimate.taste.scored_choices import ScoredChoices
from recsys.ids import FloatArray

MIN_ARRIVALS = 8
"""Movies that must have arrived within the launch curve's reach of the held-out choices for it to be estimated."""

_COVARIANCE_CELLS = 1_500_000
"""Choices times movies for the Fisher information behind standard errors, which is scaled up."""
_DENSE_MOVIES = 4_000
"""Up to here the Fisher information of the appeals is a matrix."""
_FIRST_DISSIMILARITY = 0.8
_LEAST_SPREAD = 1e-6
_APPEAL_SD = 1.5
"""Prior standard deviations, in units of v: weak, so that what the data do not identify stays finite."""
_SLOPE_SD = 30.0
_COLD_SLOPE_RATIO_SD = 0.5
"""Of δ / θ."""
_SEEN_MEAN, _SEEN_SD = -3.0, 3.0
_LAUNCH_SD = 1.0
_DISSIMILARITY_SD = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class Prior:
    """Independent normal priors of all parameters, float64[layout.size] each."""

    mean: FloatArray
    """Value of those that are not free"""
    precision: FloatArray
    free: NDArray[np.bool_]
    """Whether the choices identify it"""
    step: FloatArray
    """Unit in which the search measures it, about its posterior standard deviation"""


@dataclass(frozen=True, eq=False, kw_only=True)
class PosteriorMode:
    """Mode of the posterior."""

    parameters: TasteParameters
    log_likelihood: float
    """Of all choices, nats"""
    prior: Prior


def score_spread(choices: ScoredChoices) -> float:
    """Standard deviation of the scores."""
    return _spread(choices.score)


def posterior_mode(
    choices: ScoredChoices, *, dissimilarity: float | None = None, start: TasteParameters | None = None
) -> PosteriorMode:
    """Find the mode of the posterior.

    Parameters
    ----------
    dissimilarity : λ where it is held
    start : where the search begins; at the prior means by default
    """
    prior = _prior(choices, dissimilarity)
    first = prior.mean if start is None else np.where(prior.free, start.flatten(), prior.mean)
    batches = in_batches(choices)
    latest = [Likelihood(batches, first)]

    def at(z: FloatArray) -> Likelihood:
        flat = prior.mean.copy()
        flat[prior.free] += z * step
        if not np.array_equal(latest[0].flat, flat):
            latest[0] = Likelihood(batches, flat)
        return latest[0]

    def loss(z: FloatArray) -> tuple[float, FloatArray]:
        here = at(z)
        away = here.flat - prior.mean
        slope = prior.precision * away - here.gradient()
        return 0.5 * float(prior.precision @ away**2) - here.value(), slope[prior.free] * step

    def curvature(z: FloatArray, direction: FloatArray) -> FloatArray:
        full = np.zeros(len(prior.mean))
        full[prior.free] = direction * step
        return np.asarray((at(z).fisher_product(full) + prior.precision * full)[prior.free] * step)

    step = prior.step[prior.free]
    found = optimize.minimize(
        loss,
        ((first - prior.mean) / prior.step)[prior.free],
        jac=True,
        hessp=curvature,
        method="trust-ncg",
        options={"gtol": 0.3, "maxiter": 40, "initial_trust_radius": 30.0, "max_trust_radius": 3000.0},
    )
    best = at(found.x)
    return PosteriorMode(parameters=choices.layout.unflatten(best.flat), log_likelihood=best.value(), prior=prior)


def sandwich_covariance(choices: ScoredChoices, mode: PosteriorMode, rng: np.random.Generator) -> FloatArray:
    """Sandwich covariance of the structural parameters: H⁻¹ M H⁻¹, with M from the scores of users; 0 where fixed."""
    prior, layout, found = mode.prior, choices.layout, mode.parameters.flatten()
    k = layout.structural.stop
    most = max(_COVARIANCE_CELLS // choices.n_movies, 1)
    some = choices
    if choices.n_choices > most:
        some = choices.sample(np.sort(rng.choice(choices.n_choices, most, replace=False)))
    times = choices.n_choices / some.n_choices
    likelihood = Likelihood(in_batches(some), found)
    head = np.flatnonzero(prior.free[layout.structural])
    units = np.eye(layout.size)[head]
    rows = times * np.stack([likelihood.fisher_product(unit) for unit in units]) + np.diag(prior.precision)[head]
    across = rows[:, layout.appeal]
    appeal_precision = prior.precision[layout.appeal]
    if choices.n_movies <= _DENSE_MOVIES:
        appeals = times * likelihood.appeal_information() + np.diag(appeal_precision)
        explained = linalg.solve(appeals, across.T, assume_a="pos").T
    else:  # few choices a movie: the prior holds the appeals, and the rest of their information is nearly diagonal
        explained = across / (times * likelihood.appeal_information_diagonal() + appeal_precision)
    inverse = linalg.inv(rows[:, head] - explained @ across.T)
    directions = np.zeros((len(head), layout.size))
    directions[:, head] = inverse
    directions[:, layout.appeal] = -inverse @ explained

    users, owner = np.unique(choices.user, return_inverse=True)
    everyone = Likelihood(in_batches(choices), found)
    scores = np.stack([np.bincount(owner, everyone.directional_derivatives(direction), len(users)) for direction in directions])
    meat = scores @ scores.T
    # the sandwich may come out too small where few users speak: the model's own variance is the least
    least = np.maximum(np.diag(inverse), np.diag(meat))
    grow = np.sqrt(np.divide(least, np.diag(meat), out=np.ones_like(least), where=np.diag(meat) > 0))
    covariance = np.zeros((k, k))
    covariance[np.ix_(head, head)] = meat * np.outer(grow, grow)
    return covariance


def _prior(choices: ScoredChoices, dissimilarity: float | None) -> Prior:
    """Weak priors; scores of the usual spread are expected to move utilities by one nat."""
    layout, spread = choices.layout, score_spread(choices)
    affinity_spreads = np.array([_spread(each) for each in choices.affinity])
    slope = 1.0 / spread
    mean = TasteParameters(
        slope=slope,
        cold_slope_delta=0.0,
        cluster_slope=0.0,
        nest_slope=0.0,
        affinity_slopes=np.zeros(len(affinity_spreads)),
        seen=_SEEN_MEAN,
        arrived=0.0,
        launch=np.zeros(choices.n_ages - 1),
        dissimilarity=_FIRST_DISSIMILARITY if dissimilarity is None else dissimilarity,
        appeal=np.zeros(choices.n_movies),
    )
    sd = TasteParameters(
        slope=_SLOPE_SD * slope,
        cold_slope_delta=_COLD_SLOPE_RATIO_SD * slope,
        cluster_slope=_SLOPE_SD * slope,
        nest_slope=_SLOPE_SD * slope,
        affinity_slopes=_SLOPE_SD / affinity_spreads,
        seen=_SEEN_SD,
        arrived=_APPEAL_SD,
        launch=np.full(choices.n_ages - 1, _LAUNCH_SD),
        dissimilarity=_DISSIMILARITY_SD,
        appeal=np.full(choices.n_movies, _APPEAL_SD),
    )
    precision = np.asarray(sd.flatten() ** -2.0)
    free = np.ones(layout.size, dtype=bool)
    free[layout.cold_slope_delta] = choices.cold.any()
    free[layout.seen] = not choices.exclude_seen
    free[layout.arrived] = free[layout.launch] = choices.n_arrivals >= MIN_ARRIVALS
    free[layout.dissimilarity] = dissimilarity is None
    step = np.full(layout.size, 0.1)
    step[layout.score_slopes] = 0.03 / spread
    step[layout.affinity_slopes] = 0.03 / affinity_spreads
    views = np.bincount(choices.chosen, minlength=choices.n_movies)
    step[layout.appeal] = 1.0 / np.sqrt(views + precision[layout.appeal])
    return Prior(mean=mean.flatten(), precision=precision, free=free, step=step)


def _spread(values: NDArray[np.floating[Any]]) -> float:
    """Standard deviation; 1 where all are alike, as the scores of users of whom nothing was known before: their slope is not
    identified, and would be as good large as small.
    """
    found = float(values.std())
    return found if found > _LEAST_SPREAD else 1.0
