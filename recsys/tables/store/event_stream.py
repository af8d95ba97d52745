"""Streaming writer of events: sorted by the database, exact repeats dropped, a batch at a time."""
# ruff: noqa: S608 – names in SQL come from `quoted` or from us

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.errors import Finding
from recsys.progress import Progress, ReportProgress
from recsys.tables.arrivals import NEVER, first_events
from recsys.tables.formats.layout import quoted
from recsys.tables.formats.staging import Staged
from recsys.tables.limits import HEAVY_USER_SHARE, SHOWN_ROWS
from recsys.tables.store.assembly import EVENT_ORDER, EVENT_TYPES
from recsys.tables.store.content_hash import ContentHash

_BATCH = 1 << 18


@dataclass(frozen=True, kw_only=True)
class EventFacts:
    """Counts and ranges of the written events."""

    rows: int
    repeats: int
    first: pd.Timestamp
    last: pd.Timestamp
    hash: str
    views_by_user: np.ndarray[Any, np.dtype[np.int64]]
    """int64[n_users]"""
    views_by_movie: np.ndarray[Any, np.dtype[np.int64]]
    """int64[n_movies]"""
    first_by_movie: np.ndarray[Any, np.dtype[np.int64]]
    """int64[n_movies]: see :func:`recsys.tables.arrivals.first_events`."""
    ranges: dict[str, tuple[float, float]]
    """Least and largest value of minutes and rating, where logged."""
    warnings: tuple[Finding, ...]


def write_events(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    path: Path,
    *,
    n_users: int,
    n_movies: int,
    progress: ReportProgress,
) -> EventFacts:
    """Write the events sorted, each exact repeat once, and count what later checks need."""
    names = [name for name in EVENT_ORDER if name in ("timestamp", "user_index", "movie_index", *staged.columns)]
    sources = {"timestamp": "seconds", "user_index": "CAST(user_index AS INTEGER)", "movie_index": "CAST(movie_index AS INTEGER)"}
    select = ", ".join(f"{sources.get(name, name)} AS {quoted(name)}" for name in names)
    order = ", ".join(quoted(name) for name in names)
    total = staged.rows
    devices = _devices(connection) if "device" in names else []
    schema = pa.schema([EVENT_TYPES.field(name) for name in names])
    views, watched = np.zeros(n_users, np.int64), np.zeros(n_movies, np.int64)
    firsts = np.full(n_movies, NEVER)
    digest, repeats, seen = ContentHash(), 0, 0
    repeated_rows: list[int] = []
    ranges: dict[str, tuple[float, float]] = {}
    last_row: pa.RecordBatch | None = None
    first_second = last_second = 0
    reader = connection.sql(f"SELECT row, {select} FROM events ORDER BY {order}, row").to_arrow_reader(_BATCH)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for raw in reader:
            rows, batch = raw.column(0), _as_stored(raw, schema, devices)
            again = _repeats(batch, last_row)
            last_row = batch.slice(batch.num_rows - 1)
            seen += batch.num_rows
            if again.any():
                repeats += int(again.sum())
                repeated_rows += [
                    int(row) + 1 for row in rows.filter(pa.array(again))[: SHOWN_ROWS - len(repeated_rows)].to_pylist()
                ]
                batch = batch.filter(pa.array(~again))
            progress(Progress.share("writing events", seen / total))
            if not batch.num_rows:
                continue
            seconds = raw.column(1).to_numpy()
            first_second, last_second = (first_second or int(seconds[0])), int(seconds[-1])
            views += np.bincount(batch.column("user_index").to_numpy(), minlength=n_users)
            times = batch.column("timestamp").cast(pa.int64()).to_numpy()
            what = batch.column("movie_index").to_numpy()
            watched += np.bincount(what, minlength=n_movies)
            firsts = np.minimum(firsts, first_events(what, times, n_movies))
            for name in ("minutes", "rating"):
                if name in names:
                    _widen(ranges, name, batch.column(name))
            digest.update(batch)
            writer.write_batch(batch, row_group_size=_BATCH)
    warnings = _warnings(repeats, repeated_rows, views)
    return EventFacts(
        rows=digest.rows,
        repeats=repeats,
        first=pd.Timestamp(first_second, unit="s"),
        last=pd.Timestamp(last_second, unit="s"),
        hash=digest.hexdigest(),
        views_by_user=views,
        views_by_movie=watched,
        first_by_movie=firsts,
        ranges=ranges,
        warnings=tuple(warnings),
    )


def _devices(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute("SELECT DISTINCT device FROM events WHERE device IS NOT NULL").fetchall()
    return sorted(name for (name,) in found)


def _as_stored(raw: pa.RecordBatch, schema: pa.Schema, devices: list[str]) -> pa.RecordBatch:
    columns = []
    for field in schema:
        values = raw.column(field.name)
        if field.name == "timestamp":
            values = values.cast(pa.int64()).cast(pa.timestamp("s"))
        elif field.name == "device":
            codes = pc.index_in(values, value_set=pa.array(devices, pa.string()))
            values = pa.DictionaryArray.from_arrays(codes.cast(pa.int32()), pa.array(devices, pa.string()))
        else:
            values = values.cast(field.type)
        columns.append(values)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _repeats(batch: pa.RecordBatch, before: pa.RecordBatch | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows are the same as the row before them, in every column."""
    same = np.ones(batch.num_rows, bool)
    for k, values in enumerate(batch.columns):
        keys = values.indices if pa.types.is_dictionary(values.type) else values
        there, plain = _plain(keys)
        equal = (there[1:] == there[:-1]) & ((plain[1:] == plain[:-1]) | ~there[1:])
        same[1:] &= equal
        if before is None:
            same[0] = False
        else:
            old = before.columns[k]
            old_there, old_plain = _plain(old.indices if pa.types.is_dictionary(old.type) else old)
            same[0] &= bool(old_there[0] == there[0] and (not there[0] or old_plain[0] == plain[0]))
    return same


def _plain(values: pa.Array) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    there = values.is_valid().to_numpy(zero_copy_only=False)
    filled = pc.fill_null(values, False if pa.types.is_boolean(values.type) else pa.scalar(0, values.type))
    return there, filled.to_numpy(zero_copy_only=False)


def _widen(ranges: dict[str, tuple[float, float]], name: str, values: pa.Array) -> None:
    found = pc.min_max(values)
    if found["min"].is_valid:
        low, high = ranges.get(name, (np.inf, -np.inf))
        ranges[name] = (min(low, float(found["min"].as_py())), max(high, float(found["max"].as_py())))


def _warnings(repeats: int, rows: list[int], views: np.ndarray[Any, np.dtype[np.int64]]) -> list[Finding]:
    warnings = []
    if repeats:
        warnings.append(
            Finding(
                code="W_DUP",
                table="events",
                message=f"{repeats:,} exact repeats of another row were taken once.",
                remedy="Nothing to do if the log sends events twice.",
                rows=tuple(sorted(rows)),
            )
        )
    total, largest = int(views.sum()), int(views.max(initial=0))
    if total and largest > HEAVY_USER_SHARE * total:
        warnings.append(
            Finding(
                code="W_SKEW",
                table="events",
                column="user_id",
                message=f"one user has {largest / total:.0%} of all events.",
                remedy="Check whether it is a test account or a robot.",
            )
        )
    return warnings
