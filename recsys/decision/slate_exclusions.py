"""Why an offer is left out of a slate, and the fee at which it would enter."""

from dataclasses import dataclass

import numpy as np

from recsys.decision.slate_search import Chosen, SlateSearch


@dataclass(frozen=True, kw_only=True)
class LeftOutOffer:
    """Why an offer is left out, and what would change that."""

    movie_id: str
    title: str
    reason: str
    adds: float
    """About the expected NPV that it would add to the slate at the fee asked, currency (the budget aside)."""
    fee: float
    fee_to_enter: float | None
    """At a fee below about this it enters; None where no fee would do. A slate with it may exist at a higher fee."""


class Exclusions:
    """Explains the offers that a search has left out of the slate it ended with."""

    def __init__(self, search: SlateSearch, best: Chosen, budget: float, *, exact: bool) -> None:
        self._search, self._best, self._budget, self._exact = search, best, budget, exact

    def explain(self, left_out: int) -> LeftOutOffer:
        """Why an offer is not in the slate."""
        offer = self._search.valuer.offers[left_out]
        value = self._search.value(self._best)
        adds = self._search.valuer.npv(self._best | {left_out}) - value
        entering = [fee for changed in self._with(left_out) if (fee := self._fee(changed, left_out, value)) is not None]
        return LeftOutOffer(
            movie_id=offer.movie_id,
            title=offer.title,
            reason=self._reason(left_out, adds),
            adds=adds,
            fee=offer.terms.fee,
            fee_to_enter=max(entering, default=None) if self._search.allowed[left_out] else None,
        )

    def _with(self, left_out: int) -> list[Chosen]:
        """The slate with the offer added, or put in the place of the one that is missed least by itself."""
        best, alone = self._best, self._search.alone
        place = sorted(best, key=lambda k: (alone[k], k))[:2]
        return [best | {left_out}, *(best - {out} | {left_out} for out in place)]

    def _fee(self, changed: Chosen, left_out: int, value: float) -> float | None:
        """The fee at which a slate with the offer is worth as much as the best without it, and within the budget."""
        asked = self._search.valuer.offers[left_out].terms.fee
        row = np.zeros(len(self._search.allowed), dtype=np.bool_)
        row[list(changed)] = True
        if not all(constraint.holds(row) for constraint in self._search.constraints[1:]):
            return None
        equal = asked + self._search.valuer.npv(changed) - value
        affordable = self._budget - (self._search.valuer.committed(changed) - asked)
        fee = min(equal, affordable)
        return fee if fee > 0 else None

    def _impossible(self, left_out: int) -> str | None:
        """Why no slate can have an offer; None where one can."""
        if not self._search.allowed[left_out]:
            return "it is unlike anything in the catalogue, so what it is worth is not known"
        cost, budget = self._search.valuer.committed([left_out]), self._search.constraints[0].high
        if left_out in self._search.candidates:
            return None
        if cost > budget:
            return "it costs more by itself than may be spent in all"
        return "the budget and the rules leave no room for it, whatever else is bought"

    def _reason(self, left_out: int, adds: float) -> str:
        if (impossible := self._impossible(left_out)) is not None:
            return impossible
        constraints = self._search.constraints
        row = np.zeros(len(self._search.allowed), dtype=np.bool_)
        row[[*self._best, left_out]] = True
        broken = [
            "the budget" if constraint is constraints[0] else constraint.says
            for constraint in constraints
            if not constraint.holds(row)
        ]
        if self._search.alone[left_out] <= 0:
            return "it costs more than it would earn even by itself"
        if adds <= 0:
            return "beside the chosen offers it would cost more than it adds"
        if broken:
            return f"it would break {' and '.join(broken)}, and what it could replace is worth more"
        return "the others are worth more together" if self._exact else "the search found no better slate with it"
