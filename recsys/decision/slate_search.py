"""The search for the slate of greatest value under a budget and rules.

Slates are looked at by an upper bound on their value (:mod:`recsys.decision.additive_bound`), best first, and the search ends
where no bound is above the best value found. Up to a number of offers all slates that obey are looked at, and simulated as far as
their bound is above the best (all of them up to ``EVERY_UP_TO`` slates). Beyond: the best slate by stand-alone values
(mixed-integer programming), greedy, and the best single offer are improved by swaps.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.decision.additive_bound import AdditiveBound
from recsys.decision.slate_rules import Constraint, best_additive_slate
from recsys.decision.slate_value import SlateValuer
from recsys.ids import FloatArray

EVERY_UP_TO = 16
_SWAPS = 200

Chosen = frozenset[int]


class SlateSearch:
    """Looks for the slate of greatest NPV."""

    def __init__(self, valuer: SlateValuer, constraints: Sequence[Constraint], allowed: NDArray[np.bool_]) -> None:
        self.valuer, self.constraints, self.allowed = valuer, constraints, allowed
        self.candidates = [int(k) for k in np.flatnonzero(allowed) if self._could_be_in(int(k))]
        self.alone: FloatArray = np.array([valuer.npv([k]) if allowed[k] else 0.0 for k in range(len(allowed))])
        self._bound = AdditiveBound(self.alone)

    def obeys(self, chosen: Iterable[int]) -> bool:
        """Whether a slate keeps to budget and rules."""
        row = np.zeros(len(self.allowed), dtype=np.bool_)
        row[list(chosen)] = True
        return bool(self.allowed[row].all()) and all(constraint.holds(row) for constraint in self.constraints)

    def value(self, chosen: Chosen) -> float:
        """NPV of a slate, which the bound takes note of."""
        value = self.valuer.npv(chosen)
        self._bound.observe(chosen, value)
        return value

    def listed(self) -> tuple[Chosen, float, bool]:
        """The best of all slates that obey, its value as the bound, and whether all of them were run."""
        masks = self._all()
        every = len(masks) <= EVERY_UP_TO
        parts = masks @ self.alone
        gains = masks @ np.maximum(self.alone, 0.0)
        best: Chosen | None = None
        for row in np.argsort(-parts, kind="stable"):
            if not every and best is not None and self._bound.raised(parts[row], gains[row]) < self.value(best):
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
        obeying = np.array([constraint.holds_each(masks) for constraint in self.constraints]).all(axis=0)
        kept: NDArray[np.bool_] = masks[obeying]
        return kept

    def _better(self, one: Chosen, other: Chosen) -> bool:
        """More value; where that is equal, less cost, then the earlier ids."""
        return self._rank(one) < self._rank(other)

    def _rank(self, chosen: Chosen) -> tuple[float, float, list[int]]:
        return -self.value(chosen), self.valuer.committed(chosen), sorted(chosen)

    def heuristic(self) -> tuple[Chosen, float]:
        """A good slate, and the bound."""
        solved = best_additive_slate(self.alone, self.constraints, allowed=self.allowed)
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
        return best, self._bound.raised(upper, gains)

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
        worth_trying = [changed for changed in found if self.obeys(changed) and self._bound.of(changed) > self.value(slate)]
        yield from sorted(worth_trying, key=lambda changed: (-self._bound.of(changed), sorted(changed)))

    def _could_be_in(self, k: int) -> bool:
        """Whether any slate that obeys has offer ``k``."""
        row = np.zeros(len(self.allowed))
        row[k] = 1.0
        with_it = Constraint(says="it is in", row=row, low=1.0, high=np.inf)
        return best_additive_slate(np.zeros(len(row)), (*self.constraints, with_it), allowed=self.allowed) is not None
