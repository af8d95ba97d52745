"""How a map is looked at: which map, what colours it, what is searched for."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from recsys.embeddings.maps import MapKind
from recsys.presentation.tables import colouring, points
from recsys.presentation.tables.colouring import Colouring

KINDS: dict[MapKind, str] = {"neighbourhood": "Who is next to whom", "linear": "Main differences"}
_FIRST = ("languages", "language", "persona", "genres")
"""What a map is coloured by at first, where the service has it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MapOptions:
    """The choices."""

    kind: MapKind
    colouring: Colouring
    found: tuple[int, ...]
    """Rows that the search has found."""


def movie_map_options(frame: pd.DataFrame, *, key: str) -> MapOptions:
    """Draw the controls of a map of ``frame``'s movies, which can be searched for."""
    first, second, third = st.columns([3, 2, 3], vertical_alignment="bottom")
    with third:
        wanted = st.text_input("Find a movie by title or id", key=f"{key}.search", type="search", placeholder="part of a title")
    found = points.search(frame["movie_id"].astype(str).tolist(), frame["title"].astype(str).tolist(), wanted or "")
    if wanted and not found:
        st.caption("Nothing is called that.")
    return _options(frame, first, second, colouring.by_attribute, found, key=key)


def audience_map_options(frame: pd.DataFrame, *, key: str) -> MapOptions:
    """Draw the controls of a map of people: nobody is searched for, and colours tell of groups only."""
    first, second, _ = st.columns([3, 2, 3], vertical_alignment="bottom")
    return _options(frame, first, second, colouring.by_band, (), key=key)


def _options(
    frame: pd.DataFrame,
    first: DeltaGenerator,
    second: DeltaGenerator,
    colour: Callable[[pd.DataFrame, str], Colouring],
    found: tuple[int, ...],
    *,
    key: str,
) -> MapOptions:
    with first:
        kind = st.segmented_control(
            "Map", list(KINDS), format_func=KINDS.__getitem__, default="neighbourhood", required=True, key=f"{key}.kind"
        )
    known = colouring.attributes(frame)
    start = next((name for name in _FIRST if name in known), known[0] if known else None)
    with second:
        chosen = st.selectbox(
            "Colour by",
            known,
            index=known.index(start) if start else None,
            format_func=colouring.label,
            key=f"{key}.colour",
        )
    return MapOptions(
        kind=kind,
        colouring=colour(frame, chosen) if chosen else colouring.plain_colour(frame),
        found=found,
    )
