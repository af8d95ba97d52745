"""What is shown instead of an answer: a refusal with its remedy, or the next step where there is nothing yet."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import pandas as pd
import streamlit as st

from recsys.app.shell import navigation
from recsys.app.shell.tables import grid
from recsys.errors import Finding, RecsysError, coded_system_errors
from recsys.presentation.text.escape import plain

P = ParamSpec("P")
R = TypeVar("R")

_NEXT_STEPS = {
    "E_NO_TABLES": (
        "No data yet",
        "Greenlight answers from your own users, movies and views. Bring them in first; a template for each table is there.",
        navigation.DATA,
        "Bring in data",
    ),
    "E_NO_RUN": (
        "No model yet",
        "The tables are here, but nothing has been learned from them yet. Training takes minutes and goes on in the background.",
        navigation.TRAIN,
        "Train a model",
    ),
    "E_STALE": (
        "The tables have changed since the model was trained",
        "The model in use knows other users or movies than the tables hold now. Train again, and everything here answers anew.",
        navigation.TRAIN,
        "Train a model",
    ),
}
"""Refusals that only mean that a step is still to come."""


@contextmanager
def error_box() -> Iterator[None]:
    """Show a refusal as a box in the place of whatever could not be drawn. The one place where the app catches one."""
    try:
        with coded_system_errors():
            yield
    except RecsysError as error:
        refused(error)


def with_error_box(draw: Callable[P, R]) -> Callable[P, R | None]:
    """:func:`error_box` for a function that is run again on its own (a fragment)."""

    @wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R | None:
        result: R | None = None
        with error_box():
            result = draw(*args, **kwargs)
        return result  # noqa: RET504  error_box() swallows, which the type checker cannot see

    return wrapped


def refused(error: RecsysError) -> None:
    """The box for a refusal."""
    if error.code in _NEXT_STEPS:
        next_step(error.code)
    else:
        findings(error.findings)


def next_step(code: str) -> None:
    """What to do where something is still missing."""
    title, text, page, label = _NEXT_STEPS[code]
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.markdown(text)
        st.page_link(page.path, label=label, icon=page.icon)


def findings(found: Sequence[Finding]) -> None:
    """Findings, the refusing ones in red; several of them as a table."""
    errors = [finding for finding in found if not finding.code.startswith("W_")]
    notes = [finding for finding in found if finding.code.startswith("W_")]
    if errors:
        _box(errors, st.error, "One thing stands in the way" if len(errors) == 1 else f"{len(errors)} things stand in the way")
    if notes:
        _box(notes, st.warning, "Worth knowing")


def _box(found: Sequence[Finding], draw: Callable[[str], object], title: str) -> None:
    if len(found) == 1:
        draw(f"**{_place(found[0])}{plain(_sentence(found[0].message))}** {plain(found[0].remedy)} `{_code(found[0])}`")
        return
    draw(f"**{title}.** Nothing has been changed.")
    grid(as_table(found), hide_index=True, width="stretch", column_config={"what": {"width": "large"}, "do": {"width": "large"}})


def as_table(found: Sequence[Finding]) -> pd.DataFrame:
    """Findings as rows: where, what, what to do, code."""
    return pd.DataFrame(
        {
            "where": [".".join(part for part in (finding.table, finding.column) if part) for finding in found],
            "rows": [", ".join(map(str, finding.rows)) for finding in found],
            "what": [_sentence(finding.message) for finding in found],
            "do": [finding.remedy for finding in found],
            "code": [finding.code for finding in found],
        }
    )


def _place(finding: Finding) -> str:
    parts = [part for part in (finding.table, finding.column) if part and part != "scenario"]
    rows = f", row {', '.join(map(str, finding.rows))}" if finding.rows else ""
    return plain(f"{'.'.join(parts)}{rows}: ") if parts else ""


def _code(finding: Finding) -> str:
    return "".join(sign for sign in finding.code if sign.isalnum() or sign == "_")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
