"""Which offers to buy under a budget and rules.

The value of a slate is its NPV, run whole: offers take viewing from one another. Offers are substitutes, so a slate is worth no
more than its parts added up; that sum is the bound by which slates are looked at, best first, and by which the search ends.
Where a slate turns out to be worth more than its parts (subscribers kept by two offers together), the bound is raised by as
much as has been seen.

Up to ``EXACT_UP_TO`` offers every slate that obeys budget and rules is considered; beyond, the best slate by stand-alone values
(mixed-integer programming), greedy, and the best single offer are improved by swaps, and the gap to the bound is reported.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.decision.rules import Limit, Rules, best_additive, check_feasible, limits
from recsys.decision.worth import Worth, fixed_cost, with_slate, worth
from recsys.ids import FloatArray
from recsys.projection.basis import Basis
from recsys.scenario.scenario import Scenario

EXACT_UP_TO = 15
SLACK = 1.005
"""By how much a slate may be worth more than its parts before any has been seen to be."""
_SWAPS = 200

Chosen = frozenset[int]
NO_RULES = Rules()


@dataclass(frozen=True, kw_only=True)
class WhyNot:
    """Why an offer is left out, and what would change that."""

    movie_id: str
    title: str
    reason: str
    adds: float
    """NPV that it would add to the slate at the fee asked, currency (the budget aside)."""
    fee: float
    fee_to_enter: float | None
    """At a fee below this it enters; None where no fee would do. A slate with it may exist at a higher fee."""


@dataclass(frozen=True, kw_only=True)
class Slate:
    """A choice of offers."""

    chosen: tuple[str, ...]
    """Ids, in order."""
    value: float
    """NPV of the slate, currency, point estimate."""
    cost: float
    """Committed: fees, dubbing, delivery, marketing; not above the budget. Royalties are in the value."""
    budget: float
    upper_bound: float
    """No slate that obeys is worth more, as far as slates are not worth more than their parts (see the module)."""
    gap_share: float
    """(upper bound − value) / upper bound; 0 where the choice is the best there is."""
    exact: bool
    """Whether all slates were considered."""
    n_runs: int
    """Slates that were run."""
    why_not: tuple[WhyNot, ...]
    currency: str
    scenario: Scenario
    """The scenario that buys this slate."""

    def as_json(self) -> dict[str, Any]:
        """The document that the command line prints."""
        return {
            "schema": 1,
            "chosen": list(self.chosen),
            "value": self.value,
            "cost": self.cost,
            "budget": self.budget,
            "currency": self.currency,
            "upper_bound": self.upper_bound,
            "gap_share": self.gap_share,
            "exact": self.exact,
            "slates_run": self.n_runs,
            "why_not": [vars(entry) for entry in self.why_not],
        }


def choose(
    basis: Basis,
    budget: float,
    rules: Rules = NO_RULES,
    scenario: Scenario | None = None,
    *,
    exact_up_to: int = EXACT_UP_TO,
    explain: bool = True,
) -> Slate:
    """Choose offers.

    Offers unlike anything in the catalogue are left out, since what they are worth is not known, unless they must be in.

    Parameters
    ----------
    budget : currency; what may be committed (fees, dubbing, delivery, marketing)
    scenario : audience and catalogue around the slate; where it acquires an offer, its terms are used. None asks about
        today's service, for as long as the longest licence on offer
    exact_up_to : offers up to which all slates are considered
    explain : whether to say why each of the others is left out

    Raises
    ------
    ScenarioError  E_RULES: rules that clash, and which; E_NUMBER, E_RANGE: the budget; E_MOVIE: an offer that there is not; as
        :func:`recsys.projection.project.project`
    DataError  E_NO_OFFERS
    """
    valued = worth(basis, scenario)
    ids = [offer.movie_id for offer in valued.offers]
    cost = np.array([fixed_cost(offer) for offer in valued.offers])
    bounds = limits(rules, basis.offers, ids, cost, budget)
    allowed = np.array([offer.inside or offer.movie_id in rules.must_have for offer in valued.offers])
    check_feasible(bounds, allowed=allowed)
    search = _Search(valued, bounds, allowed)
    exact = int(allowed.sum()) <= exact_up_to
    best, upper = search.exhaustive() if exact else search.heuristic()
    value = valued.npv(best)
    why_not = [search.why_not(best, k, budget, exact=exact) for k in range(len(ids)) if k not in best] if explain else []
    chosen = tuple(ids[k] for k in sorted(best))
    return Slate(
        chosen=chosen,
        value=value,
        cost=valued.committed(best),
        budget=budget,
        upper_bound=max(upper, value),
        gap_share=max(upper - value, 0.0) / upper if upper > 0 else 0.0,
        exact=exact,
        n_runs=valued.n_runs,
        why_not=tuple(why_not),
        currency=basis.economics.currency,
        scenario=with_slate(valued.scenario, chosen),
    )


class _Search:
    """Looks for the slate of greatest NPV."""

    def __init__(self, valued: Worth, bounds: Sequence[Limit], allowed: NDArray[np.bool_]) -> None:
        self.valued, self.bounds, self.allowed = valued, bounds, allowed
        self.candidates = [int(k) for k in np.flatnonzero(allowed)]
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

    def exhaustive(self) -> tuple[Chosen, float]:
        """The best of all slates that obey, and its value as the bound."""
        masks = self._all()
        parts = masks @ self.alone
        gains = masks @ np.maximum(self.alone, 0.0)
        best: Chosen | None = None
        for row in np.argsort(-parts, kind="stable"):
            if best is not None and parts[row] + (self.slack - 1.0) * gains[row] < self.value(best):
                continue  # not the end: the slack may have grown since the slates were sorted
            chosen = frozenset(int(k) for k in np.flatnonzero(masks[row]))
            if best is None or self._better(chosen, best):
                best = chosen
        if best is None:
            raise ArithmeticError("rules that can be met were not met")
        return best, self.value(best)

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

    def _reason(self, best: Chosen, left_out: int, adds: float, *, exact: bool) -> str:
        if not self.allowed[left_out]:
            return "it is unlike anything in the catalogue, so what it is worth is not known"
        row = np.zeros(len(self.allowed), dtype=np.bool_)
        row[[*best, left_out]] = True
        broken = [bound.says for bound in self.bounds if not bound.holds(row)]
        if self.alone[left_out] <= 0:
            return "it costs more than it would earn even by itself"
        if adds <= 0:
            return "beside the chosen offers it would cost more than it adds"
        if broken:
            return f"it would break {' and '.join(broken)}, and what it could replace is worth more"
        return "the others are worth more together" if exact else "the search found no better slate with it"
