"""Sensitivity of the NPV, one parameter at a time: each moved from its P10 to its P90, all others at their estimates.

What is told is how far the NPV moves from where it lies with every parameter at its estimate. That place is no figure of its own:
it is not the expected NPV, which is the mean over the draws.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.choice.model.parameters import Draw
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.projection.uncertainty import quantiles
from recsys.scenario.scenario import Scenario

PARAMETERS = {
    "score_slope": "how strongly scores speak",
    "dissimilarity": "how easily similar movies replace one another",
    "rewatch": "how often a movie is watched again",
    "churn_hours_slope": "how much viewing keeps subscribers",
    "cold_appeal_shift": "how good the offers turn out to be",
    "ageing": "how much appeal an offer loses with time",
}
"""Parameters of a draw, one number each, and what they mean to a buyer."""


@dataclass(frozen=True, kw_only=True)
class ParameterSensitivity:
    """What one parameter does to the NPV of a scenario."""

    parameter: str
    meaning: str
    low: float
    """P10 of the parameter."""
    high: float
    """P90 of the parameter."""
    change_low: float
    """Change of the NPV, currency, with the parameter at its P10."""
    change_high: float
    """The same at its P90."""

    @property
    def swing(self) -> float:
        """How far the NPV moves from end to end, currency."""
        return abs(self.change_high - self.change_low)


def parameter_sensitivities(context: ProjectionContext, scenario: Scenario) -> tuple[ParameterSensitivity, ...]:
    """Swings of the NPV, largest first; parameters that no draw varies are left out.

    The appeal of cold movies moves the offers' appeal by its residual spread; every other parameter is set in place.

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    swings = []
    centre = project(context, scenario).npv.mean
    for name, meaning in PARAMETERS.items():
        values = np.array([getattr(draw, name) for draw in context.choice.draws])
        if len(values) < 3 or np.ptp(values[1:]) == 0:
            continue
        low, high = (float(value) for value in quantiles(values, [0.1, 0.9]))
        ends = [project(_at(context, name, value), scenario).npv.mean - centre for value in (low, high)]
        swings.append(
            ParameterSensitivity(parameter=name, meaning=meaning, low=low, high=high, change_low=ends[0], change_high=ends[1])
        )
    return tuple(sorted(swings, key=lambda swing: (-swing.swing, swing.parameter)))


def _at(context: ProjectionContext, name: str, value: float) -> ProjectionContext:
    point = context.choice.draws[0]
    if name == "cold_appeal_shift":
        coefficients = point.cold_appeal_coefficients.copy()
        coefficients[0] += float(context.cold_start_residual(np.asarray(value)))
        moved: Draw = replace(point, cold_appeal_coefficients=coefficients)
    else:
        changed: dict[str, Any] = {name: value}
        moved = replace(point, **changed)
    return context.with_choice(replace(context.choice, draws=(moved,)))
