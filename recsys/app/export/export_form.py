"""How a bundle is made."""

import streamlit as st

ROUNDING = {"": "exact (float32)", "float16": "half the size (float16)", "uint8": "a quarter of the size (uint8)"}


def exporting() -> list[str] | None:
    """Draw the settings; gives the command's options when an export is to start."""
    with st.container(border=True):
        chosen = st.radio("Numbers", list(ROUNDING), format_func=ROUNDING.__getitem__, key="export.rounding", horizontal=True)
        users = st.checkbox("Include users' tastes, under pseudonyms", key="export.users")
        st.caption("Users' vectors are records of their taste. They stay here unless you include them; phones never need them.")
        if st.button("Export", type="primary", icon=":material/ios_share:", key="export.start"):
            return [*(["--quantise", chosen] if chosen else []), *(["--include-users"] if users else [])]
    return None
