"""Personas as cards: who they are, what they like, how they grow, and the question that follows."""

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.scenario import scenario_session
from recsys.app.shell import navigation
from recsys.app.shell.tables import show_chart
from recsys.presentation import charts, text
from recsys.presentation.tables.colouring import label
from recsys.presentation.text.escape import plain
from recsys.projection.context import ProjectionContext
from recsys.scenario.changes import ByPersona, ResizeSegment
from recsys.segments.personas import Persona

_ORDERS = {
    "the largest first": lambda persona: -persona.size,
    "the fastest growing first": lambda persona: -persona.monthly_growth_share,
    "the fastest shrinking first": lambda persona: persona.monthly_growth_share,
}
_GROWTH = 0.2
_OF_MOVIES = ("genres", "languages")


def show() -> None:
    """All personas of the run."""
    context = open_workspace.projection_context()
    listed = context.personas.personas
    total = sum(persona.size for persona in listed)
    head, order = st.columns([3, 2], vertical_alignment="bottom")
    groups = f"{text.users(total)} in {text.count(len(listed))} groups that watch alike; every user is in one."
    each = context.economics.people_per_user.value
    sample = f" Each user stands for {text.compact(each)} people." if each > 1 else ""
    head.markdown(f"{groups}{sample} In brackets: how many times as often as all users.")
    by = order.selectbox("Order", list(_ORDERS), key="personas.order") or next(iter(_ORDERS))
    ranked = sorted(listed, key=_ORDERS[by])
    columns = st.columns(2, gap="medium")
    for position, persona in enumerate(ranked):
        with columns[position % 2]:
            _card(context, persona, total)


def _card(context: ProjectionContext, persona: Persona, total: int) -> None:
    with st.container(border=True):
        st.markdown(f"#### {plain(persona.name)}")
        share = text.percent(persona.size / total) if total else "0%"
        st.markdown(f"**{text.users(persona.size)}**, {share} of all · {_growth(persona)}")
        show_chart(charts.sparkline(persona.monthly_active, label="active users"), f"Active users of {persona.name} by month.")
        first, last = persona.monthly_active[0][0], persona.monthly_active[-1][0]
        st.caption(f"Users active in each month, {text.month_name(first)} to {text.month_name(last)}.")
        people = [f"{label(name)} {value} ({lift:.1f}×)" for name, value, lift in persona.traits if name not in _OF_MOVIES]
        watched = [f"{value} ({lift:.1f}×)" for name, value, lift in persona.traits if name in _OF_MOVIES]
        for said, listed in (("Are more often", people), ("Watch more often", watched)):
            if listed:
                st.markdown(f":small[**{said}:** {plain(', '.join(listed[:4]))}]")
        if persona.favourites:
            titles = ", ".join(context.title(movie) for movie in persona.favourites[:5])
            st.markdown(f":small[**Favourites, against others:** {plain(titles)}]")
        grows = f"What if this grows {text.percent(_GROWTH)}?"
        if st.button(grows, icon=navigation.SCENARIO.icon, key=f"personas.grow.{persona.name}"):
            step = ResizeSegment(segment=ByPersona(persona=persona.name), factor=1 + _GROWTH)
            scenario_session.buy((step,), name=f"{persona.name} grows {text.percent(_GROWTH)}"[:200])
            st.switch_page(navigation.SCENARIO.path)


def _growth(persona: Persona) -> str:
    share = persona.monthly_growth_share
    if abs(share) < 0.0005:
        return "steady"
    colour, verb = ("green", "growing") if share > 0 else ("red", "shrinking")
    return f":{colour}[{verb} {text.percent(abs(share))} a month]"
