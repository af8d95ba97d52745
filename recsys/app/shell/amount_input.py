"""Amounts and shares as people type them: money in their own words, changes in per cent."""

from dataclasses import dataclass

import streamlit as st

from recsys.errors import ScenarioError
from recsys.presentation.text import amounts
from recsys.presentation.text.escape import plain
from recsys.presentation.text.numbers import LAKH, symbol


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What an amount's field holds."""

    value: float | None
    """In the currency's own unit; None where nothing is typed, or nothing that can be read."""
    text: str = ""
    """As it is typed."""
    readable: bool = True
    """Whether what is typed, if anything, is an amount."""


def amount(
    label: str, currency: str, *, key: str, value: float | None = None, help_text: str | None = None, placeholder: str = ""
) -> Amount:
    """An amount of money as people write it (``1.8 crore``, ``18,000,000``); below the field stands how it was read.

    Parameters
    ----------
    value : what stands there at first, in the currency's unit
    placeholder : what an empty field means
    """
    first = "" if value is None else amounts.written(value, currency)
    st.session_state.setdefault(key, first)
    typed = st.text_input(
        f"{label} ({symbol(currency)})",
        key=key,
        help=help_text,
        placeholder=placeholder,
    )
    if not (typed or "").strip():
        return Amount(value=None)
    try:
        found = amounts.read(typed or "", currency)
    except ScenarioError as error:
        said = error.findings[0]
        st.error(f"{plain(said.message)} {plain(said.remedy)}", icon=":material/edit:")
        return Amount(value=None, text=typed or "", readable=False)
    if typed != first or found >= LAKH:
        st.caption(f"Read as {plain(amounts.echo(found, currency))}.")
    return Amount(value=value if typed == first else found, text=typed or "")


def percent_change(label: str, *, key: str, value: float = 20.0, help_text: str | None = None) -> float:
    """A factor, typed as per cent more (20) or fewer (-20): 1.2 or 0.8."""
    typed = st.number_input(
        label,
        min_value=min(-99.0, value),
        max_value=max(900.0, value),
        value=value,
        step=5.0,
        format="%.4g",
        key=key,
        help=help_text,
    )
    return 1 + typed / 100


def points(label: str, *, key: str, value: float, low: float, high: float, help_text: str | None = None) -> float:
    """A share, or a difference of shares, typed in per cent or percentage points: 1 is 0.01."""
    typed = st.number_input(
        label, min_value=float(low), max_value=float(high), value=value, step=0.5, format="%.4g", key=key, help=help_text
    )
    return round(typed / 100, 10)
