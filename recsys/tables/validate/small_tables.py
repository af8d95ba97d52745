"""Validation of users, movies, offers and subscriptions: from staged text to typed frames and findings."""
# ruff: noqa: S608 – names in SQL come from `quoted`

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from recsys.errors import Finding
from recsys.tables.formats.layout import quoted
from recsys.tables.formats.parsing import CANONICAL_NUMBER, MESSAGES, REMEDIES, fault_sql, value_sql
from recsys.tables.formats.staging import Staged
from recsys.tables.report import of_rows
from recsys.tables.schema import TABLES, Column, Kind
from recsys.tables.store.assembly import typed
from recsys.tables.validate.rules import Context, Rule, rules_of
from recsys.tables.validate.texts import blank_notes, normalise
from recsys.tables.validate.times import check_time_notations

_BLANK = Column("text")


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """A typed small table with its findings and assumptions."""

    frame: pd.DataFrame
    """Typed; the index is the file's row from 1."""
    findings: tuple[Finding, ...]
    """Errors and warnings."""
    assumed: tuple[str, ...]


def check(connection: duckdb.DuckDBPyConnection, staged: Staged, context: Context) -> CheckedTable:
    """Cast a staged table to its types and check every rule."""
    table = staged.table
    known = {name: TABLES[table].get(name, _BLANK) for name in staged.columns}
    numeric = [name for name in staged.columns if name not in TABLES[table] and _is_numeric(connection, staged, name)]
    kinds: dict[str, Kind] = {name: "figure" if name in numeric else column.kind for name, column in known.items()}
    values = ", ".join(f"{value_sql(kinds[name], name)} AS {quoted(name)}" for name in staged.columns)
    frame = _frame(connection, f"SELECT {values} FROM raw_{table}")
    faults = ", ".join(f"{fault_sql(kinds[name], name)} AS {quoted(name)}" for name in staged.columns)
    written = _frame(connection, f"SELECT {faults} FROM raw_{table}")
    words = [name for name, kind in kinds.items() if kind == "text"]
    normalised = normalise(table, frame, words, context.spellings)
    frame = frame.assign(**normalised.columns)
    findings: list[Finding] = list(normalised.findings)
    assumed = [*blank_notes(connection, table, [*words, *numeric]), *normalised.assumed]
    for name, column in known.items():
        findings += missing_values(table, name, column, frame[name], written[name])
        if kinds[name] == "date":
            found, notes = check_time_notations(table, name, written[name])
            findings += found
            assumed += notes
        findings += bad_values(table, name, written[name])
    text = tuple(name for name in staged.columns if kinds[name] in ("key", "name", "text"))
    findings += failed_rules(table, frame, rules_of(table, replace(context, text_columns=text)))
    read = [name for name in numeric if name not in staged.types]
    if read:
        assumed.append(f"{table}: {', '.join(read)} hold nothing but numbers and were read as numbers")
    refused = any(finding.code.startswith("E_") for finding in findings)
    return CheckedTable(
        frame=frame if refused else _final_types(frame, numeric), findings=tuple(findings), assumed=tuple(assumed)
    )


def failed_rules(table: str, frame: pd.DataFrame, rules: Iterable[Rule]) -> list[Finding]:
    """Check rules on a frame whose index is the file's rows; one finding for each rule that fails."""
    asked = {
        f"rule {k}": rule
        for k, rule in enumerate(rules)
        if (rule.column in frame.columns if rule.column else all(name in frame.columns for name in rule.needs))
    }
    columns: dict[str, list[pa.Check]] = {}
    for name, rule in asked.items():
        if rule.column:
            columns.setdefault(rule.column, []).append(pa.Check(rule.ok, name=name, ignore_na=rule.skips_blanks))
    schema = pa.DataFrameSchema(
        {column: pa.Column(None, checks=checks, nullable=True) for column, checks in columns.items()},
        checks=[pa.Check(rule.ok, name=name, ignore_na=False) for name, rule in asked.items() if not rule.column],
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    found = []
    for name, rule in asked.items():
        rows = sorted({int(row) for row in cases.loc[cases["check"] == name, "index"]})
        if rows:
            column = rule.column or (rule.needs[-1] if rule.needs else None)
            found.append(of_rows(rule.code, table, column, rows, message=rule.message, remedy=rule.remedy))
    return found


def missing_values(table: str, name: str, column: Column, values: "pd.Series[Any]", written: "pd.Series[Any]") -> list[Finding]:
    """Find rows without a value that each row must have."""
    if column.may_be_blank:
        return []
    code = "E_NULL_KEY" if column.kind == "key" else "E_NULL"
    empty = values.isna() & written.isna()
    if column.kind == "key":
        empty |= values.fillna("").str.strip() == ""
    rows = values.index[empty].tolist()
    return [of_rows(code, table, name, rows, message=MESSAGES[code], remedy=REMEDIES[code])] if rows else []


def bad_values(table: str, name: str, written: "pd.Series[Any]") -> list[Finding]:
    """Values that could not be read, by code."""
    told = written.dropna()
    bad = told[told.str.startswith("E_")] if len(told) else told
    return [
        of_rows(code, table, name, bad.index[bad == code].tolist(), message=MESSAGES[code], remedy=REMEDIES[code])
        for code in sorted(set(bad))
    ]


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    frame: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)


def _is_numeric(connection: duckdb.DuckDBPyConnection, staged: Staged, name: str) -> bool:
    """Whether a further column is one of numbers: its file says so, or every value is a number written the plain way."""
    if name in staged.types:
        return staged.types[name] == "number"
    column = quoted(name)
    [(numeric,)] = connection.execute(
        f"SELECT bool_and(regexp_full_match(text_value({column}), '{CANONICAL_NUMBER}')) FROM raw_{staged.table}"
    ).fetchall()
    return bool(numeric)


def _final_types(frame: pd.DataFrame, numeric: list[str]) -> pd.DataFrame:
    """Cast to final types; attributes of whole numbers without gaps become int64."""
    whole: dict[str, Any] = {name: "int64" for name in numeric if frame[name].notna().all() and (frame[name] % 1 == 0).all()}
    return typed(frame.astype(whole)).set_axis(frame.index, axis=0)
