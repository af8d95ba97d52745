"""How times are written: one way, or several that are each exact; or a finding with the rows of the rarer ways."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from recsys.errors import Finding
from recsys.tables.formats.parsing import REMEDIES
from recsys.tables.report import of_rows

_NUMBERS = {"s", "ms"}
LOCAL = "local"


def written_times(table: str, name: str, written: "pd.Series[Any]") -> tuple[list[Finding], list[str]]:
    """What is wrong with a column of dates or times by how each is written, and what is said of it."""
    ways = written.dropna()
    ways = ways[~ways.astype("str").str.startswith("E_")].astype("str")
    counts = ways.value_counts()
    clash = time_clash(counts.index)
    if clash is None:
        return [], [sentence for sentence in times_said(f"{table}.{name}", counts.index) if "no time zone" not in sentence]
    code, message = clash
    rows = ways.index[ways != counts.index[0]].tolist()
    return [of_rows(code, table, name, rows, message=message, remedy=REMEDIES[code])], []


def time_clash(ways: Iterable[str]) -> tuple[str, str] | None:
    """Code and message where times written in these ways cannot be read together; those with a zone each are exact."""
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


def times_said(column: str, ways: Iterable[str]) -> list[str]:
    """What is said of times that can be read."""
    found = sorted(set(ways))
    said = {
        LOCAL: f"{column} has no time zone and is read as UTC",
        "ms": f"{column} counts milliseconds",
        "UTC": f"{column} ends in UTC or GMT and is read so",
    }
    if len(found) > 1:
        return [f"{column} is written in several zones ({', '.join(found)}), each of them exact, and is read as UTC"]
    return [said[way] for way in found if way in said]
