"""Exposure panel: exposure and views of users by half-month."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.choice.panel.history import History
from recsys.errors import DataError
from recsys.ids import FloatArray, IntArray
from recsys.tables.dataset import Dataset

_ROUNDS = 30
_LEAST_MONTHS = 1.0
"""Somebody who came last week and watched a lot may not go on like that."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ExposurePanel:
    """Exposure and views by user and half-month."""

    exposure: FloatArray
    """float64[n_users, n_periods]: part of a half-month in which the user was a customer and the data cover"""
    views: FloatArray
    """float64[n_users, n_periods]"""
    active: FloatArray
    """float64[n_users], 1 for customers when the data end, 0 for those whose subscription has lapsed"""
    signup_known: bool
    """Whether sign-up dates are known. A user who counts from their first view on always has one then, so that half-months
    cannot be compared."""


def read_exposure(dataset: Dataset, history: History) -> ExposurePanel:
    """Read exposure from sign-up dates and subscriptions; a user with a view is exposed.

    Without a sign-up date a user counts from their first view on.
    """
    views = np.zeros((history.n_users, history.n_periods))
    inside = history.period >= 0
    np.add.at(views, (history.user[inside], history.period[inside]), 1.0)
    begin, length = history.edges[:-1], np.diff(history.edges)
    covered = np.minimum(history.covered_days / length, 1.0)
    joined = _joined(dataset, history)
    exposure = np.clip((history.edges[1:] - joined[:, None]) / length, 0.0, 1.0) * covered
    active = np.ones(history.n_users)
    if dataset.subscriptions is not None:
        paying, active = _subscribed(dataset, history, begin)
        exposure = exposure * paying
    exposure = np.where(views > 0, np.maximum(exposure, 0.25 * covered), exposure)
    known = "signup_date" in dataset.users and bool(dataset.users["signup_date"].notna().mean() > 0.5)
    return ExposurePanel(exposure=exposure, views=views, active=active, signup_known=known)


def monthly_view_rates(panel: ExposurePanel, segment: IntArray) -> FloatArray:
    """Monthly view rate of each user by empirical Bayes, seasonally adjusted and shrunk to the mean of their segment.

    Views are Poisson with a rate that is Gamma-distributed within a segment (empirical Bayes). Where it is not known when a user
    came, the first view only says that they are here, and it is what follows that counts.

    Parameters
    ----------
    segment : int64[n_users]

    Returns
    -------
    float64[n_users]; 0 for users whose subscription has lapsed

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
    season = _season(panel) if panel.signup_known else np.ones(panel.views.shape[1])
    months = np.maximum((panel.exposure * season).sum(axis=1) / 2.0, _LEAST_MONTHS)
    views = panel.views.sum(axis=1)
    if not panel.signup_known:
        views = np.maximum(views - 1.0, 0.0)
    out = np.empty(len(views))
    for name in np.unique(segment):
        rows = segment == name
        out[rows] = _shrunk_rate(views[rows], months[rows])
    out = out * panel.active
    if not out.any():  # nobody has come back: half a view among them all (Jeffreys), so that a rate is small and not nought
        out = panel.active * (0.5 / float(months.sum()))
    return np.asarray(out)


def _shrunk_rate(views: FloatArray, months: FloatArray) -> FloatArray:
    total = float(months.sum())
    mean = float(views.sum()) / total if total > 0 else 0.0
    if mean == 0.0:
        return np.zeros(len(views))
    expected = mean * months
    excess = float(((views - expected) ** 2 - expected).sum())
    shape = float(np.clip((expected**2).sum() / excess, 0.05, 100.0)) if excess > 0 else 100.0
    return np.asarray((views + shape) / (months + shape / mean))


def _season(panel: ExposurePanel) -> FloatArray:
    """float64[n_periods]: activity of each half-month against the mean of the last year, for the same users."""
    user = np.ones(len(panel.views))
    season = np.ones(panel.views.shape[1])
    for _ in range(_ROUNDS):
        user = _ratio(panel.views.sum(axis=1), panel.exposure @ season)
        season = _ratio(panel.views.sum(axis=0), user @ panel.exposure)
    usual = season[-24:][panel.exposure.sum(axis=0)[-24:] > 0].mean()
    return np.asarray(season / usual if usual > 0 else np.ones_like(season))


def _joined(dataset: Dataset, history: History) -> FloatArray:
    """Day of sign-up, else of the first view."""
    first = np.full(history.n_users, np.inf)
    np.minimum.at(first, history.user, history.day)
    if "signup_date" not in dataset.users:
        return first
    dates = dataset.users["signup_date"]
    days = (dates.to_numpy().astype("datetime64[s]") - np.datetime64(history.start, "s")).astype(np.float64) / 86_400.0
    return np.where(dates.isna().to_numpy(), first, np.minimum(days, first))


def _subscribed(dataset: Dataset, history: History, begin: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(bool as float [n_users, n_periods], [n_users]): paying in each half-month, and in the last month there is.

    Users whom the table does not name pay nothing, and are always there; so are all in months that it does not cover.
    """
    table = dataset.subscriptions
    assert table is not None
    months = [str(history.start + pd.Timedelta(days=float(day)))[:7] for day in begin]
    place = {month: k for k, month in enumerate(dict.fromkeys(months))}
    of_period = np.array([place[month] for month in months])
    rows = pd.Index(dataset.users["user_id"]).get_indexer(table["user_id"])
    column = table["month"].map(place)
    active = np.full((history.n_users, len(place)), np.nan)
    known = column.notna().to_numpy() & (rows >= 0)
    active[rows[known], column[known].to_numpy().astype(np.int64)] = table["active"].to_numpy(dtype=np.float64)[known]
    named = ~np.isnan(active).all(axis=1)
    covered = ~np.isnan(active).all(axis=0)
    filled = np.where(np.isnan(active), 0.0, active)
    filled[~named] = 1.0
    filled[:, ~covered] = 1.0
    last = int(np.flatnonzero(covered)[-1]) if covered.any() else 0
    return filled[:, of_period], filled[:, last]


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
