"""The nearest counterfactual: the smallest change of an audience that would turn the decision on an offer."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from recsys.errors import ScenarioError
from recsys.projection.basis import Basis
from recsys.projection.project import project
from recsys.projection.support import largest_change
from recsys.scenario.scenario import Acquire, ResizeSegment, Scenario, Segment

_STEPS = 8
"""Places in each direction that are looked at before the search closes in."""
_CLOSE = 0.01
"""Relative width at which it stops; the decision is certain to be as before at 95 % of the change that is reported."""


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A change of a segment's size that turns a decision."""

    factor: float
    """The segment counts this many times as many users."""
    buys_before: bool
    """Whether the offer reached the hurdle without the change; with it, it is the other way round."""
    margin_before: float
    """NPV − hurdle rate · cost, currency, without the change."""
    margin_after: float
    scenario: Scenario
    """The scenario with the change, which shows it."""


def flip(basis: Basis, scenario: Scenario, offer: str, segment: Segment, *, limit: float | None = None) -> Flip | None:
    """The smallest factor on a segment's size that turns whether an offer reaches the hurdle.

    Small is measured in ln(factor), so that a halving counts as much as a doubling.

    Parameters
    ----------
    scenario : what else happens; it must acquire the offer
    limit : largest factor tried, and its inverse the smallest; by default what the data have seen

    Returns
    -------
    None where no factor within the limit turns it

    Raises
    ------
    ScenarioError  E_MOVIE: the scenario does not acquire the offer; as :func:`recsys.projection.project.project`
    """
    if not any(isinstance(change, Acquire) and change.offer == offer for change in scenario.changes):
        raise ScenarioError.of("E_MOVIE", f"the scenario does not acquire {offer!r}.", "Add it to the scenario.")
    hurdle = basis.economics.hurdle_rate.value

    def asked(size: float) -> Scenario:
        change = ResizeSegment(segment=segment, factor=math.exp(size))
        return replace(scenario, changes=(change, *scenario.changes)) if size else scenario

    def margin(size: float) -> float:
        result = next(found for found in project(basis, asked(size)).offers if found.movie_id == offer)
        return result.npv.p50 - hurdle * result.cost

    before = margin(0.0)
    farthest = math.log(limit or largest_change(basis))
    found = [turned for sign in (1.0, -1.0) if (turned := _nearest(margin, before >= 0, sign * farthest)) is not None]
    if not found:
        return None
    size = min(found, key=abs)
    return Flip(
        factor=math.exp(size),
        buys_before=before >= 0,
        margin_before=before,
        margin_after=margin(size),
        scenario=asked(size),
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
