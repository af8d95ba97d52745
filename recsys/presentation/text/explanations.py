"""Why an offer adds what it adds, in sentences made from its figures: who, instead of what, through which term of the money.

Each sentence rests on figures of one offer and nothing else, and is left out where they do not bear it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recsys.decision.unobserved_confounding import Confounding
from recsys.presentation.text.numbers import hours, magnitude, money, percent, users
from recsys.projection.result import OfferResult, Projection, SegmentShare

NOTHING_HOURS = 0.5
"""Less than half an hour is nothing."""
LEAST_SHARE = 0.05
"""Parts smaller than this are not worth a word."""
MOST_OF = 0.5
"""Personas are named, at most two, until they bring this much."""

Title = Callable[[str], str]


def explanation(offer: OfferResult, currency: str, title: Title) -> tuple[str, ...]:
    """Sentences about one offer, at its expected values; none where it is not watched.

    Parameters
    ----------
    title : title of a movie from its id
    """
    said = (_adds(offer), _who(offer), _instead(offer, title), _earns(offer, currency), _against_cost(offer, currency))
    return tuple(sentence for sentence in said if sentence)


def _adds(offer: OfferResult) -> str:
    gross, added = offer.gross_hours.mean, offer.incremental_hours.mean
    if gross < NOTHING_HOURS:
        return "Nobody is expected to watch it in these months, so it adds nothing."
    if added < NOTHING_HOURS:
        return f"It would be watched for {hours(gross)}, but adds no viewing: people would have watched our other movies instead."
    if added >= gross * (1.0 - LEAST_SHARE):
        return f"Nearly all of the {hours(gross)} watched on it would not have been watched here without it."
    return (
        f"Of the {hours(gross)} watched on it, {percent(added / gross)} would not have been watched here without it; "
        "the rest would have gone to our other movies."
    )


def _who(offer: OfferResult) -> str:
    if offer.incremental_hours.mean < NOTHING_HOURS:
        return ""
    named: list[SegmentShare] = []
    for part in sorted(offer.segments, key=lambda part: -part.share):
        if part.hours <= 0 or part.share < LEAST_SHARE or len(named) == 2 or sum(one.share for one in named) >= MOST_OF:
            break
        named.append(part)
    if not named:
        return ""
    return f"What it adds comes mostly from {_listed([f'“{part.name}” ({percent(part.share)})' for part in named])}."


def _instead(offer: OfferResult, title: Title) -> str:
    taken = offer.cannibalised_hours.mean
    worst = [victim for victim in offer.victims[:2] if victim.hours >= NOTHING_HOURS]
    if taken < NOTHING_HOURS or not worst:
        return ""
    names = [f"{title(victim.movie_id)} ({hours(victim.hours)})" for victim in worst]
    return f"It takes most from {_listed(names)}."


def _earns(offer: OfferResult, currency: str) -> str:
    parts = {
        "subscriptions kept": offer.earned.subscriptions,
        "advertising": offer.earned.advertising,
        "rentals": offer.earned.rentals,
    }
    gains = {name: value for name, value in parts.items() if value > 0}
    value, total = offer.npv.mean + offer.cost, sum(gains.values())
    if value <= 0 or not gains:
        return ""
    told = {name: gain / total for name, gain in sorted(gains.items(), key=lambda part: -part[1]) if gain >= LEAST_SHARE * total}
    through = [name if len(told) == 1 else f"{name} ({percent(share)})" for name, share in told.items()]
    lost = [name for name, part in parts.items() if -part >= LEAST_SHARE * total]
    less = f", and loses some {_listed(lost)}" if lost else ""
    kept = offer.subscribers_kept
    who = users(kept).replace("user", "subscriber")
    stay = f"; about {who} more are there at the end" if kept >= 0.5 and "subscriptions kept" in told else ""
    return f"It earns {money(value, currency)} through {_listed(through)}{less}{stay}."


def _against_cost(offer: OfferResult, currency: str) -> str:
    if offer.cost <= 0 or offer.roi is None:
        return ""
    left = offer.npv.mean
    result = f"leaves a gain of {money(left, currency)}" if left >= 0 else f"leaves a loss of {magnitude(money(left, currency))}"
    return f"Against a cost of {money(offer.cost, currency)} that {result}."


def explained(
    document: Mapping[str, Any], projection: Projection, strengths: Sequence[Confounding], title: Title
) -> dict[str, Any]:
    """The document of a projection, with ``explanation`` and ``hidden_strength`` beside the figures of each offer."""
    turning = {found.movie_id: found for found in strengths}

    def told(entry: Mapping[str, Any], offer: OfferResult) -> dict[str, Any]:
        found = turning.get(offer.movie_id)
        hidden = None
        if found is not None:
            figures = {name: getattr(found, name) for name in ("buys", "nats", "views_share", "usual_nats")}
            hidden = {**figures, "says": strength(found)}
        return {**entry, "explanation": list(explanation(offer, projection.currency, title)), "hidden_strength": hidden}

    offers = [told(entry, offer) for entry, offer in zip(document["offers"], projection.offers, strict=True)]
    return {**document, "offers": offers}


def strength(found: Confounding) -> str:
    """What would have to be hidden for the decision to turn, in a sentence."""
    if found.nats is None or found.views_share is None:
        kind = "however much weaker" if found.buys else "however much stronger"
        return f"No hidden weakness or strength of a believable size would turn this: {kind}, it stays as it is."
    usual = abs(found.nats) / found.usual_nats if found.usual_nats > 0 else float("inf")
    size = (
        "That is less than such a movie is usually misjudged by, so treat the decision as open."
        if usual < 1.0
        else f"That is {usual:.1f} times as much as such a movie is usually misjudged by."
    )
    direction = "fewer" if found.views_share < 0 else "more"
    verb = "would no longer reach" if found.buys else "would reach"
    return (
        f"With {percent(abs(found.views_share))} {direction} views than projected, because of something the model cannot see, "
        f"it {verb} the return you ask for. {size}"
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
