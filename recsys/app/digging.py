"""What an answer hangs on, worked out behind the page when somebody looks."""

import streamlit as st

from recsys.app import session
from recsys.app.ranges import Desk
from recsys.decision.tornado import Swing, tornado
from recsys.scenario.hash import content_hash
from recsys.scenario.scenario import Scenario


def swings(scenario: Scenario) -> tuple[Swing, ...] | None:
    """Each unsure parameter moved by itself, the largest swing first; None while it is worked out.

    Raises
    ------
    ScenarioError  as :func:`recsys.decision.tornado.tornado`
    """
    basis = session.basis()
    key = f"{basis.fingerprint}/{content_hash(scenario)}"
    return desk().ask(key, lambda: tornado(basis, scenario), reader=f"{session.reader()}/swings")


@st.cache_resource
def desk() -> Desk[tuple[Swing, ...]]:
    """Where it is worked out."""
    return Desk()
