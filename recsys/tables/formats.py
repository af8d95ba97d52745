"""Which format a set of files is in, recognised from what they are called and how they begin."""

from collections.abc import Callable, Mapping
from pathlib import Path

from recsys.errors import DataError
from recsys.tables.atomic import is_recbole, recbole
from recsys.tables.columns import TABLES
from recsys.tables.layout import Files, Layout, TableFile
from recsys.tables.movielens import (
    is_movielens_1m,
    is_movielens_10m,
    is_movielens_100k,
    is_movielens_csv,
    is_movietweetings,
    movielens_1m,
    movielens_10m,
    movielens_100k,
    movielens_csv,
    movietweetings,
)

_SUFFIXES = (".csv", ".tsv", ".parquet")


def recognise(files: Files, wanted: str | None = None) -> Layout:
    """How to read these files.

    Raises
    ------
    DataError  E_UNKNOWN_FORMAT: no format fits, several do, or ``wanted`` does not; E_ENCODING, E_EMPTY where a file that
        has to be looked into is no text
    """
    if wanted is not None and wanted not in FORMATS:
        raise _unknown(f"there is no format {wanted!r}.", files)
    found = {name: fits for name, fits in FORMATS.items() if fits[0](files)}
    if wanted is not None:
        if wanted not in found:
            raise _unknown(f"this is not {wanted}.", files)
        return found[wanted][1](files)
    if len(found) != 1:
        what = "several formats fit: " + ", ".join(found) + "." if found else "no known format fits."
        raise _unknown(what, files)
    return next(iter(found.values()))[1](files)


def _unknown(message: str, files: Files) -> DataError:
    names = ", ".join(sorted(files)[:10]) or "nothing"
    return DataError.of(
        "E_UNKNOWN_FORMAT",
        f"{message} Found: {names}.",
        f"Name one with --format ({', '.join(FORMATS)}), or call the tables {', '.join(TABLES)} (.csv or .parquet).",
    )


def _own_tables(files: Files) -> dict[str, Path]:
    return {
        Path(name).stem: path
        for name, path in files.items()
        if Path(name).suffix.lower() in _SUFFIXES and Path(name).stem in TABLES
    }


def _is_own(files: Files) -> bool:
    if is_movielens_csv(files):
        return False
    return bool(_own_tables(files)) or "economics.toml" in files


def _own(files: Files) -> Layout:
    named = [name for name in files if Path(name).suffix.lower() in _SUFFIXES and Path(name).stem in TABLES]
    tables = _own_tables(files)
    if len(named) != len(tables):
        twice = sorted(name for name in named if sum(Path(other).stem == Path(name).stem for other in named) > 1)
        raise _unknown(f"a table is there twice: {', '.join(twice)}.", files)
    known = {*named, "economics.toml", "world.json"}
    return Layout(
        format="tables",
        files=tuple(TableFile(table=table, path=path) for table, path in sorted(tables.items())),
        economics=files.get("economics.toml"),
        world=files.get("world.json"),
        unused=tuple(sorted(set(files) - known)),
    )


FORMATS: Mapping[str, tuple[Callable[[Files], bool], Callable[[Files], Layout]]] = {
    "tables": (_is_own, _own),
    "movielens-100k": (is_movielens_100k, movielens_100k),
    "movielens-1m": (is_movielens_1m, movielens_1m),
    "movielens-10m": (is_movielens_10m, movielens_10m),
    "movielens-csv": (is_movielens_csv, movielens_csv),
    "movietweetings": (is_movietweetings, movietweetings),
    "recbole": (is_recbole, recbole),
}
"""Name → does it fit, and how is it read."""
