"""The slate: which offers to buy under a budget and rules.

The value of a slate is its expected NPV, simulated together: offers take viewing from one another. The search goes by a value
close to it that takes one simulation a slate (:mod:`recsys.decision.slate_value`); the slate it ends with is projected under
every draw. A choice counts as exact only where every slate that obeys was simulated.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from recsys.decision.slate_exclusions import Exclusions, LeftOutOffer
from recsys.decision.slate_rules import Rules, constraints, refuse_clashing_rules
from recsys.decision.slate_search import SlateSearch
from recsys.decision.slate_value import fixed_cost, slate_valuer, with_slate
from recsys.progress import ReportProgress, silent
from recsys.projection.context import ProjectionContext
from recsys.projection.data_support import offers_outside_support
from recsys.projection.project import project
from recsys.projection.result import Projection
from recsys.scenario.changes import Acquire, ShiftLaunch
from recsys.scenario.scenario import Scenario

LISTED_UP_TO = 15
"""Offers that could be in a slate up to which all slates are looked at."""

Answer = Callable[[Scenario], Projection]
NO_RULES = Rules()


@dataclass(frozen=True, kw_only=True)
class Slate:
    """A choice of offers."""

    chosen: tuple[str, ...]
    """Ids, in order."""
    value: float
    """Expected NPV of the slate over the horizon, currency."""
    search_value: float
    """What the search took it to be worth, currency: close to ``value``, and what slates were compared by."""
    cost: float
    """Committed: fees, dubbing, delivery, marketing; not above the budget. Royalties are in the value."""
    budget: float
    possible: int
    """Offers that some slate that obeys could have."""
    cheapest: float
    """Committed cost of the cheapest offer that may be bought, currency."""
    upper_bound: float
    """No slate that obeys is worth more, as far as slates are not worth more than their parts (see the module)."""
    gap_share: float
    """(upper bound − value) / upper bound; 0 where the search found nothing that could be better."""
    exact: bool
    """Whether every slate that obeys was run."""
    n_runs: int
    """Slates that were run."""
    why_not: tuple[LeftOutOffer, ...]
    currency: str
    scenario: Scenario
    """The scenario that buys this slate."""
    warnings: tuple[str, ...] = ()
    """Offers unlike anything in the catalogue, whether left out for it or in because they must be."""

    @property
    def horizon_months(self) -> int:
        """Months that every figure counts."""
        return self.scenario.horizon_months

    def as_json(self) -> dict[str, Any]:
        """The document that the command line prints."""
        return {
            "schema": 1,
            "chosen": list(self.chosen),
            "value": self.value,
            "cost": self.cost,
            "budget": self.budget,
            "currency": self.currency,
            "horizon_months": self.horizon_months,
            "possible": self.possible,
            "cheapest": self.cheapest,
            "upper_bound": self.upper_bound,
            "gap_share": self.gap_share,
            "exact": self.exact,
            "slates_run": self.n_runs,
            "why_not": [vars(entry) for entry in self.why_not],
            "warnings": list(self.warnings),
        }


def choose(
    context: ProjectionContext,
    budget: float,
    rules: Rules = NO_RULES,
    scenario: Scenario | None = None,
    *,
    listed_up_to: int = LISTED_UP_TO,
    explain: bool = True,
    answer: Answer | None = None,
    progress: ReportProgress = silent,
) -> Slate:
    """Choose offers.

    Offers unlike anything in the catalogue are left out, since what they are worth is not known, unless they must be in.

    Parameters
    ----------
    budget : currency; what may be committed (fees, dubbing, delivery, marketing)
    scenario : audience and catalogue around the slate; where it acquires an offer, its terms are used. None asks about
        today's service, for as long as the longest licence on offer
    listed_up_to : offers that could be in up to which all slates are looked at
    explain : whether to say why each of the others is left out
    progress : told how many slates have been run, after each; how many there will be is not known
    answer : projects the slate that is chosen, under every draw (by default :func:`recsys.projection.project.project`)

    Raises
    ------
    ScenarioError  E_RULES: rules that clash, and which; E_NUMBER, E_RANGE: the budget; E_MOVIE: an offer that there is not; as
        :func:`recsys.projection.project.project`
    DataError  E_NO_OFFERS
    """
    valuer = slate_valuer(context, scenario, progress)
    ids = [offer.movie_id for offer in valuer.offers]
    cost = np.array([fixed_cost(offer) for offer in valuer.offers])
    bounds = constraints(rules, context.offers, ids, cost, budget)
    allowed = np.array([offer.inside or offer.movie_id in rules.must_have for offer in valuer.offers])
    refuse_clashing_rules(bounds, allowed=allowed)
    search = SlateSearch(valuer, bounds, allowed)
    best, upper, exact = search.listed() if len(search.candidates) <= listed_up_to else (*search.heuristic(), False)
    exclusions = Exclusions(search, best, budget, exact=exact)
    why_not = [exclusions.explain(k) for k in range(len(ids)) if k not in best] if explain else []
    chosen = tuple(ids[k] for k in sorted(best))
    scenario = with_slate(valuer.scenario, chosen)
    value = _expected(scenario, answer or partial(project, context, draws="all")) if chosen else 0.0
    gap = max(upper - valuer.npv(best), 0.0)
    return Slate(
        chosen=chosen,
        value=value,
        search_value=valuer.npv(best),
        cost=valuer.committed(best),
        budget=budget,
        possible=len(search.candidates),
        cheapest=float(cost[allowed].min(initial=np.inf)) if allowed.any() else 0.0,
        upper_bound=value + gap,
        gap_share=gap / (value + gap) if value + gap > 0 else 0.0,
        exact=exact,
        n_runs=valuer.n_runs,
        why_not=tuple(why_not),
        currency=context.economics.currency,
        warnings=offers_outside_support(valuer.offers),
        scenario=scenario,
    )


def _expected(scenario: Scenario, answer: Answer) -> float:
    """Expected NPV of the offers that a scenario acquires, beside its other changes to the catalogue."""
    others = tuple(change for change in scenario.changes if not isinstance(change, Acquire | ShiftLaunch))
    without = replace(scenario, changes=others)
    return answer(scenario).npv.mean - (answer(without).npv.mean if without.catalogue else 0.0)
