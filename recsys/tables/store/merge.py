"""A draft of the tables folder: what an import brings, and what stays of the tables that are there."""

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
from recsys.tables.store.published_tables import WORLD_JSON, TablesInfo, load_info, write_info, write_table
from recsys.workspace import Workspace

CATALOGUE_TABLES = ("users", "movies", "events")
"""Tables that stand or fall together: events point into the other two."""


@dataclass
class Draft:
    """Tables on their way into the workspace, with their rows and fingerprints."""

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
class Kept:
    """What stays, and what is said about it."""

    simulated: bool = False
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Of the tables that stay, as their own import told them."""


def standing(workspace: Workspace, name: str, columns: list[str] | None) -> pd.DataFrame:
    """Columns of a table that the workspace holds (all of them where None); empty where it does not hold it."""
    path = workspace.tables / f"{name}.parquet"
    if not path.exists():
        return pd.DataFrame({column: pd.Series(dtype="str") for column in columns or []})
    frame: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
    return frame


def keep_the_rest(workspace: Workspace, draft: Draft, *, whole: bool) -> Kept:
    """Complete a draft: with the standing tables where offers, subscriptions or terms came alone, else with no offers."""
    if whole:
        if "offers" not in draft.rows:
            draft.write("offers", as_arrow(NO_OFFERS))
        gone = _old_side_tables(workspace) - set(draft.rows)
        return Kept(notes=tuple(f"the {name} of the tables before are gone: they belonged to those" for name in sorted(gone)))
    folder, info = workspace.tables, load_info(workspace)
    others = [name for name in info.rows if name not in draft.rows]
    for name in others:
        _link(folder / f"{name}.parquet", draft.folder / f"{name}.parquet")
        draft.add(name, info.rows[name], info.hashes[name])
    if (folder / WORLD_JSON).exists():
        _link(folder / WORLD_JSON, draft.folder / WORLD_JSON)
    told = {column: tuple(ends) for column, ends in info.report.get("ranges", {}).items() if column.partition(".")[0] in others}
    return Kept(simulated=info.simulated, assumed=info.assumed, ranges=told)


def _old_side_tables(workspace: Workspace) -> set[str]:
    if not workspace.exists():
        return set()
    return {name for name, rows in load_info(workspace).rows.items() if rows and name not in CATALOGUE_TABLES}


def _link(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the disk knows no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
