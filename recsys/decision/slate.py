"""Which offers to buy under a budget and rules.

The value of a slate is its expected NPV, run whole: offers take viewing from one another. The search goes by a value close to it
that takes one run a slate (:mod:`recsys.decision.slate_value`); the slate it ends with is projected under every draw.

Offers are substitutes, so a slate is worth no more than its parts added up; that sum is the bound by which slates are looked at,
best first, and by which the search ends. Where a slate turns out to be worth more than its parts (subscribers kept by two offers
together), the bound is raised by as much as has been seen. Nothing proves that no slate exceeds it by more, so a choice counts as
exact only where every slate that obeys was run.

Up to ``LISTED_UP_TO`` offers that a slate that obeys could have, all slates are looked at, and run as far as their bound is above
the best (all of them up to ``EVERY_UP_TO`` slates). Beyond: the best slate by stand-alone values (mixed-integer programming),
greedy, and the best single offer are improved by swaps.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.decision.slate_rules import Limit, Rules, best_additive, check_feasible, limits
from recsys.decision.slate_value import SlateValuer, Tell, fixed_cost, slate_valuer, with_slate
from recsys.ids import FloatArray
from recsys.projection.context import ProjectionContext
from recsys.projection.data_support import offers_beyond
from recsys.projection.project import project
from recsys.projection.result import Projection
from recsys.scenario.changes import Acquire, ShiftLaunch
from recsys.scenario.scenario import Scenario

EVERY_UP_TO = 16
LISTED_UP_TO = 15
SLACK = 1.005
"""By how much a slate may be worth more than its parts before any has been seen to be."""
_SWAPS = 200

Chosen = frozenset[int]
Answer = Callable[[Scenario], Projection]
NO_RULES = Rules()


@dataclass(frozen=True, kw_only=True)
class WhyNot:
    """Why an offer is left out, and what would change that."""

    movie_id: str
    title: str
    reason: str
    adds: float
    """About the expected NPV that it would add to the slate at the fee asked, currency (the budget aside)."""
    fee: float
    fee_to_enter: float | None
    """At a fee below about this it enters; None where no fee would do. A slate with it may exist at a higher fee."""


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
    why_not: tuple[WhyNot, ...]
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
    tell: Tell = lambda _: None,
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
    tell : told how many slates have been run, after each
    answer : projects the slate that is chosen, under every draw (by default :func:`recsys.projection.project.project`)

    Raises
    ------
    ScenarioError  E_RULES: rules that clash, and which; E_NUMBER, E_RANGE: the budget; E_MOVIE: an offer that there is not; as
        :func:`recsys.projection.project.project`
    DataError  E_NO_OFFERS
    """
    valued = slate_valuer(context, scenario, tell)
    ids = [offer.movie_id for offer in valued.offers]
    cost = np.array([fixed_cost(offer) for offer in valued.offers])
    bounds = limits(rules, context.offers, ids, cost, budget)
    allowed = np.array([offer.inside or offer.movie_id in rules.must_have for offer in valued.offers])
    check_feasible(bounds, allowed=allowed)
    search = _Search(valued, bounds, allowed)
    best, upper, exact = search.listed() if len(search.candidates) <= listed_up_to else (*search.heuristic(), False)
    why_not = [search.why_not(best, k, budget, exact=exact) for k in range(len(ids)) if k not in best] if explain else []
    chosen = tuple(ids[k] for k in sorted(best))
    scenario = with_slate(valued.scenario, chosen)
    value = _expected(scenario, answer or partial(project, context, draws="all")) if chosen else 0.0
    gap = max(upper - valued.npv(best), 0.0)
    return Slate(
        chosen=chosen,
        value=value,
        search_value=valued.npv(best),
        cost=valued.committed(best),
        budget=budget,
        possible=len(search.candidates),
        cheapest=float(cost[allowed].min(initial=np.inf)) if allowed.any() else 0.0,
        upper_bound=value + gap,
        gap_share=gap / (value + gap) if value + gap > 0 else 0.0,
        exact=exact,
        n_runs=valued.n_runs,
        why_not=tuple(why_not),
        currency=context.economics.currency,
        warnings=offers_beyond(valued.offers),
        scenario=scenario,
    )


def _expected(scenario: Scenario, answer: Answer) -> float:
    """Expected NPV of the offers that a scenario acquires, beside its other changes to the catalogue."""
    others = tuple(change for change in scenario.changes if not isinstance(change, Acquire | ShiftLaunch))
    without = replace(scenario, changes=others)
    return answer(scenario).npv.mean - (answer(without).npv.mean if without.catalogue else 0.0)


class _Search:
    """Looks for the slate of greatest NPV."""

    def __init__(self, valued: SlateValuer, bounds: Sequence[Limit], allowed: NDArray[np.bool_]) -> None:
        self.valued, self.bounds, self.allowed = valued, bounds, allowed
        self.candidates = [int(k) for k in np.flatnonzero(allowed) if self._could_be_in(int(k))]
        self.alone: FloatArray = np.array([valued.npv([k]) if allowed[k] else 0.0 for k in range(len(allowed))])
        self.slack = SLACK

    def obeys(self, chosen: Iterable[int]) -> bool:
        """Whether a slate keeps to budget and rules."""
        row = np.zeros(len(self.allowed), dtype=np.bool_)
        row[list(chosen)] = True
        return bool(self.allowed[row].all()) and all(bound.holds(row) for bound in self.bounds)

    def value(self, chosen: Chosen) -> float:
        """NPV of a slate; remembers by how much slates exceed the sum of their parts."""
        value = self.valued.npv(chosen)
        gains = sum(max(self.alone[k], 0.0) for k in chosen)
        if len(chosen) > 1 and gains > 0:
            excess = value - float(sum(self.alone[k] for k in chosen))
            self.slack = max(self.slack, 1.0 + 2.0 * excess / gains)
        return value

    def bound(self, chosen: Chosen) -> float:
        """What a slate can be worth at most, from its parts."""
        parts = self.alone[sorted(chosen)]
        return float(parts.sum() + (self.slack - 1.0) * np.maximum(parts, 0.0).sum())

    def listed(self) -> tuple[Chosen, float, bool]:
        """The best of all slates that obey, its value as the bound, and whether all of them were run."""
        masks = self._all()
        every = len(masks) <= EVERY_UP_TO
        parts = masks @ self.alone
        gains = masks @ np.maximum(self.alone, 0.0)
        best: Chosen | None = None
        for row in np.argsort(-parts, kind="stable"):
            if not every and best is not None and parts[row] + (self.slack - 1.0) * gains[row] < self.value(best):
                continue  # not the end: the slack may have grown since the slates were sorted
            chosen = frozenset(int(k) for k in np.flatnonzero(masks[row]))
            if best is None or self._better(chosen, best):
                best = chosen
        if best is None:
            raise ArithmeticError("rules that can be met were not met")
        return best, self.value(best), every

    def _all(self) -> NDArray[np.bool_]:
        """bool[n_slates, n_offers]: every slate that obeys, smaller numbers first."""
        count = len(self.candidates)
        masks = np.zeros((2**count, len(self.allowed)), dtype=np.bool_)
        masks[:, self.candidates] = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
        obeying = np.array([bound.holds_each(masks) for bound in self.bounds]).all(axis=0)
        kept: NDArray[np.bool_] = masks[obeying]
        return kept

    def _better(self, one: Chosen, other: Chosen) -> bool:
        """More value; where that is equal, less cost, then the earlier ids."""
        return self._rank(one) < self._rank(other)

    def _rank(self, chosen: Chosen) -> tuple[float, float, list[int]]:
        return -self.value(chosen), self.valued.committed(chosen), sorted(chosen)

    def heuristic(self) -> tuple[Chosen, float]:
        """A good slate, and the bound."""
        solved = best_additive(self.alone, self.bounds, allowed=self.allowed)
        if solved is None:
            raise ArithmeticError("rules that can be met were not met")
        upper, row = solved
        start = frozenset(int(k) for k in np.flatnonzero(row))
        starts = [start, self._greedy(start, frozenset()), *self._singles()]
        required = frozenset(k for k in start if not self.obeys(start - {k}))
        if self.obeys(required):
            starts.append(self._greedy(required, frozenset()))
        best = min((slate for slate in starts if self.obeys(slate)), key=self._rank)
        best = self._swapped(self._greedy(best, frozenset()))
        gains = float(np.maximum(self.alone, 0.0)[row].sum())
        return best, upper + (self.slack - 1.0) * gains

    def _singles(self) -> list[Chosen]:
        best = max(self.candidates, key=lambda k: (self.alone[k], -k), default=None)
        return [] if best is None else [frozenset({best})]

    def _greedy(self, start: Chosen, barred: Chosen) -> Chosen:
        """Add what adds most, lazily: gains only shrink as the slate grows, so an old gain bounds a new one."""
        slate = start
        queue = [(-self.alone[k], k) for k in self.candidates if k not in start and k not in barred]
        heapq.heapify(queue)
        while queue:
            _, k = heapq.heappop(queue)
            if not self.obeys(slate | {k}):
                continue
            gain = self.value(slate | {k}) - self.value(slate)
            if gain <= 0:
                continue
            if queue and gain < -queue[0][0]:
                heapq.heappush(queue, (-gain, k))
                continue
            slate = slate | {k}
        return slate

    def _swapped(self, slate: Chosen) -> Chosen:
        """Improve by taking one out or putting one in its place, while that helps."""
        tried = 0
        improved = True
        while improved and tried < _SWAPS:
            improved = False
            for changed in self._neighbours(slate):
                tried += 1
                if self._better(changed, slate):
                    slate, improved = self._greedy(changed, frozenset()), True
                    break
                if tried >= _SWAPS:
                    break
        return slate

    def _neighbours(self, slate: Chosen) -> Iterator[Chosen]:
        """Slates one step away that obey and whose bound is above the slate's value, best bound first."""
        found = [slate - {out} for out in slate]
        found += [slate - {out} | {k} for out in slate for k in self.candidates if k not in slate]
        worth_trying = [changed for changed in found if self.obeys(changed) and self.bound(changed) > self.value(slate)]
        yield from sorted(worth_trying, key=lambda changed: (-self.bound(changed), sorted(changed)))

    def why_not(self, best: Chosen, left_out: int, budget: float, *, exact: bool) -> WhyNot:
        """Why an offer is not in the slate."""
        offer = self.valued.offers[left_out]
        value = self.value(best)
        adds = self.valued.npv(best | {left_out}) - value
        entering = [
            fee for changed in self._with(best, left_out) if (fee := self._fee(changed, left_out, value, budget)) is not None
        ]
        return WhyNot(
            movie_id=offer.movie_id,
            title=offer.title,
            reason=self._reason(best, left_out, adds, exact=exact),
            adds=adds,
            fee=offer.terms.fee,
            fee_to_enter=max(entering, default=None) if self.allowed[left_out] else None,
        )

    def _with(self, best: Chosen, left_out: int) -> list[Chosen]:
        """The slate with the offer added, or put in the place of the one that is missed least by itself."""
        place = sorted(best, key=lambda k: (self.alone[k], k))[:2]
        return [best | {left_out}, *(best - {out} | {left_out} for out in place)]

    def _fee(self, changed: Chosen, left_out: int, value: float, budget: float) -> float | None:
        """The fee at which a slate with the offer is worth as much as the best without it, and within the budget."""
        asked = self.valued.offers[left_out].terms.fee
        row = np.zeros(len(self.allowed), dtype=np.bool_)
        row[list(changed)] = True
        if not all(bound.holds(row) for bound in self.bounds[1:]):
            return None
        equal = asked + self.valued.npv(changed) - value
        affordable = budget - (self.valued.committed(changed) - asked)
        fee = min(equal, affordable)
        return fee if fee > 0 else None

    def _could_be_in(self, k: int) -> bool:
        """Whether any slate that obeys has offer ``k``."""
        row = np.zeros(len(self.allowed))
        row[k] = 1.0
        with_it = Limit(says="it is in", row=row, low=1.0, high=np.inf)
        return best_additive(np.zeros(len(row)), (*self.bounds, with_it), allowed=self.allowed) is not None

    def _impossible(self, left_out: int) -> str | None:
        """Why no slate can have an offer; None where one can."""
        if not self.allowed[left_out]:
            return "it is unlike anything in the catalogue, so what it is worth is not known"
        cost, budget = self.valued.committed([left_out]), self.bounds[0].high
        if left_out in self.candidates:
            return None
        if cost > budget:
            return "it costs more by itself than may be spent in all"
        return "the budget and the rules leave no room for it, whatever else is bought"

    def _reason(self, best: Chosen, left_out: int, adds: float, *, exact: bool) -> str:
        if (impossible := self._impossible(left_out)) is not None:
            return impossible
        row = np.zeros(len(self.allowed), dtype=np.bool_)
        row[[*best, left_out]] = True
        broken = ["the budget" if bound is self.bounds[0] else bound.says for bound in self.bounds if not bound.holds(row)]
        if self.alone[left_out] <= 0:
            return "it costs more than it would earn even by itself"
        if adds <= 0:
            return "beside the chosen offers it would cost more than it adds"
        if broken:
            return f"it would break {' and '.join(broken)}, and what it could replace is worth more"
        return "the others are worth more together" if exact else "the search found no better slate with it"
