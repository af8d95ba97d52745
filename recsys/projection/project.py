"""The answer to a scenario: every figure that a buyer sees, from the draws of its demand and the terms of its deals.

One estimate for one quantity: the expected value, which is the mean over the draws. Expected hours and money add up: gross less
cannibalised is incremental, value less cost is NPV, baseline plus effects is the scenario. Ratios and dates are made from
expected values (ROI is expected NPV over expected cost; a deal has paid back when its expected NPV reaches 0), and the walk-away
price is the fee at which the expected NPV is the hurdle's share of the expected cost.
"""

from collections.abc import Sequence

import numpy as np

from recsys.ids import FloatArray
from recsys.projection import catalogue_changes as catalogues
from recsys.projection import data_support
from recsys.projection.assumptions import assumptions
from recsys.projection.catalogue_changes import Catalogue
from recsys.projection.context import ProjectionContext
from recsys.projection.draws import Drawn, Draws, Progress, Simulated, Totals, simulate_draws
from recsys.projection.economics import cost_flow, cumulative, discount_factors, max_bid, payback_month
from recsys.projection.parallel import THREADS, one_blas_thread
from recsys.projection.result import Earned, Effect, OfferResult, Projection, Range, SegmentShare, Victim, World
from recsys.projection.uncertainty import expected, share_above, to_range
from recsys.scenario.hash import content_hash
from recsys.scenario.mapping import check
from recsys.scenario.scenario import Scenario

N_VICTIMS = 10


def project(
    context: ProjectionContext,
    scenario: Scenario,
    *,
    draws: Draws = "point",
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Projection:
    """Answer a scenario.

    Parameters
    ----------
    draws : ``all`` runs every draw of the model, which is what is shown; ``point`` answers at the point estimate alone, for
        searches (its ranges collapse, and its figures are not those of ``all``)
    progress : told of each draw

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
        return assemble(context, scenario, simulate_draws(context, scenario, draws=draws, threads=threads, progress=progress))


def assemble(context: ProjectionContext, scenario: Scenario, drawn: Drawn) -> Projection:
    """The projection of a scenario from draws that are there.

    Parameters
    ----------
    drawn : of the scenario, or of one that differs from it in its name and in what is paid
        (:func:`recsys.scenario.hash.demand_hash` is the same)

    Raises
    ------
    ScenarioError  as :func:`project`
    """
    check(scenario)
    draws, horizon = drawn.draws, scenario.horizon_months
    catalogue = catalogues.changed(context, scenario.catalogue, horizon)
    rate, hurdle = context.economics.discount_rate.value, context.economics.hurdle_rate.value
    beyond = data_support.audience_beyond(context, scenario)
    unlike = data_support.offers_beyond(catalogue.offers)
    factors = discount_factors(horizon, rate)
    costs = np.array([_costs(catalogue, draw) for draw in draws])
    spent = costs.sum(axis=1)
    saved = catalogues.fees_saved(context, catalogue, horizon, licences=scenario.licences)
    earned = np.array([_flow(draw.both.revenue - draw.audience.revenue) for draw in draws])
    net = earned + saved - spent
    value, cost, npv = earned @ factors, spent @ factors, net @ factors
    payable = bool((cost > 0).all())
    undefined = () if payable or not catalogue.offers else (_UNDEFINED.format("the acquisition"),)
    withheld = bool(beyond or unlike)
    roi = npv / cost if payable and not withheld else None
    acquired = np.array([draw.acquisition_hours for draw in draws])
    gross = np.array([draw.gross_hours.sum() for draw in draws])
    audience_hours = np.array([draw.audience_hours for draw in draws])
    audience_value = np.array([_flow(draw.audience.revenue - draw.today.revenue) @ factors for draw in draws])
    offers = tuple(_offer(context, catalogue, drawn, k, costs[:, k], withheld=bool(beyond)) for k in range(len(catalogue.offers)))
    free = tuple(_UNDEFINED.format(f"“{offer.title}”") for offer in offers if offer.roi is None and offer.cost <= 0)
    positions = np.cumsum(net * factors, axis=1)
    return Projection(
        scenario_name=scenario.name,
        scenario_hash=content_hash(scenario),
        run=context.run,
        currency=context.economics.currency,
        horizon_months=horizon,
        hurdle_rate=hurdle,
        simulated=context.simulated,
        baseline=_world([draw.today for draw in draws], factors),
        projected=_world([draw.both for draw in draws], factors),
        audience_effect=Effect(hours=to_range(audience_hours), value=to_range(audience_value)),
        acquisition_effect=Effect(hours=to_range(acquired), value=to_range(value)),
        total_effect=Effect(hours=to_range(audience_hours + acquired), value=to_range(audience_value + value)),
        gross_hours=to_range(gross),
        cannibalised_hours=to_range(gross - acquired),
        cost=float(expected(cost)),
        fees_saved=float(saved @ factors),
        npv=to_range(npv),
        roi=None if roi is None else _ratio(roi, npv, cost),
        prob_above_hurdle=None if roi is None else share_above(roi, hurdle),
        payback_month=payback_month(expected(positions)),
        monthly_baseline_hours=_months([draw.today.hours for draw in draws]),
        monthly_projected_hours=_months([draw.both.hours for draw in draws]),
        monthly_cash=tuple(to_range(positions[:, month]) for month in range(horizon + 1)),
        offers=offers,
        assumptions=assumptions(context, scenario, catalogue),
        warnings=(*beyond, *unlike, *data_support.terms_beyond(catalogue.offers, horizon), *undefined, *free),
        n_draws=len(draws),
    )


_UNDEFINED = "E_ROI_UNDEFINED: {} costs nothing, so it has no return on investment."


def _costs(catalogue: Catalogue, draw: Simulated) -> FloatArray:
    """float64[n_offers, 1 + horizon], not discounted."""
    flows = [cost_flow(offer.terms, monthly) for offer, monthly in zip(catalogue.offers, draw.views, strict=True)]
    return np.array(flows).reshape(len(flows), len(draw.both.hours) + 1)


def _flow(monthly: FloatArray) -> FloatArray:
    """A monthly flow with nothing in month 0."""
    return np.concatenate([np.zeros((*monthly.shape[:-1], 1)), monthly], axis=-1)


def _ratio(roi: FloatArray, npv: FloatArray, cost: FloatArray) -> Range:
    return to_range(roi, mean=float(expected(npv) / expected(cost)))


def _months(hours: Sequence[FloatArray]) -> tuple[float, ...]:
    return tuple(map(float, expected(np.array(hours))))


def _world(worlds: Sequence[Totals], factors: FloatArray) -> World:
    def mean(figures: Sequence[float]) -> float:
        return float(expected(np.array(figures)))

    return World(
        hours=mean([world.hours.sum() for world in worlds]),
        views=mean([world.views for world in worlds]),
        revenue=mean([float(_flow(world.revenue) @ factors) for world in worlds]),
        active_users=mean([world.active_users for world in worlds]),
    )


def _offer(
    context: ProjectionContext, catalogue: Catalogue, drawn: Drawn, k: int, costs: FloatArray, *, withheld: bool
) -> OfferResult:
    """One offer's figures; ``costs`` are its own, float64[n_draws, 1 + horizon]."""
    offer, draws = catalogue.offers[k], drawn.draws
    rate, hurdle = context.economics.discount_rate.value, context.economics.hurdle_rate.value
    factors = discount_factors(costs.shape[1] - 1, rate)
    parts = np.array([_flow(draw.earned[:, k]) for draw in draws])
    value, cost = parts.sum(axis=1) @ factors, costs @ factors
    incremental = np.array([draw.incremental[k] for draw in draws])
    added = incremental.sum(axis=1)
    gross = np.array([draw.gross_hours[k] for draw in draws])
    bids = np.array([max_bid(v, c - offer.terms.fee, hurdle) for v, c in zip(value, cost, strict=True)])
    bid = max_bid(float(expected(value)), float(expected(cost)) - offer.terms.fee, hurdle)
    paid = cumulative(expected(parts.sum(axis=1) - costs), rate)
    return OfferResult(
        movie_id=offer.movie_id,
        title=offer.title,
        views=to_range(np.array([draw.views[k].sum() for draw in draws])),
        gross_hours=to_range(gross),
        incremental_hours=to_range(added),
        cannibalised_hours=to_range(gross - added),
        victims=_victims(context, catalogue, drawn, k),
        cost=float(expected(cost)),
        npv=to_range(value - cost),
        roi=_ratio((value - cost) / cost, value - cost, cost) if offer.inside and not withheld and (cost > 0).all() else None,
        max_bid=to_range(bids, mean=bid),
        payback_month=payback_month(paid),
        segments=_segments(context, drawn.by_persona[k], float(expected(added))),
        comparables=tuple(str(context.choice.movie_ids.ids[row]) for row in offer.comparables),
        support="inside" if offer.inside else "outside",
        monthly_hours=tuple(to_range(incremental[:, month]) for month in range(incremental.shape[1])),
        earned=_earned(expected(parts) @ factors),
        subscribers_kept=float(expected(np.array([draw.kept[k] for draw in draws]))),
    )


def _earned(parts: FloatArray) -> Earned:
    subscriptions, advertising, rentals = map(float, parts)
    return Earned(subscriptions=subscriptions, advertising=advertising, rentals=rentals)


def _victims(context: ProjectionContext, catalogue: Catalogue, drawn: Drawn, k: int) -> tuple[Victim, ...]:
    """Movies that lose viewing to offer ``k``: catalogue movies and the scenario's other extras.

    Who loses how much of it is told at the point estimate; the whole is the expected loss.
    """
    lost = drawn.lost[k]
    hours = {str(context.choice.movie_ids.ids[row]): float(lost[row]) for row in np.argsort(-lost, kind="stable")[:N_VICTIMS]}
    for extra in catalogue.after:
        if extra != k:
            hours[catalogue.extra_ids[extra]] = float(drawn.extra_lost[k, extra])
    size = _against_point(np.array([draw.gross_hours[k] - draw.incremental[k].sum() for draw in drawn.draws]))
    ranked = sorted(hours.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Victim(movie_id=movie, hours=size * value) for movie, value in ranked[:N_VICTIMS] if value > 0)


def _against_point(draws: FloatArray) -> float:
    """Expected value over the point estimate, by which a breakdown told at the point is scaled; 1 where they have no ratio."""
    mean, point = float(expected(draws)), float(draws[0])
    return mean / point if mean > 0 and point > 0 else 1.0


def _segments(context: ProjectionContext, hours: FloatArray, added: float) -> tuple[SegmentShare, ...]:
    """Which personas bring an offer's expected incremental hours, by the shares of the point estimate; most first."""
    total = float(hours.sum())
    parts = hours / total if total else np.zeros_like(hours)
    names = [persona.name for persona in context.personas.personas]
    ranked = sorted(zip(names, parts, strict=True), key=lambda entry: (-entry[1], entry[0]))
    return tuple(SegmentShare(name=name, hours=float(part) * added, share=float(part)) for name, part in ranked)
