"""The answer to a scenario: every figure that a buyer sees, from the worlds of every draw."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recsys.ids import FloatArray
from recsys.projection import audience as audiences
from recsys.projection import catalogue as catalogues
from recsys.projection import support, worlds
from recsys.projection.assumptions import assumptions
from recsys.projection.basis import Basis
from recsys.projection.blocks import THREADS, one_blas_thread, side_by_side
from recsys.projection.catalogue import Catalogue
from recsys.projection.economics import cost_flow, cumulative, discount_factors, max_bid, net_present_value, payback_month
from recsys.projection.outcome import Outcome
from recsys.projection.result import Earned, Effect, OfferResult, Projection, Range, SegmentShare, Victim, World
from recsys.projection.uncertainty import share_above, to_range
from recsys.projection.victims import hours_lost
from recsys.scenario.hash import content_hash
from recsys.scenario.mapping import check
from recsys.scenario.scenario import Scenario

N_VICTIMS = 10
FEW_USERS = 40_000
"""Up to so many, draws run side by side; beyond, the users of one draw do."""

Draws = Literal["point", "all"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Figures:
    """A scenario under one draw in figures; offers along axis 0 where there are several, months along the last."""

    audience_hours: float
    audience_value: float
    acquisition_hours: float
    acquisition_flow: FloatArray
    """float64[1 + horizon], revenue of the catalogue changes, not discounted"""
    cost_flow: FloatArray
    """float64[1 + horizon], of all offers"""
    views: FloatArray
    gross_hours: FloatArray
    incremental: FloatArray
    """float64[n_offers, horizon], hours"""
    revenue: FloatArray
    """float64[n_offers, 1 + horizon], leave-one-out"""
    costs: FloatArray
    """float64[n_offers, 1 + horizon]"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """A scenario lived through under every draw."""

    catalogue: Catalogue
    point: worlds.Worlds
    figures: tuple[Figures, ...]
    """The point estimate first."""


def project(basis: Basis, scenario: Scenario, *, draws: Draws = "point", threads: int = THREADS) -> Projection:
    """Answer a scenario.

    Parameters
    ----------
    draws : ``point`` answers at once with the point estimate (ranges collapse to it); ``all`` runs every draw of the model

    Returns
    -------
    The projection. An offer's figures compare the scenario with the scenario without it; the parts of a slate therefore do not
    add up to the slate where its offers compete. An offer's cost is its own alone. ROI is withheld (None, with a warning)
    outside the support of the data, and undefined where nothing is paid.

    Raises
    ------
    ScenarioError  E_SEGMENT, E_SMALL_SEGMENT, E_MOVIE, E_PARAM, E_NUMBER, E_RANGE
    """
    with one_blas_thread():
        return _assemble(basis, scenario, draw_all(basis, scenario, draws=draws, threads=threads), threads)


def draw_all(basis: Basis, scenario: Scenario, *, draws: Draws = "point", threads: int = THREADS) -> Drawn:
    """What :func:`project` makes its ranges from.

    Raises
    ------
    ScenarioError  as :func:`project`
    """
    check(scenario)
    audience = audiences.changed(basis, scenario.audience)
    horizon = scenario.horizon_months
    catalogue = catalogues.changed(basis, scenario.catalogue, horizon)
    rate = basis.economics.discount_rate.value
    with one_blas_thread():
        lasting = scenario.licences
        quickly = draws == "all"
        point = worlds.run(basis, 0, audience, catalogue, horizon, quick=quickly, licences=lasting, threads=threads)
        figures = [_figures(catalogue, point, rate)]
        if draws == "all":
            quick = _figures(catalogue, replace(point, without=()), rate)
            by_draw = basis.choice.n_users <= FEW_USERS
            outer, inner = (threads, 1) if by_draw else (1, threads)

            def drawn(draw: int) -> Figures:
                found = worlds.run(basis, draw, audience, catalogue, horizon, whole=False, licences=lasting, threads=inner)
                return _corrected(_figures(catalogue, found, rate), figures[0], quick)

            figures += side_by_side(range(1, len(basis.choice.draws)), drawn, threads=outer)
    return Drawn(catalogue=catalogue, point=point, figures=tuple(figures))


def _figures(catalogue: Catalogue, found: worlds.Worlds, rate: float) -> Figures:
    n_offers, horizon = len(catalogue.offers), len(found.both.hours)
    views = found.both.extra_views[:n_offers]
    costs = [cost_flow(offer.terms, monthly) for offer, monthly in zip(catalogue.offers, views, strict=True)]
    hours_per_view = np.array([offer.hours_per_view for offer in catalogue.offers])
    hours, revenue = found.both.left_out_hours, found.both.left_out_revenue
    if found.without:
        hours, revenue = (np.array([getattr(other, name) for other in found.without]) for name in ("hours", "revenue"))
    return Figures(
        audience_hours=float(np.sum(found.audience.hours - found.today.hours)),
        audience_value=net_present_value(_flow(found.audience.revenue - found.today.revenue), rate),
        acquisition_hours=float(np.sum(found.both.hours - found.audience.hours)),
        acquisition_flow=_flow(found.both.revenue - found.audience.revenue),
        cost_flow=np.sum(costs, axis=0) if costs else np.zeros(horizon + 1),
        views=views.sum(axis=1),
        gross_hours=views.sum(axis=1) * hours_per_view,
        incremental=found.both.hours - hours,
        revenue=np.concatenate([np.zeros((n_offers, 1)), found.both.revenue - revenue], axis=1),
        costs=np.array(costs).reshape(n_offers, horizon + 1),
    )


def _corrected(draw: Figures, whole: Figures, quick: Figures) -> Figures:
    """A draw's leave-one-out figures, plus what the quick way misses at the point, in proportion to the offer's hours."""
    size = np.divide(draw.gross_hours, whole.gross_hours, out=np.zeros_like(draw.gross_hours), where=whole.gross_hours > 0)
    return replace(
        draw,
        incremental=draw.incremental + size[:, None] * (whole.incremental - quick.incremental),
        revenue=draw.revenue + size[:, None] * (whole.revenue - quick.revenue),
    )


def _flow(monthly: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], monthly])


def _assemble(basis: Basis, scenario: Scenario, drawn: Drawn, threads: int) -> Projection:
    catalogue, point, figures = drawn.catalogue, drawn.point, drawn.figures
    rate, hurdle = basis.economics.discount_rate.value, basis.economics.hurdle_rate.value
    horizon = scenario.horizon_months
    beyond = support.audience_beyond(basis, scenario)
    unlike = support.offers_beyond(catalogue.offers)
    factors = discount_factors(horizon, rate)

    def present(flows: Sequence[FloatArray]) -> FloatArray:
        return np.array([np.sum(flow * factors) for flow in flows])

    value = present([draw.acquisition_flow for draw in figures])
    cost = present([draw.cost_flow for draw in figures])
    saved = catalogues.fees_saved(basis, catalogue, horizon, licences=scenario.licences)
    npv = value + present([saved])[0] - cost
    roi = npv / cost if (cost > 0).all() else None
    undefined = () if roi is not None or not catalogue.offers else (_UNDEFINED.format("the acquisition"),)
    withheld = bool(beyond or unlike)
    net = [draw.acquisition_flow + saved - draw.cost_flow for draw in figures]
    positions = np.array([cumulative(flow, rate) for flow in net])
    acquisition_hours = np.array([draw.acquisition_hours for draw in figures])
    gross = np.array([draw.gross_hours.sum() for draw in figures])
    audience_hours = np.array([draw.audience_hours for draw in figures])
    audience_value = np.array([draw.audience_value for draw in figures])
    offers = _offers(basis, catalogue, point, figures, bool(beyond), threads)
    free = tuple(_UNDEFINED.format(f"“{offer.title}”") for offer in offers if offer.roi is None and offer.cost <= 0)
    return Projection(
        scenario_name=scenario.name,
        scenario_hash=content_hash(scenario),
        run=basis.run,
        currency=basis.economics.currency,
        horizon_months=horizon,
        simulated=basis.simulated,
        baseline=_world(point.today, rate),
        projected=_world(point.both, rate),
        audience_effect=Effect(hours=to_range(audience_hours), value=to_range(audience_value)),
        acquisition_effect=Effect(hours=to_range(acquisition_hours), value=to_range(value)),
        total_effect=Effect(hours=to_range(audience_hours + acquisition_hours), value=to_range(audience_value + value)),
        gross_hours=to_range(gross),
        cannibalised_hours=to_range(gross - acquisition_hours),
        cost=float(cost[0]),
        npv=to_range(npv),
        roi=None if roi is None or withheld else to_range(roi),
        prob_above_hurdle=None if roi is None or withheld else share_above(roi, hurdle),
        payback_month=payback_month(positions[0]),
        monthly_baseline_hours=tuple(map(float, point.today.hours)),
        monthly_projected_hours=tuple(map(float, point.both.hours)),
        monthly_cash=tuple(to_range(positions[:, month]) for month in range(horizon + 1)),
        offers=offers,
        assumptions=assumptions(basis, scenario, catalogue),
        warnings=(*beyond, *unlike, *support.terms_beyond(catalogue.offers, horizon), *undefined, *free),
        n_draws=len(figures),
    )


_UNDEFINED = "E_ROI_UNDEFINED: {} costs nothing, so it has no return on investment."


def _world(outcome: Outcome, rate: float) -> World:
    return World(
        hours=float(outcome.hours.sum()),
        views=float(outcome.views.sum()),
        revenue=net_present_value(_flow(outcome.revenue), rate),
        active_users=outcome.active_users,
    )


def _offers(  # noqa: PLR0917
    basis: Basis, catalogue: Catalogue, point: worlds.Worlds, figures: Sequence[Figures], withheld: bool, threads: int
) -> tuple[OfferResult, ...]:
    rate, hurdle = basis.economics.discount_rate.value, basis.economics.hurdle_rate.value
    lost = hours_lost(
        basis,
        0,
        users=point.users,
        catalogue=point.shelf,
        tracked=[movie.row for movie in catalogue.tracked],
        after=point.both,
        before=point.without,
        threads=threads,
    )
    results = []
    for k, offer in enumerate(catalogue.offers):
        value = np.array([net_present_value(draw.revenue[k], rate) for draw in figures])
        cost = np.array([net_present_value(draw.costs[k], rate) for draw in figures])
        incremental = np.array([draw.incremental[k] for draw in figures])
        gross = np.array([draw.gross_hours[k] for draw in figures])
        bids = np.array([max_bid(v, c - offer.terms.fee, hurdle) for v, c in zip(value, cost, strict=True)])
        results.append(
            OfferResult(
                movie_id=offer.movie_id,
                title=offer.title,
                views=to_range(np.array([draw.views[k] for draw in figures])),
                gross_hours=to_range(gross),
                incremental_hours=to_range(incremental.sum(axis=1)),
                cannibalised_hours=to_range(gross - incremental.sum(axis=1)),
                victims=_victims(basis, catalogue, point, k, lost[k]),
                cost=float(cost[0]),
                npv=to_range(value - cost),
                roi=to_range((value - cost) / cost) if offer.inside and not withheld and (cost > 0).all() else None,
                max_bid=to_range(bids),
                payback_month=payback_month(cumulative(figures[0].revenue[k] - figures[0].costs[k], rate)),
                segments=_segments(basis, point, k),
                comparables=tuple(str(basis.choice.movie_ids.ids[row]) for row in offer.comparables),
                support="inside" if offer.inside else "outside",
                monthly_hours=_monthly(incremental),
                earned=_earned(point, k, rate),
                subscribers_kept=point.both.active_users - point.without[k].active_users,
            )
        )
    return tuple(results)


def _earned(point: worlds.Worlds, k: int, rate: float) -> Earned:
    """Where the value of offer ``k`` comes from."""
    more = point.both.earned - point.without[k].earned
    subscriptions, advertising, rentals = (net_present_value(_flow(monthly), rate) for monthly in more)
    return Earned(subscriptions=subscriptions, advertising=advertising, rentals=rentals)


def _monthly(hours: FloatArray) -> tuple[Range, ...]:
    return tuple(to_range(hours[:, month]) for month in range(hours.shape[1]))


def _victims(basis: Basis, catalogue: Catalogue, point: worlds.Worlds, k: int, lost: FloatArray) -> tuple[Victim, ...]:
    """Movies that lose viewing to offer ``k``: catalogue movies and the scenario's other extras."""
    hours = {str(basis.choice.movie_ids.ids[row]): float(lost[row]) for row in np.argsort(-lost, kind="stable")[:N_VICTIMS]}
    change = (point.without[k].extra_views - point.both.extra_views).sum(axis=1)
    for extra in catalogue.after:
        if extra != k:
            hours[catalogue.extra_ids[extra]] = float(change[extra] * catalogue.hours_per_view(basis)[extra])
    ranked = sorted(hours.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Victim(movie_id=movie, hours=value) for movie, value in ranked[:N_VICTIMS] if value > 0)


def _segments(basis: Basis, point: worlds.Worlds, k: int) -> tuple[SegmentShare, ...]:
    """Which personas bring an offer's incremental hours; most first."""
    gained = point.both.user_hours - point.without[k].user_hours
    names = [persona.name for persona in basis.personas.personas]
    hours = np.bincount(basis.persona_of, weights=gained, minlength=len(names))
    total = hours.sum()
    ranked = sorted(zip(names, hours, strict=True), key=lambda entry: (-entry[1], entry[0]))
    return tuple(
        SegmentShare(name=name, hours=float(value), share=float(value / total) if total else 0.0) for name, value in ranked
    )
