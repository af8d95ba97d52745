"""Depletion: how much faster what people like is used up than the model's own weights say.

A recommender smooths tastes: what somebody likes much more than it can tell is what they watch first, and its loss is felt more
than its predicted weight. How much more is told by how the catalogue renews itself. Where viewing goes on as it was, movies that
came within the last months took the part of viewing that those before them lost: to age, to the ends of licences, and to having
been watched. Age and ends of licences are known, so the last follows:

    1 − share of views to movies of their first K months  =  (1 − share to movies that leave within K months) · r(φ)

where r(φ) is what today's catalogue keeps of its worth over K months, by the law of :mod:`recsys.projection.demand`, with Σ w²
multiplied by φ.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq

from recsys.choice.estimate.current_demand import CurrentDemand
from recsys.choice.model.parameters import DEPLETION_SHAPE
from recsys.choice.panel.history import DAYS_PER_MONTH, History, whole_months
from recsys.ids import FloatArray

MONTHS = 2
"""K: long enough for many arrivals, short enough that little of what they brought is itself used up."""
ASSUMED, ASSUMED_RANGE = 1.5, (1.0, 3.0)
RANGE = (0.2, 10.0)
_LOOK_BACK_MONTHS = 6
_FEWEST_ARRIVALS = 20
_CELLS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Depletion:
    """How fast nests are used up under a draw of the parameters."""

    factor: float
    """φ: what the squares of weights are multiplied by; within ``RANGE``"""
    monthly_loss: float
    """Share of what people choose from that a month of today's viewing uses up, weighted by views."""


@dataclass(frozen=True, kw_only=True)
class Turnover:
    """How the catalogue renewed itself over the last months of the data; shares of views."""

    fresh: float
    """to movies that had arrived within ``MONTHS``"""
    fresh_error: float
    leaving: float
    """to movies that left within ``MONTHS``"""
    n_arrivals: int

    @property
    def known(self) -> bool:
        """Whether enough movies arrived to tell anything."""
        return self.n_arrivals >= _FEWEST_ARRIVALS and 0.0 < self.fresh < 1.0


def measure_turnover(history: History) -> Turnover:
    """Shares of views to movies that had just come, and to those that were about to leave."""
    days, span = MONTHS * DAYS_PER_MONTH, _LOOK_BACK_MONTHS * DAYS_PER_MONTH
    since = max(history.end - span, days)
    late = history.day >= since
    n_arrivals = int(((history.arrival >= since) & (history.arrival < history.end)).sum())
    if n_arrivals < _FEWEST_ARRIVALS or not late.any():
        return Turnover(fresh=0.0, fresh_error=0.0, leaving=0.0, n_arrivals=n_arrivals)
    fresh = history.day[late] - history.arrival[history.movie[late]] < days
    month = whole_months(history.day[late] - since)
    by_month = np.bincount(month, weights=fresh) / np.maximum(np.bincount(month), 1)
    told = (history.day >= since - days) & (history.day < history.end - days)
    leaving = history.departure[history.movie[told]] - history.day[told] < days
    return Turnover(
        fresh=float(fresh.mean()),
        fresh_error=float(by_month.std(ddof=1) / np.sqrt(len(by_month))) if len(by_month) > 1 else 0.0,
        leaving=float(leaving.mean()) if told.any() else 0.0,
        n_arrivals=n_arrivals,
    )


def estimate_depletion(
    demand: CurrentDemand,
    history: History,
    turnover: Turnover,
    *,
    appeal: FloatArray,
    constant: FloatArray,
    occasions: FloatArray,
    z: float = 0.0,
) -> Depletion:
    """Estimate the depletion of a draw.

    Parameters
    ----------
    appeal : float64[n_movies], today's, launch included
    constant, occasions : float64[n_users], of the draw
    z : standard deviations by which the share of arrivals lies off what was measured

    Returns
    -------
    Depletion; where too little arrived to tell, its factor is assumed, from low to high in ``ASSUMED_RANGE`` with ``z``
    """
    structure, audience, columns = demand.structure, demand.audience, demand.columns
    rows = audience.sample[:: max(1, len(audience.sample) * len(columns) // _CELLS)]
    weight = _weights(demand, rows, appeal, constant)
    seen = sparse.csr_array(
        (np.ones(len(audience.seen_user), dtype=np.bool_), (audience.seen_user, audience.seen_movie)),
        shape=(len(audience.rate), len(appeal)),
    )[rows][:, columns].toarray()
    lam, kept = structure.dissimilarity, 1.0 - structure.satiation
    starts = np.unique(structure.nests[columns], return_index=True)[1]
    aged = _ageing(structure.launch / lam, whole_months(history.end - history.arrival[columns]))

    def by_nest(each: FloatArray) -> FloatArray:
        return np.add.reduceat(each, starts, axis=1)

    worth = by_nest(np.where(seen, kept * weight, weight))
    later = by_nest(np.where(seen, kept * weight, weight) * aged)
    unwatched = np.where(seen, 0.0, weight) * aged
    fresh = by_nest(unwatched)
    rate = np.divide(by_nest(unwatched**2), fresh, out=np.zeros_like(fresh), where=fresh > 0)
    power = np.where(worth > 0, worth, 1.0) ** lam * (worth > 0)
    total = power.sum(axis=1, keepdims=True)
    spent = occasions[rows, None] * np.divide(power, worth, out=np.zeros_like(worth), where=worth > 0) / (1.0 + total)
    views = occasions[rows, None] * power / (1.0 + total)

    def used(factor: float, months: float) -> FloatArray:
        return np.asarray(
            (1.0 - kept) * fresh * (1.0 - (1.0 + factor * rate * months * spent / DEPLETION_SHAPE) ** -DEPLETION_SHAPE)
        )

    def of_worth(part: FloatArray) -> float:
        return float((views * np.divide(part, worth, out=np.zeros_like(worth), where=worth > 0)).sum() / views.sum())

    factor = _factor(turnover, z, lambda factor: of_worth(later - used(factor, MONTHS)))
    return Depletion(factor=factor, monthly_loss=of_worth(used(factor, 1.0)))


def _factor(turnover: Turnover, z: float, keeps: Callable[[float], float]) -> float:
    """The φ at which today's catalogue keeps of its worth over ``MONTHS`` what its turnover says."""
    if not turnover.known:
        low, high = np.log(ASSUMED_RANGE)
        return float(np.exp(np.clip(np.log(ASSUMED) + z * (high - low) / 4, low, high)))

    taken = float(np.clip(turnover.fresh + z * turnover.fresh_error, 0.01, 0.95))
    wanted = (1.0 - taken) / (1.0 - min(turnover.leaving, 0.9))
    if keeps(RANGE[0]) <= wanted:
        return RANGE[0]
    if keeps(RANGE[1]) >= wanted:
        return RANGE[1]
    return float(np.exp(brentq(lambda at: keeps(float(np.exp(at))) - wanted, *np.log(RANGE), xtol=1e-4)))


def _weights(demand: CurrentDemand, rows: NDArray[np.int64], appeal: FloatArray, constant: FloatArray) -> FloatArray:
    """exp(V/λ) of available movies as if nobody had watched any, float64[n_rows, n_columns]."""
    structure, member, columns = demand.structure, demand.member, demand.columns
    utility = structure.slope * (member.users[rows] @ member.movies[columns].T).astype(np.float64)
    utility += appeal[columns] + constant[rows, None]
    return np.asarray(np.exp(np.clip(utility / structure.dissimilarity, -300.0, 300.0)))


def _ageing(boost_nats: FloatArray, months: NDArray[np.int64]) -> FloatArray:
    """What exp(V/λ) of movies of these ages is multiplied by when they are ``MONTHS`` older."""
    last = len(boost_nats) - 1
    now, then = np.minimum(months, last), np.minimum(months + MONTHS, last)
    return np.asarray(np.exp(boost_nats[then] - boost_nats[now]))
