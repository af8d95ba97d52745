"""Assumptions behind a projection: every parameter that went into it, each estimated, configured or assumed."""

import math

import numpy as np

from recsys.choice.model.parameters import Estimate
from recsys.choice.model.utility import COMMON_RESIDUAL_SHARE
from recsys.projection import availability
from recsys.projection.catalogue_changes import PROMOTION_NATS, Catalogue, licence_fee
from recsys.projection.context import NO_END, ProjectionContext
from recsys.projection.range_calibration import calibration_estimates
from recsys.scenario.changes import ChangePrice, ContinueDrift
from recsys.scenario.scenario import Scenario
from recsys.tables.economics_config import Plan, Term, declared_terms

TOGETHER_ERROR = 0.08
"""By what share of what they truly added offers bought together were misjudged, mean over six simulated services of the demo's
size (``tests/benchmarks/RESULTS.md``)."""


def assumptions(context: ProjectionContext, scenario: Scenario, catalogue: Catalogue) -> tuple[Estimate, ...]:
    """The list that goes with a projection: what people do, what they pay, and what this scenario alone brings in."""
    return (
        *context.choice.estimates,
        *_money(context, scenario),
        *_of_months(context, scenario),
        *_of_scenario(context, scenario, catalogue),
    )


def _money(context: ProjectionContext, scenario: Scenario) -> list[Estimate]:
    economics = context.economics
    listed = [
        _estimate("discount rate", economics.discount_rate, "share a year"),
        _estimate("hurdle rate", economics.hurdle_rate, "share of cost"),
        _estimate("people behind each user", economics.people_per_user, "people"),
    ]
    prices = {change.plan: change.amount for change in scenario.audience if isinstance(change, ChangePrice)}
    for plan in sorted((economics.plans[k] for k in np.unique(context.plan_of)), key=lambda plan: plan.name):
        listed += [
            _plan_term(plan, name, limits.unit.format(currency=economics.currency), prices.get(plan.name))
            for name, limits in declared_terms(Plan, plan.kind).items()
            if not limits.optional or getattr(plan, name) is not None
        ]
    if prices:
        listed.append(
            Estimate(
                name="response to a price",
                value=0.0,
                unit="nats",
                kind="assumed",
                source="nobody is taken to join or leave because of a price: the data hold no change of price",
            )
        )
    return listed


def _plan_term(plan: Plan, name: str, unit: str, price: float | None) -> Estimate:
    term: Term | None = getattr(plan, name)
    if price is not None and name in ("monthly_price", "rental_price"):
        term = Term(value=price, source="this scenario")
    if term is None:
        term = Term(value=0.0, source="the plan does not state it", kind="assumed")
    return _estimate(f"{plan.name}: {name.replace('_', ' ')}", term, unit)


def _of_months(context: ProjectionContext, scenario: Scenario) -> list[Estimate]:
    """What is taken of the months ahead: licences that end, movies that arrive, people who join, and the season."""
    return [_licences(context, scenario), _arrivals(context, scenario), _joining(context, scenario), _season(context, scenario)]


def _licences(context: ProjectionContext, scenario: Scenario) -> Estimate:
    horizon = scenario.horizon_months
    there, ending = int(context.choice.available.sum()), int(availability.ending(context, horizon).sum())
    dated = f"{ending} of the {there} movies on the service today have a licence that ends within the months looked ahead"
    lapse = scenario.licences == "lapse"
    told = (
        "they leave on their dates and nothing takes their place"
        if lapse
        else "they are taken to be renewed, or replaced by as good, unless the scenario drops them"
    )
    return Estimate(
        name="licences that end",
        value=float(ending),
        unit="movies",
        kind="configured" if lapse else "assumed",
        source=f"{dated}; {told}",
    )


def _arrivals(context: ProjectionContext, scenario: Scenario) -> Estimate:
    pace = context.arrivals_last_year
    dated = f"{pace or 'no'} movie{'s' if pace > 1 else ''} arrived in the last year of the data"
    stops = scenario.arrivals == "none"
    told = "the scenario buys nothing else" if stops else "they go on at that pace, of those kinds and with that appeal"
    return Estimate(
        name="movies that arrive",
        value=0.0 if stops else float(pace),
        unit="movies a year",
        kind="configured" if stops else "estimated",
        source=f"{dated}; {told}" if stops or pace else f"{dated}, so none is taken to",
    )


def _joining(context: ProjectionContext, scenario: Scenario) -> Estimate:
    stops, joined = scenario.joining == "none", context.joined
    told = "nothing tells who joined" if context.joiners is None else context.joiners.source
    return Estimate(
        name="people who join",
        value=0.0 if stops else sum(persona.a_month for persona in joined),
        unit="people a month",
        kind="configured" if stops else "estimated",
        standard_error=None if stops or not joined else math.hypot(*(persona.standard_error for persona in joined)),
        source="nobody joins in this scenario" if stops else f"{told}; persona by persona, as many go on joining",
    )


def _season(context: ProjectionContext, scenario: Scenario) -> Estimate:
    ahead = context.season_ahead(scenario.horizon_months or 12)
    if context.season is None or ahead is None:
        why = "the same in every month: no season is configured, and the data hold no two years of viewing to tell one from"
        return Estimate(name="season", value=1.0, unit="times a usual month", kind="assumed", source=why)
    return Estimate(
        name="season",
        value=float(ahead.max()),
        unit="times a usual month, in the fullest month ahead",
        kind=context.season.kind,
        source=f"{context.season.source}; {ahead.min():.2f} times in the emptiest",
    )


def _of_scenario(context: ProjectionContext, scenario: Scenario, catalogue: Catalogue) -> list[Estimate]:
    listed: list[Estimate] = []
    if catalogue.offers:
        listed += calibration_estimates(context.calibration)
        listed.append(
            Estimate(
                name="common error of offers' appeal",
                value=COMMON_RESIDUAL_SHARE,
                unit="share of variance",
                kind="assumed",
                source="how far several offers are misjudged in the same direction",
            )
        )
    if len(catalogue.offers) > 1:
        listed.append(
            Estimate(
                name="error of offers bought together",
                value=TOGETHER_ERROR,
                unit="share, either way",
                kind="assumed",
                source="six simulated services, 24 offers bought together on each: from 15% too little to 11% too much was "
                "projected, and nothing on average; on sixty small ones 16% too much. Figures are not corrected for it",
            )
        )
    undated = sum(
        movie.dropped and int(context.months_left[movie.row]) == NO_END and licence_fee(context, movie.row) > 0
        for movie in catalogue.changed_movies
    )
    if undated:
        listed.append(
            Estimate(
                name="licence fees due today",
                value=float(undated),
                unit="dropped movies",
                kind="assumed",
                source="no end of their licences is known, so their next fee is taken to be due today",
            )
        )
    if catalogue.exposure or any(movie.exposure for movie in catalogue.changed_movies):
        listed.append(
            Estimate(
                name="worth of a front-page slot",
                value=PROMOTION_NATS,
                unit="nats",
                kind="assumed",
                source="what people were shown is not logged yet",
            )
        )
    months = sum(change.months for change in scenario.audience if isinstance(change, ContinueDrift))
    if months:
        listed.append(
            Estimate(
                name="drift continued",
                value=float(months),
                unit="months",
                kind="estimated",
                source="monthly trend of each persona's active users and of their views, a straight line through logarithms",
            )
        )
    return listed


def _estimate(name: str, term: Term, unit: str) -> Estimate:
    return Estimate(name=name, value=term.value, unit=unit, kind=term.kind, source=term.source)
