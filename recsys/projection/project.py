"""The projection of a scenario: every figure that a buyer sees, from the draws of its demand and the terms of its deals.

One estimate for one quantity: the expected value, which is the mean over the draws. Expected hours and money add up: gross less
cannibalised is incremental, value less cost is NPV, baseline plus effects is the scenario. Ratios and dates are made from
expected values (ROI is expected NPV over expected cost; a deal has paid back when its expected NPV reaches 0), and the walk-away
price is the fee at which the expected NPV is the hurdle's share of the expected cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray
from recsys.progress import ReportProgress, silent
from recsys.projection import catalogue_changes as catalogues
from recsys.projection import data_support
from recsys.projection.assumptions import assumptions
from recsys.projection.catalogue_changes import Catalogue
from recsys.projection.context import ProjectionContext
from recsys.projection.draws import Draws, SimulatedDraw, SimulatedDraws, Totals, simulate_draws
from recsys.projection.economics import cost_flow, cumulative, discount_factors, max_bid, payback_month
from recsys.projection.parallel import THREADS, one_blas_thread
from recsys.projection.result import (
    CannibalisedMovie,
    Effect,
    ExpectedTotals,
    OfferResult,
    Projection,
    Range,
    RevenueBySource,
    SegmentShare,
)
from recsys.projection.uncertainty import expected, share_above, to_range
from recsys.scenario.hash import content_hash
from recsys.scenario.mapping import check
from recsys.scenario.scenario import Scenario

N_CANNIBALISED = 10


def project(
    context: ProjectionContext,
    scenario: Scenario,
    *,
    draws: Draws = "point",
    threads: int = THREADS,
    progress: ReportProgress = silent,
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


def assemble(context: ProjectionContext, scenario: Scenario, drawn: SimulatedDraws) -> Projection:
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
    cash = _Cash.of(context, scenario, catalogue, draws)
    factors, hurdle = cash.factors, context.economics.hurdle_rate.value
    value, cost, npv = cash.earned @ factors, cash.spent @ factors, cash.net @ factors
    positions = np.cumsum(cash.net * factors, axis=1)
    audience_outside_support = data_support.audience_outside_support(context, scenario)
    offers_outside_support = data_support.offers_outside_support(catalogue.offers)
    payable = bool((cost > 0).all())
    roi = npv / cost if payable and not (audience_outside_support or offers_outside_support) else None
    acquired = np.array([draw.acquisition_hours for draw in draws])
    gross = np.array([draw.gross_hours.sum() for draw in draws])
    audience_hours = np.array([draw.audience_hours for draw in draws])
    audience_value = np.array([_flow(draw.audience_only.revenue - draw.baseline.revenue) @ factors for draw in draws])
    offers = tuple(
        _offer(context, catalogue, drawn, k, cash.costs[:, k], withheld=bool(audience_outside_support))
        for k in range(len(catalogue.offers))
    )
    undefined = () if payable or not catalogue.offers else (_UNDEFINED.format("the acquisition"),)
    free = tuple(_UNDEFINED.format(f"“{offer.title}”") for offer in offers if offer.roi is None and offer.cost <= 0)
    return Projection(
        scenario_name=scenario.name,
        scenario_hash=content_hash(scenario),
        run=context.run,
        currency=context.economics.currency,
        horizon_months=horizon,
        hurdle_rate=hurdle,
        simulated=context.simulated,
        meanwhile=context.meanwhile(scenario),
        baseline=_expected_totals([draw.baseline for draw in draws], factors),
        projected=_expected_totals([draw.projected for draw in draws], factors),
        audience_effect=Effect(hours=to_range(audience_hours), value=to_range(audience_value)),
        acquisition_effect=Effect(hours=to_range(acquired), value=to_range(value)),
        total_effect=Effect(hours=to_range(audience_hours + acquired), value=to_range(audience_value + value)),
        gross_hours=to_range(gross),
        cannibalised_hours=to_range(gross - acquired),
        cost=float(expected(cost)),
        fees_saved=float(cash.saved @ factors),
        npv=to_range(npv),
        roi=None if roi is None else _ratio(roi, npv, cost),
        prob_above_hurdle=None if roi is None else share_above(roi, hurdle),
        payback_month=payback_month(expected(positions)),
        monthly_baseline_hours=_months([draw.baseline.hours for draw in draws]),
        monthly_projected_hours=_months([draw.projected.hours for draw in draws]),
        monthly_cash=tuple(to_range(positions[:, month]) for month in range(horizon + 1)),
        offers=offers,
        assumptions=assumptions(context, scenario, catalogue),
        warnings=(
            *audience_outside_support,
            *offers_outside_support,
            *data_support.terms_beyond_horizon(catalogue.offers, horizon),
            *undefined,
            *free,
        ),
        n_draws=len(draws),
    )


_UNDEFINED = "E_ROI_UNDEFINED: {} costs nothing, so it has no return on investment."


@dataclass(frozen=True, eq=False, kw_only=True)
class _Cash:
    """Cash flows of a scenario's catalogue changes by draw, not discounted, currency; the last axis is month 0..horizon."""

    earned: FloatArray
    """float64[n_draws, 1 + horizon]"""
    costs: FloatArray
    """float64[n_draws, n_offers, 1 + horizon]"""
    saved: FloatArray
    """float64[1 + horizon], licence fees of dropped movies"""
    factors: FloatArray
    """float64[1 + horizon], by which a flow is discounted"""

    @classmethod
    def of(
        cls, context: ProjectionContext, scenario: Scenario, catalogue: Catalogue, draws: tuple[SimulatedDraw, ...]
    ) -> "_Cash":
        """The cash flows behind a projection."""
        horizon = scenario.horizon_months
        return cls(
            earned=np.array([_flow(draw.projected.revenue - draw.audience_only.revenue) for draw in draws]),
            costs=np.array([_costs(catalogue, draw) for draw in draws]),
            saved=catalogues.fees_saved(context, catalogue, horizon, licences=scenario.licences),
            factors=discount_factors(horizon, context.economics.discount_rate.value),
        )

    @property
    def spent(self) -> FloatArray:
        """float64[n_draws, 1 + horizon], costs of all offers"""
        total: FloatArray = self.costs.sum(axis=1)
        return total

    @property
    def net(self) -> FloatArray:
        """float64[n_draws, 1 + horizon]"""
        return self.earned + self.saved - self.spent


def _costs(catalogue: Catalogue, draw: SimulatedDraw) -> FloatArray:
    """float64[n_offers, 1 + horizon], not discounted."""
    flows = [cost_flow(offer.terms, monthly) for offer, monthly in zip(catalogue.offers, draw.views, strict=True)]
    return np.array(flows).reshape(len(flows), len(draw.projected.hours) + 1)


def _flow(monthly: FloatArray) -> FloatArray:
    """A monthly flow with nothing in month 0."""
    return np.concatenate([np.zeros((*monthly.shape[:-1], 1)), monthly], axis=-1)


def _ratio(roi: FloatArray, npv: FloatArray, cost: FloatArray) -> Range:
    """ROI over its draws; its mean is expected NPV over expected cost."""
    return to_range(roi, mean=float(expected(npv) / expected(cost)))


def _months(hours: Sequence[FloatArray]) -> tuple[float, ...]:
    return tuple(map(float, expected(np.array(hours))))


def _expected_totals(by_draw: Sequence[Totals], factors: FloatArray) -> ExpectedTotals:
    def mean(figures: Sequence[float]) -> float:
        return float(expected(np.array(figures)))

    return ExpectedTotals(
        hours=mean([totals.hours.sum() for totals in by_draw]),
        views=mean([totals.views for totals in by_draw]),
        revenue=mean([float(_flow(totals.revenue) @ factors) for totals in by_draw]),
        active_users=mean([totals.active_users for totals in by_draw]),
    )


def _offer(
    context: ProjectionContext, catalogue: Catalogue, drawn: SimulatedDraws, k: int, costs: FloatArray, *, withheld: bool
) -> OfferResult:
    """One offer's figures; ``costs`` are its own, float64[n_draws, 1 + horizon]."""
    offer, draws = catalogue.offers[k], drawn.draws
    rate, hurdle = context.economics.discount_rate.value, context.economics.hurdle_rate.value
    factors = discount_factors(costs.shape[1] - 1, rate)
    parts = np.array([_flow(draw.incremental.earned[:, k]) for draw in draws])
    value, cost = parts.sum(axis=1) @ factors, costs @ factors
    incremental = np.array([draw.incremental.hours[k] for draw in draws])
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
        victims=_cannibalised(context, catalogue, drawn, k),
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
        subscribers_kept=float(expected(np.array([draw.incremental.active_users[k] for draw in draws]))),
    )


def _earned(parts: FloatArray) -> RevenueBySource:
    subscriptions, advertising, rentals = map(float, parts)
    return RevenueBySource(subscriptions=subscriptions, advertising=advertising, rentals=rentals)


def _cannibalised(
    context: ProjectionContext, catalogue: Catalogue, drawn: SimulatedDraws, k: int
) -> tuple[CannibalisedMovie, ...]:
    """Movies that lose viewing to offer ``k``: catalogue movies and the scenario's other tracked movies.

    Who loses how much of it is told at the point estimate; the whole is the expected loss.
    """
    lost = drawn.hours_lost[k]
    most = np.argsort(-lost, kind="stable")[:N_CANNIBALISED]
    hours = {str(context.choice.movie_ids.ids[row]): float(lost[row]) for row in most}
    for position in catalogue.after_without(k):
        hours[catalogue.tracked_ids[position]] = float(drawn.tracked_hours_lost[k, position])
    size = _against_point(np.array([draw.gross_hours[k] - draw.incremental.hours[k].sum() for draw in drawn.draws]))
    ranked = sorted(hours.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(CannibalisedMovie(movie_id=movie, hours=size * value) for movie, value in ranked[:N_CANNIBALISED] if value > 0)


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
