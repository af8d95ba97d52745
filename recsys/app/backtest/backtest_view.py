"""Proof: what the projection would have said of past arrivals, beside what happened and what others would have said."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.shell.job_progress import show_demo_completion
from recsys.app.shell.tables import show_chart, show_table
from recsys.presentation import charts
from recsys.presentation.tables import backtest as backtest_tables
from recsys.presentation.text import backtest as backtest_text
from recsys.presentation.text.escape import plain


def show() -> None:
    """The whole page."""
    open_workspace.dataset_info()
    document = open_workspace.backtest()
    if document is None:
        if not show_demo_completion(lambda: open_workspace.backtest() is not None):
            _none_yet()
        return
    if document["data"] != open_workspace.fingerprint():
        st.warning("The tables have changed since: this proof is of other data, and ranges are not calibrated. Run it again.")
    spans = backtest_tables.spans(document)
    if not spans:
        st.caption("The arrivals were too few to score.")
        return
    days, unit = _choice(document, spans)
    cell = document["totals"][days][unit]
    st.markdown(backtest_text.headline(cell, days, backtest_text.UNITS[unit]))
    _scatter(document, days, unit)
    _scores(cell)
    _ranges(document, cell)
    _misses(document, days)
    _substitution(document)
    _viewing(document)
    _stands_on(document)


def _none_yet() -> None:
    with st.container(border=True):
        st.subheader("Not proven here yet", anchor=False)
        st.markdown(
            "The time machine goes back to several moments of your history, learns from what was known then, projects every "
            "movie that arrived afterwards, and compares. It also makes the ranges of today's offers as wide as they have to be. "
            "It takes some minutes a moment, can be stopped, and goes on where it was."
        )
        st.code(f"recsys --workspace {open_workspace.workspace().root} backtest", language="sh")


def _choice(document: Mapping[str, Any], spans: tuple[str, ...]) -> tuple[str, str]:
    left, right = st.columns(2)
    with left:
        days = st.segmented_control(
            "Followed for", spans, format_func=lambda span: f"{span} days", default=spans[0], key="proof.days", required=True
        )
    chosen = days or spans[0]
    units = backtest_tables.units(document, chosen)
    with right:
        unit = st.segmented_control(
            "Counted in",
            units,
            format_func=backtest_text.UNITS.__getitem__,
            default=units[0],
            key="proof.unit",
            required=True,
        )
    return chosen, unit if unit in units else units[0]


def _scatter(document: Mapping[str, Any], days: str, unit: str) -> None:
    points = backtest_tables.points(document, days, unit)
    show_chart(
        charts.projected_against_actual(points, backtest_text.UNITS[unit]),
        f"Projected against actual {unit} of {len(points)} arrivals, each with its 8-in-10 range.",
    )
    st.caption(
        "Each mark is an arrival as a buyer would have seen it on the day. Both agree on the dashed line; axes go by factors."
    )


def _scores(cell: Mapping[str, Any]) -> None:
    st.subheader("Against what others would have said", anchor=False)
    table = backtest_tables.scores(cell)
    if table.empty:
        st.caption("Too few outcomes were known before the arrivals for the rivals to learn from.")
        return
    show_table(table, whole=True)
    st.caption(
        "Error: all misses together, as a share of all that was watched. Order: whether the bigger ones were told to be bigger. "
        "Lost by its slates: what buying for a third of what all would cost, by this forecast, would have missed of the best "
        "choice. In brackets: against this projection on the same arrivals, 95% interval by bootstrap."
    )


def _ranges(document: Mapping[str, Any], cell: Mapping[str, Any]) -> None:
    st.subheader("How often ranges held", anchor=False)
    show_table(backtest_tables.coverage(cell), whole=True)
    st.caption("Calibrated ranges were made at each moment from arrivals known by then. In brackets: 95% interval.")
    st.markdown(backtest_text.calibration(document, bool(document["simulated"])))


def _misses(document: Mapping[str, Any], days: str) -> None:
    table = backtest_tables.misses(document, days)
    if not table.empty:
        st.subheader("The worst misses", anchor=False)
        show_table(table, wide="what is known of why", whole=True)


def _substitution(document: Mapping[str, Any]) -> None:
    found = document["substitution"]
    st.subheader("Do launches take views from what is like them?", anchor=False)
    if not found:
        st.caption("Too few launches with settled movies round them to tell.")
    for kind, figures in found.items():
        st.markdown(backtest_text.substitution(kind, figures))


def _viewing(document: Mapping[str, Any]) -> None:
    st.subheader("What we said the service would be watched, and what it was", anchor=False)
    found = document.get("viewing")
    if not found:
        st.caption("No whole month is known after the past moments, so nothing can be told.")
        return
    st.markdown(backtest_text.viewing(found["scores"]))
    months = backtest_tables.viewing(document)
    show_chart(
        charts.viewing_said_and_seen(months),
        f"Viewing hours a month of the service, projected from {months['said from'].nunique()} past moments and as watched.",
    )
    st.caption(
        "From each past moment, what would have been projected had nothing been decided; off: all misses together, as a share of "
        "what was watched, by users of the tables."
    )


def _stands_on(document: Mapping[str, Any]) -> None:
    st.subheader("What it stands on", anchor=False)
    show_table(backtest_tables.origins(document), whole=True)
    st.markdown("\n".join(f"- {plain(note)}" for note in document["notes"]))
