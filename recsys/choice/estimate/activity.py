"""Activity: each user's view rate of late, and the hazard of going quiet for good, by a filter over half-months.

Whoever is still there watches at a rate that is Gamma-distributed within a segment and wanders; whoever has gone quiet for good
watches nothing more. For the views y of user i in half-month t, with e the exposure (times the length and the season of the
half-month) and L the segment's level:

    y_it | still there  ~  Poisson(e_it · L_t · μ_i)            μ_i | the past  ~  Gamma(a_it, b_it)
    P(goes quiet in t | still there)  =  h · c / (c + n_it)     n = half-months for which the user has been there

What is known of a user fades by a factor each half-month (power steady model: forecasts keep their mean and widen), so that the
last months count most; the level of a segment fades likewise. Hazards that are Beta-distributed among users leave those who stay:
the hazard falls with n. The rate of somebody silent falls with the likelihood of so long a silence after such viewing. The
parameters maximise the predictive likelihood of each half-month given those before it.

The level that is handed on weighs the half-months of the last month alike, whatever the estimate, and older ones by how long the
level has kept: an unchanged service goes on as it last was.

References
----------
Smith (1979), A generalization of the Bayesian steady forecasting model, JRSS B 41
Harvey & Fernandes (1989), Time series models for count or qualitative observations, JBES 7
Schmittlein, Morrison & Colombo (1987), Counting your customers, Management Science 33
Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time noncontractual setting, Marketing Science 29
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, gammaln, logit

from recsys.choice.panel.exposure_panel import ExposurePanel
from recsys.errors import DataError
from recsys.ids import FloatArray, IntArray

_USERS = 3_000
"""A random sample of this size finds the parameters; all users are filtered with them."""
_CERTAIN_GAIN = 1.92
"""Log-likelihood from which on people are said to go quiet: half the 95 % point of chi-squared with one degree of freedom."""
_START = np.array([0.0, 3.0, 1.0, -4.0, 5.0])
_PRIOR_MEAN, _PRIOR_SD = np.array([0.0, 3.0, 2.0, -4.0, 6.0]), np.array([10.0, 10.0, 10.0, 20.0, 15.0])
"""A prior so wide that it only keeps apart what the data do not: a fifth of a nat at one unit from its mean, at most."""
_BOUNDS = ((-4.0, 4.0), (-2.0, 8.0), (-2.0, 5.0), (-9.0, 1.0), (-1.0, 8.0))
_NO_HAZARD = -30.0


@dataclass(frozen=True, eq=False, kw_only=True)
class ActivityEstimate:
    """View rates and hazards of today's users."""

    rate: FloatArray
    """float64[n_users], expected views a month with an average season; 0 for users whose subscription has lapsed"""
    rate_while_subscribed: FloatArray
    """float64[n_users]: the same, and for lapsed users what they would watch if they came back"""
    still_there: FloatArray
    """float64[n_users], chance of not having gone quiet for good"""
    monthly_hazard: FloatArray
    """float64[n_users], chance that somebody still there goes quiet for good within a month; 0 where the data show none"""
    hazard_error: float
    """Standard error of its log-odds; 0 where no hazard is found"""
    hazard_bound: float
    """Monthly hazard that the data all but rule out (one side, 2.5 %); 1 where they rule out none"""

    @property
    def mean_hazard(self) -> float:
        """Monthly hazard of those still there on average."""
        total = float(self.still_there.sum())
        return float(self.still_there @ self.monthly_hazard) / total if total > 0 else 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class _Parameters:
    shape: float
    """a and b of somebody of whom nothing is known"""
    user_memory: float
    """Share of what is known of a user that a half-month leaves"""
    level_memory: float
    """The same for a segment's level"""
    hazard: float
    """h, in the first half-month"""
    concentration: float
    """c, half-months"""

    @classmethod
    def of(cls, z: FloatArray) -> "_Parameters":
        """From unbounded values."""
        shape, concentration = np.exp(z[0]), np.exp(z[4])
        user, level, hazard = expit(z[1:4])
        return cls(shape=shape, user_memory=user, level_memory=level, hazard=hazard, concentration=concentration)

    def hazard_after(self, tenure: FloatArray) -> FloatArray:
        hazard: FloatArray = self.hazard * self.concentration / (self.concentration + tenure)
        return hazard


@dataclass(frozen=True, eq=False, kw_only=True)
class _Filtered:
    log_likelihood: float
    rate: FloatArray
    """A half-month, while still there"""
    still_there: FloatArray
    tenure: FloatArray
    """Half-months"""


def estimate_activity(
    panel: ExposurePanel, segment: IntArray, *, factors: FloatArray, rng: np.random.Generator
) -> ActivityEstimate:
    """Estimate how much each user watches of late, and who goes quiet for good.

    Where sign-up dates are not known, the half-month of a user's first view only says that they are here: what follows counts.

    Parameters
    ----------
    segment : int64[n_users], from 0
    factors : float64[n_periods], of each half-month on everyone's viewing: its length and its season
    rng : chooses the users who find the parameters, where there are many

    Raises
    ------
    DataError  E_INACTIVE: every subscription has lapsed
    """
    if not panel.active.any():
        raise DataError.of(
            "E_INACTIVE",
            "the subscriptions say that nobody is active when the events end.",
            "Check that 1 stands for who pays; or leave the table out.",
            table="subscriptions",
            column="active",
        )
    counted = panel if panel.signup_known else _without_first(panel)
    if (
        not counted.views.any()
    ):  # nobody has come back: half a view among them all (Jeffreys), so that a rate is small and not nought
        months = float(np.maximum((panel.exposure * factors).sum(axis=1) / 2.0, 1.0).sum())
        return _unknown(panel.active, 0.5 / months)
    sample = np.flatnonzero(counted.exposure.any(axis=1))
    if len(sample) > _USERS:
        sample = np.sort(rng.choice(sample, _USERS, replace=False))
    few = replace(counted, exposure=counted.exposure[sample], views=counted.views[sample], active=counted.active[sample])

    def log_likelihood(z: FloatArray) -> float:
        return _filter(few, factors, segment[sample], _Parameters.of(z)).log_likelihood

    found = _maximised(log_likelihood, _START, free=5)
    none = _maximised(log_likelihood, np.array([*found[:3], _NO_HAZARD, _PRIOR_MEAN[4]]), free=3)
    quiet = log_likelihood(found) - log_likelihood(none) > _CERTAIN_GAIN
    parameters = _Parameters.of(found if quiet else none)
    filtered = _filter(counted, factors, segment, parameters)
    half = parameters.hazard_after(filtered.tenure) if quiet else np.zeros(len(panel.views))
    still_there = filtered.still_there
    # half of those who leave within the first month ahead have left by its middle
    rate = 2.0 * filtered.rate * still_there * (1.0 - half)
    return ActivityEstimate(
        rate=rate * panel.active,
        rate_while_subscribed=rate,
        still_there=still_there,
        monthly_hazard=1.0 - (1.0 - half) ** 2,
        hazard_error=_hazard_error(log_likelihood, found, filtered) if quiet else 0.0,
        hazard_bound=1.0 if quiet else _bound(log_likelihood, none),
    )


def _without_first(panel: ExposurePanel) -> ExposurePanel:
    """The panel without the half-month in which each user was first seen."""
    seen = panel.views > 0
    rows = np.flatnonzero(seen.any(axis=1))
    first = seen[rows].argmax(axis=1)
    exposure, views = panel.exposure.copy(), panel.views.copy()
    exposure[rows, first] = 0.0
    views[rows, first] = 0.0
    return replace(panel, exposure=exposure, views=views)


def _unknown(active: FloatArray, rate: float) -> ActivityEstimate:
    everyone = np.ones(len(active))
    return ActivityEstimate(
        rate=rate * active,
        rate_while_subscribed=rate * everyone,
        still_there=everyone,
        monthly_hazard=0.0 * everyone,
        hazard_error=0.0,
        hazard_bound=1.0,
    )


def _filter(panel: ExposurePanel, factors: FloatArray, segment: IntArray, parameters: _Parameters) -> _Filtered:
    """Filter all half-months once."""
    views, exposure = panel.views, panel.exposure
    n_users, n_periods = views.shape
    n_segments = int(segment.max()) + 1

    def by_segment(values: FloatArray) -> FloatArray:
        return np.bincount(segment, weights=values, minlength=n_segments).astype(np.float64)

    seen, base = np.zeros((n_periods, n_segments)), np.zeros((n_periods, n_segments))
    level_weight = by_segment((exposure * factors).max(axis=1)) + 1e-9
    level_views = level_weight * (by_segment(views.sum(axis=1)) + 0.5) / (by_segment(exposure @ factors) + 1.0)
    a, b = np.full(n_users, parameters.shape), np.full(n_users, parameters.shape)
    still_there, tenure = np.ones(n_users), np.zeros(n_users)
    log_likelihood = 0.0
    for t in range(n_periods):
        rows = np.flatnonzero(exposure[:, t] > 0)
        part = np.minimum(exposure[rows, t], 1.0)
        there = still_there[rows] * (1.0 - parameters.hazard_after(tenure[rows])) ** part
        shape, rate, watched = a[rows], b[rows], views[rows, t]
        expected = np.zeros(n_users)
        expected[rows] = there * shape / rate * exposure[rows, t] * factors[t]
        seen[t], base[t] = by_segment(views[:, t]), by_segment(expected)
        level = (level_views / level_weight)[segment[rows]] * exposure[rows, t] * factors[t]
        log_nothing = shape * (np.log(rate) - np.log(rate + level))
        nothing = there * np.exp(log_nothing)
        silence = nothing + 1.0 - there
        some = watched > 0
        log_likelihood += float(np.log(np.maximum(silence[~some], 1e-300)).sum())
        log_likelihood += float(
            (
                np.log(np.maximum(there[some], 1e-12))
                + log_nothing[some]
                + gammaln(shape[some] + watched[some])
                - gammaln(shape[some])
                - gammaln(watched[some] + 1.0)
                + watched[some] * (np.log(level[some]) - np.log(rate[some] + level[some]))
            ).sum()
        )
        still_there[rows] = np.where(some, 1.0, nothing / np.maximum(silence, 1e-300))
        level_views = parameters.level_memory * level_views + seen[t]
        level_weight = parameters.level_memory * level_weight + base[t]
        a[rows] = np.maximum(parameters.user_memory * shape + watched, 1e-6)
        b[rows] = parameters.user_memory * rate + (level_views / level_weight)[segment[rows]] * exposure[rows, t] * factors[t]
        tenure[rows] += part
    weight = parameters.level_memory ** np.maximum(_half_months_ago(exposure) - 1.0, 0.0)
    level_now = (weight @ seen + 1e-9 * level_views) / (weight @ base + 1e-9 * level_weight)
    return _Filtered(log_likelihood=log_likelihood, rate=a / b * level_now[segment], still_there=still_there, tenure=tenure)


def _half_months_ago(exposure: FloatArray) -> FloatArray:
    """How many half-months the data cover after each one, float64[n_periods]."""
    covered = exposure.max(axis=0)
    after: FloatArray = covered[::-1].cumsum()[::-1] - covered
    return after


def _maximised(log_likelihood: Callable[[FloatArray], float], start: FloatArray, *, free: int) -> FloatArray:
    """The posterior mode over the first ``free`` values, from ``start``."""

    def loss(part: FloatArray) -> float:
        far = (part - _PRIOR_MEAN[:free]) / _PRIOR_SD[:free]
        return float(far @ far) / 2 - log_likelihood(np.concatenate([part, start[free:]]))

    found = minimize(
        loss, start[:free], method="L-BFGS-B", bounds=_BOUNDS[:free], options={"ftol": 1e-6, "eps": 1e-4, "maxiter": 25}
    )
    return np.concatenate([found.x, start[free:]])


def _hazard_error(log_likelihood: Callable[[FloatArray], float], found: FloatArray, filtered: _Filtered) -> float:
    """Standard error of the log-odds of today's mean hazard, by the curvature in h and c (delta method)."""
    step, axes = 0.1, np.eye(5)[3:] * 0.1

    def mean_log_odds(z: FloatArray) -> float:
        half = _Parameters.of(z).hazard_after(filtered.tenure)
        monthly = np.average(1.0 - (1.0 - half) ** 2, weights=filtered.still_there + 1e-12)
        return float(logit(np.clip(monthly, 1e-9, 1.0 - 1e-9)))

    def curvature(one: FloatArray, other: FloatArray) -> float:
        corners = [log_likelihood(found + x * one + y * other) for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
        return (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)

    information = -np.array([[curvature(one, other) for other in axes] for one in axes]) + np.diag(_PRIOR_SD[3:] ** -2.0)
    slope = np.array([(mean_log_odds(found + axis) - mean_log_odds(found - axis)) / (2 * step) for axis in axes])
    variance = float(slope @ np.linalg.pinv(information) @ slope)
    return float(np.sqrt(variance)) if variance > 0 else 1.0


def _bound(log_likelihood: Callable[[FloatArray], float], none: FloatArray) -> float:
    """Monthly hazard at which the likelihood has fallen by as much as tells somebody certainly goes quiet."""
    hazards = np.geomspace(1e-5, 0.5, 13)
    lost = [log_likelihood(none) - log_likelihood(np.array([*none[:3], logit(h), none[4]])) for h in hazards]
    beyond = np.flatnonzero(np.array(lost) > _CERTAIN_GAIN)
    return float(1.0 - (1.0 - hazards[beyond[0]]) ** 2) if len(beyond) else 1.0
