"""How the files of one format become our tables: which file, how it is cut, and what each of our columns is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
    types: Mapping[str, str] = field(default_factory=dict)
    """Our column → ``number`` or ``text`` where the format itself says so."""

    @property
    def is_parquet(self) -> bool:
        return self.path.suffix.lower() == ".parquet"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A recognised source."""

    format: str
    files: tuple[TableFile, ...]
    economics: Path | None = None
    world: Path | None = None
    assumed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    """Files that nothing was taken from."""

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(file.table for file in self.files)


def first_line(path: Path) -> str:
    """The first line of a text file, without its end; empty where the file is no UTF-8 text."""
    with path.open("rb") as file:
        line = file.readline(1 << 16)
    return line.decode("utf-8-sig", errors="ignore").rstrip("\r\n")


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


def located(path: Path) -> str:
    """A file as an SQL literal for the database's readers, which take a path for a pattern: here each sign stands for itself.

    >>> print(located(Path("/data[1]/we*rd.csv")))
    '/data[[]1]/we[*]rd.csv'
    """
    return literal("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.absolute())))
