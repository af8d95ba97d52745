"""Consistency of subscriptions with events: non-subscribers do not watch, and subscribers remain when the events end."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from recsys.errors import Finding
from recsys.ids import IntArray

MOST_INACTIVE_SHARE = 0.2
"""Of the months in which somebody watched: trials, late payments and months that begin in the middle are no mistakes."""
_REMEDY = "Check that 1 stands for who pays, and not for who has left."


def activity_findings(folder: Path) -> list[Finding]:
    """What is odd about the subscriptions of a folder of tables.

    Returns
    -------
    E_INACTIVE: nobody is active in the last month up to the events' end, so that there is nobody to project; W_INACTIVE: many
    watch in months in which they are said not to subscribe
    """
    ids = pq.read_table(folder / "users.parquet", columns=["user_id"]).to_pandas()["user_id"]
    table = pq.read_table(folder / "subscriptions.parquet", columns=["user_id", "month", "active"]).to_pandas()
    row = pd.Index(ids).get_indexer(table["user_id"])
    month = table["month"].to_numpy(dtype="datetime64[M]").astype(np.int64)
    active = table["active"].to_numpy(dtype=bool)
    watched_by, watched_in = _watched(folder / "events.parquet")
    covered = (month >= watched_in.min()) & (month <= watched_in.max()) & (row >= 0)
    if not covered.any():
        return []
    row, month, active = row[covered], month[covered], active[covered]
    last = month == month.max()
    if len(np.unique(row)) == len(ids) and not active[last].any():
        when = str(np.datetime64(int(month.max()), "M"))
        message = f"nobody is active in {when}, the last month up to the end of the events."
        return [_finding("E_INACTIVE", message)]
    stated = pd.Series(active, index=pd.MultiIndex.from_arrays([row, month])).groupby(level=[0, 1]).max()
    known = stated.reindex(pd.MultiIndex.from_arrays([watched_by, watched_in])).dropna().astype(bool)
    against = int((~known).sum())
    if against <= MOST_INACTIVE_SHARE * len(known):
        return []
    message = f"in {against:,} of the {len(known):,} months in which somebody watched, they are said not to subscribe."
    return [_finding("W_INACTIVE", message)]


def _finding(code: str, message: str) -> Finding:
    return Finding(code=code, message=message, remedy=_REMEDY, table="subscriptions", column="active")


def _watched(path: Path) -> tuple[IntArray, IntArray]:
    """Users and months, counted from 1970, in which they watched; each pair once."""
    pairs = np.zeros((0, 2), dtype=np.int64)
    for batch in pq.ParquetFile(path).iter_batches(columns=["user_index", "timestamp"], use_threads=False):
        month = batch.column("timestamp").to_numpy(zero_copy_only=False).astype("datetime64[M]").astype(np.int64)
        here = np.stack([batch.column("user_index").to_numpy().astype(np.int64), month], axis=1)
        pairs = np.unique(np.concatenate([pairs, here]), axis=0)
    return pairs[:, 0], pairs[:, 1]
