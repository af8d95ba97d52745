"""Fields that say what goes on beside the changes: what else is bought, and who joins."""

from collections.abc import Callable

import streamlit as st

from recsys.presentation import text
from recsys.projection.context import ProjectionContext
from recsys.scenario.scenario import ARRIVALS, JOINING, Arrivals, Joining


def arrivals(context: ProjectionContext, *, key: str, on_change: Callable[[], None] | None = None) -> Arrivals:
    """Draw the choice of whether other movies arrive, and say so where as usual means that none does."""
    chosen = st.selectbox(
        "Other movies meanwhile",
        ARRIVALS,
        format_func=text.ARRIVALS.__getitem__,
        key=key,
        on_change=on_change,
        help="As in the last year: as many movies, of the same kinds, watched as those were. They are on the service with and "
        "without the changes.",
    )
    if chosen == "as_usual" and not context.arrivals_last_year:
        st.caption(f"{text.NO_ARRIVALS}.")
    return chosen


def joining(context: ProjectionContext, *, key: str, on_change: Callable[[], None] | None = None) -> Joining:
    """Draw the choice of whether people join, and say so where as usual means that nobody does."""
    chosen = st.selectbox(
        "New people meanwhile",
        JOINING,
        format_func=text.JOINING.__getitem__,
        key=key,
        on_change=on_change,
        help="As in the last year: as many people a month, persona by persona. They join with and without the changes.",
    )
    if chosen == "as_usual" and not any(persona.a_month for persona in context.joined):
        st.caption(f"{text.NO_JOINERS}.")
    return chosen
