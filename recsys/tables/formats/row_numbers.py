"""Index columns: columns that only number the rows, as pandas, R and spreadsheets write them."""
# ruff: noqa: S608 – names in SQL come from `quoted`

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from recsys import foreign
from recsys.errors import Finding
from recsys.tables.formats.layout import quoted
from recsys.tables.schema import TABLES

NAMELESS = re.compile(r"\(column \d+\)|[Uu]nnamed: ?\d+(_level_\d+)?")
"""What a column without a name is called here, and by pandas."""
_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls an index that has no name, and nobody calls a column."""
_UNNAMED = re.compile(rf"{NAMELESS.pattern}|\.\.\.\d+|_c\d+|level_\d+")
_ROW = r"row[ _.]?(id|idx|index|no|nr|num|number|names?)?"
_NUMBERING = re.compile(rf"index|idx|{_ROW}|x|x\.\d+|id|no|nr|s[. _]*no\.?|sr[. _]*no\.?|#")
_FEWEST_ROWS = 10
"""Rows from which on ascending numbers are no accident."""


@dataclass(frozen=True, kw_only=True)
class RowNumbers:
    """What was found among the columns of a table."""

    columns: tuple[str, ...]
    """Left out."""
    notes: tuple[str, ...]
    warnings: tuple[Finding, ...]


def row_numbers(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], *, declared: Sequence[str] = ()
) -> RowNumbers:
    """Find row numbers among the further columns of ``raw_<table>``.

    Parameters
    ----------
    declared : what the file itself says is an index
    """
    left_out, warnings = [], []
    for name in (name for name in columns if name not in TABLES[table]):
        low = name.strip().lower()
        whole, ascending, rows = _counts(connection, table, name)
        unnamed = name in declared or _UNNAMED.fullmatch(low)
        if _INDEX.fullmatch(low) or (whole and unnamed) or (ascending and _NUMBERING.fullmatch(low)):
            left_out.append(name)
        elif ascending and rows >= _FEWEST_ROWS:
            warnings.append(
                Finding(
                    code="W_ROW_NUMBER",
                    table=table,
                    column=name,
                    message="the column counts the rows, so it knows the order of the table; kept.",
                    remedy="Leave it out, unless the order is something that you know of each movie or user.",
                )
            )
    notes = tuple(f"{table}: {name} numbers the rows and was left out" for name in left_out)
    return RowNumbers(columns=tuple(left_out), notes=notes, warnings=tuple(warnings))


def declared_index(schema: pa.Schema) -> tuple[str, ...]:
    """Columns that pandas wrote as an index."""
    try:
        told = foreign.json_value((schema.metadata or {}).get(b"pandas", b"{}"))
        return tuple(name for name in told.get("index_columns", ()) if isinstance(name, str))
    except (ValueError, AttributeError, TypeError):
        return ()


def _counts(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> tuple[bool, bool, int]:
    """Whether the values are different whole numbers, whether they ascend by one from 0 or 1, and how many there are."""
    query = f"""WITH numbered AS (SELECT whole_value({quoted(name)}) AS v, row_number() OVER () AS k FROM raw_{table})
        SELECT count(v) = count(*) AND count(DISTINCT v) = count(*), min(v - k) = max(v - k) AND min(v) IN (0, 1), count(*)
        FROM numbered"""
    [(whole, ascending, rows)] = connection.execute(query).fetchall()
    return bool(whole), bool(whole and ascending), int(rows)
