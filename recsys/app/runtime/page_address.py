"""Query parameters of the page's address: on every page the current scenario and the question put to Slate.

A refresh loses nothing, and a link reopens what was looked at. What no link may hold (people picked on the map) or what is too
long for one is kept in this process under a name that cannot be guessed; whoever opens that address gets a copy.
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
"""Prefix of a parameter that names a value kept in this process."""
_MAX_KEPT = 500
_MAX_NAMES = 50
_NAMES = "greenlight.kept"
_readers: tuple[Callable[[], None], ...] = ()


def register_readers(*readers: Callable[[], None]) -> None:
    """Set the functions that read the address on every page, in this order."""
    global _readers  # noqa: PLW0603  set by the router, once a run
    _readers = readers


def readers() -> tuple[Callable[[], None], ...]:
    """The functions that read the address before a page is drawn."""
    return _readers


def parameter(name: str) -> str:
    """Value of a query parameter; empty where the address has none."""
    return str(st.query_params.get(name) or "")


def set_parameters(wanted: Mapping[str, str], *, of: tuple[str, ...]) -> None:
    """Replace the query parameters named in ``of`` by ``wanted``; others stay."""
    before = st.query_params.to_dict()
    after = {name: value for name, value in before.items() if name not in of} | dict(wanted)
    if after != before:
        st.query_params.from_dict(after)


def encode_or_keep(value: T, encode: Callable[[T], str]) -> str:
    """The query parameter of a value: encoded, or the name under which it is kept in this process."""
    try:
        return encode(value)
    except ScenarioError:
        return _keep(value)


def decode_or_find(text: str, kind: type[T], decode: Callable[[str], T]) -> T:
    """The value of a query parameter that :func:`encode_or_keep` made.

    Raises
    ------
    ScenarioError  E_NOT_FOUND: it is kept no longer; and what ``decode`` raises
    """
    if not text.startswith(KEPT):
        return decode(text)
    found = _kept_values().find(text)
    if not isinstance(found, kind):
        raise ScenarioError.of(
            "E_NOT_FOUND", "what this address names is kept no longer: the app was started anew.", "Build it again, and save it."
        )
    return found


class _KeptValues:
    """Values by name, a bounded number of them, the least recently used dropped first."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, object] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, value: object) -> None:
        with self._lock:
            self._values[name] = value
            self._values.move_to_end(name)
            while len(self._values) > _MAX_KEPT:
                self._values.popitem(last=False)

    def find(self, name: str) -> object:
        with self._lock:
            return self._values.get(name)


@st.cache_resource
def _kept_values() -> _KeptValues:
    return _KeptValues()


def _keep(value: object) -> str:
    """Name of a kept value; the same for an equal value among the session's latest."""
    names: list[tuple[object, str]] = st.session_state.setdefault(_NAMES, [])
    name = next((name for held, name in names if held == value), None)
    if name is None:
        name = KEPT + secrets.token_urlsafe(18)
        names.append((value, name))
        del names[:-_MAX_NAMES]
    _kept_values().put(name, value)
    return name
