"""Feature encoding of movies and users: attributes become weighted codes that a tower looks up; learnt once, kept as JSON.

A feature is a column. Text is a set of values (joined by ``|``), each with a code and the set's mean taken; a number lies
between two knots and is shared between their codes in proportion, so that near values have near vectors. A value never seen in
training has no code and adds nothing. The codes of all features are numbered through, so that encoding a table is one sparse
matrix, and its vectors one product with one table.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.errors import ArtefactError
from recsys.ids import FloatArray
from recsys.tables.lists import exploded

MOVIE_COLUMNS_LEFT_OUT = frozenset(
    {
        *("movie_id", "title", "available_from", "available_until", "licence_fee", "licence_until"),
        *("fee", "currency", "window_months", "start", "royalty_per_view", "exclusive"),
        *("dubbing_cost", "marketing_cost", "delivery_cost"),
    }
)
"""Names, dates and terms: they say nothing of taste, or would tell a movie's future."""
USER_COLUMNS_LEFT_OUT = frozenset({"user_id", "signup_date"})

MOST_VALUES = 4_096
"""Values of one feature at most, the most frequent first."""
MOST_KNOTS = 12
FEW_NUMBERS = 6
"""A numeric column of at most so many different values is a set of names."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column, either with ``names`` (a set of them) or with ``knots`` (a number)."""

    column: str
    names: tuple[str, ...] = ()
    knots: tuple[float, ...] = ()

    @property
    def n_codes(self) -> int:
        return len(self.names) or len(self.knots)


@dataclass(frozen=True)
class FeatureSpace:
    """The features of a table and their codes: 0..n_codes-1, feature by feature."""

    features: tuple[Feature, ...]

    @property
    def n_codes(self) -> int:
        return sum(feature.n_codes for feature in self.features)

    @classmethod
    def learn(cls, table: pd.DataFrame, left_out: Collection[str], *, min_count: int, beyond: int = 0) -> "FeatureSpace":
        """Features of every usable column of a table.

        Parameters
        ----------
        table : one row a movie or user
        left_out : columns not to use
        min_count : rows a value must occur in to get a code
        beyond : rows outside the first and the last knot of a number, which would else be one person's
        """
        columns = [str(name) for name in table.columns if name not in left_out]
        found = (_learn_column(table[name], min_count, beyond) for name in sorted(columns))
        return cls(tuple(feature for feature in found if feature is not None))

    def encode(self, table: pd.DataFrame) -> sparse.csr_array:
        """Weights float32 CSR[n_rows, n_codes]; a feature's weights sum to 1, or to 0 where nothing of it is known."""
        blocks = [_encode_column(feature, table) for feature in self.features]
        if not blocks:
            return sparse.csr_array((len(table), 0), dtype=np.float32)
        matrix = sparse.csr_array(sparse.hstack(blocks, format="csr", dtype=np.float32))
        matrix.sort_indices()
        return matrix

    def as_json(self) -> list[dict[str, Any]]:
        """The features, in the order of their codes."""
        return [
            {"column": f.column, "names": list(f.names)} if f.names else {"column": f.column, "knots": list(f.knots)}
            for f in self.features
        ]

    @classmethod
    def from_json(cls, document: Any) -> "FeatureSpace":
        """Inverse of :meth:`as_json`.

        Raises
        ------
        ArtefactError  E_FORMAT: not what ``as_json`` writes
        """
        try:
            return cls(
                tuple(
                    Feature(
                        column=str(each["column"]),
                        names=tuple(map(str, each.get("names", ()))),
                        knots=tuple(map(float, each.get("knots", ()))),
                    )
                    for each in document
                )
            )
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise ArtefactError.of("E_FORMAT", f"the features of a tower are not readable ({error}).", "Train again.") from error


def _learn_column(column: pd.Series, min_count: int, beyond: int) -> Feature | None:
    name = str(column.name)
    if pd.api.types.is_datetime64_any_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = _numbers(column)
        distinct = np.unique(numbers[np.isfinite(numbers)])
        if len(distinct) > FEW_NUMBERS:
            return Feature(column=name, knots=_knots(numbers[np.isfinite(numbers)], beyond))
    counts = exploded(column).value_counts()
    kept = counts[counts >= min_count]
    # most frequent first, equal ones by name: the order must not depend on the table's
    names = sorted(kept.index, key=lambda value: (-int(kept[value]), value))[:MOST_VALUES]
    return Feature(column=name, names=tuple(names)) if names else None


def _knots(numbers: FloatArray, beyond: int) -> tuple[float, ...]:
    """Different quantiles, so that about as many rows lie between any two."""
    end = min(beyond / len(numbers), 0.25)
    return tuple(np.unique(np.quantile(numbers, np.linspace(end, 1 - end, MOST_KNOTS), method="nearest")).tolist())


def _encode_column(feature: Feature, table: pd.DataFrame) -> sparse.coo_array:
    shape = (len(table), feature.n_codes)
    if feature.column not in table.columns:
        return sparse.coo_array(shape, dtype=np.float32)
    column = table[feature.column]
    return _encode_names(feature, column, shape) if feature.names else _encode_numbers(feature, column, shape)


def _encode_names(feature: Feature, column: pd.Series, shape: tuple[int, int]) -> sparse.coo_array:
    values = exploded(column.reset_index(drop=True))
    codes = pd.Index(feature.names, dtype=object).get_indexer(pd.Index(values.to_numpy(dtype=object)))
    rows = values.index.to_numpy()
    rows, codes = rows[codes >= 0], codes[codes >= 0]
    weights = 1.0 / np.bincount(rows, minlength=shape[0])[rows]
    return sparse.coo_array((weights.astype(np.float32), (rows, codes)), shape=shape)


def _encode_numbers(feature: Feature, column: pd.Series, shape: tuple[int, int]) -> sparse.coo_array:
    numbers, knots = _numbers(column), np.asarray(feature.knots)
    rows = np.flatnonzero(np.isfinite(numbers))
    place = np.interp(numbers[rows], knots, np.arange(len(knots)))  # 2.25: three quarters of knot 2, a quarter of knot 3
    below = np.minimum(place.astype(np.int64), len(knots) - 1)
    above = np.minimum(below + 1, len(knots) - 1)
    share = place - below
    weights = np.concatenate([1 - share, share]).astype(np.float32)
    both = sparse.coo_array((weights, (np.tile(rows, 2), np.concatenate([below, above]))), shape=shape)
    both.eliminate_zeros()
    return both


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
