"""Router and frame of the app; every page is a script in ``pages/``, every figure comes from ``recsys``."""

import streamlit as st

from recsys.app import address, choosing, draft, menu
from recsys.app.components import frame

st.set_page_config(page_icon=frame.ICON, layout="wide", initial_sidebar_state="auto")  # before the menu names its symbols
page = st.navigation(menu.pages(), expanded=True)
st.set_page_config(page_title=menu.tab_title(page), page_icon=frame.ICON)
address.read_by(draft.arrive, choosing.arrive)
frame.style()
frame.brand()
page.run()
