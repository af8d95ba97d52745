"""Frames of a test as validated tables, without an import: what importing the same rows must come to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.ids import IdMap
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import ASSUMED, Economics
from recsys.tables.store.assembly import NO_OFFERS, typed, typed_events, with_fingerprint
from recsys.tables.store.published_tables import publish_dataset
from recsys.workspace import Workspace


def assemble(
    *,
    users: pd.DataFrame,
    movies: pd.DataFrame,
    events: pd.DataFrame,
    offers: pd.DataFrame | None = None,
    subscriptions: pd.DataFrame | None = None,
    economics: Economics = ASSUMED,
    simulated: bool = False,
    assumed: Sequence[str] = (),
) -> Dataset:
    """Put frames that are already valid into the form that later stages read.

    Parameters
    ----------
    users, movies, offers, subscriptions : in any order of rows
    events : with ``user_id`` and ``movie_id``, each known; ``timestamp`` as datetime64 in UTC

    Raises
    ------
    KeyError  an event names an unknown user or movie
    """
    users = typed(users).sort_values("user_id", ignore_index=True)
    movies = typed(movies).sort_values("movie_id", ignore_index=True)
    indexed = events.drop(columns=["user_id", "movie_id"]).assign(
        user_index=IdMap(users["user_id"]).rows(events["user_id"]).astype(np.int32),
        movie_index=IdMap(movies["movie_id"]).rows(events["movie_id"]).astype(np.int32),
    )
    return with_fingerprint(
        Dataset(
            users=users,
            movies=movies,
            events=typed_events(indexed),
            offers=typed(NO_OFFERS if offers is None else offers).sort_values("movie_id", ignore_index=True),
            subscriptions=None
            if subscriptions is None
            else typed(subscriptions).sort_values(["user_id", "month"], ignore_index=True),
            economics=economics,
            simulated=simulated,
            fingerprint="",
            assumed=tuple(assumed),
        )
    )


def save_dataset(workspace: Workspace, dataset: Dataset) -> None:
    """Replace the workspace's tables by these, all or nothing.

    Raises
    ------
    DataError  E_BUSY: another process is writing
    """
    with workspace.writing():
        publish_dataset(workspace, dataset)
