"""What an answer hangs on, worked out behind the page when somebody looks."""

from collections.abc import Mapping

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.background import BackgroundCache
from recsys.decision.sensitivity import Swing, tornado
from recsys.decision.unobserved_confounding import Strength
from recsys.decision.unobserved_confounding import strengths as decision_strengths
from recsys.projection.result import Projection
from recsys.scenario.hash import question_hash
from recsys.scenario.scenario import Scenario


def swings(scenario: Scenario) -> tuple[Swing, ...] | None:
    """Each unsure parameter moved by itself, the largest swing first; None while it is worked out.

    Raises
    ------
    ScenarioError  as :func:`recsys.decision.sensitivity.tornado`
    """
    context = open_workspace.projection_context()
    key = f"{context.fingerprint}/{question_hash(scenario)}"
    return desk().ask(key, lambda: tornado(context, scenario), reader=f"{open_workspace.session_id()}/swings")


def strengths(scenario: Scenario, projection: Projection) -> Mapping[str, Strength] | None:
    """What would have to be hidden for the decision on each offer to turn, by offer; None while it is worked out.

    Raises
    ------
    ScenarioError  as :func:`recsys.decision.unobserved_confounding.strengths`
    """
    context = open_workspace.projection_context()
    key = f"{context.fingerprint}/{question_hash(scenario)}"

    def found() -> Mapping[str, Strength]:
        return {one.movie_id: one for one in decision_strengths(context, scenario, projection)}

    return strength_desk().ask(key, found, reader=f"{open_workspace.session_id()}/strengths")


@st.cache_resource
def desk() -> BackgroundCache[tuple[Swing, ...]]:
    """Where swings are worked out."""
    return BackgroundCache()


@st.cache_resource
def strength_desk() -> BackgroundCache[Mapping[str, Strength]]:
    """Where strengths are worked out."""
    return BackgroundCache()
