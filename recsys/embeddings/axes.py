"""Interpretable axes: a map's axes are named by the attributes that correlate with them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.embeddings.neighbours import AnyFloats
from recsys.ids import FloatArray
from recsys.tables import lists

_NOT_ATTRIBUTES = frozenset(
    {"movie_id", "user_id", "title", "available_from", "available_until", "licence_until", "licence_fee", "signup_date"}
)
_MAX_NUMBERS = 12
"""A numeric column with more values than this is put into bands."""
_MAX_VALUES = 40
"""A text column with more values than this is a name, not an attribute."""


@dataclass(frozen=True, kw_only=True)
class AxisEnd:
    """Attribute at one end of a map's axis."""

    attribute: str
    value: str
    correlation: float


@dataclass(frozen=True, kw_only=True)
class AxisName:
    """Name of a map's axis, ``low`` to ``high``; an end is None where no attribute correlates clearly."""

    low: AxisEnd | None
    high: AxisEnd | None

    @property
    def label(self) -> str:
        """For example ``Tamil ↔ Hindi``; empty where neither end has a name."""
        ends = [end.value for end in (self.low, self.high) if end]
        if len(ends) == 2:
            return f"{ends[0]} ↔ {ends[1]}"
        if self.high:
            return f"→ {self.high.value}"
        return f"{self.low.value} ←" if self.low else ""


def attribute_masks(frame: pd.DataFrame, *, min_rows: int = 3) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Rows that have each value of each attribute.

    Parameters
    ----------
    frame : movies or users; ``genres`` and ``languages`` are split at ``|``, other columns count if they
        hold few values; many numbers are put into bands of about a quarter of the rows each
    min_rows : values in fewer rows are left out

    Returns
    -------
    (column, value as text) → bool[n_rows], columns in the frame's order, values sorted

    Examples
    --------
    >>> movies = pd.DataFrame({"movie_id": ["a", "b"], "genres": ["Drama|Family", "Drama"]})
    >>> attribute_masks(movies, min_rows=1)
    {('genres', 'Drama'): array([ True, True]), ('genres', 'Family'): array([ True, False])}
    """
    masks: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for column in map(str, frame.columns):
        if column in _NOT_ATTRIBUTES:
            continue
        found = lists.masks(frame[column]) if column in lists.LIST_COLUMNS else _single_values(frame[column])
        masks |= {(column, value): mask for value, mask in sorted(found.items()) if value and mask.sum() >= min_rows}
    return masks


def _single_values(values: pd.Series) -> dict[str, NDArray[np.bool_]]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return {}
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _numbers(values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
    if values.nunique() > _MAX_VALUES:
        return {}
    text = values.astype(object).where(values.notna(), None)
    return {str(value): (text == value).to_numpy(dtype=bool) for value in text.dropna().unique()}


def _numbers(values: FloatArray) -> dict[str, NDArray[np.bool_]]:
    """A few numbers stand for themselves; many are put into bands, each with about a quarter of the rows.

    Bands are open at either end and have round limits, so that none tells the number of a single row.
    """
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    if len(distinct) <= _MAX_NUMBERS:
        return {f"{number:.15g}": values == number for number in distinct}
    edges = sorted({float(f"{edge:.3g}") for edge in np.quantile(known, [0.25, 0.5, 0.75], method="higher")})
    said = [f"{edge:.15g}" for edge in edges]
    names = [f"below {said[0]}", *(f"{low}–{high}" for low, high in pairwise(said)), f"from {said[-1]}"]
    bands = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
    return {name: bands == band for band, name in enumerate(names) if (bands == band).any()}


def name_axes(
    positions: AnyFloats, frame: pd.DataFrame, *, min_correlation: float = 0.15, min_rows: int = 3
) -> tuple[AxisName, ...]:
    """What each axis of a linear map is about, from the attributes most correlated with it.

    Parameters
    ----------
    positions : float[n, n_axes]
    frame : n rows of attributes
    min_correlation : an end whose best attribute correlates less than this gets no name
    min_rows : values in fewer rows name no end

    Returns
    -------
    one name an axis
    """
    masks = attribute_masks(frame, min_rows=max(min_rows, len(frame) // 100))
    if not masks:
        return tuple(AxisName(low=None, high=None) for _ in range(positions.shape[1]))
    keys = list(masks)
    correlations = _correlations(np.stack([masks[key] for key in keys], axis=1), np.asarray(positions, dtype=np.float64))

    def end(column: FloatArray, sign: int) -> AxisEnd | None:
        best = int(np.argmax(sign * column))
        if sign * column[best] < min_correlation:
            return None
        return AxisEnd(attribute=keys[best][0], value=keys[best][1], correlation=float(column[best]))

    return tuple(AxisName(low=end(column, -1), high=end(column, +1)) for column in correlations.T)


def _correlations(indicators: NDArray[np.bool_], positions: FloatArray) -> FloatArray:
    """Pearson correlation of each indicator with each axis, float64[n_indicators, n_axes]; 0 where either is constant."""
    x = indicators - indicators.mean(axis=0)
    y = positions - positions.mean(axis=0)
    scale = np.sqrt(np.outer(np.square(x).sum(axis=0), np.square(y).sum(axis=0)))
    return np.asarray(np.divide(x.T @ y, scale, out=np.zeros_like(scale), where=scale > 0))
