"""Who joined of late: from sign-up dates, else from the subscriptions table, else from views."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray
from recsys.projection.left_truncation import DAYS_PER_MONTH, RECENT_MONTHS, SHORTEST, recent_entries
from recsys.tables.dataset import Dataset

PRESENT_MONTHS = 3
"""Whoever watched within so many months is present: those who join are taken to watch as these do."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Joiners:
    """People who joined within the last year, told of each user."""

    a_month: FloatArray
    """float64[n_users]: chance that the user joined within the months looked at, divided by those months."""
    variance: FloatArray
    """float64[n_users]: of the user's part in a count of joiners a month (Poisson, and whether he joined at all)."""
    watched_of_late: NDArray[np.bool_]
    """bool[n_users]: watched something within the last ``PRESENT_MONTHS``."""
    source: str

    def of(self, rows: IntArray) -> "Joiners":
        """Of some users, in this order."""
        return replace(self, a_month=self.a_month[rows], variance=self.variance[rows], watched_of_late=self.watched_of_late[rows])

    def by_group(self, group: IntArray, n_groups: int, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """People who join a month in each group of users and the standard error, float64[n_groups] each.

        Parameters
        ----------
        group : int64[n_users]
        weight : float64[n_users], people that a user stands for
        """
        people = np.bincount(group, weights=weight * self.a_month, minlength=n_groups)
        variance = np.bincount(group, weights=weight**2 * self.variance, minlength=n_groups)
        return people.astype(np.float64), np.sqrt(variance)

    def per_person(self, group: IntArray, n_groups: int, weight: FloatArray, subscribed: FloatArray) -> FloatArray:
        """People who join a month for each person that a user stands for, float64[n_users]: each group's joiners, shared out
        over those of it who are present. 0 for who is not, and where nobody is.

        Parameters
        ----------
        subscribed : float64[n_users], chance of being subscribed today
        """
        present = subscribed * self.watched_of_late
        joining, _ = self.by_group(group, n_groups, weight)
        there = np.bincount(group, weights=weight * present, minlength=n_groups)
        rate = np.divide(joining, there, out=np.zeros(n_groups), where=there > 0)
        shared: FloatArray = rate[group] * present
        return shared


def measure(dataset: Dataset) -> Joiners | None:
    """Who joined within the last year of the data; None where there are no views.

    A user joined on his sign-up date, unless he was seen before it. Who has none joined in the first month in which the
    subscriptions table has him as active, unless he is in its first. For anybody else views tell
    (:mod:`recsys.projection.left_truncation`), which they do only where first views late in the history are more than those of
    users who had been there all along.
    """
    events, n_users = dataset.events, dataset.n_users
    if events.empty:
        return None
    user = events["user_index"].to_numpy().astype(np.int64)
    days = (events["timestamp"].max() - events["timestamp"]).to_numpy() / np.timedelta64(1, "s") / 86_400.0
    first, last = np.full(n_users, -np.inf), np.full(n_users, np.inf)
    np.maximum.at(first, user, days)
    np.minimum.at(last, user, days)
    chance, months, said = np.zeros(n_users), np.ones(n_users), list[str]()

    signed_up = _days_since_signup(dataset, first)
    by_date = np.isfinite(signed_up)
    if by_date.any():
        span = float(np.clip(signed_up[by_date].max() / DAYS_PER_MONTH, 1.0, RECENT_MONTHS))
        chance[by_date], months[by_date] = signed_up[by_date] <= span * DAYS_PER_MONTH, span
        said.append(f"sign-up dates of {by_date.sum():,} users")

    paid = _first_paid_months(dataset)
    by_table = np.zeros(n_users, dtype=np.bool_) if paid is None else ~by_date & paid.named
    if paid is not None and by_table.any():
        chance[by_table], months[by_table] = paid.recent[by_table], paid.months
        said.append(f"first paid months of {by_table.sum():,} users")

    rest = ~by_date & ~by_table
    if (rest & np.isfinite(first)).any():
        of_rest = rest[user]
        entries = recent_entries(user[of_rest], days[of_rest], n_users)
        if entries is not None:
            chance[rest], months[rest] = entries.chance[rest], entries.months
        seen = f"first views of {(rest & np.isfinite(first)).sum():,} users"
        told = "beyond those of users who had been there from the beginning"
        said.append(f"{seen}, {told}" if entries is not None else f"{seen}, which tell of nobody who joined")
    return Joiners(
        a_month=chance / months,
        variance=chance * (2.0 - chance) / months**2,
        watched_of_late=last <= PRESENT_MONTHS * DAYS_PER_MONTH,
        source=f"the last year of the data: {'; '.join(said)}",
    )


def _days_since_signup(dataset: Dataset, first_view: FloatArray) -> FloatArray:
    """Days from each user's sign-up to the end of the data, float64[n_users]; NaN where no date is known that could be true: he
    was seen a day or more before it, or it lies ahead."""
    if "signup_date" not in dataset.users:
        return np.full(dataset.n_users, np.nan)
    end = dataset.events["timestamp"].max()
    days = ((end - dataset.users["signup_date"]) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return np.where((days >= 0) & (first_view < days + 1.0), days, np.nan)


@dataclass(frozen=True, eq=False, kw_only=True)
class _PaidMonths:
    """When users begin to pay, as the subscriptions table tells."""

    named: NDArray[np.bool_]
    """bool[n_users]: the table has the user."""
    recent: NDArray[np.bool_]
    """bool[n_users]: he is first active in the last year of the table, and not in its first month at all."""
    months: int
    """How many months that are."""


def _first_paid_months(dataset: Dataset) -> _PaidMonths | None:
    """None where there is no table, or one too short to tell who was there before it."""
    table = dataset.subscriptions
    if table is None or table.empty:
        return None
    names, month = np.unique(table["month"].astype(str).to_numpy(), return_inverse=True)
    if len(names) <= SHORTEST:
        return None
    rows = pd.Index(dataset.users["user_id"].astype(str)).get_indexer(pd.Index(table["user_id"].astype(str)))
    month, active, rows = month[rows >= 0], table["active"].to_numpy(dtype=np.bool_)[rows >= 0], rows[rows >= 0]
    named, began = np.zeros(dataset.n_users, dtype=np.bool_), np.full(dataset.n_users, -1)
    named[rows] = True
    began[rows] = len(names)
    np.minimum.at(began, rows[active], month[active])
    began[rows[month == 0]] = -1
    months = min(RECENT_MONTHS, len(names) - 1)
    return _PaidMonths(named=named, recent=(began >= len(names) - months) & (began < len(names)), months=months)
