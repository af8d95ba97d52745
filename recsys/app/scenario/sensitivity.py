"""Sensitivity of a projection: swings of unsure parameters and unobserved confounding, computed in the background."""

from collections.abc import Mapping

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.background import BackgroundCache, Pending, session_id
from recsys.decision.sensitivity import ParameterSensitivity, parameter_sensitivities
from recsys.decision.unobserved_confounding import Confounding, unobserved_confounding
from recsys.projection.result import Projection
from recsys.scenario.hash import question_hash
from recsys.scenario.scenario import Scenario


def swings(scenario: Scenario) -> tuple[ParameterSensitivity, ...] | Pending:
    """Change of the NPV as each unsure parameter is moved by itself, the largest first.

    Raises
    ------
    ScenarioError  as :func:`recsys.decision.sensitivity.parameter_sensitivities`
    """
    context = open_workspace.projection_context()
    key = f"{context.fingerprint}/{question_hash(scenario)}"
    return swings_background().ask(key, lambda: parameter_sensitivities(context, scenario), session_id=session_id())


def strengths(scenario: Scenario, projection: Projection) -> Mapping[str, Confounding] | Pending:
    """Unobserved confounding that would turn the decision on each offer, by the offer's id.

    Raises
    ------
    ScenarioError  as :func:`recsys.decision.unobserved_confounding.unobserved_confounding`
    """
    context = open_workspace.projection_context()
    key = f"{context.fingerprint}/{question_hash(scenario)}"

    def found() -> Mapping[str, Confounding]:
        return {one.movie_id: one for one in unobserved_confounding(context, scenario, projection)}

    return strengths_background().ask(key, found, session_id=session_id())


@st.cache_resource
def swings_background() -> BackgroundCache[tuple[ParameterSensitivity, ...]]:
    """Swings by fingerprint and question."""
    return BackgroundCache()


@st.cache_resource
def strengths_background() -> BackgroundCache[Mapping[str, Confounding]]:
    """Strengths by fingerprint and question."""
    return BackgroundCache()
