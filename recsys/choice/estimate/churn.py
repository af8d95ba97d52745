"""Churn: logistic regression of the monthly odds of leaving on hours watched, from the subscriptions table.

    logit P(user i leaves after month t) = a_i − b · ln(1 + hours_it)        a_i = a + c · mean over s < t of ln(1 + hours_is)

Who watches much also stays for other reasons. The user's own mean as a second regressor takes those out (a correlated random
effect, Mundlak 1978), so that b is read from months in which the same person watched more or less than usual. The mean is that of
earlier months: one that held the last month would be low just where somebody left after an empty month, and take from b.

References
----------
Mundlak (1978), On the pooling of time series and cross section data, Econometrica 46
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

from recsys.choice.model.parameters import Estimate
from recsys.ids import FloatArray
from recsys.tables.dataset import Dataset

ASSUMED_SLOPE, ASSUMED_SLOPE_SD = 0.5, 0.2
ASSUMED_MONTHLY_CHURN = 0.06
LEAST_LEAVERS = 30
"""With fewer people who left, nothing is estimated."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ChurnEstimate:
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


def fit_churn(dataset: Dataset, monthly_hours: pd.Series) -> ChurnEstimate:
    """Estimate the odds of leaving; where the data cannot tell, assume them.

    Parameters
    ----------
    monthly_hours : hours watched, indexed by (``user_index``, ``YYYY-MM``); months without a view may be missing

    Returns
    -------
    ChurnEstimate; assumed (and labelled so) without subscriptions, with fewer than ``LEAST_LEAVERS`` leavers, or where the months
    do not identify them
    """
    mean_log_hours = _usual(dataset, monthly_hours)
    months = None if dataset.subscriptions is None else _months(dataset, monthly_hours)
    if months is None or months["leaves"].sum() < LEAST_LEAVERS:
        why = "no subscriptions table" if dataset.subscriptions is None else f"fewer than {LEAST_LEAVERS} people left"
        return _assumed(mean_log_hours, why)
    logs = np.log1p(months["hours"].to_numpy())
    design = np.column_stack([np.ones(len(months)), -logs, months["before"].to_numpy()])
    model = sm.GLM(months["leaves"].to_numpy(dtype=np.float64), design, family=sm.families.Binomial())
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fitted = model.fit(cov_type="cluster", cov_kwds={"groups": months["user"].to_numpy()})
        except (PerfectSeparationError, PerfectSeparationWarning, np.linalg.LinAlgError):
            return _assumed(mean_log_hours, "the months do not tell who leaves")
    coefficients, covariance = np.asarray(fitted.params), np.asarray(fitted.cov_params())
    if not (np.isfinite(coefficients).all() and np.isfinite(covariance).all()):
        return _assumed(mean_log_hours, "the months do not tell who leaves")
    source = f"logistic regression on {len(months):,} subscriber-months with {int(months['leaves'].sum()):,} departures"
    errors = np.sqrt(np.diag(covariance))
    return ChurnEstimate(
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


def _assumed(mean_log_hours: FloatArray, why: str) -> ChurnEstimate:
    """A usual monthly churn at the mean hours watched."""
    odds = np.log(ASSUMED_MONTHLY_CHURN / (1.0 - ASSUMED_MONTHLY_CHURN))
    mean = float(mean_log_hours.mean()) if len(mean_log_hours) else 0.0
    intercept = odds + ASSUMED_SLOPE * mean
    covariance = np.zeros((3, 3))
    covariance[1, 1] = ASSUMED_SLOPE_SD**2
    covariance[0, 0] = (ASSUMED_SLOPE_SD * mean) ** 2
    covariance[0, 1] = covariance[1, 0] = ASSUMED_SLOPE_SD**2 * mean
    source = (
        f"{why}: {ASSUMED_MONTHLY_CHURN:.0%} leave in a month of usual watching, and fewer who watch more; swept in the ranges"
    )
    return ChurnEstimate(
        coefficients=np.array([intercept, ASSUMED_SLOPE, 0.0]),
        covariance=covariance,
        mean_log_hours=mean_log_hours,
        estimates=tuple(
            Estimate(name=name, value=float(value), unit="log-odds a month", kind="assumed", source=source)
            for name, value in (("churn_intercept", intercept), ("churn_hours_slope", ASSUMED_SLOPE))
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
    """Subscriber-months between an earlier and a later one: ``user``, ``hours``, ``leaves``, and ``before``, the mean
    ln(1 + hours) of the user's earlier ones."""
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
    return pd.DataFrame(chosen[count > 0])
