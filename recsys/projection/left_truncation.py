"""Who entered within the last year, told from views alone: a panel whose beginning is cut off (left truncation).

A first view is no proof of joining: whoever watches seldom is first seen long after the history begins. So captures (months with
a view) are explained by a superpopulation of users who were there when the history began, and of users who entered with their
first capture (Schwarz and Arnason, 1996). Both are captured in a month with a chance that differs between users, in a way that
is not presupposed, until they leave (geometric). The model is fitted by maximum likelihood, and each user's chance of having
entered follows by Bayes' rule.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ids import FloatArray, IntArray

DAYS_PER_MONTH = 365.25 / 12
LONGEST = 24
"""Months looked at; a user seen before them was there when they begin."""
SHORTEST = 6
"""Months below which a late first view and a late entry cannot be told apart."""
RECENT_MONTHS = 12
FEWEST = 200
"""Users below which nothing is told."""
_EVIDENCE = 2.0
"""Log-likelihood that entries have to add: two and a half per cent by chance where there are none."""
_CAPTURED = 1.0 - np.exp(-np.geomspace(0.01, 10.0, 16))
"""Chances of being captured in a month, of which users have any mixture: of one who watches so often a month."""
_NONE = -30.0
"""Logarithm of no entries."""
_STEP = 1e-5
"""Of a parameter, to tell a slope by."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Captures:
    """Months in which users are seen, counted from the first month looked at; one row a user who is seen in them."""

    user: IntArray
    n_months: int
    seen_before: NDArray[np.bool_]
    first: IntArray
    last: IntArray
    count: IntArray
    """Months with a view."""

    @classmethod
    def of(cls, user: IntArray, days_before_end: FloatArray) -> "Captures":
        """Captures of views, whose months are counted back from the last one."""
        n_months = int(np.clip(days_before_end.max(initial=0.0) / DAYS_PER_MONTH, 1, LONGEST))
        month = n_months - 1 - (days_before_end / DAYS_PER_MONTH).astype(np.int64)
        inside = month >= 0
        pairs = np.unique(user[inside] * n_months + month[inside])
        seen, place, count = np.unique(pairs // n_months, return_index=True, return_counts=True)
        return cls(
            user=seen,
            n_months=n_months,
            seen_before=np.isin(seen, user[~inside]),
            first=pairs[place] % n_months,
            last=pairs[place + count - 1] % n_months,
            count=count.astype(np.int64),
        )


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Who entered within the recent months."""

    months: int
    """How many months are recent: at most twelve, and never the first that is looked at."""
    chance: FloatArray
    """float64[n_users], that a user entered in them; 0 for users who are not seen."""


def recent_entries(user: IntArray, days_before_end: FloatArray, n_users: int) -> Entries | None:
    """Chance that each user entered within the recent months.

    Parameters
    ----------
    user, days_before_end : of each view, in any order

    Returns
    -------
    None where the views cannot tell: too short a history, too few users, or late first views that users who were there from the
    beginning explain as well
    """
    captures = Captures.of(user, days_before_end)
    if captures.n_months < SHORTEST or len(captures.user) < FEWEST:
        return None
    recent = min(RECENT_MONTHS, captures.n_months - 1)
    columns = np.column_stack([captures.seen_before, captures.first, captures.last, captures.count])
    distinct, kind, users = np.unique(columns, axis=0, return_inverse=True, return_counts=True)
    histories = _Histories(captures.n_months, recent, users, distinct[:, 0].astype(np.bool_), *distinct[:, 1:].T)
    found, without = _fitted(histories, entries=True), _fitted(histories, entries=False)
    if found.log_likelihood - without.log_likelihood < _EVIDENCE:
        return None
    chance = np.zeros(n_users)
    chance[captures.user] = found.entered[kind.ravel()]
    return Entries(months=recent, chance=chance)


@dataclass(frozen=True, eq=False)
class _Histories:
    """Distinct capture histories and how many users have each."""

    n_months: int
    recent: int
    """Months at the end whose entries are asked about."""
    users: IntArray
    seen_before: NDArray[np.bool_]
    first: IntArray
    last: IntArray
    count: IntArray

    def likelihoods(self, leaving: float, earlier: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Likelihood of each history, by the chance of being captured in a month, of who was there at first and of who entered
        with the first capture, float64[n_histories, n_chances]; and the chance of the former never to be seen.

        Parameters
        ----------
        leaving : chance of leaving after a month
        earlier : months for which who was there at first could be seen before
        """
        q, stays = 1.0 - _CAPTURED, 1.0 - leaving
        unseen = np.ones((self.n_months, len(q)))  # after the last capture, by the months to go: he left, or was not captured
        for months in range(1, self.n_months):
            unseen[months] = leaving + stays * q * unseen[months - 1]
        after = unseen[self.n_months - 1 - self.last]
        hit, missed, stayed = np.log(_CAPTURED), np.log(q), np.log(stays)
        of_count = np.outer(self.count, hit - missed)
        there = np.exp(of_count + np.outer(self.last + 1, missed) + stayed * self.last[:, None]) * after
        there *= np.where(self.seen_before[:, None], 1.0 - q**earlier, q**earlier)
        between = self.last - self.first
        entered = np.exp(of_count - hit + np.outer(between + 1, missed) + stayed * between[:, None]) * after
        entered[self.seen_before | (self.first == 0)] = 0.0
        return there, entered, q * unseen[-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Model:
    """How often users watch, how many were there at first, how many entered a month, and how many left."""

    share: FloatArray
    """float64[n_chances], of users, by their chance of being captured in a month."""
    at_first: float
    a_month: FloatArray
    """float64[2]: entries in a month before the recent ones, and in a recent one."""
    leaving: float
    earlier: float
    """Months for which those who were there at first could be seen before."""

    @classmethod
    def of(cls, parameters: FloatArray) -> "_Model":
        """From what is unbounded: logarithms, and log-odds of leaving."""
        share = np.exp(parameters[5:] - parameters[5:].max())
        before, recent, at_first, earlier = np.exp(parameters[:4])
        return cls(
            share=share / share.sum(),
            at_first=at_first,
            a_month=np.array([before, recent]),
            leaving=1.0 / (1.0 + np.exp(-parameters[4])),
            earlier=earlier,
        )

    def explain(self, histories: _Histories) -> "_Explained":
        """How the model explains the histories."""
        there, entered, unseen = histories.likelihoods(self.leaving, self.earlier)
        late = histories.first >= histories.n_months - histories.recent
        months = np.array([histories.n_months - 1 - histories.recent, histories.recent])
        of_there = self.at_first * there * self.share
        of_entered = self.a_month[late.astype(np.int64), None] * entered * self.share
        expected = (of_there + of_entered).sum(axis=1)
        never_seen = self.at_first * unseen * self.share
        total = self.at_first + months @ self.a_month - never_seen.sum()
        weight = (histories.users / expected)[:, None]
        by_chance = (weight * of_there).sum(axis=0), (weight * of_entered)
        came = np.array([by_chance[1][~late].sum(), by_chance[1][late].sum()])
        of_share = by_chance[0] + by_chance[1].sum(axis=0) + never_seen
        return _Explained(
            log_likelihood=float(histories.users @ np.log(expected) - total),
            slope=np.concatenate(
                [
                    came - months * self.a_month,
                    [by_chance[0].sum() - self.at_first + never_seen.sum(), 0.0, 0.0],
                    of_share - self.share * of_share.sum(),
                ]
            ),
            entered=np.where(late, of_entered.sum(axis=1) / expected, 0.0),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Explained:
    log_likelihood: float
    slope: FloatArray
    """Derivative of the log-likelihood by the parameters, but for those of leaving and of what was earlier, which are 0."""
    entered: FloatArray
    """float64[n_histories], chance of having entered within the recent months."""


def _fitted(histories: _Histories, *, entries: bool) -> _Explained:
    """The histories as the model of the largest likelihood explains them, with recent entries or without."""
    from scipy.optimize import minimize  # noqa: PLC0415  pages need it only where no table tells who joined

    seen = float(histories.users.sum())
    start = np.concatenate([np.log([0.01 * seen, 0.01 * seen, seen]), [0.0, -3.0], np.zeros(len(_CAPTURED))])
    sizes = [(_NONE, 30.0), (_NONE, 30.0 if entries else _NONE), (_NONE, 30.0)]
    bounds = [*sizes, (-10.0, 5.0), (-12.0, 2.0), *(len(_CAPTURED) * [(-15.0, 15.0)])]

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        here = _Model.of(parameters).explain(histories)
        slope = here.slope.copy()
        for k in (3, 4):
            beside = parameters.copy()
            beside[k] += _STEP
            slope[k] = (_Model.of(beside).explain(histories).log_likelihood - here.log_likelihood) / _STEP
        return -here.log_likelihood, -slope

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300, "ftol": 1e-7})
    return _Model.of(found.x).explain(histories)
