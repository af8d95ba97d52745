"""Events, of which there may be tens of millions: checked in the database, sorted on disk, written as a stream."""
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
from recsys.tables.arrivals import NEVER, first_events
from recsys.tables.assemble import EVENT_ORDER, EVENT_TYPES
from recsys.tables.columns import TABLES
from recsys.tables.content import ContentHash
from recsys.tables.layout import quoted
from recsys.tables.limits import (
    FUTURE_TOLERANCE_HOURS,
    HEAVY_USER_SHARE,
    LONGEST_RUNTIME_MIN,
    MOST_RUNTIMES_PER_VIEW,
    SHOWN_ROWS,
)
from recsys.tables.parsing import MESSAGES, REMEDIES, fault, value
from recsys.tables.progress import Progress
from recsys.tables.reading import Staged
from recsys.tables.small import time_clash

_BATCH = 1 << 18
_IS_FAULT = "LIKE 'E!_%' ESCAPE '!'"
_OPTIONAL = ("minutes", "rating", "completed", "device")


@dataclass(frozen=True, kw_only=True)
class EventFacts:
    """What the written events hold."""

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


@dataclass(frozen=True)
class _Question:
    """A condition in SQL that no event should meet."""

    code: str
    column: str
    condition: str


def read_events(
    connection: duckdb.DuckDBPyConnection, staged: Staged, users: pd.DataFrame | None, movies: pd.DataFrame | None
) -> None:
    """Turn ``raw_events`` into ``events``: typed, with the rows of users and movies (NULL where unknown, -1 where not asked).

    ``users`` and ``movies`` are sorted by id; None where that table could not be read, so that only it is complained about.
    """
    _register(connection, "user_rows", "user_id", users)
    _register(connection, "movie_rows", "movie_id", movies, more=("runtime_min", "available_from", "available_until"))
    parts = [
        "r.rowid AS row",
        "r.user_id IS NULL AS no_user",
        "r.movie_id IS NULL AS no_movie",
        "u.index AS user_index" if users is not None else "-1 AS user_index",
        "m.index AS movie_index" if movies is not None else "-1 AS movie_index",
        f"{value('time', 'timestamp')} AS seconds",
        f"{fault('time', 'timestamp')} AS time_kind",
    ]
    for name in (name for name in _OPTIONAL if name in staged.columns):
        kind = TABLES["events"][name].kind
        cast = {"number": "CAST({} AS FLOAT)", "flag": "{}", "text": "{}"}[kind].format(value(kind, name))
        parts += [f"{cast} AS {name}", f"{fault(kind, name)} AS {name}_fault"]
    user_join = "LEFT JOIN user_rows u ON r.user_id = u.id" if users is not None else ""
    movie_join = "LEFT JOIN movie_rows m ON r.movie_id = m.id" if movies is not None else ""
    connection.execute(f"CREATE OR REPLACE TABLE events AS SELECT {', '.join(parts)} FROM raw_events r {user_join} {movie_join}")


def event_findings(
    connection: duckdb.DuckDBPyConnection, staged: Staged, now: pd.Timestamp, *, with_movies: bool
) -> tuple[list[Finding], list[str]]:
    """Everything wrong with the events, and what had to be assumed to read them."""
    latest = int((now + pd.Timedelta(hours=FUTURE_TOLERANCE_HOURS)).timestamp())
    asked = [
        _Question("E_NULL_KEY", "user_id", "no_user"),
        _Question("E_NULL_KEY", "movie_id", "no_movie"),
        _Question("E_FK_USER", "user_id", "user_index IS NULL AND NOT no_user"),
        _Question("E_FK_MOVIE", "movie_id", "movie_index IS NULL AND NOT no_movie"),
        _Question("E_NULL", "timestamp", "time_kind IS NULL"),
        _Question("E_FUTURE", "timestamp", f"seconds > {latest}"),
    ]
    faults = {"timestamp": "time_kind"} | {
        name: f"{name}_fault" for name in _OPTIONAL if name in staged.columns and name != "device"
    }
    for name, column in faults.items():
        codes = connection.execute(f"SELECT DISTINCT {column} FROM events WHERE {column} {_IS_FAULT} ORDER BY 1").fetchall()
        asked += [_Question(code, name, f"{column} = '{code}'") for (code,) in codes]
    if "minutes" in staged.columns:
        longest = MOST_RUNTIMES_PER_VIEW * LONGEST_RUNTIME_MIN
        asked.append(_Question("E_RANGE", "minutes", f"minutes < 0 OR minutes > {longest}"))
    findings = [_named(connection, question, count) for question, count in _failing(connection, asked)]
    if "minutes" in staged.columns and with_movies:
        findings += _longer_than_runtime(connection)
    clash, assumed = _times(connection)
    return [*findings, *clash], assumed


def write_events(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    path: Path,
    *,
    n_users: int,
    n_movies: int,
    progress: Progress,
) -> EventFacts:
    """Write the events sorted, each exact repeat once, and count what later checks need."""
    names = [name for name in EVENT_ORDER if name in ("timestamp", "user_index", "movie_index", *staged.columns)]
    sources = {"timestamp": "seconds", "user_index": "CAST(user_index AS INTEGER)", "movie_index": "CAST(movie_index AS INTEGER)"}
    select = ", ".join(f"{sources.get(name, name)} AS {quoted(name)}" for name in names)
    order = ", ".join(quoted(name) for name in names)
    total = _one(connection, "SELECT count(*) FROM events")
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
            progress("writing events", seen / total)
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


def outside_availability(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """A warning where movies are watched before they arrive or after they leave."""
    condition = "m.available_from IS NOT NULL AND e.seconds < epoch(m.available_from)"
    condition = f"({condition}) OR (m.available_until IS NOT NULL AND e.seconds >= epoch(m.available_until) + 86400)"
    source = f"FROM events e JOIN movie_rows m ON e.movie_index = m.index WHERE {condition}"
    count = _one(connection, f"SELECT count(*) {source}")
    if not count:
        return []
    rows = connection.execute(f"SELECT e.row + 1 {source} ORDER BY 1 LIMIT {SHOWN_ROWS}").fetchall()
    return [
        Finding(
            code="W_AVAILABILITY",
            table="events",
            column="timestamp",
            message=f"movies are watched before they arrive or after they leave: {count:,} rows; kept.",
            remedy="Check available_from and available_until.",
            rows=tuple(row for (row,) in rows),
        )
    ]


def _register(
    connection: duckdb.DuckDBPyConnection, name: str, key: str, frame: pd.DataFrame | None, *, more: tuple[str, ...] = ()
) -> None:
    if frame is None:
        return
    columns = {
        "id": pa.array(frame[key], pa.string()),
        "index": pa.array(np.arange(len(frame), dtype=np.int32)),
    }
    for column in more:
        kind = pa.float64() if column == "runtime_min" else pa.timestamp("s")
        columns[column] = pa.array(frame[column], kind, from_pandas=True) if column in frame else pa.nulls(len(frame), kind)
    table = pa.table(columns)
    connection.register(f"{name}_view", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name}_view")
    connection.unregister(f"{name}_view")


def _failing(connection: duckdb.DuckDBPyConnection, asked: list["_Question"]) -> list[tuple["_Question", int]]:
    """The questions to which any row says yes, counted in one pass over the events."""
    [counts] = connection.execute(
        "SELECT " + ", ".join(f"count(*) FILTER (WHERE {question.condition})" for question in asked) + " FROM events"
    ).fetchall()
    return [(question, int(count)) for question, count in zip(asked, counts, strict=True) if count]


def _named(connection: duckdb.DuckDBPyConnection, question: "_Question", count: int) -> Finding:
    """The finding with its first rows and what stands there."""
    rows = connection.execute(
        f"""WITH hit AS (SELECT row FROM events WHERE {question.condition} ORDER BY row LIMIT {SHOWN_ROWS})
        SELECT hit.row + 1, r.{quoted(question.column)} FROM hit JOIN raw_events r ON r.rowid = hit.row ORDER BY 1"""
    ).fetchall()
    texts = ", ".join(dict.fromkeys(repr(text[:40]) for _, text in rows if text is not None))
    many = f"{count:,} rows" if count != 1 else "1 row"
    return Finding(
        code=question.code,
        table="events",
        column=question.column,
        message=f"{MESSAGES[question.code]}: {many}{f' ({texts})' if texts else ''}.",
        remedy=REMEDIES[question.code],
        rows=tuple(int(row) for row, _ in rows),
    )


def _longer_than_runtime(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    longest = MOST_RUNTIMES_PER_VIEW * LONGEST_RUNTIME_MIN
    source = f"""FROM events e JOIN movie_rows m ON e.movie_index = m.index
        WHERE e.minutes > {MOST_RUNTIMES_PER_VIEW} * m.runtime_min AND e.minutes <= {longest}"""
    count = _one(connection, f"SELECT count(*) {source}")
    if not count:
        return []
    rows = connection.execute(f"SELECT e.row + 1 {source} ORDER BY 1 LIMIT {SHOWN_ROWS}").fetchall()
    return [
        Finding(
            code="E_RANGE",
            table="events",
            column="minutes",
            message=f"more than {MOST_RUNTIMES_PER_VIEW:g} times the movie's runtime: {count:,} rows.",
            remedy="Give minutes, not seconds, one row a view.",
            rows=tuple(row for (row,) in rows),
        )
    ]


def _times(connection: duckdb.DuckDBPyConnection) -> tuple[list[Finding], list[str]]:
    """How the times are written: one way, or a finding with the rows of the rarer ways."""
    ways = connection.execute(
        f"SELECT time_kind, count(*) AS n FROM events WHERE time_kind NOT {_IS_FAULT} GROUP BY 1 ORDER BY n DESC, 1"
    ).fetchall()
    names = [name for name, _ in ways]
    if len(names) > 1:
        code, message = time_clash(set(names))
        rows = connection.execute(
            f"SELECT row + 1 FROM events WHERE time_kind <> $1 AND time_kind NOT {_IS_FAULT} ORDER BY 1 LIMIT $2",
            [names[0], SHOWN_ROWS],
        ).fetchall()
        shown = tuple(row for (row,) in rows)
        return [
            Finding(code=code, table="events", column="timestamp", message=f"{message}.", remedy=REMEDIES[code], rows=shown)
        ], []
    sentences = {"local": "events.timestamp has no time zone and is read as UTC", "ms": "events.timestamp counts milliseconds"}
    return [], [sentences[name] for name in names if name in sentences]


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    [(number,)] = connection.execute(query).fetchall()
    return int(number)


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
