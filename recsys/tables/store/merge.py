"""New tables folder of an import: the tables that it brings, merged with current ones that stay."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.tables.store.assembly import NO_OFFERS, as_arrow
from recsys.tables.store.content_hash import hash_of_table
from recsys.tables.store.published_tables import SIMULATION_JSON, TablesInfo, load_info, write_info, write_table
from recsys.workspace import Workspace

CATALOGUE_TABLES = ("users", "movies", "events")
"""Tables that stand or fall together: events point into the other two."""


@dataclass
class TablesBuild:
    """Tables folder being built, with the rows and fingerprint of each table written so far."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, table: pa.Table) -> None:
        """Write a table and remember what it holds."""
        write_table(self.folder / f"{name}.parquet", table)
        self.add(name, table.num_rows, hash_of_table(table))

    def add(self, name: str, rows: int, fingerprint: str) -> None:
        """Remember a table that is already written."""
        self.rows[name], self.hashes[name] = rows, fingerprint

    def put(self, name: str, content: bytes) -> None:
        """Write a file that is no table."""
        (self.folder / name).write_bytes(content)

    def seal(self, *, simulated: bool, assumed: tuple[str, ...], report: Mapping[str, Any]) -> None:
        """Write ``tables.json``."""
        info = TablesInfo(rows=self.rows, hashes=self.hashes, simulated=simulated, assumed=assumed, report=report)
        write_info(self.folder, info)


@dataclass(frozen=True, kw_only=True)
class CarriedOver:
    """Tables carried over from the current ones, with their assumptions, notes and ranges."""

    simulated: bool = False
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Of the tables carried over, from the report of their own import."""


def current_table(workspace: Workspace, name: str, columns: list[str] | None) -> pd.DataFrame:
    """Read columns (all where None) of a table in the workspace; empty where the workspace does not hold it."""
    path = workspace.tables / f"{name}.parquet"
    if not path.exists():
        return pd.DataFrame({column: pd.Series(dtype="str") for column in columns or []})
    frame: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
    return frame


def carry_over(workspace: Workspace, build: TablesBuild, *, whole: bool) -> CarriedOver:
    """Complete a build with the current tables, where offers, subscriptions or terms came alone; else with empty offers."""
    if whole:
        if "offers" not in build.rows:
            build.write("offers", as_arrow(NO_OFFERS))
        gone = _old_side_tables(workspace) - set(build.rows)
        return CarriedOver(
            notes=tuple(f"the {name} of the tables before are gone: they belonged to those" for name in sorted(gone))
        )
    folder, info = workspace.tables, load_info(workspace)
    others = [name for name in info.rows if name not in build.rows]
    for name in others:
        _link(folder / f"{name}.parquet", build.folder / f"{name}.parquet")
        build.add(name, info.rows[name], info.hashes[name])
    if (folder / SIMULATION_JSON).exists():
        _link(folder / SIMULATION_JSON, build.folder / SIMULATION_JSON)
    ranges = {column: tuple(ends) for column, ends in info.report.get("ranges", {}).items() if column.partition(".")[0] in others}
    return CarriedOver(simulated=info.simulated, assumed=info.assumed, ranges=ranges)


def _old_side_tables(workspace: Workspace) -> set[str]:
    if not workspace.exists():
        return set()
    return {name for name, rows in load_info(workspace).rows.items() if rows and name not in CATALOGUE_TABLES}


def _link(source: Path, target: Path) -> None:
    """Hard-link a file under a second name; copy it where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
