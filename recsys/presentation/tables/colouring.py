"""Which colour and shape each point gets: the eight most frequent values and the rest, or a scale for numbers."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from recsys.segments.membership import PRIVACY_FLOOR
from recsys.tables import lists
from recsys.tables.lists import LIST_COLUMNS

OTHER = "other or not known"
TOP = 8
_MAX_LEVELS = 12
"""A whole number with at most this many values (a city tier) is a category."""
NOT_COLOURS = frozenset({"movie_id", "user_id", "title", "x", "y", "row", "id", "kind"})
_NICER = {"genres": "genre", "languages": "language", "runtime_min": "running time (minutes)"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Colouring:
    """What the colour of a point says."""

    name: str
    of_points: pd.Series
    """Text in the categories of ``order``, or numbers where ``order`` is None."""
    order: tuple[str, ...] | None
    """Categories, the most frequent first (numbers in their own order), ``OTHER`` last."""

    def only(self, rows: pd.Index) -> "Colouring":
        """The colouring of some of the points."""
        return replace(self, of_points=self.of_points.loc[rows])


def attributes(frame: pd.DataFrame) -> tuple[str, ...]:
    """Columns that a map can be coloured by.

    Examples
    --------
    >>> attributes(pd.DataFrame({"movie_id": ["a"], "title": ["A"], "genres": ["Drama"], "year": [1999.0], "gone": [None]}))
    ('genres',)
    """
    return tuple(
        str(column)
        for column in frame.columns
        if column not in NOT_COLOURS and frame[column].notna().any() and _usable(frame[column])
    )


def label(attribute: str) -> str:
    """An attribute's name on the screen.

    Examples
    --------
    >>> label("genres"), label("city_tier")
    ('genre', 'city tier')
    """
    return _NICER.get(attribute, attribute.replace("_", " "))


def by_attribute(frame: pd.DataFrame, attribute: str) -> Colouring:
    """The colouring of ``frame``'s rows by one of its columns; of several values in a cell the first counts.

    Examples
    --------
    >>> coloured = by_attribute(pd.DataFrame({"genres": ["Drama|Family", "Comedy", "Drama", None]}), "genres")
    >>> coloured.order, coloured.of_points.tolist()
    (('Drama', 'Comedy', 'other or not known'), ['Drama', 'Comedy', 'Drama', 'other or not known'])
    """
    column = frame[attribute]
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.year
    if _is_number(column) and column.nunique() > _MAX_LEVELS:
        return Colouring(name=label(attribute), of_points=column.astype("float64"), order=None)
    text = _first(column) if attribute in LIST_COLUMNS else _as_text(column)
    top = text.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index[:TOP].tolist()
    values = text.where(text.isin(top), OTHER).fillna(OTHER).astype(object)
    kept = sorted(top, key=float) if _is_number(column) else top
    rest = (OTHER,) if (values == OTHER).any() else ()
    return Colouring(name=label(attribute), of_points=values, order=(*kept, *rest))


def by_band(people: pd.DataFrame, attribute: str, *, fewest: int = PRIVACY_FLOOR) -> Colouring:
    """The colouring of people by one of their attributes, which tells no value that fewer than ``fewest`` of them have.

    Many numbers are told in bands with round ends; those who would stand in too small a band, and all others, are ``OTHER``.

    Examples
    --------
    >>> coloured = by_band(pd.DataFrame({"age": range(1, 101), "city": ["Madurai"] * 98 + ["Ooty"] * 2}), "age")
    >>> coloured.order
    ('below 21', '21 to below 41', '41 to below 61', '61 to below 81', '81 and more')
    """
    column = people[attribute]
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.year
    if _is_number(column) and column.nunique() > _MAX_LEVELS:
        column = _bands(column.astype("float64"))
    counts = column.value_counts()
    shown = by_attribute(people.assign(**{attribute: column.where(column.isin(counts.index[counts >= fewest]))}), attribute)
    if isinstance(column.dtype, pd.CategoricalDtype) and shown.order is not None:
        rank = {name: k for k, name in enumerate([*map(str, column.cat.categories), OTHER])}
        shown = replace(shown, order=tuple(sorted(shown.order, key=rank.__getitem__)))
    return shown


def _bands(values: pd.Series) -> pd.Series:
    """Fifths of the values that are known, with ends rounded to three digits."""
    ends = sorted({float(f"{end:.3g}") for end in values.quantile([0.2, 0.4, 0.6, 0.8], interpolation="higher")})
    said = [f"{end:,.15g}" for end in ends]
    names = [f"below {said[0]}", *(f"{low} to below {high}" for low, high in pairwise(said)), f"{said[-1]} and more"]
    return pd.cut(values, [-np.inf, *ends, np.inf], right=False, labels=names)


def plain_colour(frame: pd.DataFrame) -> Colouring:
    """Every point alike, where there is no attribute to tell them apart."""
    return Colouring(name="all", of_points=pd.Series("all", index=frame.index, dtype=object), order=("all",))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _usable(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return bool(column.min() < column.max())
    return bool(1 < column.nunique() <= max(40, len(column) // 4)) or column.name in LIST_COLUMNS


def _first(column: pd.Series) -> pd.Series:
    return lists.split(column).map(lambda cell: cell[0] if cell else None)


def _as_text(column: pd.Series) -> pd.Series:
    def shown(value: object) -> str | None:
        if isinstance(value, float) and value == int(value):
            return str(int(value))
        return str(value)

    return column.astype(object).where(column.notna(), None).map(shown, na_action="ignore")
