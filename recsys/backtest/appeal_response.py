"""The response of an offer's views to its appeal: views at an appeal, and the appeal that explains views."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from recsys.ids import FloatArray

STEPS_NATS = (-6.0, -3.0, -1.5, 0.0, 1.5, 3.0, 6.0, 9.0)
"""Appeals, against the projected one, at which the views are worked out."""


@dataclass(frozen=True, eq=False)
class AppealResponse:
    """Views at each of :data:`STEPS_NATS`, logarithms joined by a rising curve.

    Examples
    --------
    >>> doubling = AppealResponse([10.0 * 2.0**step for step in STEPS_NATS])
    >>> doubling.appeal_of(np.array([20.0])).round(6), doubling.views_at(np.array([-1.0])).round(6)
    (array([1.]), array([5.]))
    """

    views: Sequence[float]

    def appeal_of(self, views: FloatArray) -> FloatArray:
        """The appeal that explains so many views (above 0), against the projected one, nats; inside the range of the steps."""
        known = self._levels()
        level = np.clip(np.log(views), known[0], known[-1])
        nats: FloatArray = PchipInterpolator(known, STEPS_NATS)(level)
        return nats

    def views_at(self, nats: FloatArray) -> FloatArray:
        """Views if the appeal were so much higher than projected."""
        views: FloatArray = np.exp(PchipInterpolator(STEPS_NATS, self._levels())(np.clip(nats, STEPS_NATS[0], STEPS_NATS[-1])))
        return views

    def _levels(self) -> FloatArray:
        """ln views at each step, strictly rising."""
        level = np.log(np.maximum(np.asarray(self.views, dtype=np.float64), 1e-12))
        rising: FloatArray = np.maximum.accumulate(level) + 1e-9 * np.arange(len(level))
        return rising
