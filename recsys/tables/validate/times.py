"""Notations of times: one in a column, or several that are each exact; else a finding with the rows of the rarer ones."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from recsys.errors import Finding
from recsys.tables.formats.parsing import REMEDIES
from recsys.tables.report import of_rows

_NUMBERS = {"s", "ms"}
LOCAL = "local"


def check_time_notations(table: str, name: str, written: "pd.Series[Any]") -> tuple[list[Finding], list[str]]:
    """Check the notations in a column of dates or times; returns findings and notes."""
    ways = written.dropna()
    ways = ways[~ways.astype("str").str.startswith("E_")].astype("str")
    counts = ways.value_counts()
    clash = notation_conflict(counts.index)
    if clash is None:
        return [], [sentence for sentence in time_notes(f"{table}.{name}", counts.index) if "no time zone" not in sentence]
    code, message = clash
    rows = ways.index[ways != counts.index[0]].tolist()
    return [of_rows(code, table, name, rows, message=message, remedy=REMEDIES[code])], []


def notation_conflict(ways: Iterable[str]) -> tuple[str, str] | None:
    """Code and message where times in these notations cannot be read together; those with a zone each are exact."""
    found = set(ways)
    numbers = found & _NUMBERS
    if numbers == _NUMBERS:
        return "E_EPOCH", "seconds mixed with milliseconds"
    if numbers and found - numbers:
        return "E_DATE", "epoch numbers mixed with dates"
    if LOCAL in found and len(found) > 1:
        zones = ", ".join(sorted("no zone" if way == LOCAL else way for way in found))
        return "E_TZ", f"times with and without a zone ({zones})"
    return None


def time_notes(column: str, ways: Iterable[str]) -> list[str]:
    """Notes on the notations of times that can be read."""
    found = sorted(set(ways))
    notes = {
        LOCAL: f"{column} has no time zone and is read as UTC",
        "ms": f"{column} counts milliseconds",
        "UTC": f"{column} ends in UTC or GMT and is read so",
    }
    if len(found) > 1:
        return [f"{column} is written in several zones ({', '.join(found)}), each of them exact, and is read as UTC"]
    return [notes[way] for way in found if way in notes]
