"""File names to tables: near misses of a table's name are read with a note, or refused, never ignored."""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from recsys.errors import DataError, Finding
from recsys.tables.formats.layout import Files
from recsys.tables.schema import TABLES

READABLE = (".csv", ".tsv", ".parquet")
TERMS, SIMULATION_JSON = "economics.toml", "world.json"
_COPY = re.compile(r"^copy of |[ _-]*(\(\d+\)|\[\d+\])$|[ _-]+(copy|kopie|copie)( ?\(?\d+\)?)?$")
_PLURALS = {"user": "users", "movie": "movies", "event": "events", "offer": "offers", "subscription": "subscriptions"} | {
    "economic": "economics",
    "rating": "ratings",
}
_VERSION = re.compile(r"\d+|v\d+|new|old|final|latest|current|export|exported|data|table|list|my|the|copy|kopie|sheet\d*|of|de")
_DATA = {*READABLE, ".txt", ".tab", ".pq", ".json", ".jsonl", ".ndjson", ".feather", ".arrow", ".xml"} | {
    ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".gz", ".zst", ".bz2", ".xz", ".zip", ".7z", ".rar", ".toml", ".yaml",
    ".yml", ".ini", ".db", ".sqlite", "",
}  # fmt: skip
_NEAR_ENOUGH = 0.85


def intended_name(name: str) -> str:
    """Undo copying, capitals and singulars in a file's name.

    >>> [intended_name(name) for name in ("Offers.CSV", "offers (1).csv", "movie.csv", "Copy of users.csv")]
    ['offers.csv', 'offers.csv', 'movies.csv', 'users.csv']
    """
    low = PurePath(name.lower())
    stem = _COPY.sub("", _COPY.sub("", low.stem.strip()).strip()).strip()
    return f"{_PLURALS.get(stem, stem) or low.stem}{low.suffix.strip()}"


def is_table(name: str) -> bool:
    """Whether a name is intended as that of a table or of the money terms."""
    path = PurePath(intended_name(name))
    return path.name in (TERMS, SIMULATION_JSON) or (path.suffix in READABLE and path.stem in (*TABLES, "ratings"))


def by_intended_name(files: Files) -> dict[str, Path]:
    """Files by their intended names; a file that is no table keeps its own where two would be the same.

    Raises
    ------
    DataError  E_TABLE_NAME: two files are intended as one table
    """
    found: dict[str, Path] = {}
    for name, path in files.items():
        if name.endswith("/"):
            found[name] = path
            continue
        other = found.get(intended_name(name))
        if other is not None and is_table(name):
            raise DataError.of(
                "E_TABLE_NAME",
                f"{other.name} and {path.name} both are called like {intended_name(name)}.",
                "Keep the one that is meant.",
                table=PurePath(intended_name(name)).stem,
            )
        found[name if other is not None else intended_name(name)] = path
    return found


def rename_notes(files: Mapping[str, Path], used: set[Path]) -> tuple[str, ...]:
    """Notes on files that were read under another name than their own."""
    return tuple(f"{path.name} was read as {name}" for name, path in files.items() if path in used and path.name != name)


def refuse_unread_tables(unused: Mapping[str, Path], tables: frozenset[str]) -> None:
    """Refuse unread files whose names resemble a table's.

    Raises
    ------
    DataError  E_TABLE_NAME
    """
    findings = [
        Finding(
            code="E_TABLE_NAME",
            table=table,
            message=f"{path.name}{'/ (a folder)' if path.is_dir() else ''} is called like the table {table}, and was not read.",
            remedy=_remedy(path, table, tables),
        )
        for name, path in unused.items()
        if (table := _resembled_table(name, tables)) is not None
    ]
    if findings:
        raise DataError(findings)


def _remedy(path: Path, table: str, tables: frozenset[str]) -> str:
    if table in tables:
        return "Keep the one that is meant."
    wanted = TERMS if table == "economics" else f"{table}.csv (or .parquet)"
    sheet = path.suffix.lower() in (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")
    return f"{'Save the sheet as CSV (UTF-8), named' if sheet else 'If it is that table, call it'} {wanted}; else move it away."


def _resembled_table(name: str, tables: frozenset[str]) -> str | None:
    """Table whose name a file's resembles; one that was read already only counts where nothing else is in the name."""
    path = PurePath(intended_name(name.rstrip("/")))
    if path.suffix not in _DATA:
        return None
    stem = intended_name(path.name.split(".", maxsplit=1)[0])
    known = (*TABLES, "economics")
    if stem in known:
        return stem
    words = [_PLURALS.get(word, word) for word in re.split(r"[\W_]+", stem) if word]
    named = [word for word in words if word in known]
    if len(named) == 1 and all(word in named or _VERSION.fullmatch(word) for word in words):
        return named[0] if named[0] not in tables else None
    near = difflib.get_close_matches(stem, known, n=1, cutoff=_NEAR_ENOUGH)
    return near[0] if near and near[0] not in tables else None
