"""Deletion of users: afterwards the tables are those that would be there had they never come."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recsys.errors import DataError
from recsys.ids import IdMap
from recsys.tables.arrivals import with_reassumed_arrivals
from recsys.tables.dataset import Dataset
from recsys.tables.store.assembly import typed_events, with_fingerprint
from recsys.tables.store.published_tables import load_dataset, load_info, publish_dataset
from recsys.workspace import Workspace


def delete_users(workspace: Workspace, ids: Iterable[str]) -> Dataset:
    """Delete users with their events and subscriptions, all or nothing.

    Runs trained before still hold what these users taught them: train again and delete those runs.

    Returns
    -------
    Dataset  what is left

    Raises
    ------
    DataError  E_NOT_FOUND: an id is unknown (nobody is deleted then); E_TOO_SMALL: nobody would be left; E_BUSY
    """
    with workspace.writing():
        remaining = without_users(load_dataset(workspace), ids)
        publish_dataset(workspace, remaining, report=load_info(workspace).report)
    return remaining


def without_users(dataset: Dataset, ids: Iterable[str]) -> Dataset:
    """The data set as it would be without these users; raises as :func:`delete_users` does."""
    wanted = list(dict.fromkeys(ids))
    rows = IdMap(dataset.users["user_id"]).rows_or_missing(wanted)
    unknown = [name for name, row in zip(wanted, rows, strict=True) if row < 0]
    if unknown:
        raise DataError.of(
            "E_NOT_FOUND",
            f"{len(unknown)} of these users are not here: {', '.join(unknown[:5])}.",
            "Check the ids.",
            table="users",
        )
    kept = np.ones(dataset.n_users, bool)
    kept[rows] = False
    if not kept.any():
        raise DataError.of("E_TOO_SMALL", "nobody would be left.", "Delete the workspace instead.", table="users")
    index = (np.cumsum(kept) - 1).astype(np.int32)
    events = dataset.events[kept[dataset.events["user_index"]]]
    subscriptions = dataset.subscriptions
    if subscriptions is not None:
        subscriptions = subscriptions[~subscriptions["user_id"].isin(wanted)].reset_index(drop=True)
    moved = events.assign(user_index=index[events["user_index"]])
    remaining = replace(
        dataset,
        users=dataset.users[kept].reset_index(drop=True),
        events=typed_events(moved),
        subscriptions=subscriptions,
    )
    return with_fingerprint(with_reassumed_arrivals(remaining))
