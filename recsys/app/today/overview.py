"""Where the app opens: what this workspace holds, and three things worth deciding today."""

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.background import Pending
from recsys.app.scenario import scenario_session
from recsys.app.shell import navigation
from recsys.app.shell.job_progress import show_demo_completion
from recsys.app.shell.waiting import poll
from recsys.app.today import workspace_summary
from recsys.app.today.workspace_summary import WorkspaceSummary
from recsys.decision.suggested_decisions import SuggestedDecision
from recsys.presentation import text
from recsys.presentation.text import suggested_decisions
from recsys.presentation.text.escape import plain
from recsys.progress import Progress


def show() -> None:
    """The whole page."""
    _holds(workspace_summary.workspace_summary())
    context = open_workspace.projection_context()
    st.subheader("Worth deciding today", anchor=False)
    found = workspace_summary.suggested_decisions()
    if isinstance(found, Pending):
        poll(found, _waiting)
        found = ()
    elif not found:
        st.caption("Nothing: there are no offers, no licence ends soon, and no audience grows. Bring in offers on the Data page.")
    for position, decision in enumerate(found):
        _card(decision, context.economics.currency, position)
    if found:
        st.caption("Expected values, each by itself. The scenario behind each button shows its range and what it rests on.")
    show_demo_completion(lambda: False)


def _waiting(_step: Progress) -> None:
    with st.container(border=True):
        st.markdown(":material/hourglass_top: Every offer is being looked at, one by one …")


def _card(decision: SuggestedDecision, currency: str, position: int) -> None:
    with st.container(border=True):
        left, right = st.columns([7, 3], vertical_alignment="center", gap="medium")
        with left:
            st.markdown(f"#### {plain(suggested_decisions.headline(decision))}")
            st.markdown(plain(suggested_decisions.why(decision, currency)))
        with right:
            if st.button(
                suggested_decisions.BUTTONS[decision.kind],
                icon=navigation.SCENARIO.icon,
                key=f"home.open.{position}",
                width="stretch",
            ):
                scenario_session.start(decision.scenario)
                st.switch_page(navigation.SCENARIO.path)


def _holds(held: WorkspaceSummary) -> None:
    with st.container(horizontal=True, gap="small"):
        stand_for = held.people is not None and held.people > held.users
        _figure(
            "Users",
            text.compact(held.users),
            f"a sample that stands for {text.compact(held.people or 0.0)} people" if stand_for else "in this workspace",
        )
        if held.on_service is None:
            _figure("Movies", text.compact(held.movies), "in the catalogue")
        else:
            _figure("Movies", text.compact(held.on_service), f"on the service, of {text.compact(held.movies)} known")
        period = f"{text.day(held.first)} to {text.day(held.last)}" if held.first and held.last else ""
        _figure("Views", text.compact(held.events), period)
        _figure("Offers", text.compact(held.offers), "that can be bought")
        if held.last:
            _figure("Newest view", text.day(held.last), f"model of {text.day(held.trained)}" if held.trained else "no model yet")


def _figure(label: str, value: str, note: str) -> None:
    with st.container(width=172, gap=None):
        st.metric(label, value)
        st.caption(note)
