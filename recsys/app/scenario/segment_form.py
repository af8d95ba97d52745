"""Whom a change is about: everyone, a persona, users by their attributes, or a selection drawn on the map."""

import streamlit as st

from recsys.app.runtime import disclosure, open_workspace
from recsys.app.scenario import scenario_session
from recsys.app.shell.errors import error_box
from recsys.presentation.tables import attributes, colouring
from recsys.presentation.text.escape import plain
from recsys.presentation.text.numbers import percent, users
from recsys.projection.audience_changes import members_of
from recsys.projection.context import ProjectionContext
from recsys.scenario.changes import (
    ByPersona,
    ByRule,
    Everyone,
    Segment,
)

EVERYONE, PERSONA, RULE, PICKED = "everyone", "a persona", "by attribute", "picked on the map"


def segment(context: ProjectionContext, *, key: str, start: Segment | None = None) -> Segment | None:
    """The segment that is chosen, with how many users it holds; None while there is none that may be asked about."""
    kinds = [EVERYONE, PERSONA, RULE]
    if scenario_session.picked_users() is not None:
        kinds.append(PICKED)
    kind = st.segmented_control("Who", kinds, default=_kind_of(start, kinds), required=True, key=f"{key}.who")
    chosen = _chosen(context, kind or EVERYONE, key, start)
    if chosen is not None:
        with error_box():
            members = members_of(context, chosen)
            disclosure.admit(open_workspace.workspace(), context, members[None])
            size = int(members.sum())
            st.caption(f"{users(size)}, {percent(size / max(context.choice.n_users, 1))} of all.")
            return chosen
    return None


def _chosen(context: ProjectionContext, kind: str, key: str, start: Segment | None) -> Segment | None:
    if kind == PERSONA:
        return _persona(context, key, start)
    if kind == RULE:
        return _rule(context, key, start)
    if kind == PICKED:
        return scenario_session.picked_users()
    return Everyone()


def _kind_of(start: Segment | None, kinds: list[str]) -> str:
    kind = PERSONA if isinstance(start, ByPersona) else RULE if isinstance(start, ByRule) else EVERYONE
    return kind if kind in kinds else EVERYONE


def _persona(context: ProjectionContext, key: str, start: Segment | None) -> ByPersona | None:
    names = [persona.name for persona in context.personas.personas]
    at = names.index(start.persona) if isinstance(start, ByPersona) and start.persona in names else 0
    name = st.selectbox("Persona", names, index=at if names else None, key=f"{key}.persona")
    return ByPersona(persona=name) if name else None


def _rule(context: ProjectionContext, key: str, start: Segment | None) -> ByRule | None:
    known = attributes.choices(context.users)
    written = isinstance(start, ByRule)
    by_hand = st.toggle("Write the rule myself", value=written or not known, key=f"{key}.by_hand")
    if by_hand:
        text = st.text_input(
            "Rule",
            value=start.where if isinstance(start, ByRule) else "",
            placeholder="language = 'Tamil' and city_tier in (2, 3)",
            help=f"Attributes: {plain(', '.join(known))}. Join tests with and, or, not.",
            key=f"{key}.where",
        )
        return ByRule(where=text.strip()) if text and text.strip() else None
    asked = st.multiselect(
        "Attributes", list(known), format_func=colouring.label, key=f"{key}.attributes", placeholder="Choose one"
    )
    wanted = {
        name: st.multiselect(
            plain(colouring.label(name).capitalize()),
            known[name],
            format_func=attributes.shown,
            key=f"{key}.value.{name}",
            placeholder="Any of these",
        )
        for name in asked
    }
    text = attributes.rule(wanted)
    return ByRule(where=text) if text else None
