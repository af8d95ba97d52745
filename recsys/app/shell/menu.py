"""The menu as Streamlit wants it, and the one address that it would not know: the first page's own name."""

import streamlit as st
from streamlit.navigation.page import Page

from recsys.app.shell import navigation

PRODUCT = "Greenlight"


def pages() -> dict[str, list[Page]]:
    """Every page by its section of the menu. The first page answers at ``/``; its own name leads there and is not listed."""
    listed = {
        section: [
            st.Page(
                place.path,
                title=place.title,
                icon=place.icon,
                url_path="" if place is navigation.HOME else place.url,
                default=place is navigation.HOME,
            )
            for place in found
        ]
        for section, found in navigation.MENU.items()
    }
    named = st.Page(_first_page, title=navigation.HOME.title, url_path=navigation.HOME.url, visibility="hidden")
    next(iter(listed.values())).append(named)
    return listed


def tab_title(page: Page) -> str:
    """What the browser's tab says: the page first, so that tabs are told apart."""
    return f"{page.title} · {PRODUCT}"


def _first_page() -> None:
    st.switch_page(navigation.HOME.path, query_params=st.query_params.to_dict())
