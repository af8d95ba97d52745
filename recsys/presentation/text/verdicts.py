"""What a projection says, in a sentence or two."""

import math
from collections.abc import Sequence

from recsys.presentation.text.numbers import (
    between,
    chance,
    gain_or_loss,
    hours,
    is_known,
    magnitude,
    money,
    months,
    percent,
    signed,
)
from recsys.projection.result import OfferResult, Projection


def headline(projection: Projection, hurdle_rate: float | None = None) -> str:
    """The answer in one sentence, and how sure it is in a second."""
    currency = projection.currency
    if not projection.offers and not projection.cost:
        return _audience_headline(projection)
    worth = projection.npv.mean
    size = magnitude(money(worth, currency))
    bought = "Buying " + (projection.offers[0].title if len(projection.offers) == 1 else f"these {len(projection.offers)} offers")
    subject = bought if projection.offers else "This catalogue"
    first = (
        f"{subject} costs {money(projection.cost, currency)} over {months(projection.horizon_months)} and, after that cost, "
        f"is expected to leave a {gain_or_loss(worth)} of {size}."
    )
    return f"{first} {_sureness(projection, hurdle_rate)}"


def _audience_headline(projection: Projection) -> str:
    effect = projection.total_effect
    if not effect.hours.mean and not effect.value.mean:
        return "Nothing has changed yet: this is the service as it is today."
    currency = projection.currency
    amount, time = signed(effect.value.mean, lambda v: money(v, currency)), signed(effect.hours.mean, hours)
    said = f"Over {months(projection.horizon_months)} this is expected to bring {amount} in revenue and {time} of viewing."
    if is_known(effect.value):
        said += f" For the revenue: {between(effect.value, lambda v: money(v, currency))}."
    if projection.fees_saved:
        left = projection.npv.mean
        said += (
            f" {money(projection.fees_saved, currency)} of licence fees is saved, which leaves a {gain_or_loss(left)} of "
            f"{magnitude(money(left, currency))}."
        )
    return said


def _sureness(projection: Projection, hurdle_rate: float | None) -> str:
    currency = projection.currency
    sentences = (
        [f"That is uncertain: {between(projection.npv, lambda v: money(v, currency))}."] if is_known(projection.npv) else []
    )
    if projection.prob_above_hurdle is not None:
        bar = "the return you ask for" if hurdle_rate is None else f"a return of {percent(hurdle_rate)}"
        sentences.append(f"Chance of reaching {bar}: {chance(projection.prob_above_hurdle)}.")
    return " ".join(sentences)


NO_GAP = 0.0005
"""A share that a slate could be better by which would be shown as none."""


def slate_headline(
    titles: Sequence[str],
    *,
    cost: float,
    budget: float,
    value: float,
    currency: str,
    horizon_months: int,
    cheapest: float = 0.0,
    possible: int = 1,
) -> str:
    """What to buy, for how much, and what it is worth.

    Parameters
    ----------
    titles : of the offers chosen
    cheapest : what the cheapest offer costs
    possible : offers that budget and rules leave room for

    Examples
    --------
    >>> said = slate_headline(["Kaatru", "Alai"], cost=4e6, budget=5e6, value=9e6, currency="INR", horizon_months=24)
    >>> said.replace(chr(160), " ")
    'Buy Kaatru and Alai: ₹ 40 lakh of the ₹ 50 lakh, expected to be worth ₹ 90 lakh after cost over 2 years.'
    """
    if not titles and cheapest > budget:
        return f"Buy none of them: the cheapest costs {money(cheapest, currency)}, and {money(budget, currency)} may be spent."
    if not titles and not possible:
        return f"Buy none of them: {money(budget, currency)} and these rules leave room for none."
    if not titles:
        return (
            f"Buy none of them: within {money(budget, currency)} and these rules, every choice would lose money over "
            f"{months(horizon_months)}."
        )
    named = ", ".join(titles[:-1]) + (" and " if len(titles) > 1 else "") + titles[-1]
    spent, kept = money(cost, currency), money(value, currency)
    return (
        f"Buy {named}: {spent} of the {money(budget, currency)}, expected to be worth {kept} after cost over "
        f"{months(horizon_months)}."
    )


def payback(month: int | None, horizon_months: int) -> str:
    """When a deal has earned what it cost."""
    return f"in month {month}" if month is not None else f"not within {months(horizon_months)}"


def offer_verdict(offer: OfferResult, fee: float | None) -> tuple[str, str]:
    """What to say of an offer at its fee, and the tone to say it in (``good``, ``bad``, ``unsure``, ``withheld``)."""
    if offer.roi is None:
        return "outside the data", "withheld"
    if fee is None:
        return "no fee stated", "unsure"
    price = offer.max_bid
    if not is_known(price):
        return ("below" if fee <= price.mean else "above") + " its walk-away price", "unsure"
    steps = (
        (price.p10, "worth its fee", "good"),
        (price.mean, "probably worth its fee", "good"),
        (price.p90, "probably too dear", "unsure"),
        (math.inf, "too dear", "bad"),
    )
    return next((said, tone) for limit, said, tone in steps if fee <= limit)
