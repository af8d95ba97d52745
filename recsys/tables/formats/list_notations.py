"""Notations of lists in a cell: commas, semicolons or slashes between values, JSON, Python or PostgreSQL literals.

A column is read only where every row can be read in one notation; of several the rows of the rarer ones are named.
"""

import ast
import html
import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recsys.tables.lists import SEPARATOR, folded

_SIGNS = (SEPARATOR, ";", ",", "^", *"、，；｜،")
_STROKE = re.compile(r"\s*/\s*")
_WORDED = re.compile(r"\s+(·|•|&|-|–|and)\s+", re.IGNORECASE)
"""What joins values in some tables, and in others the words of one name: ``Action & Adventure``."""
_PRINTED = re.compile(r"""\[.*\]|\{.*\}|\(\s*['"].*\)""", re.DOTALL)
_LEFT_OVER = re.compile(r"""[\[\]{}"]|^'.*'$""")
"""What no name holds: the rest of a notation that is not known here."""
_ITEM = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,'"\[\]{}]+(?:[ ]+[^\s,'"\[\]{}]+)*"""
_FLAT = re.compile(rf"\s*(?:(?:{_ITEM})(?:\s*,\s*|\s+(?=['\"])|\s*$))*")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_LONGEST_CELL = 20_000
_NAME = "name"
"""Where a list holds objects, as at TMDB: what each is called."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Parsed cells of a column of lists."""

    pieces: Mapping[str, tuple[str, ...]]
    """Cell → its values, as written."""
    notation: str
    """In words; empty for our own (``Drama|Family``) and for single values."""
    doubtful: frozenset[str] = frozenset()
    """Cells that no one notation reads together with the rest."""
    names_with_strokes: frozenset[str] = frozenset()
    """Values that hold a stroke, or a word that may join several, and were taken for one name."""


def read(cells: Mapping[str, int], known: Container[str] = ()) -> Reading:
    """Parse the distinct cells of one column, each given with the number of its rows.

    Parameters
    ----------
    known : folded names of the catalogue's values: a cell that is one of them is one value

    >>> read({"['Drama', 'Sci-Fi']": 3, "['Drama']": 1}).pieces["['Drama', 'Sci-Fi']"]
    ('Drama', 'Sci-Fi')
    >>> read({"Drama,Family": 3, "Drama": 1}).pieces["Drama,Family"]
    ('Drama', 'Family')
    >>> sorted(read({"Drama, Family": 3, "Drama|Crime": 1}).doubtful)
    ['Drama|Crime']
    """
    ways = {cell: set() if folded(cell) in known else _ways(cell) for cell in cells}
    rows: dict[str, int] = {}
    for cell, found in ways.items():
        for way in found:
            rows[way] = rows.get(way, 0) + cells[cell]
    if "brackets" in rows:
        rest = frozenset(cell for cell, found in ways.items() if "brackets" not in found)
        if rest:
            bracketed = frozenset(cells) - rest
            fewer = min(rest, bracketed, key=lambda group: sum(cells[cell] for cell in group))
            return Reading(pieces={}, notation="", doubtful=fewer)
        return _bracketed(cells)
    if len(rows) > 1:
        most = max(rows, key=lambda way: rows[way])
        return Reading(pieces={}, notation="", doubtful=frozenset(cell for cell, found in ways.items() if found - {most}))
    sign = next(iter(rows), None)
    values = {cell: tuple(cell.split(sign)) if sign in ways[cell] else (cell,) for cell in cells}
    strange = frozenset(cell for cell, several in values.items() if any(_LEFT_OVER.search(each.strip()) for each in several))
    if strange:
        return Reading(pieces={}, notation="", doubtful=strange)
    return _stroked(values, sign, known)


def read_own(cells: Iterable[str]) -> Reading:
    """Parse cells in our own notation, whatever else they hold."""
    return Reading(pieces={cell: tuple(cell.split(SEPARATOR)) for cell in cells}, notation="")


def unescaped(cell: str) -> str:
    """A cell without entities of HTML, whose semicolon would else part values; entities of entities too.

    >>> unescaped("Drama &amp;amp; Family"), unescaped("R&B;Soul")
    ('Drama & Family', 'R&B;Soul')
    """
    while (plain := _ENTITY.sub(lambda entity: html.unescape(entity[0]), cell)) != cell:
        cell = plain
    return cell


def is_printed_list(cell: str) -> bool:
    """Whether a cell looks like a list that a program printed."""
    return bool(_PRINTED.fullmatch(cell))


def _ways(cell: str) -> set[str]:
    return {"brackets"} if is_printed_list(cell) else {sign for sign in _SIGNS if sign in cell}


def _stroked(pieces: Mapping[str, tuple[str, ...]], sign: str | None, known: Container[str]) -> Reading:
    """A stroke joins values where what it joins is found apart elsewhere; ``Sci-Fi/Fantasy`` is else one name."""
    values = {value for several in pieces.values() for value in several}
    parts = {value: _STROKE.split(value) for value in values if "/" in value and folded(value) not in known}
    apart = _apart(parts, values, known)
    if sign:
        clash = {value for value in parts if all(apart[value])}
        doubtful = frozenset(cell for cell, several in pieces.items() if clash & set(several))
        notation = "" if sign == SEPARATOR else f"joined by {sign!r}"
        return Reading(pieces=pieces, notation=notation, doubtful=doubtful, names_with_strokes=frozenset(parts))
    if any(any(apart[value]) or " / " in value for value in parts):
        cut = {cell: tuple(parts.get(cell, several)) for cell, several in pieces.items()}
        return Reading(pieces=cut, notation="joined by '/'")
    return _worded(values, pieces, known, strokes=frozenset(parts))


def _worded(
    values: set[str], pieces: Mapping[str, tuple[str, ...]], known: Container[str], *, strokes: frozenset[str]
) -> Reading:
    """An ``&`` or ``and`` joins values where everything that it joins is found apart elsewhere."""
    parts = {value: _WORDED.split(value)[::2] for value in values if _WORDED.search(value) and folded(value) not in known}
    apart = _apart(parts, values, known)
    several = {value: tuple(each) for value, each in parts.items() if all(apart[value])}
    signs = sorted({sign.lower() for value in several for sign in _WORDED.findall(value)})
    return Reading(
        pieces={cell: several.get(cell, whole) for cell, whole in pieces.items()},
        notation=f"joined by {', '.join(map(repr, signs))}" if signs else "",
        names_with_strokes=strokes | (parts.keys() - several.keys()),
    )


def _apart(parts: Mapping[str, list[str]], values: set[str], known: Container[str]) -> dict[str, list[bool]]:
    """Whether each part of a value is found elsewhere: alone, in the catalogue, or in another value."""
    whole = {folded(value) for value in values}
    met = Counter(folded(part) for several in parts.values() for part in set(several))
    return {
        value: [part in whole or part in known or met[part] > 1 for part in map(folded, several)]
        for value, several in parts.items()
    }


def _bracketed(cells: Mapping[str, int]) -> Reading:
    read = {cell: _printed(cell) for cell in cells}
    doubtful = frozenset(cell for cell, several in read.items() if several is None or any(SEPARATOR in each for each in several))
    values = {cell: several for cell, several in read.items() if several is not None and cell not in doubtful}
    return Reading(pieces=values, notation="in brackets, as programs print lists", doubtful=doubtful)


def _printed(cell: str) -> tuple[str, ...] | None:
    """The values of ``["a", "b"]``, ``['a', 'b']``, ``{a,b}`` or a list of objects with names; None where it is none of them."""
    if len(cell) > _LONGEST_CELL:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(cell)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(found, list) and any(isinstance(each, dict) for each in found):
            return _names(found)
        break
    inner = cell[1:-1]
    if not _FLAT.fullmatch(inner):
        return None
    return tuple(_unquoted(item) for item in re.findall(_ITEM, inner) if item not in ("None", "null", "NULL"))


def _names(objects: list[Any]) -> tuple[str, ...] | None:
    names = [each[_NAME] for each in objects if isinstance(each, dict) and isinstance(each.get(_NAME), str)]
    return tuple(names) if len(names) == len(objects) else None


def _unquoted(item: str) -> str:
    if item[0] == '"':
        try:
            return str(json.loads(item))
        except ValueError:
            pass
    if item[0] in "'\"":
        try:
            return str(ast.literal_eval(item))
        except (ValueError, SyntaxError):
            return item[1:-1]
    return item
