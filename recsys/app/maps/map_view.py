"""The two maps: points to colour, search and select, and beside them what or who is selected."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from recsys.app.maps import map_data
from recsys.app.maps.map_options import MapOptions, audience_map_options, movie_map_options
from recsys.app.runtime import disclosure, open_workspace
from recsys.app.scenario import scenario_session
from recsys.app.shell import navigation
from recsys.app.shell.errors import with_error_box
from recsys.app.shell.tables import grid, selectable_chart, show_table
from recsys.ids import IntArray
from recsys.presentation import charts, text
from recsys.presentation.charts.points import BOX, PICK
from recsys.presentation.tables import audiences, movies, points
from recsys.presentation.tables.colouring import Colouring
from recsys.presentation.tables.points import Points
from recsys.presentation.text.escape import plain
from recsys.projection.context import ProjectionContext
from recsys.scenario.changes import (
    Acquire,
    ByUsers,
    Drop,
    ResizeSegment,
)

_HOW = "Drag a box to select, click a point to pick it, hold shift and click to add. Double-click clears."
_ALIKE = (
    "Alike: how far the same people watch both, measured on the model's vectors and not on the map. 100% is the same audience."
)
_PROMISE = {
    "neighbourhood": "Near means watched by similar people. How far two clouds lie apart means nothing.",
    "linear": "The two directions in which tastes differ most; the axes say what lies at their ends.",
}


def movies_map() -> None:
    """The map of movies and offers."""
    _alone(_movies)


def audience_map() -> None:
    """The map of users."""
    _alone(_audience)


def _alone(draw: Callable[[], None]) -> None:
    """Draw as a part that is run again on its own, so that selecting is quick."""
    st.fragment(with_error_box(draw))()


def _movies() -> None:
    context = open_workspace.projection_context()
    frame = map_data.movies()
    options = movie_map_options(frame, key="movies")
    placed = map_data.movie_points(options.kind)
    chosen = _map(placed, options, key="movies")
    if not len(chosen) and len(options.found) == 1:
        chosen = np.array(options.found, dtype=np.int64)
    if not len(chosen):
        st.caption(f"{_counted(context)} {_HOW}")
        return
    listed = movies.table(frame, map_data.views_of_movies(), chosen)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            f"**{text.count(len(chosen))} selected**"
            + (f", the first {movies.MAX_ROWS} shown" if len(chosen) > len(listed) else "")
        )
        picked = _table_with_choice(listed)
        _use_movies(context, frame.iloc[chosen], key="movies.use")
    with right:
        row = int(listed["row"].iloc[picked])
        st.markdown(f"**Most like {plain(str(frame['title'].iloc[row]))}**")
        show_table(movies.alike(frame, map_data.movie_vectors(), row))
        st.caption(_ALIKE)


def _counted(context: ProjectionContext) -> str:
    on, gone = int(context.choice.available.sum()), int((~context.choice.available).sum())
    left = f", {text.count(gone)} no longer there" if gone else ""
    return f"{text.count(on)} movies on the service{left}; {text.count(len(context.offers))} offers as stars ★."


def _table_with_choice(listed: pd.DataFrame) -> int:
    event = grid(
        listed,
        hide_index=True,
        width="stretch",
        height=390,
        key="movies.table",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"row": None},
    )
    rows = event.selection.rows
    return int(rows[0]) if rows else 0


def _use_movies(context: ProjectionContext, frame: pd.DataFrame, *, key: str) -> None:
    offers = [str(movie) for movie in frame.loc[frame["kind"] == "offer", "movie_id"]][:15]
    there = [str(movie) for movie in frame.loc[frame["kind"] == "movie", "movie_id"]]
    with st.container(horizontal=True):
        if offers:
            label = "Buy it in a scenario" if len(offers) == 1 else f"Buy these {len(offers)} offers in a scenario"
            if st.button(label, icon=navigation.SCENARIO.icon, key=f"{key}.buy"):
                names = context.title(offers[0]) if len(offers) == 1 else f"{len(offers)} offers from the map"
                scenario_session.buy(tuple(Acquire(offer=movie) for movie in offers), name=f"Buy {names}")
                st.switch_page(navigation.SCENARIO.path)
        if len(there) == 1 and st.button("What if we let it go?", icon=navigation.SCENARIO.icon, key=f"{key}.drop"):
            scenario_session.buy((Drop(movie=there[0]),), name=f"Let {context.title(there[0])} go")
            st.switch_page(navigation.SCENARIO.path)


def _audience() -> None:
    context = open_workspace.projection_context()
    frame = map_data.users()
    options = audience_map_options(frame, key="audience")
    placed = map_data.user_points(options.kind)
    chosen = _map(placed, options, key="audience")
    if not len(chosen):
        st.caption(f"{text.users(context.choice.n_users)}. {_HOW} People are only described in groups of 20 or more.")
        return
    group = audiences.group(context, map_data.seen(), chosen)
    disclosure.admit(open_workspace.workspace(), context, np.isin(np.arange(context.choice.n_users), chosen)[None])
    head, use = st.columns([3, 2], vertical_alignment="center")
    head.markdown(f"**{text.users(group.size)}** selected, {text.percent(group.share)} of all.")
    if use.button("Use as a segment in a scenario", icon=navigation.SCENARIO.icon, key="audience.use"):
        _use_people(context, chosen)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Who they are**")
        grid(group.traits, hide_index=True, width="stretch")
    with right:
        st.markdown("**Personas among them**")
        grid(group.personas, hide_index=True, width="stretch", height=min(36 * (len(group.personas) + 1), 218))
        st.markdown("**What they watch more than others**")
        grid(group.favourites, hide_index=True, width="stretch")


def _use_people(context: ProjectionContext, chosen: IntArray) -> None:
    ids = context.choice.user_ids.ids
    picked = ByUsers(users=tuple(ids[row] for row in chosen))
    scenario_session.pick_users(picked)
    scenario_session.buy((ResizeSegment(segment=picked, factor=1.2),), name=f"{text.users(len(chosen))} from the map grow")
    st.switch_page(navigation.SCENARIO.path)


def _map(placed: Points, options: MapOptions, *, key: str) -> IntArray:
    if placed.is_sample:
        st.caption(
            f"Shown: a random sample of {text.count(len(placed.frame))} of {text.count(placed.total)} points. "
            "A box selects all that lie in it, shown or not."
        )
    found = frozenset(placed.frame["id"].reindex(options.found).dropna()) if options.found else frozenset()
    chart = charts.point_map(placed, _drawn(options.colouring, placed), found=found)
    selection = selectable_chart(
        chart, f"Map of {placed.total} points by {options.colouring.name}.", key=f"{key}.{options.kind}", selections=(BOX, PICK)
    )
    st.caption(_PROMISE[options.kind])
    return points.inside(placed, selection, box=BOX, pick=PICK)


def _drawn(colouring: Colouring, placed: Points) -> Colouring:
    return colouring.only(placed.frame.index)
