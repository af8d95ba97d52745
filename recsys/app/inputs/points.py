"""How a map is looked at: which map, what colours it, what is searched for."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from recsys.app.views import colouring, points
from recsys.app.views.colouring import Colouring
from recsys.embeddings.maps import MapKind

KINDS: dict[MapKind, str] = {"neighbourhood": "Who is next to whom", "linear": "Main differences"}
_FIRST = ("languages", "language", "persona", "genres")
"""What a map is coloured by at first, where the service has it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Look:
    """The choices."""

    kind: MapKind
    colouring: Colouring
    found: tuple[int, ...]
    """Rows that the search has found."""


def look(frame: pd.DataFrame, search_label: str, *, key: str) -> Look:
    """Draw the controls of a map of ``frame``'s rows."""
    first, second, third = st.columns([3, 2, 3], vertical_alignment="bottom")
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
    with third:
        wanted = st.text_input(search_label, key=f"{key}.search", type="search", placeholder="part of a name, or an id")
    ids = frame["movie_id" if "movie_id" in frame.columns else "user_id"].astype(str).tolist()
    names = frame["title"].astype(str).tolist() if "title" in frame.columns else ids
    found = points.search(ids, names, wanted or "")
    if wanted and not found:
        st.caption("Nothing is called that.")
    return Look(
        kind=kind,
        colouring=colouring.by_attribute(frame, chosen) if chosen else colouring.plain_colour(frame),
        found=found,
    )
