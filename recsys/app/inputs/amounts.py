"""Amounts and shares as people type them: rupees in lakh or crore, changes in per cent."""

import streamlit as st

from recsys.app import words


def amount(label: str, currency: str, *, key: str, value: float | None = None, help_text: str | None = None) -> float | None:
    """An amount of money in the currency's own unit; None where nothing is typed.

    Parameters
    ----------
    value : what stands there at first, in the currency's unit
    """
    units = words.units(currency)
    unit = words.unit_of(value, currency)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with right:
        unit = (
            st.selectbox("Unit", list(units), index=list(units).index(unit), key=f"{key}.unit", label_visibility="collapsed")
            or unit
        )
    with left:
        typed = st.number_input(
            f"{label} ({words.symbol(currency)})",
            min_value=0.0,
            value=None if value is None else value / units[unit],
            step={1.0: 100.0, 1e7: 0.1}.get(units[unit], 1.0),
            format="%.6g",
            key=f"{key}.{unit}",
            help=help_text,
            placeholder="as offered" if value is None else "",
        )
    return None if typed is None else round(float(typed) * units[unit], 2)


def percent_change(label: str, *, key: str, value: float = 20.0, help_text: str | None = None) -> float:
    """A factor, typed as per cent more (20) or fewer (-20): 1.2 or 0.8."""
    typed = st.number_input(
        label, min_value=-99.0, max_value=900.0, value=value, step=5.0, format="%.4g", key=key, help=help_text
    )
    return 1 + typed / 100


def points(label: str, *, key: str, value: float, help_text: str | None = None) -> float:
    """A difference of shares, typed in percentage points: 1 is 0.01."""
    typed = st.number_input(
        label, min_value=-100.0, max_value=100.0, value=value, step=0.5, format="%.4g", key=key, help=help_text
    )
    return round(typed / 100, 10)
