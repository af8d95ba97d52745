"""Canonical form of a :class:`Dataset`: types, order and fingerprints of its tables."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import Economics, as_toml
from recsys.tables.schema import TABLES
from recsys.tables.store.content_hash import combined, hash_of_table

EVENT_ORDER = ("timestamp", "user_index", "movie_index", "minutes", "rating", "completed", "device")
"""Columns of the events in the order in which they are kept and sorted; the first three are always there."""
DATE_COLUMNS = ("signup_date", "available_from", "available_until", "licence_until")
FLOAT_COLUMNS = (
    "year",
    "runtime_min",
    "licence_fee",
    "fee",
    "royalty_per_view",
    "dubbing_cost",
    "marketing_cost",
    "delivery_cost",
    "price",
)
EVENT_TYPES = pa.schema(
    [
        ("timestamp", pa.timestamp("s")),
        ("user_index", pa.int32()),
        ("movie_index", pa.int32()),
        ("minutes", pa.float32()),
        ("rating", pa.float32()),
        ("completed", pa.bool_()),
        ("device", pa.dictionary(pa.int32(), pa.string())),
    ]
)
_COLUMN_ORDER = tuple(dict.fromkeys(name for columns in TABLES.values() for name in columns))
NO_OFFERS = pd.DataFrame(
    {
        "movie_id": pd.Series(dtype="str"),
        "title": pd.Series(dtype="str"),
        "fee": pd.Series(dtype="float64"),
        "currency": pd.Series(dtype="str"),
        "window_months": pd.Series(dtype="int64"),
    }
)


def with_fingerprint(dataset: Dataset) -> Dataset:
    """Return the data set with its fingerprint computed anew."""
    return replace(dataset, fingerprint=fingerprint_of(table_hashes(dataset), dataset.economics))


def table_hashes(dataset: Dataset) -> dict[str, str]:
    """Fingerprint of each table by its name."""
    hashes = {
        "users": hash_of_table(as_arrow(dataset.users)),
        "movies": hash_of_table(as_arrow(dataset.movies)),
        "events": hash_of_table(events_as_arrow(dataset.events)),
        "offers": hash_of_table(as_arrow(dataset.offers)),
    }
    if dataset.subscriptions is not None:
        hashes["subscriptions"] = hash_of_table(as_arrow(dataset.subscriptions))
    return hashes


def fingerprint_of(hashes: Mapping[str, str], economics: Economics) -> str:
    """Fingerprint of a data set from those of its tables and its terms."""
    return combined({**hashes, "economics": as_toml(economics)})


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Cast known columns to their types: text, float64 (NaN where absent), datetime64[s]; other columns as they are.

    Known columns come first, others by name, so that the order of a file's columns leaves no trace.
    """
    order = [*(name for name in _COLUMN_ORDER if name in frame), *sorted(set(frame.columns) - set(_COLUMN_ORDER))]
    frame = frame[order].reset_index(drop=True)
    types: dict[str, Any] = {}
    for name in frame.columns:
        if name in DATE_COLUMNS:
            types[name] = "datetime64[s]"
        elif name in FLOAT_COLUMNS:
            types[name] = "float64"
        elif name == "window_months":
            types[name] = "int64"
        elif name == "active":
            types[name] = "bool"
        elif name == "exclusive":
            types[name] = "boolean"
        elif frame[name].dtype == object or isinstance(frame[name].dtype, pd.CategoricalDtype):
            types[name] = "str"
    return frame.astype(types)


def typed_events(events: pd.DataFrame) -> pd.DataFrame:
    """Cast events to their types and column order, sorted by time and then by every other column."""
    types: dict[str, Any] = {
        "timestamp": "datetime64[s]",
        "user_index": "int32",
        "movie_index": "int32",
        "minutes": "float32",
        "rating": "float32",
        "completed": "boolean",
        "device": "category",
    }
    names = [name for name in EVENT_ORDER if name in events.columns]
    frame = events[names].astype({name: types[name] for name in names})
    if "device" in names:
        frame["device"] = frame["device"].cat.set_categories(sorted(frame["device"].cat.categories))
    return frame.sort_values(names, ignore_index=True)


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """A small table as it is stored: text as string, times in seconds."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_large_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_null(kind):
            kind = pa.string()
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("s")
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields)).replace_schema_metadata(None)


def events_as_arrow(events: pd.DataFrame) -> pa.Table:
    """The events as they are stored."""
    names = [name for name in EVENT_ORDER if name in events.columns]
    schema = pa.schema([EVENT_TYPES.field(name) for name in names])
    return pa.Table.from_pandas(events[names], schema=schema, preserve_index=False).replace_schema_metadata(None)
