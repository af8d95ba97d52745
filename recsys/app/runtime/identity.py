"""Who uses the app, as far as it knows: whom a login in front of it names, else just somebody in the app."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

SOMEBODY = "app"


def user_name() -> str:
    """Name for what is saved and done; ``app`` where nobody has logged in."""
    if get_script_run_ctx(suppress_warning=True) is None:  # work that no page asked for
        return SOMEBODY
    known = st.user.to_dict()
    return str(known.get("email") or known.get("name") or SOMEBODY)[:200]
