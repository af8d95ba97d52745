"""Churn: monthly odds of leaving, from the subscriptions table, else from who goes quiet for good.

    logit P(user i leaves after month t) = a_i − b · ln(1 + hours_it)

A table with enough departures gives both by logistic regression, with a_i = a + c · mean over s < t of ln(1 + hours_is). One with
few gives the share that leaves, and the hazard of going quiet (:mod:`recsys.choice.estimate.activity`) does where there is none;
b is then assumed, and each a_i such that b moves nothing while users watch as much as they do of late.

Who watches much also stays for other reasons. The user's own mean as a second regressor takes those out (a correlated random
effect, Mundlak 1978), so that b is read from months in which the same person watched more or less than usual. The mean is that of
earlier months: one that held the last month would be low just where somebody left after an empty month, and take from b.

References
----------
Mundlak (1978), On the pooling of time series and cross section data, Econometrica 46
Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16 (the Jeffreys prior)
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import logit
from scipy.stats import beta, norm
from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

from recsys.choice.estimate.activity import ActivityEstimate
from recsys.choice.model.parameters import Estimate
from recsys.ids import FloatArray
from recsys.tables.dataset import Dataset

ASSUMED_SLOPE, ASSUMED_SLOPE_SD = 0.5, 0.2
LEAST_LEAVERS = 30
"""With fewer people who left, no slope is estimated."""
LEAST_SUBSCRIBER_MONTHS = 200
"""With fewer, a table says too little of how many leave."""
_NONE = 1e-6
"""Monthly churn that stands for none; log-odds are finite."""
_LITTLE = 0.03
"""Views that leave a higher monthly hazard possible do not tell whether people go quiet."""
_SWEPT = 0.12
"""Highest monthly churn tried where views do not tell."""
_CHANCES = (np.arange(199) + 1.0) / 200.0


@dataclass(frozen=True, eq=False, kw_only=True)
class ChurnRegression:
    """Coefficients of the odds of leaving. ``coefficients`` are a, b, c; ``covariance`` float64[3, 3] of their errors."""

    coefficients: FloatArray
    covariance: FloatArray
    mean_log_hours: FloatArray
    """float64[n_users], each user's mean ln(1 + hours) in a month"""
    estimates: tuple[Estimate, ...]

    @property
    def slope(self) -> float:
        """b ≥ 0"""
        return float(max(self.coefficients[1], 0.0))

    @property
    def intercept(self) -> FloatArray:
        """a_i, float64[n_users]"""
        return np.asarray(self.coefficients[0] + self.coefficients[2] * self.mean_log_hours)

    def sample(self, rng: np.random.Generator) -> tuple[FloatArray, float]:
        """Draw an intercept and a slope from the distribution of the estimate."""
        a, b, c = rng.multivariate_normal(self.coefficients, self.covariance, method="eigh")
        return np.asarray(a + c * self.mean_log_hours), float(max(b, 0.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class ChurnLevel:
    """Monthly churn while users watch as much as they do of late, with an assumed slope on hours."""

    log_odds: FloatArray
    """float64[n_users]"""
    log_hours: FloatArray
    """float64[n_users], ln(1 + hours a month of late)"""
    deviations: FloatArray
    """float64[n], equally likely errors of the log-odds, ascending"""
    estimates: tuple[Estimate, ...]

    @property
    def slope(self) -> float:
        return ASSUMED_SLOPE

    @property
    def intercept(self) -> FloatArray:
        """a_i, float64[n_users]"""
        return np.asarray(self.log_odds + ASSUMED_SLOPE * self.log_hours)

    def sample(self, rng: np.random.Generator) -> tuple[FloatArray, float]:
        """Draw an intercept and a slope."""
        slope = max(rng.normal(ASSUMED_SLOPE, ASSUMED_SLOPE_SD), 0.0)
        deviation = float(np.quantile(self.deviations, rng.random()))
        return np.asarray(self.log_odds + deviation + slope * self.log_hours), slope


Churn = ChurnRegression | ChurnLevel


def fit_churn(dataset: Dataset, monthly_hours: pd.Series, activity: ActivityEstimate, hours_of_late: FloatArray) -> Churn:
    """Estimate the odds of leaving.

    Parameters
    ----------
    monthly_hours : hours watched, indexed by (``user_index``, ``YYYY-MM``); months without a view may be missing
    activity : who goes quiet, for want of subscriptions
    hours_of_late : float64[n_users], hours a month

    Returns
    -------
    A regression where at least ``LEAST_LEAVERS`` have left; else a level, assumed (and labelled so) only where neither
    subscriptions nor views tell
    """
    mean_log_hours = _usual(dataset, monthly_hours)
    log_hours = np.log1p(hours_of_late)
    months = None if dataset.subscriptions is None else _months(dataset, monthly_hours)
    if months is None or len(months) < LEAST_SUBSCRIBER_MONTHS:
        return _from_silence(activity, log_hours)
    leavers = int(months["leaves"].sum())
    regression = _regression(months[months["before"].notna()], mean_log_hours) if leavers >= LEAST_LEAVERS else None
    return regression or _from_few(leavers, len(months), log_hours)


def _regression(months: pd.DataFrame, mean_log_hours: FloatArray) -> ChurnRegression | None:
    """The odds of leaving by logistic regression; None where too few left or the months do not identify them."""
    if months["leaves"].sum() < LEAST_LEAVERS:
        return None
    logs = np.log1p(months["hours"].to_numpy())
    design = np.column_stack([np.ones(len(months)), -logs, months["before"].to_numpy()])
    model = sm.GLM(months["leaves"].to_numpy(dtype=np.float64), design, family=sm.families.Binomial())
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fitted = model.fit(cov_type="cluster", cov_kwds={"groups": months["user"].to_numpy()})
        except (PerfectSeparationError, PerfectSeparationWarning, np.linalg.LinAlgError):
            return None
    coefficients, covariance = np.asarray(fitted.params), np.asarray(fitted.cov_params())
    if not (np.isfinite(coefficients).all() and np.isfinite(covariance).all()):
        return None
    source = f"logistic regression on {len(months):,} subscriber-months with {int(months['leaves'].sum()):,} departures"
    errors = np.sqrt(np.diag(covariance))
    return ChurnRegression(
        coefficients=coefficients,
        covariance=covariance,
        mean_log_hours=mean_log_hours,
        estimates=(
            _estimate("churn_intercept", coefficients[0], errors[0], f"{source}; with nothing watched and no habit of watching"),
            _estimate(
                "churn_hours_slope",
                max(coefficients[1], 0.0),
                errors[1],
                f"{source}; the same person in fuller and emptier months",
            ),
        ),
    )


def _estimate(name: str, value: float, error: float, source: str) -> Estimate:
    return Estimate(
        name=name, value=float(value), unit="log-odds a month", kind="estimated", source=source, standard_error=float(error)
    )


def _from_few(leavers: int, months: int, log_hours: FloatArray) -> ChurnLevel:
    """The share that leaves, from few departures (Jeffreys)."""
    share = (leavers + 0.5) / (months + 1.0)
    deviations = logit(np.maximum(beta.ppf(_CHANCES, leavers + 0.5, months - leavers + 0.5), _NONE)) - logit(share)
    source = f"{leavers} departures in {months:,} subscriber-months"
    error = float(beta.std(leavers + 0.5, months - leavers + 0.5))
    return _level(np.full(len(log_hours), share), log_hours, deviations, share, error, source)


def _from_silence(activity: ActivityEstimate, log_hours: FloatArray) -> ChurnLevel:
    """The share that goes quiet for good, as views tell it; none where they do not show any."""
    n_users, share = len(log_hours), activity.mean_hazard
    if share > 0:
        log_odds_error = activity.hazard_error
        source = (
            "no subscriptions are known: who leaves is who goes quiet for good, told from silences too long for how much "
            f"somebody used to watch; {activity.still_there.mean():.0%} of {n_users:,} users are still there"
        )
        deviations, error = log_odds_error * norm.ppf(_CHANCES), log_odds_error * share * (1.0 - share)
        return _level(activity.monthly_hazard, log_hours, deviations, share, error, source)
    bound = activity.hazard_bound
    most = min(bound, _SWEPT)
    tried = np.maximum(most * norm.ppf(_CHANCES) / norm.ppf(0.95), _NONE)
    told = bound <= _LITTLE
    source = "no subscriptions are known, and " + (
        f"no silence is longer than chance explains: fewer than {bound:.1%} a month go quiet for good"
        if told
        else f"views are too few to tell who goes quiet: nobody leaves, and up to {most:.0%} a month in the ranges"
    )
    one_sided = most / float(norm.ppf(0.95)) if told else None
    return _level(np.zeros(n_users), log_hours, logit(tried) - logit(_NONE), 0.0, one_sided, source)


def _level(  # noqa: PLR0917
    share: FloatArray, log_hours: FloatArray, deviations: FloatArray, mean: float, error: float | None, source: str
) -> ChurnLevel:
    """Churn by user with its description; ``error`` is None where it is assumed."""
    return ChurnLevel(
        log_odds=np.asarray(logit(np.clip(share, _NONE, 1.0 - _NONE))),
        log_hours=log_hours,
        deviations=np.asarray(deviations),
        estimates=(
            Estimate(
                name="monthly_churn",
                value=mean,
                unit="share that leaves in a month of viewing as of late",
                kind="assumed" if error is None else "estimated",
                source=source,
                standard_error=error,
            ),
            Estimate(
                name="churn_hours_slope",
                value=ASSUMED_SLOPE,
                unit="log-odds a month",
                kind="assumed",
                source="too few departures are known to tell: fewer leave who watch more; swept in the ranges, and without "
                "effect while viewing is as of late",
            ),
        ),
    )


def _usual(dataset: Dataset, monthly_hours: pd.Series) -> FloatArray:
    """Mean ln(1 + hours) of each user over the months in which they were a customer (all months since their first, without a
    subscriptions table)."""
    logs = np.zeros(dataset.n_users)
    user = monthly_hours.index.get_level_values(0).to_numpy(dtype=np.int64)
    np.add.at(logs, user, np.log1p(monthly_hours.to_numpy(dtype=np.float64)))
    if dataset.subscriptions is not None:
        table = dataset.subscriptions[dataset.subscriptions["active"].to_numpy(dtype=bool)]
        rows = pd.Index(dataset.users["user_id"]).get_indexer(table["user_id"])
        months = np.bincount(rows[rows >= 0], minlength=dataset.n_users).astype(np.float64)
    else:
        months = np.zeros(dataset.n_users)
    months = np.where(months > 0, months, monthly_hours.index.get_level_values(1).nunique())
    return np.asarray(logs / np.maximum(months, 1.0))


def _months(dataset: Dataset, monthly_hours: pd.Series) -> pd.DataFrame | None:
    """Subscriber-months that another month follows: ``user``, ``hours``, ``leaves``, and ``before``, the mean ln(1 + hours) of
    the user's earlier ones, NaN in the first."""
    assert dataset.subscriptions is not None
    table = dataset.subscriptions[["user_id", "month", "active"]].copy()
    table["user"] = pd.Index(dataset.users["user_id"]).get_indexer(table["user_id"])
    table = table[table["user"] >= 0].sort_values(["user", "month"], kind="stable")
    if table.empty:
        return None
    number = pd.PeriodIndex(table["month"], freq="M").year * 12 + pd.PeriodIndex(table["month"], freq="M").month
    follows = (table["user"].to_numpy()[1:] == table["user"].to_numpy()[:-1]) & (np.diff(np.asarray(number)) == 1)
    active = table["active"].to_numpy(dtype=bool)
    stays = np.zeros(len(table), dtype=bool)
    stays[:-1] = follows & active[:-1]
    chosen = table[stays].copy()
    chosen["leaves"] = ~active[1:][stays[:-1]]
    chosen["hours"] = monthly_hours.reindex(pd.MultiIndex.from_frame(chosen[["user", "month"]]), fill_value=0.0).to_numpy()
    logs = np.log1p(chosen["hours"])
    earlier = logs.groupby(chosen["user"])
    count = earlier.cumcount()
    chosen["before"] = (earlier.cumsum() - logs) / count.where(count > 0)
    return chosen
