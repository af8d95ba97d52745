"""Router and frame of the app; every page is a script in ``pages/``, every figure comes from ``recsys``."""

import streamlit as st

from recsys.app import components, places

st.set_page_config(page_title="Greenlight", page_icon=components.ICON, layout="wide", initial_sidebar_state="auto")
components.style()
components.brand()

menu = {
    section: [
        st.Page(place.path, title=place.title, url_path=place.url, icon=place.icon, default=place is places.HOME)
        for place in listed
    ]
    for section, listed in places.MENU.items()
}
st.navigation(menu, expanded=True).run()
