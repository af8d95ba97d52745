"""Validation of events, of which there may be tens of millions: typed and checked inside the database."""
# ruff: noqa: S608 – names in SQL come from `quoted` or from us

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.errors import Finding
from recsys.tables.characters import CONTROL_SQL
from recsys.tables.formats.layout import literal, quoted
from recsys.tables.formats.parsing import MESSAGES, REMEDIES, fault_sql, value_sql
from recsys.tables.formats.staging import Staged
from recsys.tables.limits import (
    FUTURE_TOLERANCE_HOURS,
    LONGEST_RUNTIME_MIN,
    MOST_RUNTIMES_PER_VIEW,
    SHOWN_ROWS,
)
from recsys.tables.schema import TABLES
from recsys.tables.validate.contact_patterns import EMAIL, MOBILE, MOSTLY, PHONE, plain_sql
from recsys.tables.validate.texts import blank_notes
from recsys.tables.validate.times import notation_conflict, time_notes

_IS_FAULT = "LIKE 'E!_%' ESCAPE '!'"
_OPTIONAL = ("minutes", "rating", "completed", "device")


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
        f"{value_sql('time', 'timestamp')} AS seconds",
        f"{fault_sql('time', 'timestamp')} AS time_kind",
    ]
    for name in (name for name in _OPTIONAL if name in staged.columns):
        kind = TABLES["events"][name].kind
        cast = {"number": "CAST({} AS FLOAT)", "flag": "{}", "text": "{}"}[kind].format(value_sql(kind, name))
        parts += [f"{cast} AS {name}", f"{fault_sql(kind, name)} AS {name}_fault"]
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
        *_strange_ids(connection, staged),
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
    return [*findings, *clash], [*assumed, *blank_notes(connection, "events", ["device"] if "device" in staged.columns else [])]


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


def _strange_ids(connection: duckdb.DuckDBPyConnection, staged: Staged) -> list[_Question]:
    """What no id may be, and no text may hold; looked for in the different values, as there may be many events."""
    mobile = f"regexp_matches({plain_sql('v')}, {literal(MOBILE)})"
    [(share,)] = connection.execute(f"SELECT avg({mobile}::INT) FROM (SELECT DISTINCT user_id AS v FROM raw_events)").fetchall()
    contacts = (EMAIL, PHONE, *((MOBILE,) if (share or 0) > MOSTLY else ()))
    asked = [("E_CTRL", name, (CONTROL_SQL,)) for name in ("user_id", "movie_id", "device") if name in staged.columns]
    found = []
    for code, name, patterns in [*asked, ("E_PII", "user_id", contacts)]:
        text = plain_sql("v") if code == "E_PII" else "v"
        wrong = " OR ".join(f"regexp_matches({text}, {literal(pattern)})" for pattern in patterns)
        values = f"SELECT v FROM (SELECT DISTINCT {quoted(name)} AS v FROM raw_events) WHERE {wrong}"
        if connection.execute(f"{values} LIMIT 1").fetchall():
            rows = f"SELECT rowid FROM raw_events WHERE {quoted(name)} IN ({values})"
            found.append(_Question(code, name, f"row IN ({rows})"))
    return found


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
    tells = question.code not in ("E_PII", "E_CTRL") and question.column != "user_id"  # ids of people are not repeated in a log
    texts = ", ".join(dict.fromkeys(repr(text[:40]) for _, text in rows if text is not None)) if tells else ""
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
    clash = notation_conflict(names)
    if clash is None:
        return [], time_notes("events.timestamp", names)
    code, message = clash
    rows = connection.execute(
        f"SELECT row + 1 FROM events WHERE time_kind <> $1 AND time_kind NOT {_IS_FAULT} ORDER BY 1 LIMIT $2",
        [names[0], SHOWN_ROWS],
    ).fetchall()
    shown = tuple(row for (row,) in rows)
    return [Finding(code=code, table="events", column="timestamp", message=f"{message}.", remedy=REMEDIES[code], rows=shown)], []


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    [(number,)] = connection.execute(query).fetchall()
    return int(number)
