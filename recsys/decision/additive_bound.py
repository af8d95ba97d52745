"""An upper bound on the value of a slate from the values of its offers alone.

Offers are substitutes, so a slate is worth no more than its parts added up. Where slates turn out to be worth more than their
parts (subscribers kept by two offers together), the bound is raised by as much as has been seen, and by a little before any has
been. Nothing proves that no slate exceeds it by more.
"""

from collections.abc import Collection

import numpy as np

from recsys.ids import FloatArray

FIRST_SLACK = 0.005
"""Share of its parts' gains by which a slate may be worth more than its parts, before any has been seen to be."""
_SAFETY = 2.0
"""How much farther than any slate seen another one may go."""


class AdditiveBound:
    """The bound Σ alone + slack · Σ max(alone, 0), whose slack grows with what is observed and never shrinks."""

    def __init__(self, alone: FloatArray) -> None:
        self._alone = alone
        self._factor = 1.0 + FIRST_SLACK

    @property
    def slack(self) -> float:
        """Share of the gains of its parts by which a slate may be worth more than its parts."""
        return self._factor - 1.0

    def observe(self, chosen: Collection[int], value: float) -> None:
        """Take in the value of a slate: raise the slack where it exceeds the sum of its parts."""
        gains = sum(max(self._alone[k], 0.0) for k in chosen)
        if len(chosen) > 1 and gains > 0:
            excess = value - float(sum(self._alone[k] for k in chosen))
            self._factor = max(self._factor, 1.0 + _SAFETY * excess / gains)

    def of(self, chosen: Collection[int]) -> float:
        """What a slate can be worth at most, as far as has been observed."""
        parts = self._alone[sorted(chosen)]
        return self.raised(float(parts.sum()), float(np.maximum(parts, 0.0).sum()))

    def raised(self, parts: float, gains: float) -> float:
        """The bound of a slate whose offers are worth so much alone, and so much counting only those worth more than 0."""
        return float(parts + self.slack * gains)
