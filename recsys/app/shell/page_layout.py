"""What every page has: a title, the one line it answers, whether the service is simulated, and where its figures are from."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from recsys.app.runtime import open_workspace, page_address
from recsys.app.shell.errors import error_box
from recsys.errors import RecsysError, coded_system_errors
from recsys.presentation.charts import theme
from recsys.presentation.text.glossary import GLOSSARY

STYLE = Path(__file__).with_name("page.css")
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">
<circle cx="24" cy="24" r="20" fill="none" stroke="#009E73" stroke-width="6"/>
<circle cx="24" cy="24" r="10" fill="#009E73"/></svg>"""
"""The page's own sign in the browser's tab: symbols by name would be fetched from another host."""
MARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 236 48" role="img" aria-label="Greenlight">
<circle cx="24" cy="24" r="15" fill="none" stroke="#009E73" stroke-width="4"/><circle cx="24" cy="24" r="7.5" fill="#009E73"/>
<text x="52" y="33" font-family="Charter, Cambria, 'Noto Serif', Georgia, serif" font-size="29" font-weight="600" fill="#009E73"
>Greenlight</text></svg>"""


def style() -> None:
    """The few rules that the theme cannot express, and charts in the mode of the page; once a run."""
    theme.follow(lambda: st.context.theme.type == "dark")
    st.html(STYLE)


@contextmanager
def page(title: str, question: str) -> Iterator[None]:
    """Title and question above, the page between, model and data version below; a refusal shows as a box.

    Parameters
    ----------
    question : the one line that the page answers
    """
    head, aside = st.columns([5, 2], vertical_alignment="bottom", gap="medium")
    with head:
        st.title(title, anchor=False)
        st.caption(question)
    with aside, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if open_workspace.is_simulated():
            st.badge("simulated service", icon=":material/science:", color="yellow", help=_SIMULATED)
        glossary()
    for read_address in page_address.readers():
        with error_box():
            read_address()
    with error_box():
        yield
    footer()


_SIMULATED = (
    "Users, movies and views of this workspace are invented by a written process. No figure here is about a real service."
)


def glossary() -> None:
    """The words on the screen and the exact terms behind them."""
    with st.popover("Words", icon=":material/menu_book:", type="tertiary"):
        for entry in GLOSSARY:
            st.markdown(f"**{entry.word}** – {entry.meaning}  \n:gray[:small[{_escaped(entry.exact)}]]")


def _escaped(text: str) -> str:
    return text.replace("[", "\\[").replace("]", "\\]").replace("*", "\\*")


def footer() -> None:
    """Which model and which data speak."""
    try:
        with coded_system_errors():
            parts = open_workspace.origin()
    except RecsysError:
        parts = ()
    said = " · ".join(f"{html.escape(name)} <code>{html.escape(value)}</code>" for name, value in parts) or "nothing trained yet"
    origin = "Simulated service. " if open_workspace.is_simulated() else ""
    st.html(f'<div class="greenlight-footer">{origin}{said}</div>')


def brand() -> None:
    """Name of the product, above the menu."""
    st.logo(MARK, size="large")


def side_by_side() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns, the left one for what is asked and the right one for what is answered; above each other on a phone."""
    left, right = st.columns([5, 11], gap="large")
    return left, right
