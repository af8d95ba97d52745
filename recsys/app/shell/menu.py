"""The menu as Streamlit wants it, and the one address that it would not know: the first page's own name."""

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from recsys.app.shell import navigation

PRODUCT = "Greenlight"


def pages() -> dict[str, list[StreamlitPage]]:
    """Every page by its section of the menu. The first page answers at ``/``; its own name leads there and is not listed."""
    listed = {
        section: [
            st.Page(
                page.path,
                title=page.title,
                icon=page.icon,
                url_path="" if page is navigation.HOME else page.url,
                default=page is navigation.HOME,
            )
            for page in section_pages
        ]
        for section, section_pages in navigation.MENU.items()
    }
    named = st.Page(_first_page, title=navigation.HOME.title, url_path=navigation.HOME.url, visibility="hidden")
    next(iter(listed.values())).append(named)
    return listed


def tab_title(page: StreamlitPage) -> str:
    """What the browser's tab says: the page first, so that tabs are told apart."""
    return f"{page.title} · {PRODUCT}"


def _first_page() -> None:
    st.switch_page(navigation.HOME.path, query_params=st.query_params.to_dict())
