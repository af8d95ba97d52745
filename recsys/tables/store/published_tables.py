"""Published tables of a workspace: Parquet files, and ``tables.json`` that describes them.

The folder ``tables/`` is published whole. Terms that come in with it travel inside as ``economics.toml`` and are moved to the
workspace's own place as the last step; until then the copy inside speaks, so that a crash in between loses nothing.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import foreign
from recsys.errors import DataError
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import ASSUMED, Economics, as_toml, load_economics, parse_economics
from recsys.tables.store.assembly import EVENT_ORDER, NO_OFFERS, as_arrow, events_as_arrow, fingerprint_of, typed, typed_events
from recsys.tables.store.content_hash import hash_of_table
from recsys.workspace import Workspace, bytes_or_none, replace_folder

TABLES_JSON = "tables.json"
SIMULATION_JSON = "world.json"
ECONOMICS = "economics.toml"
SCHEMA = 1
BUILD_PREFIX = ".import-"
ROW_GROUP = 1 << 20
NO_TERMS = "economics.toml is absent: the money terms are assumed"
Read = TypeVar("Read")


@dataclass(frozen=True, kw_only=True)
class TablesInfo:
    """Content of ``tables.json``."""

    rows: Mapping[str, int]
    """Rows of each table."""
    hashes: Mapping[str, str]
    """Fingerprint of each table."""
    simulated: bool
    assumed: tuple[str, ...]
    report: Mapping[str, Any] = field(default_factory=dict)
    """The report of the import that brought the tables; empty where they did not come by import."""

    def as_json(self) -> dict[str, Any]:
        """The document."""
        return {
            "schema": SCHEMA,
            "rows": dict(self.rows),
            "hashes": dict(self.hashes),
            "simulated": self.simulated,
            "assumed": list(self.assumed),
            "report": dict(self.report),
        }


def load_dataset(workspace: Workspace) -> Dataset:
    """Read the validated tables; events are filled batch by batch into arrays of their final size.

    A writer that replaces the tables meanwhile is noticed, and the reading starts again: what is read is the old or the new.

    Raises
    ------
    DataError  E_NO_TABLES: nothing has been imported; E_VERSION: written by a newer version; E_PARQUET: a table is damaged;
        E_BUSY; and what :func:`recsys.tables.economics_config.load_economics` raises
    """
    return _reading(workspace, lambda version: read_tables(workspace.tables, version.terms()))


def load_info(workspace: Workspace) -> TablesInfo:
    """Read ``tables.json`` alone: what the workspace holds, without reading it.

    Raises
    ------
    DataError  E_NO_TABLES, E_VERSION, E_PARQUET
    """
    return _reading(workspace, lambda version: _info(version.tables))


def load_fingerprint(workspace: Workspace) -> str:
    """Fingerprint of tables and terms, without reading the tables.

    Raises
    ------
    DataError  as :func:`load_info`; and what the terms are refused for
    """
    return _reading(workspace, lambda version: fingerprint_of(_info(version.tables).hashes, version.terms()))


def read_tables(folder: Path, economics: Economics) -> Dataset:
    """Read a folder of tables that nobody replaces meanwhile; raises as :func:`load_dataset` does."""
    info = _info(bytes_or_none(folder / TABLES_JSON))
    frames = {name: read_frame(folder, name, rows) for name, rows in info.rows.items() if name != "events"}
    return Dataset(
        users=frames["users"],
        movies=frames["movies"],
        events=_read_events(folder / "events.parquet", info.rows["events"]),
        offers=frames.get("offers", NO_OFFERS.copy()),
        subscriptions=frames.get("subscriptions"),
        economics=economics,
        simulated=info.simulated,
        fingerprint=fingerprint_of(info.hashes, economics),
        assumed=(*info.assumed, *([NO_TERMS] if economics == ASSUMED else [])),
    )


def publish_dataset(workspace: Workspace, dataset: Dataset, *, report: Mapping[str, Any] | None = None) -> None:
    """Replace the workspace's tables by these, all or nothing, for a caller that holds the workspace for writing."""
    with build_folder(workspace) as build:
        write_tables(build, dataset, report=report or {}, simulation=_simulation(workspace) if dataset.simulated else None)
        if dataset.economics != load_economics(economics_path(workspace)):
            (build / ECONOMICS).write_text(as_toml(dataset.economics), encoding="utf-8")
        publish(workspace, build)


def write_tables(build: Path, dataset: Dataset, *, report: Mapping[str, Any], simulation: bytes | None = None) -> None:
    """Write every table and ``tables.json`` into a folder that nobody reads yet."""
    frames = {"users": dataset.users, "movies": dataset.movies, "offers": dataset.offers}
    if dataset.subscriptions is not None:
        frames["subscriptions"] = dataset.subscriptions
    arrow = {name: as_arrow(frame) for name, frame in frames.items()} | {"events": events_as_arrow(dataset.events)}
    for name, table in arrow.items():
        write_table(build / f"{name}.parquet", table)
    if simulation is not None:
        (build / SIMULATION_JSON).write_bytes(simulation)
    info = TablesInfo(
        rows={name: table.num_rows for name, table in arrow.items()},
        hashes={name: hash_of_table(table) for name, table in arrow.items()},
        simulated=dataset.simulated,
        assumed=tuple(sentence for sentence in dataset.assumed if sentence != NO_TERMS),
        report=report,
    )
    write_info(build, info)


def write_table(path: Path, table: pa.Table) -> None:
    """Write one table as Parquet."""
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP)


def write_info(folder: Path, info: TablesInfo) -> None:
    """Write ``tables.json``."""
    text = json.dumps(info.as_json(), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / TABLES_JSON).write_text(text + "\n", encoding="utf-8")


@contextmanager
def build_folder(workspace: Workspace) -> Iterator[Path]:
    """Make a hidden folder in the workspace to build tables in; folders of killed writers are removed first.

    The caller holds the workspace for writing.
    """
    for left in workspace.root.glob(f"{BUILD_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    install_economics(workspace)
    build = workspace.root / f"{BUILD_PREFIX}{os.getpid()}" / "tables"
    build.mkdir(parents=True)
    try:
        yield build
    finally:
        shutil.rmtree(build.parent, ignore_errors=True)


def publish(workspace: Workspace, build: Path) -> None:
    """Publish a finished build as the workspace's tables."""
    replace_folder(build, workspace.tables)
    install_economics(workspace)


def economics_path(workspace: Workspace) -> Path:
    """Path of the terms in force: the workspace's own file, or the one that has just come in with the tables."""
    incoming = workspace.tables / ECONOMICS
    return incoming if incoming.exists() else workspace.economics


@dataclass(frozen=True, kw_only=True)
class _Version:
    """Version of tables and terms, by their content."""

    tables: bytes | None
    economics: bytes | None

    def terms(self) -> Economics:
        return ASSUMED if self.economics is None else parse_economics(self.economics)


def _version(workspace: Workspace) -> _Version:
    tables = bytes_or_none(workspace.tables / TABLES_JSON)
    incoming = bytes_or_none(workspace.tables / ECONOMICS)
    return _Version(tables=tables, economics=bytes_or_none(workspace.economics) if incoming is None else incoming)


def _reading(workspace: Workspace, read: Callable[[_Version], Read]) -> Read:
    try:
        found = workspace.read_folder(workspace.tables, lambda: _version(workspace), lambda version: (read(version),))
    except FileNotFoundError as error:
        raise DataError.of("E_PARQUET", f"a table is missing ({error}).", "Import the tables again.") from error
    if found is None:
        raise DataError.of("E_NO_TABLES", f"the workspace {workspace.root} holds no tables.", "Import some, or make the demo.")
    return found[0]


def install_economics(workspace: Workspace) -> None:
    """Move terms that came in with the tables to the workspace's own place."""
    incoming = workspace.tables / ECONOMICS
    if incoming.exists():
        incoming.replace(workspace.economics)


def _simulation(workspace: Workspace) -> bytes | None:
    path = workspace.tables / SIMULATION_JSON
    return path.read_bytes() if path.exists() else None


def _info(content: bytes | None) -> TablesInfo:
    if content is None:
        raise DataError.of("E_PARQUET", f"{TABLES_JSON} is missing.", "Import the tables again.")
    try:
        document = foreign.json_value(content)
        if document["schema"] not in range(1, SCHEMA + 1):
            raise DataError.of(
                "E_VERSION", f"the tables have schema {document['schema']}; this version reads {SCHEMA}.", "Update the program."
            )
        return TablesInfo(
            rows=document["rows"],
            hashes=document["hashes"],
            simulated=document["simulated"],
            assumed=tuple(document["assumed"]),
            report=document["report"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError.of("E_PARQUET", f"{TABLES_JSON} is damaged ({error}).", "Import the tables again.") from error


def read_frame(folder: Path, name: str, rows: int) -> pd.DataFrame:
    """Read one small table; raises E_PARQUET where it is damaged or has another number of rows."""
    try:
        frame = pq.read_table(folder / f"{name}.parquet", use_threads=False).to_pandas()
    except pa.ArrowInvalid as error:
        raise _damaged(name, str(error)) from error
    if len(frame) != rows:
        raise _damaged(name, f"{len(frame)} rows instead of {rows}")
    return typed(frame)


def _read_events(path: Path, rows: int) -> pd.DataFrame:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise _damaged("events", str(error)) from error
    if file.metadata.num_rows != rows:
        raise _damaged("events", f"{file.metadata.num_rows} rows instead of {rows}")
    types = {
        "timestamp": "datetime64[s]",
        "user_index": "int32",
        "movie_index": "int32",
        "minutes": "float32",
        "rating": "float32",
    }
    names = [name for name in EVENT_ORDER if name in file.schema_arrow.names]
    columns: dict[str, Any] = {name: np.empty(rows, types[name]) for name in names if name in types}
    pieces: dict[str, list[Any]] = {name: [] for name in names if name not in types}
    start = 0
    for batch in file.iter_batches(batch_size=ROW_GROUP // 4, columns=names, use_threads=False):
        for name in names:
            values = batch.column(name)
            if name in columns:
                columns[name][start : start + batch.num_rows] = values.to_numpy(zero_copy_only=False)
            else:
                pieces[name].append(values)
        start += batch.num_rows
    if "completed" in pieces:
        columns["completed"] = _nullable_bool(pieces["completed"])
    if "device" in pieces:
        columns["device"] = pa.chunked_array(pieces["device"], type=file.schema_arrow.field("device").type).to_pandas()
    frame = pd.DataFrame({name: columns[name] for name in names}, copy=False)
    return frame if rows else typed_events(frame)


def _nullable_bool(pieces: list[pa.Array]) -> pd.arrays.BooleanArray:
    chunks = pa.chunked_array(pieces, type=pa.bool_())
    missing = chunks.is_null().to_numpy()
    return pd.arrays.BooleanArray(chunks.fill_null(False).to_numpy(), missing)


def _damaged(name: str, why: str) -> DataError:
    return DataError.of("E_PARQUET", f"the stored table is damaged: {why}.", "Import the tables again.", table=name)
