"""Appeal α of every movie, by empirical Bayes: predicted views equal actual ones, with date-correct availability.

Two steps. The views of user clusters before the cutoff give every movie a first appeal. Then the held-out views, of users whose
tastes were learnt before them, give the established one, shrunk towards a regression on content and first appeal by the residual
variance of that. A cluster's mean taste understates how its users differ, so the first appeals vary too little; the regression
of the second step rescales them.
"""

from dataclasses import dataclass, replace

import numpy as np

from recsys.choice.estimate.regression.ridge import fit_ridge
from recsys.choice.model.parameters import Float32Array, Member, StructuralParameters
from recsys.choice.model.view_probabilities import AudienceDesign, invert_views
from recsys.choice.panel.audience_design import cluster_design, sample_holdout_views, user_design
from recsys.choice.panel.history import History
from recsys.choice.panel.user_clusters import UserClusters
from recsys.ids import FloatArray

_FIRST_SD = 1.5
_LEAST_SD = 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class AppealEstimates:
    """Appeal α of established movies, the launch curve apart, with standard errors; in table order."""

    appeal: FloatArray
    """float64[n_movies], nats"""
    standard_error: FloatArray
    unshrunk: FloatArray
    """float64[n_movies]: what the views say by themselves, the prior taken out"""
    unshrunk_error: FloatArray
    """Its standard error; large where there are few views, inf where there is none"""
    prior_sd: float
    """Standard deviation of the prior: spread of true appeals round the regression."""
    content_sd: float
    """Spread of true appeals round what content says, as user clusters show it."""
    views: float
    """Views that the estimates rest on."""


def appeals_from_clusters(
    history: History,
    structure: StructuralParameters,
    clusters: UserClusters,
    movies: Float32Array,
    content: Float32Array,
    *,
    until_day: float = np.inf,
    users: FloatArray | None = None,
) -> AppealEstimates:
    """Estimate appeals from what user clusters watched up to a day.

    Parameters
    ----------
    users : float64[n_users], how much each user's views count; 1 by default
    """
    counted = (history.period >= 0) & (history.day < until_day)
    user, movie, period = history.user[counted], history.movie[counted], history.period[counted]
    if not len(user):
        return _unknown(history.n_movies)
    weight = np.ones(len(user)) if users is None else users[user]
    periods = np.unique(period)
    cell = np.searchsorted(periods, period) * clusters.n_clusters + clusters.assignment[user]
    views = np.bincount(cell, weights=weight, minlength=len(periods) * clusters.n_clusters)
    by_row = views.reshape(len(periods), -1).astype(np.float64)
    rows = cluster_design(history, structure, clusters, movies, periods=periods, views=by_row)
    actual = np.bincount(movie, weights=weight, minlength=history.n_movies)
    return _shrunk(rows, structure, actual.astype(np.float64), content)


def appeals_from_users(
    history: History,
    structure: StructuralParameters,
    member: Member,
    content: Float32Array,
    *,
    first: AppealEstimates,
    cutoff_day: float,
    rng: np.random.Generator,
) -> AppealEstimates:
    """Estimate appeals from held-out views, with those of :func:`appeals_from_clusters` in the prior mean.

    Parameters
    ----------
    member : trained on the views before the cutoff
    """
    counted = sample_holdout_views(history, cutoff_day, history.n_movies, rng=rng)
    keys, counts = np.unique(history.user[counted] * history.n_periods + history.period[counted], return_counts=True)
    users, periods = keys // history.n_periods, keys % history.n_periods
    rows = user_design(history, structure, member, users=users, periods=periods, views=counts.astype(np.float64))
    actual = np.bincount(history.movie[counted], minlength=history.n_movies).astype(np.float64)
    known = np.hstack([content, (first.appeal / max(float(first.appeal.std()), 1e-9))[:, None]]).astype(np.float32)
    return replace(_shrunk(rows, structure, actual, known), content_sd=first.content_sd)


def _shrunk(rows: AudienceDesign, structure: StructuralParameters, actual: FloatArray, known: Float32Array) -> AppealEstimates:
    """Empirical Bayes: appeals that reproduce the actual views, shrunk towards a regression on what is known, in turns."""
    columns, lam = structure.columns, structure.dissimilarity
    wanted, features = actual[columns], known[columns]
    mean, spread = np.zeros(len(columns)), _FIRST_SD
    appeal = mean
    for turn in range(3):
        appeal = invert_views(
            rows.predicted_views, wanted, dissimilarity=lam, start=appeal, prior_mean=mean, prior_sd=spread, tolerance=1e-3
        )
        noise = 1.0 / np.sqrt(rows.predicted_views(appeal) / lam + 1e-3)
        watched = wanted > 0
        if turn == 2 or watched.sum() < 3:
            break
        own = _unshrunk(appeal, mean, spread, noise)
        fit = fit_ridge(features[watched], own[watched], 1.0 / (spread**2 + noise[watched] ** 2))
        precision = 1.0 / (spread**2 + noise[watched] ** 2)
        excess = np.average((own[watched] - fit.leave_one_out) ** 2 - noise[watched] ** 2, weights=precision)
        spread = float(np.clip(np.sqrt(max(excess, 0.0)), _LEAST_SD, _FIRST_SD))
        mean = fit.coefficients[0] + features @ fit.coefficients[1:]
        mean[watched] = fit.leave_one_out
    by_row = np.argsort(columns)
    return AppealEstimates(
        appeal=(appeal - appeal.mean())[by_row],
        standard_error=(1.0 / np.sqrt(noise**-2.0 + spread**-2.0))[by_row],
        unshrunk=(_unshrunk(appeal, mean, spread, noise) - appeal.mean())[by_row],
        unshrunk_error=np.where(wanted > 0, noise, np.inf)[by_row],
        prior_sd=spread,
        content_sd=spread,
        views=float(wanted.sum()),
    )


def _unknown(n_movies: int) -> AppealEstimates:
    nothing = np.zeros(n_movies)
    return AppealEstimates(
        appeal=nothing,
        standard_error=nothing + _FIRST_SD,
        unshrunk=nothing,
        unshrunk_error=nothing + np.inf,
        prior_sd=_FIRST_SD,
        content_sd=0.0,
        views=0.0,
    )


def _unshrunk(appeal: FloatArray, mean: FloatArray, spread: float, noise: FloatArray) -> FloatArray:
    """What the views say by themselves, from what they and the prior say together."""
    trust = spread**2 / (spread**2 + noise**2)
    unshrunk: FloatArray = mean + (appeal - mean) / np.maximum(trust, 0.05)
    return unshrunk
