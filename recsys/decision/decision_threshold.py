"""The nearest counterfactual, or break-even point: the smallest change of an audience that turns the decision on an offer."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from recsys.errors import ScenarioError
from recsys.projection.context import ProjectionContext
from recsys.projection.data_support import largest_change
from recsys.projection.project import project
from recsys.projection.result import OfferResult, Projection
from recsys.scenario.changes import Acquire, ResizeSegment, Segment
from recsys.scenario.fields import write_fields
from recsys.scenario.scenario import Scenario

_BEYOND = 1e-6
"""Relative step past the break-even point, where the decision is the other one and not just between the two."""


@dataclass(frozen=True, kw_only=True)
class DecisionThreshold:
    """How far a decision on an offer is from turning."""

    movie_id: str
    title: str
    buys: bool
    """Whether the offer reaches the hurdle without the change; with it, it is the other way round."""
    margin: float
    """Expected NPV − hurdle rate · cost, currency, without the change."""
    factor: float | None
    """It turns where the segment counts this many times as many users; None where no factor within the limit turns it."""
    margin_after: float | None
    """The margin with the change."""


@dataclass(frozen=True, kw_only=True)
class DecisionThresholds:
    """The decisions of a scenario, each with what would turn it."""

    projection: Projection
    """The scenario as it is."""
    segment: Segment
    limit: float
    """Largest factor looked at; its inverse is the smallest."""
    hurdle_rate: float
    thresholds: tuple[DecisionThreshold, ...]
    """One an offer, in the order of the projection."""

    def as_json(self) -> dict[str, Any]:
        """The document that the command line prints."""
        answer = self.projection
        return {
            "schema": 1,
            "scenario": {"name": answer.scenario_name, "hash": answer.scenario_hash},
            "run": answer.run,
            "simulated": answer.simulated,
            "currency": answer.currency,
            "horizon_months": answer.horizon_months,
            "segment": write_fields(self.segment),
            "hurdle_rate": self.hurdle_rate,
            "largest_factor": self.limit,
            "offers": [asdict(turn) for turn in self.thresholds],
            "warnings": list(answer.warnings),
        }


def decision_thresholds(context: ProjectionContext, scenario: Scenario, segment: Segment) -> DecisionThresholds:
    """What would turn the decision on each offer that a scenario acquires, as far as the data have seen audiences change.

    A segment's size weighs its users and moves nobody's choices, so that revenue, views and with them the margin are linear in
    the factor: two projections tell it everywhere.

    Raises
    ------
    ScenarioError  E_MOVIE: the scenario acquires nothing; as :func:`recsys.projection.project.project`
    """
    offers = [change.offer for change in scenario.changes if isinstance(change, Acquire)]
    if not offers:
        raise ScenarioError.of(
            "E_MOVIE", "the scenario buys nothing, so there is no decision to turn.", 'Add a change of type = "acquire" to it.'
        )
    limit, hurdle = largest_change(context), context.economics.hurdle_rate.value
    grown = replace(scenario, changes=(ResizeSegment(segment=segment, factor=limit), *scenario.changes))
    answer, largest = (project(context, asked, draws="all") for asked in (scenario, grown))

    def margin(offer: OfferResult) -> float:
        return offer.npv.mean - hurdle * offer.cost

    def threshold(offer: OfferResult, at_limit: OfferResult) -> DecisionThreshold:
        before = margin(offer)
        slope = (margin(at_limit) - before) / (limit - 1.0)
        factor = 1.0 - (1.0 + _BEYOND) * before / slope if slope else None
        if factor is not None and not 1.0 / limit <= factor <= limit:
            factor = None
        return DecisionThreshold(
            movie_id=offer.movie_id,
            title=offer.title,
            buys=before >= 0,
            margin=before,
            factor=factor,
            margin_after=None if factor is None else before + (factor - 1.0) * slope,
        )

    return DecisionThresholds(
        projection=answer,
        segment=segment,
        limit=limit,
        hurdle_rate=hurdle,
        thresholds=tuple(threshold(*pair) for pair in zip(answer.offers, largest.offers, strict=True)),
    )
