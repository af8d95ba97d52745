"""Staging: loads a file as a table of text into the staging database; nothing is turned into a number here."""
# ruff: noqa: S608 – names in SQL come from `quoted`, paths from `path_literal`

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import DataError, Finding
from recsys.tables.characters import CONTROL
from recsys.tables.formats.file_kind import file_findings, is_utf8
from recsys.tables.formats.headerless import skipped_lines
from recsys.tables.formats.layout import DELIMITERS, TableFile, literal, path_literal, quoted, split_line
from recsys.tables.formats.parsing import MESSAGES, REMEDIES
from recsys.tables.formats.row_numbers import NAMELESS, declared_index, row_numbers
from recsys.tables.limits import MIB, SHOWN_ROWS, Limits
from recsys.tables.report import of_rows
from recsys.tables.schema import OPEN_TABLES, TABLES, required

_LATIN_1_PIECE = 1 << 20
_KEPT_REJECTS = 1000
_IN_MEMORY_BYTES = 32 * MIB
_RAGGED = ("MISSING COLUMNS", "TOO MANY COLUMNS")


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A table of text, ``raw_<table>``, whose ``rowid`` counts the file's rows from 0."""

    table: str
    rows: int
    columns: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    """Column → ``number`` or ``text`` where the file itself says so."""
    ignored: tuple[str, ...] = ()
    """Columns that nothing was taken from."""
    notes: tuple[str, ...] = ()
    """What was passed over or left blank on the way."""
    warnings: tuple[Finding, ...] = ()


@contextmanager
def staging(folder: Path, limits: Limits, *, source_bytes: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for the raw tables: on disk, or in memory where they are small. It spills to disk and reaches no network."""
    connection = duckdb.connect(
        ":memory:" if source_bytes <= _IN_MEMORY_BYTES else str(folder.absolute() / "staging.duckdb"),
        config={
            "memory_limit": f"{limits.memory_bytes // MIB}MiB",
            "threads": limits.threads,
            "temp_directory": str(folder.absolute() / "spill"),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise DataError.of(
            "E_TOO_BIG",
            f"the tables do not fit into {limits.memory_bytes:,} bytes of memory or the disk is full.",
            "Free disk space, or allow more memory.",
        ) from error
    finally:
        connection.close()


def stage(connection: duckdb.DuckDBPyConnection, file: TableFile, limits: Limits, scratch: Path) -> Staged:
    """Read one file into ``raw_<table>``.

    Raises
    ------
    DataError  every code of the group *file*, all that apply at once
    """
    path = file.path
    if file.latin_1 and path.stat().st_size <= limits.file_bytes and not is_utf8(path):
        path = _transcoded(path, scratch)
    findings = file_findings(path, file.table, limits)
    if findings:
        raise DataError(findings)
    return _stage_parquet(connection, file, limits) if file.is_parquet else _stage_text(connection, file, path)


def _stage_text(connection: duckdb.DuckDBPyConnection, file: TableFile, path: Path) -> Staged:
    names, delimiter = _header(file, path)
    _check_names(file, names)
    passed, remark = skipped_lines(file) if file.names else (0, None)
    listed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = {
        "delim": literal(delimiter),
        "quote": literal(file.quote),
        "escape": literal(file.quote),
        "header": "false" if file.names else "true",
        "columns": f"{{{listed}}}",
        **({"skip": str(passed)} if passed else {}),
        "auto_detect": "false",
        "null_padding": "false",
        "nullstr": "''",
        "store_rejects": "true",
        "hive_partitioning": "false",
        "compression": "'none'",
        "rejects_limit": str(_KEPT_REJECTS),
    }
    source = f"read_csv({path_literal(path)}, {', '.join(f'{key}={value}' for key, value in options.items())})"
    for leftover in ("reject_scans", "reject_errors"):
        connection.execute(f"DROP TABLE IF EXISTS {leftover}")
    chosen = _selected(file, names)
    try:
        rows = _create(connection, file, {column: f"nullif({sql}, '')" for column, sql in chosen.items()}, source)
    except duckdb.InvalidInputException as error:
        raise _unreadable(file, str(error)) from error
    _refuse_rejected(connection, file, before=passed if file.names else 1)
    if not rows:
        raise DataError.of("E_NO_ROWS", f"{file.path.name} has a header and no rows.", "Send the rows too.", table=file.table)
    if file.names:
        _refuse_odd_ids(connection, file)
    return _staged(connection, file, rows, chosen, names=names, types=file.types, remark=remark)


def _stage_parquet(connection: duckdb.DuckDBPyConnection, file: TableFile, limits: Limits) -> Staged:
    schema = pq.read_schema(file.path)
    _check_names(file, schema.names)
    keys = [name for name, column in TABLES[file.table].items() if column.kind == "key"]
    fractional = [name for name in keys if pa.types.is_floating(schema.field(name).type)]
    if fractional:
        raise DataError(
            [
                Finding(
                    code="E_SCHEMA",
                    table=file.table,
                    column=name,
                    message="ids are stored as fractional numbers, which may have lost digits.",
                    remedy="Write ids as text.",
                )
                for name in fractional
            ]
        )
    source = f"read_parquet({path_literal(file.path)}, hive_partitioning=false)"
    chosen = _selected(file, schema.names)
    texts = [name for name in chosen if _is_text(schema.field(name).type)]
    try:
        if texts:
            total = " + ".join(f"coalesce(sum(strlen({quoted(name)})), 0)" for name in texts)
            [(decoded,)] = connection.execute(f"SELECT {total} FROM {source}").fetchall()
            if decoded > limits.decoded_bytes:
                raise DataError.of(
                    "E_DECODED_SIZE",
                    f"{file.path.name} decodes to {int(decoded):,} bytes; {limits.decoded_bytes:,} are allowed.",
                    "Split off what is not needed, or raise the limit.",
                    table=file.table,
                )
        cast = {column: f"nullif(CAST({sql} AS VARCHAR), '')" for column, sql in chosen.items()}
        rows = _create(connection, file, cast, source)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError.of(
            "E_PARQUET", f"{file.path.name} is damaged ({reason}).", "Write it again.", table=file.table
        ) from error
    if not rows:
        raise DataError.of("E_NO_ROWS", f"{file.path.name} has no rows.", "Send the rows too.", table=file.table)
    types = {name: "number" if _is_number(schema.field(name).type) else "text" for name in chosen}
    return _staged(connection, file, rows, chosen, names=tuple(schema.names), types=types, declared=declared_index(schema))


def _create(connection: duckdb.DuckDBPyConnection, file: TableFile, select: Mapping[str, str], source: str) -> int:
    blanked = {
        _blanked(name): f"nullif({made_of}, '') IS NOT NULL AND ({select[name]}) IS NULL"
        for name, (made_of, _) in file.blanked.items()
    }
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in {**select, **blanked}.items())
    connection.execute(f"CREATE OR REPLACE TABLE raw_{file.table} AS SELECT {columns} FROM {source}")
    [(rows,)] = connection.execute(f"SELECT count(*) FROM raw_{file.table}").fetchall()
    return int(rows)


def _blanked(name: str) -> str:
    """Column of a raw table that tells where a value was left blank."""
    return f"{name} was left blank"


def _staged(
    connection: duckdb.DuckDBPyConnection,
    file: TableFile,
    rows: int,
    chosen: Mapping[str, str],
    *,
    names: tuple[str, ...],
    types: Mapping[str, str],
    remark: str | None = None,
    declared: tuple[str, ...] = (),
) -> Staged:
    """What there is of a table that has been created; columns that only number its rows are left out of it."""
    notes = [] if remark is None else [remark]
    for name, (_, sentence) in file.blanked.items():
        [(blanked,)] = connection.execute(
            f"SELECT count(*) FILTER (WHERE {quoted(_blanked(name))}) FROM raw_{file.table}"
        ).fetchall()
        notes += [sentence.format(n=f"{blanked:,}")] if blanked else []
    found = row_numbers(connection, file.table, tuple(chosen), declared=declared)
    columns = tuple(name for name in chosen if name not in found.columns)
    nameless = [name for name in columns if NAMELESS.fullmatch(name)] if file.select is None else []
    if nameless:
        raise DataError.of(
            "E_MISSING_COL", f"{nameless[0]} has no name.", "Name it, or leave the row index out.", table=file.table
        )
    return Staged(
        table=file.table,
        rows=rows,
        columns=columns,
        types=types,
        ignored=_ignored(file, names, chosen),
        notes=(*notes, *found.notes),
        warnings=found.warnings,
    )


def _refuse_odd_ids(connection: duckdb.DuckDBPyConnection, file: TableFile) -> None:
    """Formats without a header have whole numbers as ids: anything else is a remark, or another table."""
    findings = []
    for name in (name for name in ("user_id", "movie_id") if file.select and name in file.select):
        odd = f"NOT regexp_full_match({quoted(name)}, '\\s*[0-9]+\\s*')"
        found = connection.execute(f"SELECT rowid + 1 FROM raw_{file.table} WHERE {odd} ORDER BY 1").fetchall()
        if found:
            rows = [int(row) for (row,) in found]
            message = "ids that are not whole numbers, as this format has them"
            findings.append(
                of_rows("E_VALUE", file.table, name, rows, message=message, remedy="Take out lines that are no rows.")
            )
    if findings:
        raise DataError(findings)


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _selected(file: TableFile, names: tuple[str, ...] | list[str]) -> dict[str, str]:
    if file.select is not None:
        return dict(file.select)
    keep = names if file.table in OPEN_TABLES else [name for name in names if name in TABLES[file.table]]
    return {name: quoted(name) for name in keep}


def _ignored(file: TableFile, names: tuple[str, ...] | list[str], chosen: Mapping[str, str]) -> tuple[str, ...]:
    return () if file.select is not None else tuple(name for name in names if name not in chosen)


def _header(file: TableFile, path: Path) -> tuple[tuple[str, ...], str]:
    """Names of the columns and the delimiter."""
    if file.names is not None:
        return file.names, file.delimiter or ","
    with path.open(encoding="utf-8-sig", newline="") as text:
        line = text.readline()
    if file.quote and line.count(file.quote) % 2:
        raise DataError.of("E_QUOTE", "a quote in the header is never closed.", "Close it.", table=file.table)
    delimiter = file.delimiter or _delimiter(line, file.table)
    return tuple(name or f"(column {k})" for k, name in enumerate(split_line(line, delimiter), start=1)), delimiter


def _delimiter(line: str, table: str) -> str:
    """The delimiter under which most of the header's names are known ones."""
    known = {delimiter: sum(name in TABLES[table] for name in split_line(line, delimiter)) for delimiter in DELIMITERS}
    most = max(known.values())
    best = [delimiter for delimiter, count in known.items() if count == most]
    if len(best) > 1:
        best = [delimiter for delimiter in best if delimiter in line]
    if len(best) > 1 and most > 0:
        raise DataError.of(
            "E_DELIM",
            f"the header can be cut at {' or '.join(map(repr, best))}: {line.strip()[:80]!r}.",
            "Use commas throughout.",
            table=table,
        )
    return best[0] if best else ","


def _check_names(file: TableFile, names: tuple[str, ...] | list[str]) -> None:
    findings = []
    folded = [name.casefold() for name in names]
    for name in dict.fromkeys(name for name in names if folded.count(name.casefold()) > 1):
        text = "the header has this name more than once."
        findings.append(Finding(code="E_DUP_COL", table=file.table, column=name, message=text, remedy="Keep one of the columns."))
    if "" in names:
        text = f"column {names.index('') + 1} has no name."
        findings.append(Finding(code="E_MISSING_COL", table=file.table, message=text, remedy="Name it, or leave it out."))
    for name in (name for name in names if re.search(CONTROL, name)):
        shown = name.encode("unicode_escape").decode("ascii")
        text = f"the column's name holds {MESSAGES['E_CTRL']}."
        findings.append(Finding(code="E_CTRL", table=file.table, column=shown, message=text, remedy=REMEDIES["E_CTRL"]))
    wanted = required(file.table) if file.select is None else ()
    for name in (name for name in wanted if name not in names):
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f" did you mean {near[0]!r}?" if near else ""
        text = f"the column is missing;{hint} found: {', '.join(names)[:200]}."
        findings.append(Finding(code="E_MISSING_COL", table=file.table, column=name, message=text, remedy="Add or rename it."))
    if file.select is not None:
        lacking = [name for name in required(file.table) if name not in file.select]
        findings += [
            Finding(
                code="E_MISSING_COL",
                table=file.table,
                column=name,
                message=f"no column of {file.path.name} can serve as this one.",
                remedy="Add it.",
            )
            for name in lacking
        ]
    if findings:
        raise DataError(findings)


def _refuse_rejected(connection: duckdb.DuckDBPyConnection, file: TableFile, *, before: int) -> None:
    """Raise what the reader could not cut, after so many lines that are no rows; nothing is skipped silently."""
    faults = connection.execute("SELECT line, error_type::VARCHAR FROM reject_errors ORDER BY line").fetchall()
    if not faults:
        return
    findings = []
    for code, what, remedy in (
        ("E_RAGGED", "rows have more or fewer values than the header", "Quote values that hold the delimiter; mend those rows."),
        ("E_QUOTE", "a quote is not closed, or text goes on after it", 'Close it; write "" for a quote inside a quoted value.'),
    ):
        rows = sorted({int(line) - before for line, kind in faults if (kind in _RAGGED) == (code == "E_RAGGED")})
        if rows:
            many = f"{len(rows)} or more" if len(faults) >= _KEPT_REJECTS else str(len(rows))
            findings.append(
                Finding(code=code, table=file.table, message=f"{what} ({many}).", remedy=remedy, rows=tuple(rows[:SHOWN_ROWS]))
            )
    raise DataError(findings)


def _unreadable(file: TableFile, message: str) -> DataError:
    line = message.splitlines()[0]
    code = "E_QUOTE" if "quote" in message else "E_RAGGED"
    return DataError.of(code, f"{file.path.name} cannot be cut into columns ({line}).", "Mend that row.", table=file.table)


def _transcoded(path: Path, scratch: Path) -> Path:
    """The same text in UTF-8, for formats that are published in ISO-8859-1."""
    copy = scratch / f"utf8-{path.name}"
    with path.open(encoding="latin-1", newline="") as source, copy.open("w", encoding="utf-8", newline="") as target:
        while piece := source.read(_LATIN_1_PIECE):
            target.write(piece)
    return copy
