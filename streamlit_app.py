"""Router and frame of the app; every page is a script in ``pages/``, every figure comes from ``recsys``."""

import streamlit as st

from recsys.app.runtime import page_address
from recsys.app.scenario import scenario_session
from recsys.app.shell import menu, page_layout
from recsys.app.slate import slate_search

st.set_page_config(page_icon=page_layout.ICON, layout="wide", initial_sidebar_state="auto")  # before the menu names its symbols
page = st.navigation(menu.pages(), expanded=True)
st.set_page_config(page_title=menu.tab_title(page), page_icon=page_layout.ICON)
page_address.register_readers(scenario_session.read_address, slate_search.read_address)
page_layout.style()
page_layout.brand()
page.run()
