"""Import report: rows and ranges of the tables, warnings, assumptions and notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from recsys.errors import Finding
from recsys.tables.limits import SHOWN_ROWS


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """Result of an import, also kept with the tables."""

    format: str
    """Recognised or given, for example ``movielens-csv``; ``tables`` for our own names."""
    rows: Mapping[str, int]
    """Rows of each table of the workspace after the import."""
    imported: tuple[str, ...]
    """Tables that this import brought."""
    ranges: Mapping[str, tuple[Any, Any]]
    """``table.column`` → least and largest value; times as ISO 8601 text."""
    warnings: tuple[Finding, ...]
    assumed: tuple[str, ...]
    """What holds for the workspace only by assumption, one sentence each."""
    notes: tuple[str, ...]
    """Files and columns that nothing was taken from, tables that gave way."""
    simulated: bool
    fingerprint: str

    def as_json(self) -> dict[str, Any]:
        """The document that ``recsys import --json`` prints."""
        return {
            "format": self.format,
            "rows": dict(self.rows),
            "imported": list(self.imported),
            "ranges": {name: list(limits) for name, limits in self.ranges.items()},
            "warnings": [warning.as_json() for warning in self.warnings],
            "assumed": list(self.assumed),
            "notes": list(self.notes),
            "simulated": self.simulated,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The report that :meth:`as_json` wrote."""
        return cls(
            format=document["format"],
            rows=document["rows"],
            imported=tuple(document["imported"]),
            ranges={name: (low, high) for name, (low, high) in document["ranges"].items()},
            warnings=tuple(finding_from_json(warning) for warning in document["warnings"]),
            assumed=tuple(document["assumed"]),
            notes=tuple(document["notes"]),
            simulated=document["simulated"],
            fingerprint=document["fingerprint"],
        )


def of_rows(code: str, table: str, column: str | None, rows: list[int], *, message: str, remedy: str) -> Finding:
    """A finding with its number of rows and the first few of them."""
    many = f"{len(rows):,} rows" if len(rows) != 1 else "1 row"
    return Finding(
        code=code, table=table, column=column, message=f"{message}: {many}.", remedy=remedy, rows=tuple(rows[:SHOWN_ROWS])
    )


def finding_from_json(document: Mapping[str, Any]) -> Finding:
    """The finding that :meth:`recsys.errors.Finding.as_json` wrote."""
    return Finding(**{**document, "rows": tuple(document["rows"])})


def ranges_of(table: str, frame: pd.DataFrame) -> Mapping[str, tuple[Any, Any]]:
    """Least and largest value of each column of numbers or times."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in frame.columns:
        values = frame[name].dropna()
        if values.empty:
            continue
        if pd.api.types.is_datetime64_any_dtype(values):
            found[f"{table}.{name}"] = (values.min().isoformat(), values.max().isoformat())
        elif pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            found[f"{table}.{name}"] = (float(values.min()), float(values.max()))
    return found
