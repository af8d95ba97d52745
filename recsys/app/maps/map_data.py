"""What maps are drawn from, worked out once a run: tables, positions, vectors and who watched what. All of it read-only."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from recsys.app.runtime import open_workspace
from recsys.embeddings.maps import MapKind, MapLayout, load_map, place_vectors
from recsys.embeddings.table import EmbeddingTable
from recsys.ids import IdMap, IntArray
from recsys.presentation.tables import movies as movie_views
from recsys.presentation.tables.points import Points, people_of, points_of
from recsys.projection.context import ProjectionContext
from recsys.run_files import RunFiles, map_name
from recsys.segments.membership import with_personas


def movies() -> pd.DataFrame:
    """Catalogue and offers as one table, with ``kind``."""
    opened = open_workspace.projection_context()
    return _movies(opened.fingerprint, opened)


def users() -> pd.DataFrame:
    """The users with their persona."""
    opened = open_workspace.projection_context()
    return _users(opened.fingerprint, opened)


def movie_vectors() -> NDArray[np.float32]:
    """Vectors of :func:`movies`, in its rows."""
    opened = open_workspace.projection_context()
    return _vectors(opened.fingerprint, opened)


def views_of_movies() -> IntArray:
    """How often each catalogue movie was watched, int64[n_movies]."""
    opened = open_workspace.projection_context()
    return _views(opened.fingerprint, opened)


def seen() -> tuple[IntArray, IntArray]:
    """User row and movie row of every view."""
    events = open_workspace.dataset().events
    return events["user_index"].to_numpy(), events["movie_index"].to_numpy()


def movie_points(kind: MapKind) -> Points:
    """Where movies and offers lie.

    Raises
    ------
    ArtefactError  the run has no such map
    """
    opened = open_workspace.projection_context()
    return _movie_points(opened.fingerprint, kind, opened)


def user_points(kind: MapKind) -> Points:
    """Where users lie.

    Raises
    ------
    ArtefactError  the run has no such map
    """
    opened = open_workspace.projection_context()
    return _user_points(opened.fingerprint, kind, opened)


def map_layout(of: str, kind: MapKind) -> MapLayout:
    """One map of the run in use; ``of`` is ``movies`` or ``users``."""
    return load_map(RunFiles(open_workspace.workspace().current_run()).map(map_name(of, kind)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _movies(fingerprint: str, _context: ProjectionContext) -> pd.DataFrame:  # noqa: ARG001  the fingerprint is the cache's key, here and below
    return movie_views.everything(_context)


@st.cache_resource(max_entries=2, show_spinner=False)
def _users(fingerprint: str, _context: ProjectionContext) -> pd.DataFrame:  # noqa: ARG001
    return with_personas(_context.users, _context.personas)


@st.cache_resource(max_entries=2, show_spinner=False)
def _vectors(fingerprint: str, _context: ProjectionContext) -> NDArray[np.float32]:  # noqa: ARG001
    found = movie_views.vectors(_context)
    found.setflags(write=False)
    return found


@st.cache_resource(max_entries=2, show_spinner=False)
def _views(fingerprint: str, _context: ProjectionContext) -> IntArray:  # noqa: ARG001
    counts = np.bincount(seen()[1], minlength=_context.choice.n_movies).astype(np.int64)
    counts.setflags(write=False)
    return counts


@st.cache_resource(max_entries=4, show_spinner="Opening the map …")
def _movie_points(fingerprint: str, kind: MapKind, _context: ProjectionContext) -> Points:  # noqa: ARG001
    flat = map_layout("movies", kind)
    n_movies = _context.choice.n_movies
    vectors = movie_views.vectors(_context)
    table = EmbeddingTable(IdMap(_context.choice.movie_ids.ids), np.ascontiguousarray(vectors[:n_movies], dtype=np.float32))
    extra = place_vectors(flat, table, vectors[n_movies:]) if len(vectors) > n_movies else None
    frame = movie_views.everything(_context)
    return points_of(
        flat,
        frame["title"].astype(str).tolist(),
        ["offer" if kind == "offer" else "movie" for kind in frame["kind"]],
        extra,
        frame["movie_id"].astype(str).tolist(),
    )


@st.cache_resource(max_entries=4, show_spinner="Opening the map …")
def _user_points(fingerprint: str, kind: MapKind, _context: ProjectionContext) -> Points:  # noqa: ARG001
    return people_of(map_layout("users", kind))
