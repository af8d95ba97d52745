"""Sensitivity to unobserved confounding: how much would have to be hidden from the model for a decision on an offer to change.

Nobody has watched an offer, so what makes a movie liked and stands in no table is unknown to the model. Had that made the offer
weaker by some nats of appeal for everyone (or stronger, where it is not worth its fee), it would be watched less and earn less.
The nats at which its expected margin over the hurdle is 0 are found by simulating the scenario's month-by-month demand with the
offer's appeal moved: what the move changes at the point estimate, in proportion to the expected viewing, changes the expected
margin of the projection. Set beside how far the model usually misjudges such a movie, it says how safe the decision is.

References
----------
Rosenbaum (2002), Observational Studies, ch. 4, for sensitivity to what is not observed
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray
from recsys.projection import counterfactuals
from recsys.projection.context import ProjectionContext
from recsys.projection.economics import cost_flow, net_present_value
from recsys.projection.question import Question
from recsys.projection.result import Projection
from recsys.scenario.scenario import Scenario

FARTHEST_NATS = 4.0
"""A movie fifty times as strong, or as weak, is another movie: beyond it nothing is looked for."""
_CLOSE_NATS = 0.002


@dataclass(frozen=True, kw_only=True)
class Confounding:
    """The unobserved appeal at which the decision on one offer changes."""

    movie_id: str
    title: str
    buys: bool
    """Whether the offer reaches the hurdle as it is; with ``nats`` more appeal it just does not, or the other way round."""
    nats: float | None
    """Below 0: by so much weaker; above: stronger. None where none within ``FARTHEST_NATS`` changes the decision."""
    views_share: float | None
    """Views that it then has, less those projected, as a share of them: −0.23 is 23 % fewer."""
    usual_nats: float
    """How far a movie that nobody has seen is usually misjudged (one standard deviation)."""


def unobserved_confounding(context: ProjectionContext, scenario: Scenario, projection: Projection) -> tuple[Confounding, ...]:
    """One figure for each offer that a scenario acquires, in the order of ids.

    An offer's margin is that of a projection: the scenario with it against the scenario without it. Whether it reaches the
    hurdle is what the projection says.

    Parameters
    ----------
    projection : the answer to the scenario, every draw in it

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    question = Question.of(context, scenario)
    catalogue = question.catalogue
    if not catalogue.offers or not question.horizon_months:
        return ()
    found = counterfactuals.simulate(question, 0)
    rate, hurdle = context.economics.discount_rate.value, context.economics.hurdle_rate.value

    def confounding(k: int) -> Confounding:
        offer = catalogue.offers[k]
        without = found.without_offer[k].revenue

        def at(nats: float) -> tuple[float, float]:
            """Margin over the hurdle, currency, and views, with the offer's appeal moved."""
            outcome = found.projected
            if nats:
                appeal = np.zeros(len(found.question.tracked_movies))
                appeal[k] = nats
                (outcome,) = found.question.with_appeal(appeal).simulate([catalogue.after])
            return margin(outcome.revenue - without, outcome.tracked_views[k]), float(outcome.tracked_views[k].sum())

        def margin(revenue: FloatArray, views: FloatArray) -> float:
            cost = cost_flow(offer.terms, views)
            value = net_present_value(np.concatenate([[0.0], revenue]), rate)
            return value - (1.0 + hurdle) * net_present_value(cost, rate)

        answer = projection.offers[k]
        before = answer.npv.mean - hurdle * answer.cost
        point, views = at(0.0)
        size = answer.views.mean / views if views > 0 else 1.0
        nats = _root(lambda moved: before + size * (at(moved)[0] - point), before)
        share = None if nats is None or views <= 0 else at(nats)[1] / views - 1.0
        return Confounding(
            movie_id=offer.movie_id,
            title=offer.title,
            buys=before >= 0,
            nats=nats,
            views_share=share,
            usual_nats=context.choice.cold_appeal_residual_sd,
        )

    return tuple(confounding(k) for k in range(len(catalogue.offers)))


def _root(margin: Callable[[float], float], before: float) -> float | None:
    """The move nearest to 0 on the way to the farthest one at which the margin is 0."""
    from scipy.optimize import brentq  # noqa: PLC0415  a fifth of a second that the first page can do without

    farthest = -FARTHEST_NATS if before >= 0 else FARTHEST_NATS
    inner = 0.0
    for part in (0.125, 0.25, 0.5, 1.0):
        outer = farthest * part
        if (margin(outer) >= 0) != (before >= 0):
            return float(brentq(margin, inner, outer, xtol=_CLOSE_NATS))
        inner = outer
    return None
