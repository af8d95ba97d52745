"""Router and frame of the app; every page is a script in ``pages/``, every figure comes from ``recsys``."""

import streamlit as st

from recsys.app import components, menu

st.set_page_config(page_icon=components.ICON, layout="wide", initial_sidebar_state="auto")  # before the menu names its symbols
page = st.navigation(menu.pages(), expanded=True)
st.set_page_config(page_title=menu.tab_title(page), page_icon=components.ICON)
components.style()
components.brand()
page.run()
