"""Attributes of users as choices, and choices as the rule that segments are written in."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from recsys.segments.membership import PRIVACY_FLOOR

_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "between", "true", "false"})
_WORD = re.compile(r"[^\W\d]\w*")
_NOT_CHOICES = frozenset({"user_id", "signup_date"})
MAX_VALUES = 60

Value = str | float | bool


def choices(users: pd.DataFrame, *, fewest: int = PRIVACY_FLOOR) -> dict[str, tuple[Value, ...]]:
    """Attributes that have few values, and the values, most frequent first.

    Parameters
    ----------
    fewest : users who have to share a value for it to be told

    Examples
    --------
    >>> users = pd.DataFrame({"user_id": ["a", "b", "c"], "language": ["Tamil", "Hindi", "Tamil"], "city_tier": [2, 1, None]})
    >>> choices(users, fewest=1)
    {'language': ('Tamil', 'Hindi'), 'city_tier': (1.0, 2.0)}
    """
    found: dict[str, tuple[Value, ...]] = {}
    for column in map(str, users.columns):
        counts = users[column].value_counts()
        values = users[column][users[column].isin(counts.index[counts >= fewest])]
        if column in _NOT_CHOICES or pd.api.types.is_datetime64_any_dtype(values) or not 1 < values.nunique() <= MAX_VALUES:
            continue
        if pd.api.types.is_bool_dtype(values):
            found[column] = (True, False)
        elif pd.api.types.is_numeric_dtype(values):
            found[column] = tuple(sorted(float(value) for value in values.unique()))
        else:
            found[column] = tuple(str(value) for value in values.astype(str).value_counts().index)
    return found


def rule(wanted: Mapping[str, Sequence[Value]]) -> str:
    """The rule of users who have one of the values of each attribute; empty where nothing is wanted.

    Examples
    --------
    >>> print(rule({"language": ["Tamil"], "city_tier": [2.0, 3.0], "home town": ["O'Hara"], "plan": []}))
    language = 'Tamil' and city_tier in (2, 3) and "home town" = 'O''Hara'
    """
    return " and ".join(_test(_quoted(column), values) for column, values in wanted.items() if values)


def _test(column: str, values: Sequence[Value]) -> str:
    written = [_written(value) for value in values]
    return f"{column} = {written[0]}" if len(written) == 1 else f"{column} in ({', '.join(written)})"


def _quoted(column: str) -> str:
    if _WORD.fullmatch(column) and column.lower() not in _KEYWORDS:
        return column
    return '"' + column.replace('"', '""') + '"'


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 and value == round(value) else repr(value)
    return "'" + value.replace("'", "''") + "'"


def shown(value: Value) -> str:
    """A value on the screen.

    Examples
    --------
    >>> shown(2.0), shown(True), shown("Tamil")
    ('2', 'yes', 'Tamil')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value
