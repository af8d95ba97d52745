"""The nearest counterfactual, or break-even point: the smallest change of an audience that turns the decision on an offer."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from recsys.errors import ScenarioError
from recsys.projection.basis import Basis
from recsys.projection.project import project
from recsys.projection.result import Projection
from recsys.projection.support import largest_change
from recsys.scenario.mapping import segment_as_mapping
from recsys.scenario.scenario import Acquire, ResizeSegment, Scenario, Segment

_STEPS = 8
"""Places in each direction that are looked at before the search closes in."""
_CLOSE = 0.01
"""Relative width at which it stops; the decision is certain to be as before at 95 % of the change that is reported."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """How far a decision on an offer is from turning."""

    movie_id: str
    title: str
    buys: bool
    """Whether the offer reaches the hurdle without the change; with it, it is the other way round."""
    margin: float
    """NPV − hurdle rate · cost, currency, without the change."""
    factor: float | None
    """It turns where the segment counts this many times as many users; None where no factor within the limit turns it."""
    margin_after: float | None
    """The margin with the change."""


@dataclass(frozen=True, kw_only=True)
class Flips:
    """The decisions of a scenario, each with what would turn it."""

    projection: Projection
    """The scenario as it is."""
    segment: Segment
    limit: float
    """Largest factor looked at; its inverse is the smallest."""
    hurdle_rate: float
    turns: tuple[Turn, ...]
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
            "segment": segment_as_mapping(self.segment),
            "hurdle_rate": self.hurdle_rate,
            "largest_factor": self.limit,
            "offers": [asdict(turn) for turn in self.turns],
            "warnings": list(answer.warnings),
        }


def flips(basis: Basis, scenario: Scenario, segment: Segment) -> Flips:
    """What would turn the decision on each offer that a scenario acquires, as far as the data have seen audiences change.

    Raises
    ------
    ScenarioError  E_MOVIE: the scenario acquires nothing; as :func:`recsys.projection.project.project`
    """
    offers = [change.offer for change in scenario.changes if isinstance(change, Acquire)]
    if not offers:
        raise ScenarioError.of(
            "E_MOVIE", "the scenario buys nothing, so there is no decision to turn.", 'Add a change of type = "acquire" to it.'
        )
    answer = project(basis, scenario)
    limit = largest_change(basis)
    return Flips(
        projection=answer,
        segment=segment,
        limit=limit,
        hurdle_rate=basis.economics.hurdle_rate.value,
        turns=tuple(flip(basis, scenario, offer.movie_id, segment, limit=limit) for offer in answer.offers),
    )


def flip(basis: Basis, scenario: Scenario, offer: str, segment: Segment, *, limit: float) -> Turn:
    """The smallest factor on a segment's size that turns whether an offer reaches the hurdle.

    Small is measured in ln(factor), so that a halving counts as much as a doubling.

    Parameters
    ----------
    scenario : what else happens; it acquires the offer
    limit : largest factor tried, and its inverse the smallest

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    hurdle = basis.economics.hurdle_rate.value

    def asked(size: float) -> Scenario:
        change = ResizeSegment(segment=segment, factor=math.exp(size))
        return replace(scenario, changes=(change, *scenario.changes)) if size else scenario

    def margin(size: float) -> float:
        result = next(found for found in project(basis, asked(size)).offers if found.movie_id == offer)
        return result.npv.mean - hurdle * result.cost

    before = margin(0.0)
    farthest = math.log(limit)
    found = [turned for sign in (1.0, -1.0) if (turned := _nearest(margin, before >= 0, sign * farthest)) is not None]
    size = min(found, key=abs, default=None)
    return Turn(
        movie_id=offer,
        title=basis.title(offer),
        buys=before >= 0,
        margin=before,
        factor=None if size is None else math.exp(size),
        margin_after=None if size is None else margin(size),
    )


def _nearest(margin: Callable[[float], float], buys: bool, farthest: float) -> float | None:
    """First size on the way to ``farthest`` at which the decision is another, found by steps and then by halving."""
    inner = 0.0
    for step in range(1, _STEPS + 1):
        outer = farthest * step / _STEPS
        if (margin(outer) >= 0) != buys:
            while abs(outer - inner) > _CLOSE * abs(outer):
                middle = 0.5 * (inner + outer)
                if (margin(middle) >= 0) != buys:
                    outer = middle
                else:
                    inner = middle
            return outer
        inner = outer
    return None
