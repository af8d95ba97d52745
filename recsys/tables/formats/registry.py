"""Registry of import formats: recognises the format of a set of files by their names and first lines."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from recsys.errors import DataError
from recsys.tables.formats import movielens, recbole
from recsys.tables.formats.file_names import (
    READABLE,
    SIMULATION_JSON,
    TERMS,
    by_intended_name,
    refuse_unread_tables,
    rename_notes,
)
from recsys.tables.formats.layout import Files, ImportFormat, Layout, TableFile, header
from recsys.tables.schema import TABLES

OWN = "tables"
"""Our own names and columns."""


def recognise(files: Files, wanted: str | None = None) -> Layout:
    """Recognise the format of these files. Offers, subscriptions and money terms under our own names come along with any format.

    Raises
    ------
    DataError  E_UNKNOWN_FORMAT: no format fits, several do, or ``wanted`` does not; E_TABLE_NAME: a file is called like a table
        and is none, or two are called alike; E_ENCODING, E_EMPTY where a file that has to be looked into is no text
    """
    named = by_intended_name(files)
    layout = with_side_tables(_layout(named, wanted, files), named)
    used = {file.path for file in layout.files} | {path for path in (layout.economics, layout.simulation) if path}
    unused = {name: path for name, path in named.items() if path not in used}
    refuse_unread_tables(unused, layout.tables)
    _refuse_odd_ratings(layout, unused)
    return replace(
        layout,
        assumed=(*layout.assumed, *rename_notes(named, used)),
        unused=tuple(sorted(f"{path.name}/" if path.is_dir() else path.name for path in unused.values())),
    )


def _layout(named: Files, wanted: str | None, files: Files) -> Layout:
    if wanted is not None and wanted not in FORMATS:
        raise _unknown(f"there is no format {wanted!r}.", files)
    found = [each for each in FORMATS.values() if each.fits(named) and wanted in (None, each.name)]
    if wanted is not None and not found:
        raise _unknown(f"this is not {wanted}.", files)
    if len(found) != 1:
        if not found:
            refuse_unread_tables(named, frozenset())
        what = "several formats fit: " + ", ".join(each.name for each in found) + "." if found else "no known format fits."
        raise _unknown(what, files)
    return replace(found[0].layout(named), format=found[0].name)


def _unknown(message: str, files: Files) -> DataError:
    names = ", ".join(sorted(files)[:10]) or "nothing"
    return DataError.of(
        "E_UNKNOWN_FORMAT",
        f"{message} Found: {names}.",
        f"Name one with --format ({', '.join(FORMATS)}), or call the tables {', '.join(TABLES)} (.csv or .parquet).",
    )


def _own_tables(files: Files) -> list[tuple[str, Path]]:
    named = [(Path(name), path) for name, path in files.items() if not path.is_dir()]
    return sorted((name.stem, path) for name, path in named if name.suffix in READABLE and name.stem in TABLES)


def _is_own(files: Files) -> bool:
    """A folder of another format may hold side tables of ours; it is ours where it holds more, or nothing else is known."""
    tables = {table for table, _ in _own_tables(files)}
    if any(each.fits(files) for name, each in FORMATS.items() if name != OWN):
        return bool(tables & {"users", "events"})
    return bool(tables) or TERMS in files


def _own(files: Files) -> Layout:
    tables = _own_tables(files)
    once = dict(tables)
    if len(once) != len(tables):
        twice = sorted(path.name for table, path in tables if sum(other == table for other, _ in tables) > 1)
        raise _unknown(f"a table is there twice: {', '.join(twice)}.", files)
    return Layout(
        files=tuple(TableFile(table=table, path=path) for table, path in tables),
        economics=files.get(TERMS),
        simulation=files.get(SIMULATION_JSON),
    )


def with_side_tables(layout: Layout, files: Files) -> Layout:
    """The layout of another format with our own offers, subscriptions and money terms, where they lie beside it."""
    if layout.format == OWN:
        return layout
    side = [(table, path) for table, path in _own_tables(files) if table in ("offers", "subscriptions")]
    more = tuple(TableFile(table=table, path=path) for table, path in side)
    return replace(layout, files=(*layout.files, *more), economics=files.get(TERMS))


def _refuse_odd_ratings(layout: Layout, unused: Files) -> None:
    """Ratings that are none of MovieLens's would else be passed over, and the refusal be about the events."""
    if layout.format == OWN and "events" not in layout.tables and "ratings.csv" in unused:
        columns = ", ".join(header(unused["ratings.csv"])[1])
        raise DataError.of(
            "E_UNKNOWN_FORMAT",
            f"{unused['ratings.csv'].name} looks like ratings of MovieLens, but its columns are {columns[:200]}.",
            f"MovieLens has {', '.join(movielens.RATINGS)} beside movies.csv with {', '.join(movielens.MOVIES)}; "
            "else call the table events.csv.",
            table="events",
        )


FORMATS: Mapping[str, ImportFormat] = {
    each.name: each
    for each in (
        ImportFormat(name=OWN, fits=_is_own, layout=_own),
        *movielens.FORMATS,
        *recbole.FORMATS,
    )
}
"""Every import format by its name. A new one is a module beside this one and a line here."""
