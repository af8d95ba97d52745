"""RecBole's atomic files: ``.inter``, ``.item`` and ``.user``, whose typed header says what each column is."""

import re
from collections.abc import Mapping
from pathlib import Path

from recsys.errors import DataError, Finding
from recsys.tables.formats.layout import Files, ImportFormat, Layout, TableFile, first_line, quoted
from recsys.tables.schema import TABLES

_RECBOLE_NAMES: Mapping[str, tuple[str, ...]] = {
    "user_id": ("user_id", "user"),
    "movie_id": ("item_id", "movie_id", "item"),
    "timestamp": ("timestamp", "time"),
    "rating": ("rating",),
    "title": ("movie_title", "title", "name", "item_name"),
    "year": ("release_year", "year", "movie_year"),
    "genres": ("class", "genre", "genres", "categories", "category"),
    "runtime_min": ("runtime_min", "runtime"),
    "minutes": ("minutes",),
}
_NO_YEAR = "movies.year is blank for {n} movies whose release year is no year"
_RECBOLE_KINDS = {".inter": "events", ".item": "movies", ".user": "users"}


def _atomic(files: Files) -> dict[str, list[str]]:
    return {suffix: [name for name in files if name.endswith(suffix)] for suffix in _RECBOLE_KINDS}


def _is_recbole(files: Files) -> bool:
    found = _atomic(files)
    return len(found[".inter"]) == 1 and len(found[".item"]) == 1 and len(found[".user"]) <= 1


def _recbole(files: Files) -> Layout:
    used = [names[0] for names in _atomic(files).values() if names]
    return Layout(
        files=tuple(_atomic_file(files[name], _RECBOLE_KINDS[Path(name).suffix]) for name in used),
        assumed=("several words in a typed list column are several values, but the words of a title are one title",),
    )


def _atomic_file(path: Path, table: str) -> TableFile:
    """A typed header, ``name:kind`` by tabs, says what each column is."""
    header = first_line(path).split("\t")
    bad = [column for column in header if not re.fullmatch(r"[^:]+:(token|token_seq|float|float_seq)", column)]
    if bad:
        finding = Finding(
            code="E_MISSING_COL",
            table=table,
            message=f"the header {bad[0]!r} does not say name:kind.",
            remedy="Write kinds token, token_seq, float or float_seq.",
        )
        raise DataError([finding])
    kinds = dict(column.rsplit(":", 1) for column in header)
    ours: dict[str, str] = {}
    for target, names in _RECBOLE_NAMES.items():
        source = next((name for name in names if name in kinds and target in TABLES[table]), None)
        if source is not None:
            ours[target] = source
    others = {name: name for name in kinds if name not in ours.values() and name not in TABLES[table]}
    chosen = {**ours, **(others if table != "events" else {})}
    return TableFile(
        table=table,
        path=path,
        delimiter="\t",
        quote="",
        select={target: _atomic_sql(source, kinds[source], target) for target, source in chosen.items()},
        blanked={"year": (quoted(f"{ours['year']}:{kinds[ours['year']]}"), _NO_YEAR)} if "year" in ours else {},
        types={target: "number" if kinds[source] == "float" else "text" for target, source in others.items()},
    )


def _atomic_sql(source: str, kind: str, target: str) -> str:
    column = quoted(f"{source}:{kind}")
    if target == "year":
        return f"CASE WHEN whole_value({column}) BETWEEN 1000 AND 9999 THEN whole_value({column})::INTEGER::VARCHAR END"
    return f"replace({column}, ' ', '|')" if kind.endswith("_seq") and target != "title" else column


FORMATS = (ImportFormat(name="recbole", fits=_is_recbole, layout=_recbole),)
