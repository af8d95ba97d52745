"""Schema of the tables: known columns and how their text is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["key", "name", "text", "figure", "number", "whole", "date", "time", "month", "flag"]
"""``name`` is text in which every word may be meant (a title); ``figure`` is a number among the further attributes."""


@dataclass(frozen=True)
class Column:
    """One known column. ``required``: the table must have it, and every row a value, unless ``may_be_blank``."""

    kind: Kind
    required: bool = False
    may_be_blank: bool = True


_KEY = Column("key", required=True, may_be_blank=False)
_TEXT, _NUMBER, _DATE = Column("text"), Column("number"), Column("date")
_MOVIE: Mapping[str, Column] = {
    "movie_id": _KEY,
    "title": Column("name", required=True),  # a blank one is E_TITLE
    "year": Column("whole"),
    "genres": _TEXT,
    "languages": _TEXT,
    "runtime_min": _NUMBER,
    "available_from": _DATE,
    "available_until": _DATE,
    "licence_fee": _NUMBER,
    "licence_until": _DATE,
}
TABLES: Mapping[str, Mapping[str, Column]] = {
    "users": {"user_id": _KEY, "signup_date": _DATE, "plan": _TEXT},
    "movies": _MOVIE,
    "events": {
        "user_id": _KEY,
        "movie_id": _KEY,
        "timestamp": Column("time", required=True, may_be_blank=False),
        "minutes": _NUMBER,
        "rating": _NUMBER,
        "completed": Column("flag"),
        "device": _TEXT,
    },
    "offers": {
        **_MOVIE,
        "fee": Column("number", required=True),  # a blank one is E_COST
        "currency": Column("text", required=True),  # a blank one is E_CURRENCY
        "window_months": Column("whole", required=True, may_be_blank=False),
        "start": Column("month"),
        "royalty_per_view": _NUMBER,
        "dubbing_cost": _NUMBER,
        "marketing_cost": _NUMBER,
        "delivery_cost": _NUMBER,
        "exclusive": Column("flag"),
    },
    "subscriptions": {
        "user_id": _KEY,
        "month": Column("month", required=True, may_be_blank=False),
        "active": Column("flag", required=True, may_be_blank=False),
        "plan": _TEXT,
        "price": _NUMBER,
    },
}
OPEN_TABLES = ("users", "movies", "offers")
"""Tables that keep further columns, as attributes."""
COST_COLUMNS = ("fee", "royalty_per_view", "dubbing_cost", "marketing_cost", "delivery_cost")


def required(table: str) -> tuple[str, ...]:
    """Columns that a table cannot do without."""
    return tuple(name for name, column in TABLES[table].items() if column.required)
