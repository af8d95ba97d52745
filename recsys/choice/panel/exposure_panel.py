"""Exposure panel: exposure and views of users by half-month."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.choice.panel.history import History
from recsys.ids import FloatArray
from recsys.tables.dataset import Dataset


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
