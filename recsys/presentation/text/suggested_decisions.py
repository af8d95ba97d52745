"""Something to decide, as a headline and a sentence with its figures."""

from recsys.decision.suggested_decisions import SuggestedDecision
from recsys.presentation.text.numbers import compact, count, hours, money, months, percent

_HEADLINES = {
    ("buy", "buy"): "Buy {title}",
    ("buy", "let go"): "Do not buy {title} at the fee asked",
    ("renew", "renew"): "Renew {title}",
    ("renew", "let go"): "Let {title} go",
    ("audience", "serve"): "Serve “{title}” better",
    ("audience", "keep"): "“{title}” grows and is well served",
    ("takes from others", "beware"): "Beware of {title}",
}
BUTTONS = {
    "buy": "See what it does",
    "renew": "See the service without it",
    "audience": "See where that leads",
    "takes from others": "See what it takes from",
}


def headline(decision: SuggestedDecision) -> str:
    """What to decide, in a few words."""
    pattern = _HEADLINES.get((decision.kind, decision.verdict), "{verdict}: {title}")
    return pattern.format(title=decision.title, verdict=decision.verdict.capitalize())


def why(decision: SuggestedDecision, currency: str) -> str:
    """What speaks for it, with the figures."""
    figures = {figure.name: figure.value for figure in decision.figures}

    def amount(name: str) -> str:
        return money(figures[name], currency)

    def time(name: str) -> str:
        return hours(figures[name])

    match decision.kind:
        case "buy":
            return _offer(figures, currency, months(decision.scenario.horizon_months))
        case "renew":
            fee = f" Its licence costs {amount('licence fee')}." if "licence fee" in figures else ""
            return (
                f"Its licence ends in {count(figures['days left'])} days. Without it, over a year, people watch "
                f"{time('viewing hours lost without it')} less and {amount('revenue lost without it')} of revenue is lost.{fee}"
            )
        case "audience":
            return _growing(figures)
        case "takes from others":
            place = count(figures["rank by viewing hours"])
            unit = next(figure.unit for figure in decision.figures if figure.name == "rank by viewing hours")
            return (
                f"It looks popular: number {place} {unit} by viewing. But of {time('viewing hours it gets')} over "
                f"{months(decision.scenario.horizon_months)}, "
                f"{percent(figures['part that it takes from others'])} would be taken from our own movies; it adds "
                f"{time('viewing hours it adds')}."
            )


def _growing(figures: dict[str, float]) -> str:
    now, later = figures["users today"], next(value for name, value in figures.items() if name.startswith("users in"))
    served, everyone = figures["occasions that find something here"], figures["the same over all users"]
    grows = f"grows {percent(figures['growth a month'])} a month: from {compact(now)} people to {compact(later)} in a year"
    return (
        f"This persona {grows} if that goes on. When they look for something to watch, they find it here {percent(served)} of "
        f"the time; over all users it is {percent(everyone)}."
    )


def _offer(figures: dict[str, float], currency: str, ahead: str) -> str:
    fee, price = money(figures["fee asked"], currency), money(figures["walk-away price"], currency)
    stands = "below" if figures["fee asked"] <= figures["walk-away price"] else "above"
    return (
        f"Of all offers it is worth most after its cost: {money(figures['net present value'], currency)} over {ahead}. "
        f"The fee asked, {fee}, is {stands} its walk-away price of {price}. "
        f"It adds {hours(figures['viewing hours it adds'])} of viewing."
    )
