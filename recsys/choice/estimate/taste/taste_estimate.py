"""Taste: slopes, dissimilarity, launch curve and rewatching, by penalised maximum likelihood on held-out choices.

Scores come from a recommender that was trained on the views before ``cutoff``; the choices are those after it, so that a score
that only remembers its training earns nothing. What could be chosen, and what had been watched, are as they were at the moment
of each choice.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from recsys.choice.estimate.taste.parameters import TasteLayout, TasteParameters
from recsys.choice.estimate.taste.posterior_mode import MIN_ARRIVALS, posterior_mode, sandwich_covariance, score_spread
from recsys.choice.estimate.taste.scored_choices import ScoredChoices
from recsys.choice.estimate.utility_space import ScoreReliability
from recsys.ids import FloatArray, IntArray

DISSIMILARITY_RANGE = 0.1, 1.0
ASSUMED_DISSIMILARITY, ASSUMED_DISSIMILARITY_RANGE = 0.8, (0.5, 1.0)
MOST_DISSIMILARITY_ERROR = 0.25
"""Known no better than this, or found below its range, λ is assumed: a range from 0 to 1 is all that theory says anyway."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TasteEstimate:
    """Taste parameters with the joint covariance of the structural ones, float64[k, k], as laid out.

    As in :mod:`recsys.choice.estimate.taste.likelihood`, all but λ are in units of v = V/λ.
    """

    parameters: TasteParameters
    covariance: FloatArray
    n_choices: int
    n_users: int
    n_arrivals: int
    """Movies whose launch the choices saw."""
    rewatches: bool
    """Whether the data can hold a second view of a movie by a user."""
    dissimilarity_found: tuple[float, float] | None
    """λ and its error as the choices have them, where that says too little and λ is assumed instead."""
    log_likelihood: float
    """Of a choice, mean, nats."""
    log_likelihood_uniform: float
    """The same if all available movies were chosen alike."""

    @property
    def layout(self) -> TasteLayout:
        """Places of the parameters in a vector of them."""
        return self.parameters.layout

    @property
    def errors(self) -> TasteParameters:
        """Standard errors, in the same places as the parameters; appeals have none here."""
        spread = np.sqrt(np.diag(self.covariance))
        return self.layout.unflatten(np.concatenate([spread, np.zeros(len(self.parameters.appeal))]))

    @property
    def scale_error(self) -> float:
        """Standard error of one factor on all tastes together, with everything else as it is; inf where nothing identifies it.

        Of single slopes less may be known than of their sum, where one can stand in for another.
        """
        spread = np.sqrt(np.diag(self.covariance))
        known = spread > 0
        tastes = self.parameters.flatten()[self.layout.structural]
        tastes[self.layout.tastes.stop :] = 0.0
        direction = tastes[known] / spread[known]
        correlation = self.covariance[np.ix_(known, known)] / np.outer(spread[known], spread[known])
        information = float(direction @ linalg.pinvh(correlation) @ direction)
        return float(information**-0.5) if information > 0 else np.inf

    @property
    def score_reliability(self) -> ScoreReliability:
        p = self.parameters
        slope = max(p.slope, 1e-9)
        return ScoreReliability(
            cold=1.0 + p.cold_slope_delta / slope,
            cluster=p.cluster_slope / slope,
            nest=p.nest_slope / slope,
            affinity=p.affinity_slopes / slope,
        )

    @property
    def launch_estimated(self) -> bool:
        return self.n_arrivals >= MIN_ARRIVALS

    @property
    def dissimilarity_estimated(self) -> bool:
        return self.dissimilarity_found is None

    @property
    def dissimilarity(self) -> float:
        """λ, clipped to what random-utility theory allows."""
        return float(np.clip(self.parameters.dissimilarity, *DISSIMILARITY_RANGE))


@dataclass(frozen=True, eq=False, kw_only=True)
class TasteFit:
    """Mode of the posterior with all parameters free, without standard errors: enough to compare specifications."""

    parameters: TasteParameters
    log_likelihood: float
    """Of a choice, mean, nats."""
    movies: IntArray
    """Which movie each appeal is of"""
    score_spread: float
    """Standard deviation of the scores"""

    def warm_start(self, choices: ScoredChoices) -> TasteParameters:
        """Warm start: the same parameters in the units of choices that are specified in another way."""
        times = self.score_spread / score_spread(choices)
        here = np.searchsorted(self.movies, choices.movies, sorter=(order := np.argsort(self.movies)))
        row = order[np.minimum(here, len(order) - 1)]
        p = self.parameters
        return replace(
            p,
            slope=p.slope * times,
            cold_slope_delta=p.cold_slope_delta * times,
            cluster_slope=p.cluster_slope * times,
            nest_slope=p.nest_slope * times,
            appeal=np.where(self.movies[row] == choices.movies, p.appeal[row], 0.0),
        )


def fit_mode(choices: ScoredChoices, start: TasteFit | None = None) -> TasteFit:
    """Fit the mode of the posterior, for comparing specifications.

    Parameters
    ----------
    start : of about the same choices; the search begins there
    """
    mode = posterior_mode(choices, start=start.warm_start(choices) if start else None)
    return TasteFit(
        parameters=mode.parameters,
        log_likelihood=mode.log_likelihood / max(choices.n_choices, 1),
        movies=choices.movies,
        score_spread=score_spread(choices),
    )


def fit_taste(choices: ScoredChoices, *, rng: np.random.Generator, start: TasteFit | None = None) -> TasteEstimate:
    """Maximise the posterior of all parameters given the choices.

    Parameters
    ----------
    start : of about the same choices; the search begins there

    Returns
    -------
    TasteEstimate; the covariance is robust to what one user's choices have in common (sandwich, clustered by user). Where the
    choices do not identify λ, the rest is estimated again with λ as assumed.
    """
    free = _fit(choices, rng=rng, start=start.warm_start(choices) if start else None)
    found, error = free.parameters.dissimilarity, float(free.errors.dissimilarity)
    if found > DISSIMILARITY_RANGE[0] and error <= MOST_DISSIMILARITY_ERROR:
        return free
    held = _fit(choices, rng=rng, dissimilarity=ASSUMED_DISSIMILARITY, start=free.parameters)
    return replace(held, dissimilarity_found=(found, error))


def _fit(
    choices: ScoredChoices, *, rng: np.random.Generator, dissimilarity: float | None = None, start: TasteParameters | None = None
) -> TasteEstimate:
    """The fit, with λ free or held."""
    mode = posterior_mode(choices, dissimilarity=dissimilarity, start=start)
    return TasteEstimate(
        parameters=mode.parameters,
        covariance=sandwich_covariance(choices, mode, rng),
        n_choices=choices.n_choices,
        n_users=len(np.unique(choices.user)),
        n_arrivals=choices.n_arrivals,
        rewatches=not choices.exclude_seen,
        dissimilarity_found=None,
        log_likelihood=mode.log_likelihood / max(choices.n_choices, 1),
        log_likelihood_uniform=_uniform_log_likelihood(choices),
    )


def _uniform_log_likelihood(choices: ScoredChoices) -> float:
    there = np.log(np.isfinite(choices.log_open).sum(axis=1).clip(1))
    return -float(there[choices.period].mean())
