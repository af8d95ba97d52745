"""Documents as tables for people at a terminal; the whole of each is what ``--json`` prints."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recsys.app.words import proof
from recsys.app.words.money import money
from recsys.app.words.numbers import JOINER, count, hours, months, percent, signed
from recsys.app.words.ranges import chance
from recsys.app.words.verdict import payback
from recsys.evaluation import text

_Figures = Mapping[str, float]
_WIDTH = 110
_NAMES = {"views": "views", "hours": "viewing hours"}


def projection(document: Mapping[str, Any]) -> str:
    """The document of ``recsys project``: the change and its price, every offer, why, and what to beware of."""
    ahead = months(document["horizon_months"])
    blocks = [
        f"{document['scenario']['name']}: {ahead} ahead, {document['n_draws']} draws"
        + (" (a simulated service)" if document["simulated"] else ""),
        _effects(document),
    ]
    if document["offers"]:
        blocks.append(_offers(document))
    for offer in document["offers"]:
        said = " ".join(offer.get("explanation") or ())
        blocks += [_wrapped(f"{offer['title']}. {said}")] if said else []
    blocks += [
        _wrapped(f"{warning['code']}: {warning['message']} {warning.get('remedy') or ''}") for warning in document["warnings"]
    ]
    kinds = [item["kind"] for item in document["assumptions"]]
    rests = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("estimated", "configured", "assumed"))
    return _joined([*blocks, f"Rests on {len(kinds)} figures: {rests}; --json lists them with their sources."])


def slate(document: Mapping[str, Any]) -> str:
    """The document of ``recsys slate``: what to buy, and for the rest the fee at which it would come in."""
    currency = document["currency"]
    if document["chosen"]:
        said = (
            f"Buy {', '.join(document['chosen'])}: {money(document['cost'], currency)} of the "
            f"{money(document['budget'], currency)}, worth {money(document['value'], currency)} after cost (middle estimate)."
        )
    else:
        said = f"Buy none of them: within {money(document['budget'], currency)} and these rules, every choice would lose money."
    best = (
        "Every slate was considered."
        if document["exact"]
        else f"A longer search could find {percent(document['gap_share'])} more at most."
    )
    rows = [
        [
            each["title"],
            money(each["fee"], currency),
            "at no fee" if each["fee_to_enter"] is None else money(each["fee_to_enter"], currency),
            each["reason"],
        ]
        for each in document["why_not"]
    ]
    left = ["Left out\n" + _table(["offer", "fee asked", "comes in below", "because"], rows)] if rows else []
    return _joined([_wrapped(f"{said} {best}"), *left])


def backtest(document: Mapping[str, Any]) -> str:
    """The document of ``recsys backtest``: forecasts side by side, how often ranges held, and substitution."""
    origins = document["origins"]
    blocks = [
        f"{len(origins)} past moments from {origins[0]['date']} to {origins[-1]['date']}"
        + (" (a simulated service)" if document["simulated"] else "")
        if origins
        else "No past moment could be projected from."
    ]
    for days, units in document["totals"].items():
        blocks += [_scores(days, unit, cell) for unit, cell in units.items()]
    blocks += [_wrapped(proof.substitution(kind, found)) for kind, found in document["substitution"].items() if found]
    return _joined([*blocks, "WAPE, bias and regret are best at 0, Spearman at 1; --json has every arrival."])


def _effects(document: Mapping[str, Any]) -> str:
    currency = document["currency"]

    def amount(value: float) -> str:
        return money(value, currency)

    names = [
        name for name in ("audience", "acquisition") if any(document[f"{name}_effect"][of]["p50"] for of in ("hours", "value"))
    ]
    rows = []
    for name in [*names, "total"] if len(names) != 1 else names:
        effect = document[f"{name}_effect"]
        rows += [
            [f"viewing, {name}", *_range(effect["hours"], lambda v: signed(v, hours))],
            [f"revenue, {name}", *_range(effect["value"], lambda v: signed(v, amount))],
        ]
    if document["cost"]:
        rows.append(["cost", amount(document["cost"]), ""])
        rows.append(["worth after cost", *_range(document["npv"], amount)])
        if document["roi"] is not None:
            rows.append(["return", *_range(document["roi"], lambda v: percent(v, sign=True))])
        if document["prob_above_hurdle"] is not None:
            rows.append(["hurdle reached", chance(document["prob_above_hurdle"]), ""])
        rows.append(["pays back", payback(document["payback_month"], document["horizon_months"]), ""])
    return _table(["against today's service", "middle", "8 in 10 chance between"], rows)


def _offers(document: Mapping[str, Any]) -> str:
    currency = document["currency"]
    rows = []
    for offer in document["offers"]:
        bid = offer["max_bid"]
        rows.append(
            [
                offer["title"],
                hours(offer["gross_hours"]["p50"]),
                hours(offer["cannibalised_hours"]["p50"]),
                hours(offer["incremental_hours"]["p50"]),
                money(bid["p50"], currency),
                f"{money(bid['p10'], currency)} to {money(bid['p90'], currency)}",
                "withheld" if offer["roi"] is None else percent(offer["roi"]["p50"], sign=True),
            ]
        )
    return _table(["offer", "watched", "taken from ours", "added", "walk-away price", "8 in 10 chance", "return"], rows)


def _scores(days: str, unit: str, cell: Mapping[str, Any]) -> str:
    rows = [
        [proof.NAMES[name], *(_plain(found[figure]) for figure in ("spearman", "wape", "bias", "regret"))]
        for name, found in cell["scores"].items()
    ]
    held = [
        f"{each['ranges']} ranges that promise {percent(each['promised'])} held for {percent(each['measured'])} "
        f"of {count(each['arrivals'])}"
        for each in cell["coverage"]
    ]
    title = f"{_NAMES.get(unit, unit).capitalize()} of the first {days} days, {count(cell['compared_on'])} arrivals"
    return "\n".join([title, _table(["forecast", "Spearman", "WAPE", "bias", "regret"], rows), *held])


def _range(value: _Figures, show: Callable[[float], str]) -> Sequence[str]:
    known = value["p10"] < value["p90"]
    return [show(value["p50"]), f"{show(value['p10'])} and {show(value['p90'])}" if known else ""]


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".replace("-", "−")


def _wrapped(said: str) -> str:
    return textwrap.fill(said, _WIDTH, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return text.table(head, [[_without_joiners(cell) for cell in row] for row in rows])


def _joined(blocks: Sequence[str]) -> str:
    return _without_joiners("\n\n".join(blocks))


def _without_joiners(said: str) -> str:
    """What keeps words together on a page would disturb columns."""
    return said.replace(JOINER, "").replace("\u00a0", " ")
