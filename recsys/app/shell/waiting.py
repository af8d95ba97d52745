"""What stands in place of an answer that is still being worked out."""

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.scenario.scenario import Scenario

POLL_SECONDS = 0.5


def waiting(scenario: Scenario) -> None:
    """How far the answer is; draws the page again when it is there."""
    if open_workspace.answer(scenario) is not None:
        st.rerun()
    done, of = open_workspace.progress(scenario) or (0, 0)
    told = f"case {done} of {of}" if done else "a few seconds on most services"
    st.progress(done / of if of else 0.0, f":material/hourglass_top: Working out what happens in each possible case: {told}.")
