"""Economics: cash flows month by month, discounted to month 0, and the most that is paid for an offer.

This module knows no users and no movies. A flow is ``float64[1 + months]``: entry 0 is today, entry m the end of month m.
Income is positive, cost negative in a net flow; a cost flow by itself is positive.
"""

from dataclasses import dataclass

import numpy as np

from recsys.errors import DataError
from recsys.ids import FloatArray
from recsys.tables.economics_config import Plan, Term


@dataclass(frozen=True, kw_only=True)
class OfferTerms:
    """What an offer costs, in the workspace's currency."""

    fee: float
    """Licence fee, paid on signing (month 0)."""
    royalty_per_view: float = 0.0
    """Paid in the month of the view, for every view of the movie."""
    dubbing_cost: float = 0.0
    """Paid on signing."""
    delivery_cost: float = 0.0
    """Paid on signing."""
    marketing_cost: float = 0.0
    """Paid as its launch month begins."""
    launch_month: int = 1
    window_months: int = 12
    """Months on the service, from its launch."""


def earnings(plan: Plan, price: float | None = None) -> tuple[float, float, float]:
    """What one user of a plan brings: a month while subscribed, an hour watched, a rental; currency.

    Parameters
    ----------
    price : another price than the plan's own, monthly or for a rental

    Raises
    ------
    DataError  E_MISSING_COL: the plan lacks a term of its kind
    """
    match plan.kind:
        case "svod":
            return (_term(plan, "monthly_price") if price is None else price) * _term(plan, "margin_share"), 0.0, 0.0
        case "avod":
            return 0.0, _term(plan, "ads_per_hour") * _term(plan, "fill_share") * _term(plan, "cpm") / 1000.0, 0.0
        case "tvod":
            return 0.0, 0.0, (_term(plan, "rental_price") if price is None else price) * _term(plan, "platform_share")


def _term(plan: Plan, name: str) -> float:
    term: Term | None = getattr(plan, name)
    if term is None:
        raise DataError.of(
            "E_MISSING_COL", f"the plan {plan.name!r} has no {name}.", "Add it to economics.toml.", table="economics", column=name
        )
    return term.value


def discount_factors(horizon_months: int, annual_rate: float) -> FloatArray:
    """Worth today of one unit at the end of each month 0..horizon, compounding monthly from an annual rate.

    Examples
    --------
    >>> discount_factors(12, 0.10)[[0, 12]].round(6)
    array([1.      , 0.909091])
    """
    return np.power(1.0 + annual_rate, -np.arange(horizon_months + 1) / 12.0)


def net_present_value(flow: FloatArray, annual_rate: float) -> float:
    """Worth today of a monthly flow.

    Parameters
    ----------
    flow : float64[1 + months], currency; entry 0 is today
    annual_rate : share a year; 0.1 is ten per cent

    Examples
    --------
    >>> round(net_present_value(np.array([-100.0, 0.0, 102.0]), annual_rate=0.0), 9)
    2.0
    """
    return float(np.sum(flow * discount_factors(len(flow) - 1, annual_rate)))


def cost_flow(terms: OfferTerms, monthly_views: FloatArray) -> FloatArray:
    """What an offer costs, month by month.

    Parameters
    ----------
    terms : of the offer
    monthly_views : float64[months], gross views of the offer in months 1..horizon

    Returns
    -------
    float64[1 + months], currency. A launch after the horizon still costs its fee, dubbing and delivery.

    Examples
    --------
    >>> cost_flow(OfferTerms(fee=100.0, royalty_per_view=2.0, marketing_cost=5.0, launch_month=2), np.array([0.0, 3.0]))
    array([100.,   5.,   6.])
    """
    flow = np.zeros(len(monthly_views) + 1)
    flow[0] = terms.fee + terms.dubbing_cost + terms.delivery_cost
    if terms.launch_month - 1 < len(flow):
        flow[terms.launch_month - 1] += terms.marketing_cost
    flow[1:] += terms.royalty_per_view * monthly_views
    return flow


def max_bid(value: float, other_cost: float, hurdle_rate: float) -> float:
    """The licence fee at which NPV = hurdle rate · cost, with all other terms as offered; not below 0.

    Parameters
    ----------
    value : discounted revenue that the offer adds
    other_cost : discounted cost besides the licence fee, which is paid today

    Examples
    --------
    >>> round(max_bid(130.0, 20.0, 0.30), 9)          # at a fee of 80: (130 − 100) / 100 = 0.30
    80.0
    """
    return max(value / (1.0 + hurdle_rate) - other_cost, 0.0)


def cumulative(flow: FloatArray, annual_rate: float) -> FloatArray:
    """Discounted net position after each month, float64[1 + months]."""
    return np.cumsum(flow * discount_factors(len(flow) - 1, annual_rate))


def payback_month(position: FloatArray) -> int | None:
    """First month with a cumulative NPV of 0 or more; None where there is none.

    Examples
    --------
    >>> payback_month(np.array([-10.0, -4.0, 1.0]))
    2
    """
    paid = np.flatnonzero(position >= 0)
    return int(paid[0]) if len(paid) else None
