"""Import formats: how a format is recognised, and the layout by which its files become our tables."""

import codecs
import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 30
"""Leading lines by which a format is recognised."""
_LONGEST_LINE = 1 << 16
Files = Mapping[str, Path]
"""What lies at a path, by name."""


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """One file that becomes one table of text."""

    table: str
    path: Path
    delimiter: str | None = None
    """None: found out from the header."""
    quote: str = '"'
    """Empty where the format has none."""
    names: tuple[str, ...] | None = None
    """Columns in file order where the file has no header."""
    select: Mapping[str, str] | None = None
    """Our column → SQL over the file's columns; None takes every column under its own name."""
    keep_others: bool = False
    """With ``select``: columns that it does not mention come along under their own names."""
    latin_1: bool = False
    """The format is written in ISO-8859-1; read so where it is not UTF-8."""
    blanked: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Our column → the column it is made of, in SQL, and the note on values that are left blank, ``{n}`` of them."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Our column → ``number`` or ``text`` where the format itself says so."""

    @property
    def is_parquet(self) -> bool:
        return self.path.suffix.lower() == ".parquet"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A recognised source: the files that are read, what was assumed, and what was left unread."""

    files: tuple[TableFile, ...]
    format: str = ""
    """Name of the import format, set by the registry."""
    economics: Path | None = None
    simulation: Path | None = None
    """``world.json``, which describes a simulated service."""
    assumed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    """Files that nothing was taken from."""

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(file.table for file in self.files)


@dataclass(frozen=True, kw_only=True)
class ImportFormat:
    """One import format: its name and its two functions. A module of formats lists its own in ``FORMATS``."""

    name: str
    """The word after ``--format``."""
    fits: Callable[[Files], bool]
    """Whether the files are in this format, judged by their names and first lines."""
    layout: Callable[[Files], Layout]
    """How files that fit are read."""


def first_line(path: Path) -> str:
    """The first line of a text file that is neither blank nor a comment, without its end; empty where there is none."""
    for line in first_lines(path):
        if line.strip() and not is_comment(line):
            return line
    return ""


def first_lines(path: Path) -> list[str]:
    """The lines that a file begins with, without their ends; bytes that are no UTF-8 are passed over."""
    with path.open("rb") as file:
        lines = [line for _ in range(_LOOKED_AT) if (line := file.readline(_LONGEST_LINE))]
    return [line.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="ignore").rstrip("\r\n") for line in lines]


def is_comment(line: str) -> bool:
    """Whether a line is a comment in a file that has no header."""
    return line.lstrip().startswith(("#", "%", "//"))


def header(path: Path) -> tuple[str, tuple[str, ...]]:
    """Delimiter and column names of a file with a header: the delimiter that splits it into most columns."""
    line = next(iter(first_lines(path)), "")
    cuts = {delimiter: split_line(line, delimiter) for delimiter in DELIMITERS}
    best = max(cuts, key=lambda delimiter: len(cuts[delimiter]))
    return best, tuple(cuts[best])


def split_line(line: str, delimiter: str) -> list[str]:
    """Split one line into its fields, without blanks around them."""
    return [name.strip() for name in next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, skipinitialspace=True), [])]


def quoted(name: str) -> str:
    """A column's name as an SQL identifier.

    >>> quoted("year")
    '"year"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """A path as an SQL literal for the database's readers, with the characters of glob patterns escaped.

    >>> print(path_literal(Path("/data[1]/we*rd.csv")))
    '/data[[]1]/we[*]rd.csv'
    """
    return literal("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.absolute())))
