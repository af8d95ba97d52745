"""The time machine's report as tables and points, ready to be drawn."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from recsys.presentation.text import backtest as sentences
from recsys.presentation.text.numbers import count, percent, significant

_ROWS = ("projection", "genre_popularity", "five_comparables", "gradient_boosting", "projection_uncalibrated")
_KINDS = {"raw": "as the model gives them", "calibrated": "calibrated on earlier arrivals"}


def spans(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Days that there are scores for."""
    return tuple(document["totals"])


def units(document: Mapping[str, Any], days: str) -> tuple[str, ...]:
    """Units that there are scores for."""
    return tuple(document["totals"].get(days, {}))


def points(document: Mapping[str, Any], days: str, unit: str) -> pd.DataFrame:
    """One row an arrival: title, what was projected with its range, what happened."""
    rows = []
    for arrival in document["arrivals"]:
        said = arrival["days"].get(days, {}).get(unit)
        if said is None:
            continue
        held = said["p10"] <= said["actual"] <= said["p90"]
        rows.append(
            {
                "title": arrival["title"],
                "arrived": arrival["arrived"][:10],
                "p10": said["p10"],
                "p50": said["p50"],
                "p90": said["p90"],
                "actual": said["actual"],
                "range": "held" if held else "missed",
                "calibrated": said["calibrated"],
                "shown": f"{count(said['p50'])} ({count(said['p10'])} to {count(said['p90'])})",
            }
        )
    return pd.DataFrame(rows)


def scores(cell: Mapping[str, Any]) -> pd.DataFrame:
    """One row a method; in brackets how it compares with this projection."""
    rows = []
    for name in _ROWS:
        figures = cell["scores"].get(name)
        if figures is None:
            continue
        against = cell["against"].get(name)
        rows.append(
            {
                "forecast by": sentences.NAMES[name],
                "error, share of all": percent(figures["wape"]) + _difference(against, "wape", percent),
                "order (1 is perfect)": _two(figures["spearman"]) + _difference(against, "spearman", _two),
                "total off by": percent(figures["bias"], sign=True),
                "lost by its slates": percent(figures["regret"]),
            }
        )
    return pd.DataFrame(rows)


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _difference(against: Mapping[str, Any] | None, score: str, show: Callable[[float], str]) -> str:
    """How a rival compares with this projection; empty for the projection itself.

    Examples
    --------
    >>> _difference({"wape": {"low": 0.04, "high": 0.12}}, "wape", percent)
    ' (worse by 4% to 12%)'
    >>> _difference({"wape": {"low": -0.04, "high": 0.12}}, "wape", percent)
    ' (no clear difference)'
    """
    if against is None:
        return ""
    low, high = against[score]["low"], against[score]["high"]
    if low > 0:
        return f" (worse by {show(low)} to {show(high)})"
    return f" (better by {show(-high)} to {show(-low)})" if high < 0 else " (no clear difference)"


def coverage(cell: Mapping[str, Any]) -> pd.DataFrame:
    """How often ranges held."""
    return pd.DataFrame(
        [
            {
                "ranges": _KINDS[row["ranges"]],
                "promised": percent(row["promised"]),
                "held": sentences.coverage(row),
                "usual width": f"{count(row['median_width'])}, top {significant(row['median_times'])} times bottom",
            }
            for row in cell["coverage"]
        ]
    )


def misses(document: Mapping[str, Any], days: str) -> pd.DataFrame:
    """The worst misses, with why."""
    return pd.DataFrame(
        [
            {
                "movie": miss["title"],
                "actual views": count(miss["actual"]),
                "projected": f"{count(miss['p50'])} ({count(miss['p10'])} to {count(miss['p90'])})",
                "what is known of why": sentences.why(miss),
            }
            for miss in document["misses"].get(days, [])
        ]
    )


def origins(document: Mapping[str, Any]) -> pd.DataFrame:
    """The moments that were projected from."""
    return pd.DataFrame(
        [
            {
                "moment": origin["date"],
                "arrivals looked at": count(origin["arrivals"]),
                "users then": count(origin["users"]),
                "movies then": count(origin["movies"]),
                "views before it": count(origin["events"]),
            }
            for origin in document["origins"]
        ]
    )


def viewing(document: Mapping[str, Any]) -> pd.DataFrame:
    """One row a month and series: ``month`` (its beginning), ``hours``, ``series`` (said or was) and ``said from``."""
    rows = []
    for each in document["viewing"].get("months", ()):
        begin = pd.Timestamp(each["origin"]) + pd.Timedelta(days=365.25 / 12 * (each["month"] - 1))
        for series, name in (("what we said", "projected"), ("what it was", "actual")):
            rows.append({"month": begin, "hours": each[name], "series": series, "said from": each["origin"]})
    return pd.DataFrame(rows, columns=["month", "hours", "series", "said from"])
