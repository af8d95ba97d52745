"""The walk-away price: the licence fee above which an offer no longer earns what money has to earn here."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from recsys.decision.slate_value import longest_licence
from recsys.errors import ScenarioError
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.projection.result import OfferResult, Projection, Range
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from recsys.segments.attribute_rules import nearest_names


@dataclass(frozen=True, kw_only=True)
class WalkAwayPrice:
    """What to pay at most for one offer."""

    movie_id: str
    title: str
    fee: float
    """Asked, currency."""
    price: Range
    """Walk-away price, currency: at it NPV = hurdle rate · cost, all other terms as offered. Not below 0."""
    room_share: float
    """(expected price − fee) / fee: how far the fee is below it; 0 where the fee is 0."""
    verdict: str
    """``take`` where even the cautious price (P10) is above the fee, ``leave`` where even the hopeful one (P90) is below,
    ``negotiate`` between; ``withheld`` where the offer or the scenario lies outside the data."""
    result: OfferResult
    scenario: Scenario
    """The question that shows it."""
    projection: Projection
    """Its answer."""

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
            "n_draws": answer.n_draws,
            "movie_id": self.movie_id,
            "title": self.title,
            "fee": self.fee,
            "hurdle_rate": answer.hurdle_rate,
            "max_bid": asdict(self.price),
            "room_share": self.room_share,
            "verdict": self.verdict,
            "support": self.result.support,
            "warnings": list(answer.warnings),
        }


def walk_away_price(context: ProjectionContext, offer: str, scenario: Scenario | None = None) -> WalkAwayPrice:
    """The walk-away price of an offer: by itself, over its licence, or on top of what a scenario does, over its horizon.

    Parameters
    ----------
    offer : its id, or its title where no other offer has it

    Raises
    ------
    ScenarioError  E_MOVIE: no such offer; as :func:`recsys.projection.project.project`
    """
    offer = _named(context, offer)
    asked = scenario or Scenario(name=f"Buy {context.title(offer)}", horizon_months=longest_licence(context, [offer]))
    if not any(isinstance(change, Acquire) and change.offer == offer for change in asked.changes):
        asked = replace(asked, changes=(*asked.changes, Acquire(offer=offer)))
    answer = project(context, asked, draws="all")
    result = next(found for found in answer.offers if found.movie_id == offer)
    fee = _fee(context, asked, offer)
    return WalkAwayPrice(
        movie_id=offer,
        title=result.title,
        fee=fee,
        price=result.max_bid,
        room_share=(result.max_bid.mean - fee) / fee if fee > 0 else 0.0,
        verdict=_verdict(result, fee),
        result=result,
        scenario=asked,
        projection=answer,
    )


def _named(context: ProjectionContext, said: str) -> str:
    """Id of the offer of that id or title."""
    if said in context.offer_ids:
        return said
    titles = dict(zip(map(str, context.offer_ids.ids), map(str, context.offers["title"]), strict=True))
    called = [name for name, title in titles.items() if title.casefold() == said.strip().casefold()]
    if len(called) == 1:
        return called[0]
    near = nearest_names(said, [*titles, *titles.values()])
    raise ScenarioError.of("E_MOVIE", f"there is no offer {said!r}, or more than one.", f"Did you mean {near}?")


def _verdict(result: OfferResult, fee: float) -> str:
    if result.roi is None and result.cost > 0:
        return "withheld"
    return "take" if result.max_bid.p10 >= fee else "leave" if result.max_bid.p90 < fee else "negotiate"


def _fee(context: ProjectionContext, scenario: Scenario, offer: str) -> float:
    stated = next(change.fee for change in scenario.changes if isinstance(change, Acquire) and change.offer == offer)
    return float(context.offers["fee"].iloc[int(context.offer_ids.rows([offer])[0])]) if stated is None else stated
