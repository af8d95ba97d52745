"""Figures of a projection as tables, each cell a text with its unit."""

from collections.abc import Sequence

import pandas as pd

from recsys.choice.model.parameters import Estimate
from recsys.presentation.tables.directions import terms_of
from recsys.presentation.text.changes import Titles
from recsys.presentation.text.numbers import compact, count, hours, is_known, money, percent, signed, span_of
from recsys.projection.context import ProjectionContext
from recsys.projection.result import CannibalisedMovie, Meanwhile, OfferResult, Projection, Range
from recsys.scenario.changes import MAX_HORIZON_MONTHS, Acquire
from recsys.scenario.scenario import Scenario
from recsys.tables.characters import escape_formula


def today_and_then(projection: Projection) -> pd.DataFrame:
    """The service as it is beside the scenario, over the months looked ahead."""
    before, after = projection.baseline, projection.projected

    def amount(value: float) -> str:
        return money(value, projection.currency)

    rows = (
        ("Viewing hours", before.hours, after.hours, hours),
        ("Views", before.views, after.views, count),
        ("Revenue, in today's money", before.revenue, after.revenue, amount),
        ("Active users at the end", before.active_users, after.active_users, count),
    )
    return pd.DataFrame(
        {
            "": [name for name, *_ in rows],
            "As it is": [show(was) for _, was, _, show in rows],
            "With this scenario": [show(is_now) for _, _, is_now, show in rows],
            "Difference": [signed(is_now - was, show) for _, was, is_now, show in rows],
            "Per cent": [percent((is_now - was) / was, sign=True) if was else "–" for _, was, is_now, _ in rows],
        }
    )


def effects(projection: Projection) -> pd.DataFrame:
    """What the audience does and what the purchases do, apart, and together."""
    parts = (
        ("Audience effect: the changed audience, today's movies", projection.audience_effect),
        ("Acquisition effect: the purchases, given that audience", projection.acquisition_effect),
        ("Both together", projection.total_effect),
    )

    def amount(value: float) -> str:
        return money(value, projection.currency)

    return pd.DataFrame(
        {
            "": [name for name, _ in parts],
            "Viewing": [signed(effect.hours.mean, hours) for _, effect in parts],
            "8 in 10 between": [ends(effect.hours, hours) for _, effect in parts],
            "Revenue": [signed(effect.value.mean, amount) for _, effect in parts],
            "8 in 10 between ": [ends(effect.value, amount) for _, effect in parts],
        }
    )


def joined(found: Meanwhile) -> pd.DataFrame:
    """How many people of each persona join a month, most first."""
    ranked = sorted(found.joined, key=lambda persona: -persona.a_month)
    return pd.DataFrame(
        {
            "persona": [persona.name for persona in ranked],
            "people a month": [compact(persona.a_month) for persona in ranked],
            "±": [compact(persona.standard_error) for persona in ranked],
        }
    )


def ends(value: Range, show: object) -> str:
    """The two ends of a range, or a dash while there are none."""
    return span_of(value, show) if is_known(value) and callable(show) else "–"


def assumptions(listed: Sequence[Estimate]) -> pd.DataFrame:
    """What the figures rest on, the assumed first."""
    order = {"assumed": 0, "configured": 1, "estimated": 2}
    ranked = sorted(listed, key=lambda estimate: order[estimate.kind])
    return pd.DataFrame(
        {
            "origin": [estimate.kind for estimate in ranked],
            "what": [estimate.name for estimate in ranked],
            "value": [_figure(estimate.value) for estimate in ranked],
            "±": [_figure(estimate.standard_error) if estimate.standard_error else "" for estimate in ranked],
            "unit": [estimate.unit for estimate in ranked],
            "from": [estimate.source for estimate in ranked],
        }
    )


def victims(listed: Sequence[CannibalisedMovie], title: Titles, *, at_most: int = 6) -> pd.DataFrame:
    """Movies that an offer takes viewing from."""
    return pd.DataFrame(
        {
            "movie": [title(victim.movie_id) for victim in listed[:at_most]],
            "hours": [compact(v.hours) for v in listed[:at_most]],
        }
    )


def fees(context: ProjectionContext, scenario: Scenario) -> dict[str, float | None]:
    """Licence fee of each offer that a scenario buys: its own, or what the offers table asks."""
    return {
        bought.offer: terms_of(context.offers, bought.offer).get("fee") if bought.fee is None else bought.fee
        for bought in scenario.catalogue
        if isinstance(bought, Acquire)
    }


def months_needed(context: ProjectionContext, scenario: Scenario) -> int:
    """Months to look ahead until the last licence that the scenario buys has ended."""
    ends_at = [
        bought.launch_month - 1 + int(bought.window_months or terms_of(context.offers, bought.offer).get("window_months", 0))
        for bought in scenario.catalogue
        if isinstance(bought, Acquire)
    ]
    return min(max(ends_at, default=0), MAX_HORIZON_MONTHS)


def offers_csv(projection: Projection, asked: dict[str, float | None]) -> str:
    """The offers of a projection as a sheet, plain numbers; text that a sheet would run is quoted."""
    rows = [_offer_row(offer, asked.get(offer.movie_id)) for offer in projection.offers]
    return pd.DataFrame(rows).to_csv(index=False)


def _offer_row(offer: OfferResult, fee: float | None) -> dict[str, object]:
    ranges = {
        "views": offer.views,
        "gross_hours": offer.gross_hours,
        "incremental_hours": offer.incremental_hours,
        "cannibalised_hours": offer.cannibalised_hours,
        "npv": offer.npv,
        "max_bid": offer.max_bid,
    }
    row: dict[str, object] = {
        "movie_id": escape_formula(offer.movie_id),
        "title": escape_formula(offer.title),
        "fee": fee,
        "cost": offer.cost,
    }
    for name, value in ranges.items():
        row |= {f"{name}_{part}": getattr(value, part) for part in ("mean", "p10", "p50", "p90")}
    row["payback_month"] = offer.payback_month
    row["support"] = offer.support
    return row


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
