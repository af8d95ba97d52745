"""Documents as tables for people at a terminal; the whole of each is what ``--json`` prints."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from recsys.evaluation import report_text
from recsys.presentation.tables import backtest as tables
from recsys.presentation.text import backtest as sentences
from recsys.presentation.text.meanwhile import meanwhile
from recsys.presentation.text.numbers import (
    JOINER,
    chance,
    hours,
    is_known,
    money,
    months,
    percent,
    signed,
    span_of,
)
from recsys.presentation.text.verdicts import NO_GAP, payback, slate_headline
from recsys.projection.result import Meanwhile, Range

_WIDTH = 110


def projection(document: Mapping[str, Any]) -> str:
    """The document of ``recsys project``: the change and its price, every offer, why, and what to beware of."""
    ahead = months(document["horizon_months"])
    blocks = [
        f"{document['scenario']['name']}: {ahead} ahead, {document['n_draws']} draws"
        + (" (a simulated service)" if document["simulated"] else ""),
        _effects(document),
    ]
    blocks.append(_wrapped(f"With and without the changes: {meanwhile(Meanwhile(**document['meanwhile']))}"))
    if document["offers"]:
        blocks.append(_offers(document))
    for offer in document["offers"]:
        said = " ".join(offer.get("explanation") or ())
        blocks += [_wrapped(f"{offer['title']}. {said}")] if said else []
    blocks += [_wrapped(warning) for warning in document["warnings"]]
    kinds = [item["kind"] for item in document["assumptions"]]
    rests = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("estimated", "configured", "assumed"))
    return _joined([*blocks, f"Rests on {len(kinds)} figures: {rests}; --json lists them with their sources."])


def slate(document: Mapping[str, Any]) -> str:
    """The document of ``recsys slate``: what to buy, and for the rest the fee at which it would come in."""
    currency = document["currency"]
    said = slate_headline(
        document["titles"],
        cost=document["cost"],
        budget=document["budget"],
        value=document["value"],
        currency=currency,
        horizon_months=document["horizon_months"],
        cheapest=document["cheapest"],
        possible=document["possible"],
    )
    found_none = document["gap_share"] < NO_GAP
    more = f"A longer search could find {percent(document['gap_share'])} more at most, as far as is known."
    best = "Every slate was tried." if document["exact"] else "No better slate was found." if found_none else more
    rows = [
        [
            each["title"],
            money(each["fee"], currency),
            "at no fee" if each["fee_to_enter"] is None else money(each["fee_to_enter"], currency),
            each["reason"],
        ]
        for each in document["why_not"]
    ]
    head = ["offer", "fee asked", "comes in below, about", "because"]
    left = [f"Left out, over {months(document['horizon_months'])}\n" + _table(head, rows)] if rows else []
    return _joined([_wrapped(f"{said} {best}"), *left])


def bid(document: Mapping[str, Any]) -> str:
    """The document of ``recsys bid``: what to pay at most, beside what is asked."""
    currency = document["currency"]

    def amount(value: float) -> str:
        return money(value, currency)

    price, between = _range(document["max_bid"], amount)
    room = document["room_share"]
    asked = f"{amount(document['fee'])} asked"
    if document["fee"] > 0:
        asked = f"{percent(abs(room))} {'above' if room >= 0 else 'below'} the {asked}"
    advice = _ADVICE[document["verdict"]]
    named = f"Walk-away price at a return of {percent(document['hurdle_rate'])}"
    said = f"{named}: {price}" + (f" (8 in 10 chance between {between})" if between else "")
    blocks = [
        f"{document['title']}: licence fee, {_ahead(document)}",
        _wrapped(f"{said}, with all other terms as offered: {asked}. {advice}."),
    ]
    return _joined([*blocks, *map(_wrapped, document["warnings"])])


def flips(document: Mapping[str, Any]) -> str:
    """The document of ``recsys flip``: whether each offer reaches the return that is asked, and what would turn that."""
    currency, segment = document["currency"], document["segment"]
    about = segment.get("where") or segment.get("persona")
    who = f"users with {about}" if "where" in segment else f"“{about}”" if about else "everyone"
    rows = [
        [
            offer["title"],
            "yes" if offer["buys"] else "no",
            money(offer["margin"], currency),
            "nowhere in this range" if offer["factor"] is None else f"{percent(offer['factor'] - 1.0, sign=True)} people",
        ]
        for offer in document["offers"]
    ]
    head = ["offer", f"returns {percent(document['hurdle_rate'])}", "to spare", "turns at"]
    low, high = (percent(factor - 1.0, sign=True) for factor in (1.0 / document["largest_factor"], document["largest_factor"]))
    blocks = [
        f"{document['scenario']['name']}: {_ahead(document)}",
        _table(head, rows),
        _wrapped(f"People: {who}. Looked at from {low} to {high}, as far as the data have seen an audience change."),
    ]
    return _joined([*blocks, *map(_wrapped, document["warnings"])])


_ADVICE = {"take": "Take it", "leave": "Leave it", "negotiate": "Negotiate", "withheld": "Outside the data: no advice"}


def _ahead(document: Mapping[str, Any]) -> str:
    return f"{months(document['horizon_months'])} ahead" + (" (a simulated service)" if document["simulated"] else "")


def backtest(document: Mapping[str, Any]) -> str:
    """The document of ``recsys backtest``: forecasts side by side, how often ranges held, and substitution."""
    simulated = bool(document["simulated"])
    if not document["totals"]:
        return "The arrivals were too few to score."
    origins = document["origins"]
    blocks = [
        f"{len(origins)} past moments from {origins[0]['date']} to {origins[-1]['date']}"
        + (" (a simulated service)" if simulated else "")
    ]
    for days, units in document["totals"].items():
        for unit, cell in units.items():
            blocks.append(_wrapped(sentences.headline(cell, days, sentences.UNITS[unit]).replace("**", "")))
            blocks += [_frame(table) for table in (tables.scores(cell), tables.coverage(cell)) if not table.empty]
    blocks += [_wrapped(sentences.substitution(kind, found)) for kind, found in document["substitution"].items()]
    if document.get("viewing"):
        blocks.append(_wrapped("Viewing of the whole service: " + sentences.viewing(document["viewing"]["scores"])))
    blocks.append(_wrapped(sentences.calibration(document, simulated)))
    return _joined([*blocks, "In brackets: 95% intervals. --json has every arrival."])


def _effects(document: Mapping[str, Any]) -> str:
    currency = document["currency"]

    def amount(value: float) -> str:
        return money(value, currency)

    names = [
        name for name in ("audience", "acquisition") if any(document[f"{name}_effect"][of]["mean"] for of in ("hours", "value"))
    ]
    rows = []
    for name in [*names, "total"] if len(names) != 1 else names:
        effect = document[f"{name}_effect"]
        rows += [
            [f"viewing, {name}", *_range(effect["hours"], lambda v: signed(v, hours))],
            [f"revenue, {name}", *_range(effect["value"], lambda v: signed(v, amount))],
        ]
    if document["fees_saved"]:
        rows.append(["licence fees saved", amount(document["fees_saved"]), ""])
    if document["cost"]:
        rows.append(["cost", amount(document["cost"]), ""])
    if document["cost"] or document["fees_saved"]:
        rows.append(["worth after cost", *_range(document["npv"], amount)])
    if document["cost"]:
        if document["roi"] is not None:
            rows.append(["return", *_range(document["roi"], lambda v: percent(v, sign=True))])
        if document["prob_above_hurdle"] is not None:
            rows.append([f"chance of {percent(document['hurdle_rate'])} or more", chance(document["prob_above_hurdle"]), ""])
        rows.append(["pays back", payback(document["payback_month"], document["horizon_months"]), ""])
    return _table(["against today's service", "expected", "8 in 10 chance between"], rows)


def _offers(document: Mapping[str, Any]) -> str:
    currency = document["currency"]
    rows = []
    for offer in document["offers"]:
        bid = offer["max_bid"]
        rows.append(
            [
                offer["title"],
                hours(offer["gross_hours"]["mean"]),
                hours(offer["cannibalised_hours"]["mean"]),
                hours(offer["incremental_hours"]["mean"]),
                money(bid["mean"], currency),
                f"{money(bid['p10'], currency)} to {money(bid['p90'], currency)}",
                "withheld" if offer["roi"] is None else percent(offer["roi"]["mean"], sign=True),
            ]
        )
    return _table(["offer", "watched", "taken from ours", "added", "walk-away price", "8 in 10 chance", "return"], rows)


def _range(value: Mapping[str, float], show: Callable[[float], str]) -> Sequence[str]:
    found = Range(**value)
    return [show(found.mean), span_of(found, show) if is_known(found) else ""]


def _wrapped(said: str) -> str:
    return textwrap.fill(said, _WIDTH, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return report_text.table(head, [[_without_joiners(cell) for cell in row] for row in rows])


def _frame(table: pd.DataFrame) -> str:
    return _table(list(table.columns), table.to_numpy().tolist())


def _joined(blocks: Sequence[str]) -> str:
    return _without_joiners("\n\n".join(blocks))


def _without_joiners(said: str) -> str:
    """What keeps words together on a page would disturb columns."""
    return said.replace(JOINER, "").replace("\u00a0", " ")
