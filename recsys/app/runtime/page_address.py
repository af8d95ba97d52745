"""What the page's address carries: on every page the scenario on the table and the question put to Slate.

So a refresh loses nothing, and a link reopens what was looked at. What no link may hold (people picked on the map) or what is too
long for one is kept by this process under a name that cannot be guessed; whoever opens that address gets a copy.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from recsys.errors import ScenarioError

T = TypeVar("T")
KEPT = "kept."
"""Begins a parameter that names what this process keeps."""
_MOST = 500
_MINE = "greenlight.kept"
_arrivals: tuple[Callable[[], None], ...] = ()


def read_by(*arrivals: Callable[[], None]) -> None:
    """Name who takes up what the address carries, on every page, in this order."""
    global _arrivals  # noqa: PLW0603  set by the router, once a run
    _arrivals = arrivals


def arrivals() -> tuple[Callable[[], None], ...]:
    """Whoever has to look at the address before a page is drawn."""
    return _arrivals


def carry(wanted: Mapping[str, str], *, of: tuple[str, ...]) -> None:
    """Put parameters into the address, in the place of all that are named in ``of``; others stay."""
    there = st.query_params.to_dict()
    after = {name: value for name, value in there.items() if name not in of} | dict(wanted)
    if after != there:
        st.query_params.from_dict(after)


def told(name: str) -> str:
    """A parameter of the address; empty where it has none."""
    return str(st.query_params.get(name) or "")


def parameter(value: T, encode: Callable[[T], str]) -> str:
    """``value`` as a link has it, or the name under which it is kept here."""
    try:
        return encode(value)
    except ScenarioError:
        return _keep(value)


def read(text: str, kind: type[T], decode: Callable[[str], T]) -> T:
    """What :func:`parameter` made a parameter of.

    Raises
    ------
    ScenarioError  E_NOT_FOUND: it is kept no longer; and what ``decode`` raises
    """
    if not text.startswith(KEPT):
        return decode(text)
    found = _shelf().find(text)
    if not isinstance(found, kind):
        raise ScenarioError.of(
            "E_NOT_FOUND", "what this address names is kept no longer: the app was started anew.", "Build it again, and save it."
        )
    return found


class _Shelf:
    """Values by name, the latest used ones."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, object] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, value: object) -> None:
        with self._lock:
            self._held[name] = value
            self._held.move_to_end(name)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)

    def find(self, name: str) -> object:
        with self._lock:
            return self._held.get(name)


@st.cache_resource
def _shelf() -> _Shelf:
    return _Shelf()


def _keep(value: object) -> str:
    """Its name; the same one for the same value, as long as the reader stays."""
    mine: list[tuple[object, str]] = st.session_state.setdefault(_MINE, [])
    name = next((name for held, name in mine if held == value), None)
    if name is None:
        name = KEPT + secrets.token_urlsafe(18)
        mine.append((value, name))
    _shelf().put(name, value)
    return name
