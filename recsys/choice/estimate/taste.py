"""θ, λ, γ and the appetite for what was watched before, by maximum likelihood on held-out choices.

Scores come from a recommender that was trained on the views before ``cutoff``; the choices are those after it, so that a score
that only remembers its training earns nothing. What could be chosen, and what had been watched, are as they were at the moment
of each choice. Appeals are in the likelihood, with a normal prior, so that what everybody watches is not mistaken for taste.
The posterior mode is found by a trust-region Newton method on the Fisher information.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from recsys.choice.estimate.choices import FIRST_AFFINITY, Choices, Parameters, n_structural, unflatten
from recsys.choice.estimate.likelihood import Likelihood, in_pieces
from recsys.choice.estimate.utility_space import Stress
from recsys.ids import FloatArray, IntArray

N_AGES = 7
"""Entries of the launch curve, a month each; from the last on it is 0."""
DISSIMILARITY_RANGE = 0.1, 1.0
ASSUMED_DISSIMILARITY, ASSUMED_DISSIMILARITY_RANGE = 0.8, (0.5, 1.0)
MOST_DISSIMILARITY_ERROR = 0.25
"""Known no better than this, or found below its range, λ is assumed: a range from 0 to 1 is all that theory says anyway."""
MIN_ARRIVALS = 8
"""Movies that must have arrived within the launch curve's reach of the held-out choices for it to be estimated."""

_COVARIANCE_CELLS = 1_500_000
"""The same for the Fisher information behind standard errors, which is scaled up."""
_DENSE_MOVIES = 4_000
"""Up to here the Fisher information of the appeals is a matrix."""
_FIRST_DISSIMILARITY = 0.8
_LEAST_SPREAD = 1e-6
_APPEAL_SD = 1.5
"""Prior standard deviations, in units of v: weak, so that what the data cannot tell stays finite."""
_SLOPE_SD = 30.0
_COLD_SLOPE_RATIO_SD = 0.5
"""Of δ / θ."""
_SEEN_MEAN, _SEEN_SD = -3.0, 3.0
_LAUNCH_SD = 1.0
_DISSIMILARITY_SD = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class Taste:
    """Estimates with their joint covariance, float64[k, k], in the order of ``Parameters.flat``, structural part.

    As in :mod:`recsys.choice.estimate.likelihood`, all but λ are in units of v = V/λ.
    """

    parameters: Parameters
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
    log_likelihood_even: float
    """The same if all available movies were chosen alike."""

    @property
    def errors(self) -> Parameters:
        """Standard errors, in the same places as the parameters; appeals have none here."""
        spread = np.sqrt(np.diag(self.covariance))
        return unflatten(np.concatenate([spread, np.zeros(len(self.parameters.appeal))]), N_AGES, self.n_affinities)

    def unpack(self, flat: FloatArray) -> tuple[float, float, FloatArray, float]:
        """(θ, κ, γ, λ) of a flat vector of parameters."""
        p = unflatten(flat, N_AGES, self.n_affinities)
        return p.slope, p.seen, p.launch, p.dissimilarity

    @property
    def n_affinities(self) -> int:
        return len(self.parameters.affinity_slopes)

    @property
    def scale_error(self) -> float:
        """Standard error of one factor on all tastes together, with everything else as it is; inf where nothing tells it.

        Of single slopes less may be known than of their sum, where one can stand in for another.
        """
        spread = np.sqrt(np.diag(self.covariance))
        known = spread > 0
        tastes = self.parameters.flat()[: len(spread)].copy()
        tastes[FIRST_AFFINITY + self.n_affinities :] = 0.0
        direction = tastes[known] / spread[known]
        correlation = self.covariance[np.ix_(known, known)] / np.outer(spread[known], spread[known])
        information = float(direction @ linalg.pinvh(correlation) @ direction)
        return float(information**-0.5) if information > 0 else np.inf

    @property
    def stress(self) -> Stress:
        p = self.parameters
        slope = max(p.slope, 1e-9)
        return Stress(
            cold=1.0 + p.cold_slope_delta / slope,
            group=p.group_slope / slope,
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
        """λ, kept where choice theory allows it."""
        return float(np.clip(self.parameters.dissimilarity, *DISSIMILARITY_RANGE))


@dataclass(frozen=True, eq=False, kw_only=True)
class Explained:
    """Choices explained as well as they can be with all parameters free, without their errors."""

    parameters: Parameters
    log_likelihood: float
    """Of a choice, mean, nats."""
    movies: IntArray
    """Which movie each appeal is of"""
    score_spread: float
    """Standard deviation of the scores"""

    def carried_over(self, choices: Choices) -> Parameters:
        """The same parameters for choices that are put in another way: where a search may begin."""
        times = self.score_spread / _score_spread(choices)
        here = np.searchsorted(self.movies, choices.movies, sorter=(order := np.argsort(self.movies)))
        row = order[np.minimum(here, len(order) - 1)]
        p = self.parameters
        return replace(
            p,
            slope=p.slope * times,
            cold_slope_delta=p.cold_slope_delta * times,
            group_slope=p.group_slope * times,
            nest_slope=p.nest_slope * times,
            appeal=np.where(self.movies[row] == choices.movies, p.appeal[row], 0.0),
        )


def explained(choices: Choices, like: Explained | None = None) -> Explained:
    """How well choices can be explained.

    Parameters
    ----------
    like : of about the same choices; the search begins there
    """
    found, value, _, _ = _best(choices, dissimilarity=None, start=like.carried_over(choices) if like else None)
    return Explained(
        parameters=unflatten(found, N_AGES, choices.n_affinities),
        log_likelihood=value / max(choices.n_choices, 1),
        movies=choices.movies,
        score_spread=_score_spread(choices),
    )


def fit_taste(choices: Choices, *, rng: np.random.Generator, like: Explained | None = None) -> Taste:
    """Maximise the posterior of all parameters given the choices.

    Parameters
    ----------
    like : of about the same choices; the search begins there

    Returns
    -------
    Taste; the covariance is robust to what one user's choices have in common (sandwich, clustered by user). Where the choices do
    not tell λ, the rest is estimated again with λ as assumed.
    """
    free = _fit(choices, rng=rng, start=like.carried_over(choices) if like else None)
    found, error = free.parameters.dissimilarity, float(free.errors.dissimilarity)
    if found > DISSIMILARITY_RANGE[0] and error <= MOST_DISSIMILARITY_ERROR:
        return free
    held = _fit(choices, rng=rng, dissimilarity=ASSUMED_DISSIMILARITY, start=free.parameters)
    return replace(held, dissimilarity_found=(found, error))


def _fit(
    choices: Choices, *, rng: np.random.Generator, dissimilarity: float | None = None, start: Parameters | None = None
) -> Taste:
    """The fit, with λ free or held."""
    found, value, precision, free = _best(choices, dissimilarity=dissimilarity, start=start)
    return Taste(
        parameters=unflatten(found, N_AGES, choices.n_affinities),
        covariance=_covariance(choices, found, precision, free, rng),
        n_choices=choices.n_choices,
        n_users=len(np.unique(choices.user)),
        n_arrivals=_n_arrivals(choices),
        rewatches=not choices.exclude_seen,
        dissimilarity_found=None,
        log_likelihood=value / max(choices.n_choices, 1),
        log_likelihood_even=_even(choices),
    )


def _best(
    choices: Choices, *, dissimilarity: float | None, start: Parameters | None
) -> tuple[FloatArray, float, FloatArray, NDArray[np.bool_]]:
    """Mode of the posterior, log-likelihood there, precision of the prior, and which parameters were free.

    The search begins with the prior means where no other start is given.
    """
    k = n_structural(N_AGES, choices.n_affinities)
    seen = FIRST_AFFINITY + choices.n_affinities
    free = np.ones(k + choices.n_movies, dtype=bool)
    free[1] = choices.cold.any()
    free[seen] = not choices.exclude_seen
    free[seen + 1 : k - 1] = _n_arrivals(choices) >= MIN_ARRIVALS
    free[k - 1] = dissimilarity is None
    spread = _score_spread(choices)
    mean = _mean(choices, slope=1.0 / spread)
    mean[k - 1] = _FIRST_DISSIMILARITY if dissimilarity is None else dissimilarity
    precision = _precision(choices, slope=1.0 / spread)
    scale = np.full(k, 0.1)
    scale[:FIRST_AFFINITY] = 0.03 / spread
    scale[FIRST_AFFINITY:seen] = 0.03 / _spreads(choices)
    views = np.bincount(choices.chosen, minlength=choices.n_movies)
    scale = np.concatenate([scale, 1.0 / np.sqrt(views + precision[k:])])
    first = mean if start is None else np.where(free, start.flat(), mean)
    return (*_mode(choices, mean, precision, scale, free, first), precision, free)


def _n_arrivals(choices: Choices) -> int:
    """Movies whose launch the choices saw."""
    return int((choices.age[np.unique(choices.period)] < N_AGES - 1).any(axis=0).sum())


def _mode(  # noqa: PLR0917
    choices: Choices,
    mean: FloatArray,
    precision: FloatArray,
    scale: FloatArray,
    free: NDArray[np.bool_],
    first: FloatArray,
) -> tuple[FloatArray, float]:
    """Mode of the posterior and log-likelihood there, found from a first guess in scaled coordinates of the free parameters."""
    pieces = in_pieces(choices)
    latest = [Likelihood(pieces, first)]

    def at(z: FloatArray) -> Likelihood:
        flat = mean.copy()
        flat[free] += z * scale[free]
        if not np.array_equal(latest[0].flat, flat):
            latest[0] = Likelihood(pieces, flat)
        return latest[0]

    def loss(z: FloatArray) -> tuple[float, FloatArray]:
        here = at(z)
        away = here.flat - mean
        slope = precision * away - here.gradient()
        return 0.5 * float(precision @ away**2) - here.value(), slope[free] * scale[free]

    def curvature(z: FloatArray, direction: FloatArray) -> FloatArray:
        full = np.zeros(len(mean))
        full[free] = direction * scale[free]
        return np.asarray((at(z).fisher_times(full) + precision * full)[free] * scale[free])

    found = optimize.minimize(
        loss,
        ((first - mean) / scale)[free],
        jac=True,
        hessp=curvature,
        method="trust-ncg",
        options={"gtol": 0.3, "maxiter": 40, "initial_trust_radius": 30.0, "max_trust_radius": 3000.0},
    )
    best = at(found.x)
    return best.flat, best.value()


def _covariance(
    choices: Choices,
    found: FloatArray,
    precision: FloatArray,
    free: NDArray[np.bool_],
    rng: np.random.Generator,
) -> FloatArray:
    """Sandwich covariance of the structural parameters: H⁻¹ M H⁻¹, with M from the scores of users; 0 where fixed."""
    k = n_structural(N_AGES, choices.n_affinities)
    most = max(_COVARIANCE_CELLS // choices.n_movies, 1)
    some = choices
    if choices.n_choices > most:
        some = choices.sample(np.sort(rng.choice(choices.n_choices, most, replace=False)))
    times = choices.n_choices / some.n_choices
    likelihood = Likelihood(in_pieces(some), found)
    head = np.flatnonzero(free[:k])
    rows = times * np.stack([likelihood.fisher_times(unit) for unit in np.eye(len(free))[head]]) + np.diag(precision)[head]
    across = rows[:, k:]
    if choices.n_movies <= _DENSE_MOVIES:
        appeals = times * likelihood.appeal_information() + np.diag(precision[k:])
        explained = linalg.solve(appeals, across.T, assume_a="pos").T
    else:  # few choices a movie: the prior holds the appeals, and the rest of their information is nearly diagonal
        explained = across / (times * likelihood.appeal_information_diagonal() + precision[k:])
    inverse = linalg.inv(rows[:, head] - explained @ across.T)
    directions = np.zeros((len(head), len(free)))
    directions[:, head] = inverse
    directions[:, k:] = -inverse @ explained

    users, owner = np.unique(choices.user, return_inverse=True)
    everyone = Likelihood(in_pieces(choices), found)
    scores = np.stack([np.bincount(owner, everyone.directional(direction), len(users)) for direction in directions])
    meat = scores @ scores.T
    # the sandwich may come out too small where few users speak: the model's own variance is the least
    least = np.maximum(np.diag(inverse), np.diag(meat))
    grow = np.sqrt(np.divide(least, np.diag(meat), out=np.ones_like(least), where=np.diag(meat) > 0))
    covariance = np.zeros((k, k))
    covariance[np.ix_(head, head)] = meat * np.outer(grow, grow)
    return covariance


def _mean(choices: Choices, *, slope: float) -> FloatArray:
    """Prior means, where the search starts too: scores of the usual spread move utilities by one nat."""
    return Parameters(
        slope=slope,
        cold_slope_delta=0.0,
        group_slope=0.0,
        nest_slope=0.0,
        affinity_slopes=np.zeros(choices.n_affinities),
        seen=_SEEN_MEAN,
        arrived=0.0,
        launch=np.zeros(N_AGES - 1),
        dissimilarity=_FIRST_DISSIMILARITY,
        appeal=np.zeros(choices.n_movies),
    ).flat()


def _precision(choices: Choices, *, slope: float) -> FloatArray:
    spread = Parameters(
        slope=_SLOPE_SD * slope,
        cold_slope_delta=_COLD_SLOPE_RATIO_SD * slope,
        group_slope=_SLOPE_SD * slope,
        nest_slope=_SLOPE_SD * slope,
        affinity_slopes=_SLOPE_SD / _spreads(choices),
        seen=_SEEN_SD,
        arrived=_APPEAL_SD,
        launch=np.full(N_AGES - 1, _LAUNCH_SD),
        dissimilarity=_DISSIMILARITY_SD,
        appeal=np.full(choices.n_movies, _APPEAL_SD),
    )
    return np.asarray(spread.flat() ** -2.0)


def _score_spread(choices: Choices) -> float:
    return _spread(choices.score)


def _spread(values: NDArray[np.floating[Any]]) -> float:
    """Standard deviation; 1 where all are alike, as the scores of people of whom nothing was known before: no slope is told then,
    and a large one would be as good as any.
    """
    found = float(values.std())
    return found if found > _LEAST_SPREAD else 1.0


def _spreads(choices: Choices) -> FloatArray:
    """Spread of each affinity over choices and movies, float64[n_affinities]."""
    return np.array([_spread(each) for each in choices.affinity])


def _even(choices: Choices) -> float:
    there = np.log(np.isfinite(choices.log_open).sum(axis=1).clip(1))
    return -float(there[choices.period].mean())
