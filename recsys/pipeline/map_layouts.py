"""Lays out the maps of a run: users and movies, each linear and by neighbourhood, aligned with those of the previous run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.embeddings.axes import attribute_masks, name_axes
from recsys.embeddings.map_fitting import fit_linear, fit_neighbourhood
from recsys.embeddings.maps import MapLayout, align, save_map
from recsys.pipeline.training_context import TrainingContext
from recsys.progress import Progress, ReportProgress
from recsys.run_files import FACTORISATION, map_name
from recsys.segments.membership import PRIVACY_FLOOR

MAPPED = ("users", "movies")
MAP_NAMES = tuple(map_name(name, kind) for name in MAPPED for kind in ("linear", "neighbourhood"))
"""Every map of a run."""


def draw_maps(context: TrainingContext, folder: Path, progress: ReportProgress) -> None:
    """Write every map of :data:`MAP_NAMES` into a folder."""
    movies = context.dataset.movies
    frames = {"users": with_favourite_attributes(context.dataset.users, movies, context.views), "movies": movies}
    for number, name in enumerate(MAPPED):
        table = context.users_of(FACTORISATION) if name == "users" else context.movies_of(FACTORISATION)
        linear = fit_linear(table)
        fewest = PRIVACY_FLOOR if name == "users" else 3
        linear = replace(linear, axis_names=name_axes(linear.positions, frames[name], min_rows=fewest))
        near = fit_neighbourhood(table, replace(context.config.tsne, seed=context.config.seed), start=linear)
        for flat in (linear, near):
            save_map(_aligned_with_previous(context, flat, name), folder / map_name(name, flat.kind))
        progress(Progress.of(number + 1, len(MAPPED)))


def with_favourite_attributes(users: pd.DataFrame, movies: pd.DataFrame, views: sparse.csr_array) -> pd.DataFrame:
    """Users with the genre and the language that each watches most beyond the usual, so that their map's axes can have names.

    Parameters
    ----------
    views : CSR[n_users, n_movies]

    Returns
    -------
    the users table, with ``genres`` and ``languages`` where movies have them and users do not
    """
    masks = attribute_masks(movies)
    total = np.maximum(np.asarray(views.sum(axis=1)).ravel(), 1.0)
    found = users
    for column in ("genres", "languages"):
        values = [value for known, value in masks if known == column]
        if not values or column in users:
            continue
        indicators = np.stack([masks[column, value] for value in values], axis=1).astype(np.float64)
        share = np.asarray(views @ indicators) / total[:, None]
        beyond = share - share.mean(axis=0)
        favourite = np.array([*values, None], dtype=object)
        best = np.where(beyond.max(axis=1) > 0, beyond.argmax(axis=1), len(values))
        found = found.assign(**{column: favourite[best]})
    return found


def _aligned_with_previous(context: TrainingContext, flat: MapLayout, name: str) -> MapLayout:
    previous = context.previous
    return flat if previous is None else align(flat, previous.maps[map_name(name, flat.kind)], run=previous.run)
