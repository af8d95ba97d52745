"""Phone preview: the exported bundle run by the client in the reader's browser, and held against Python."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from recsys.app.preview import comparison
from recsys.app.preview.comparison import PhoneAnswer
from recsys.app.runtime import open_workspace
from recsys.app.shell import navigation
from recsys.app.shell.errors import with_error_box
from recsys.app.shell.job_progress import show_demo_completion
from recsys.export import bundle
from recsys.export.bundle import BundleStatus
from recsys.presentation import text

_HERE = Path(__file__).parent
_MILLIONTH = 1e-6
_SAME = "The server gives the same {n} movies in the same order for this history; scores differ by {error} of the largest."
_OTHER = "The server gives another {n} for this history than the phone: export again; if it stays so, report it."
_PROMISE = (
    "On a phone nothing of what was watched is sent anywhere. This preview sends what you set to this app alone, to compare. "
    "Personas are shown with what they watch more than others do. A film not bought yet is known by its description alone."
)


def show() -> None:
    """The whole page."""
    open_workspace.projection_context()
    held = bundle.status(open_workspace.export_folder())
    if held is None:
        if not show_demo_completion(_made):
            _nothing_yet()
        return
    if held.run != open_workspace.workspace().current_run().name:
        st.badge("made from an older model: export again", color="yellow", icon=":material/history:")
    st.fragment(with_error_box(_phone))(held)


def _made() -> bool:
    return bundle.status(open_workspace.export_folder()) is not None


def _nothing_yet() -> None:
    with st.container(border=True):
        st.subheader("No bundle yet", anchor=False)
        st.markdown(
            "A phone needs a bundle: the movies' vectors and the means to read a watch history. Making one takes a minute."
        )
        st.page_link(navigation.EXPORT.path, label="Export a bundle", icon=navigation.EXPORT.icon)


def _phone(held: BundleStatus) -> None:
    previewed = comparison.preview_bundle(held)
    shown = _component()(data=previewed.content, key="preview.phone", default={"asked": None}, on_asked_change=_asked)
    asked = PhoneAnswer.of(shown.get("asked"), previewed.stamp)
    if asked is not None:
        _verdict(held, asked)
    st.caption(_PROMISE)


def _component() -> ComponentRenderer:
    """Registered where it is used, once a process: scripts of the app are run again and again."""
    return _registered((_HERE / "phone.js").read_text(encoding="utf-8"), (_HERE / "phone.css").read_text(encoding="utf-8"))


@st.cache_resource(show_spinner=False)
def _registered(script: str, style: str) -> ComponentRenderer:
    return st.components.v2.component("greenlight_phone", js=script, css=style)


def _asked() -> None:
    """What the phone was asked lies in the component's state; the fragment is run again and reads it there."""


def _verdict(held: BundleStatus, asked: PhoneAnswer) -> None:
    found = comparison.parity(held, asked)
    if found is None:
        st.badge("not compared: the bundle's model is no longer here", color="gray", icon=":material/help:")
    elif found.same:
        st.badge("same list as the server", color="green", icon=":material/verified:")
        st.caption(_SAME.format(n=text.count(found.n), error=_error(found.max_relative_error)))
    else:
        st.badge("another list than the server's", color="red", icon=":material/error:")
        st.caption(_OTHER.format(n=text.count(found.n)))


def _error(share: float) -> str:
    return "less than a millionth" if share < _MILLIONTH else f"at most {share:.1e}"
