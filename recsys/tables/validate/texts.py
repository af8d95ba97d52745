"""Normalisation of text: surrounding blanks removed, spelled-out nulls blank, lists in one notation and one spelling.

Done once, at import, so that every comparison later is one of equal text. What was changed is noted and counted.
"""

# ruff: noqa: S608 – names in SQL come from `quoted`

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pandas as pd

from recsys.errors import Finding
from recsys.tables.formats.layout import quoted
from recsys.tables.formats.list_notations import is_printed_list, read, read_own, unescaped
from recsys.tables.limits import SHOWN_ROWS
from recsys.tables.lists import LIST_COLUMNS, NULL_WORDS, SEPARATOR, exploded, folded, split
from recsys.tables.report import of_rows

_IN_DOUBT = ("na", "n.a.", "unknown", "undefined", "missing", "not available", "?", "--", "nil")
"""In lower case: what may mean the same, or be a name (NA is North America to some)."""

Spellings = Mapping[str, Mapping[str, str]]
"""Column of lists → folded name → how it is spelt."""


@dataclass
class NormalisedTexts:
    """Normalised columns of text, with findings and assumptions."""

    columns: dict[str, "pd.Series[str]"] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def normalise(table: str, frame: pd.DataFrame, columns: Sequence[str], spellings: Spellings) -> NormalisedTexts:
    """Normalise the text ``columns`` of a small table.

    Parameters
    ----------
    frame : text without blanks around it, None where there is none
    spellings : of the catalogue, which the offers follow
    """
    normalised = NormalisedTexts()
    for name in columns:
        column = frame[name]
        if name in LIST_COLUMNS or _has_lists(column):
            _normalise_list(normalised, table, column, spellings.get(name, {}))
        words = normalised.columns.get(name, column)
        doubt = split(words).map(lambda several: any(value.lower() in _IN_DOUBT for value in several)).astype(bool)
        if doubt.any():
            normalised.findings.append(_unknown(table, name, words[doubt]))
    return normalised


def blank_notes(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[str]:
    """Notes on what is removed from the text of a raw table: spelled-out nulls and surrounding blanks, one sentence each."""
    if not columns:
        return []
    asked = [
        f"count(*) FILTER (WHERE {condition.format(quoted(name))})"
        for name in columns
        for condition in ("name_value({0}) IS NOT NULL AND text_value({0}) IS NULL", "name_value({0}) <> {0}")
    ]
    [counts] = connection.execute(f"SELECT {', '.join(asked)} FROM raw_{table}").fetchall()
    notes = []
    for name, nulls, padded in zip(columns, counts[::2], counts[1::2], strict=True):
        if nulls:
            words = ", ".join(_null_words(connection, table, name))
            notes.append(f"{table}.{name}: spelled-out nulls ({words}) are blank ({nulls:,} rows)")
        if padded:
            notes.append(f"{table}.{name}: blanks around the text were left out ({padded:,} rows)")
    return notes


def _null_words(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> list[str]:
    """The words that are blank in one column, as they are written there, the most frequent first."""
    word = f"name_value({quoted(name)})"
    rows = connection.execute(
        f"""SELECT {word} AS word FROM raw_{table} WHERE {word} IS NOT NULL AND text_value({quoted(name)}) IS NULL
        GROUP BY word ORDER BY count(*) DESC, word"""
    ).fetchall()
    return [word for (word,) in rows]


def spellings_of(movies: pd.DataFrame) -> Spellings:
    """How the catalogue spells the values of its lists."""
    return {name: {folded(value): value for value in exploded(movies[name]).unique()} for name in LIST_COLUMNS if name in movies}


def _has_lists(column: "pd.Series[str]") -> bool:
    """Whether a further attribute holds lists: our own, or some that a program printed in every row."""
    cells = column.dropna().unique()
    return any(SEPARATOR in cell for cell in cells) or bool(len(cells) and all(map(is_printed_list, cells)))


def _normalise_list(normalised: NormalisedTexts, table: str, column: "pd.Series[str]", known: Mapping[str, str]) -> None:
    name = str(column.name)
    escaped = column.astype(object)
    column = escaped.map(unescaped, na_action="ignore").astype(column.dtype)
    if entities := int((column.notna() & (column.astype(object) != escaped)).sum()):
        normalised.assumed.append(
            f"{table}.{name}: signs that were written for HTML, such as &amp;, were put back ({entities:,} rows)"
        )
    counts = {str(cell): int(n) for cell, n in column.value_counts().items()}
    reading = read(counts, known) if name in LIST_COLUMNS or not any(SEPARATOR in cell for cell in counts) else read_own(counts)
    if reading.doubtful:
        if name in LIST_COLUMNS:
            normalised.findings.append(_in_doubt(table, name, column[column.isin(reading.doubtful)]))
        return
    loose = bool(reading.notation)  # blanks after a comma belong to the notation
    written = {cell: [value.strip() if loose else value for value in several] for cell, several in reading.pieces.items()}
    values = {cell: [value for value in map(str.strip, several) if _is_known(value)] for cell, several in written.items()}
    spelling = _one_spelling(values, counts, known)
    normal = {cell: list(dict.fromkeys(spelling[folded(value)] for value in several)) for cell, several in values.items()}
    normalised.columns[name] = column.map(lambda cell: SEPARATOR.join(normal[cell]) or None, na_action="ignore").astype(
        column.dtype
    )
    if reading.notation:
        many = sum(n for cell, n in counts.items() if len(normal[cell]) > 1)
        normalised.assumed.append(f"{table}.{name} holds lists {reading.notation}; {many:,} rows have several values")
    if changed := sum(n for cell, n in counts.items() if written[cell] != normal[cell]):
        normalised.assumed.append(
            f"{table}.{name}: blanks, case, repeats, empties and spelled-out nulls in its lists were put right ({changed:,} rows)"
        )
    if strokes := sorted(reading.names_with_strokes):
        normalised.assumed.append(f"{table}.{name}: {', '.join(map(repr, strokes[:5]))} was taken for one name, not for several")


def _is_known(value: str) -> bool:
    return bool(value) and value.lower() not in NULL_WORDS


def _one_spelling(values: Mapping[str, list[str]], counts: Mapping[str, int], known: Mapping[str, str]) -> dict[str, str]:
    """Folded name → the catalogue's spelling, else the most frequent one, of equal ones that with large and small letters."""
    met: Counter[str] = Counter()
    for cell, several in values.items():
        for value in several:
            met[value] += counts[cell]
    best: dict[str, str] = {}
    for value in sorted(met, key=lambda value: (-met[value], value.isupper() or value.islower(), value)):
        best.setdefault(folded(value), value)
    return {**best, **{name: spelt for name, spelt in known.items() if name in best}}


def _in_doubt(table: str, name: str, cells: "pd.Series[str]") -> Finding:
    return of_rows(
        "E_LIST",
        table,
        name,
        cells.index.tolist(),
        message=f"lists that are written in another way than the rest, or in none that is known ({_shown(cells)})",
        remedy="Join the values by | in every row; where a name holds a comma or a stroke, write JSON lists in every row.",
    )


def _unknown(table: str, name: str, cells: "pd.Series[str]") -> Finding:
    return of_rows(
        "W_NULL_WORD",
        table,
        name,
        cells.index.tolist(),
        message=f"words that may stand for \u201cnot known\u201d, kept as values like any other ({_shown(cells)})",
        remedy="Leave the cells blank if that is what they mean.",
    )


def _shown(cells: "pd.Series[str]") -> str:
    return ", ".join(repr(cell[:40]) for cell in cells.unique()[:SHOWN_ROWS])
