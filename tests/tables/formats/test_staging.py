"""Who reads while the tables are replaced reads the old ones or the new, terms included, and is not told of damage."""

import threading
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import ASSUMED, Term
from recsys.tables.store import published_tables
from recsys.tables.store.published_tables import load_dataset, load_fingerprint, load_info
from recsys.workspace import Workspace
from tests import builders
from tests.datasets import save_dataset
from tests.effort import times
from tests.tables.children import import_by_turns, started
from tests.tables.raw import Raw

DEARER = replace(ASSUMED, hurdle_rate=Term(value=0.5, source="a test"))


def another() -> Dataset:
    """40 users instead of 30, and other terms."""
    return builders.tiny_dataset(40, economics=DEARER)


def test_tables_that_are_replaced_in_the_midst_of_a_reading_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace, new = builders.tiny_workspace(tmp_path), another()
    read, replaced = published_tables.read_frame, []

    def meanwhile(folder: Path, name: str, rows: int) -> pd.DataFrame:
        if not replaced:
            replaced.append(name)
            save_dataset(workspace, new)
        return read(folder, name, rows)

    monkeypatch.setattr(published_tables, "read_frame", meanwhile)
    dataset = load_dataset(workspace)
    assert (dataset.fingerprint, dataset.economics, dataset.n_users) == (new.fingerprint, DEARER, 40)


def test_terms_that_move_to_their_place_in_the_midst_of_a_reading_are_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They travel inside the tables and are moved out as the last step; who came too late found none, and assumed others."""
    workspace = builders.tiny_workspace(tmp_path)
    with monkeypatch.context() as late:
        late.setattr(published_tables, "install_economics", lambda _: None)
        save_dataset(workspace, another())
    parsed, settled = published_tables.parse_economics, []

    def meanwhile(content: bytes) -> object:
        if not settled:
            settled.append(content)
            published_tables.install_economics(workspace)
        return parsed(content)

    monkeypatch.setattr(published_tables, "parse_economics", meanwhile)
    assert load_dataset(workspace).economics == DEARER
    assert workspace.economics.is_file()


def test_between_the_two_renames_of_a_writer_a_reader_waits(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    fingerprint, rows = load_fingerprint(workspace), load_info(workspace).rows
    found: list[object] = []

    def reader() -> None:
        found.append(workspace.exists())
        found.append(load_info(workspace).rows)
        found.append(load_fingerprint(workspace))

    with workspace.writing():
        aside = workspace.tables.rename(workspace.root / ".tables.old")
        reading = threading.Thread(target=reader)
        reading.start()
        reading.join(0.3)
        assert found == [True]
        aside.rename(workspace.tables)
    reading.join()
    assert found == [True, rows, fingerprint]


def test_a_writer_killed_between_its_two_renames_is_undone_by_the_next_reader(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    fingerprint = load_fingerprint(workspace)
    workspace.tables.rename(workspace.root / ".tables.old")
    assert load_fingerprint(workspace) == fingerprint
    assert workspace.tables.is_dir()


def test_damage_that_nobody_is_mending_is_told_at_once(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    (workspace.tables / "movies.parquet").unlink()
    with pytest.raises(DataError, match=r"E_PARQUET.*movies.parquet"):
        load_dataset(workspace)


def test_no_reader_beside_a_busy_writer_is_told_of_damage(tmp_path: Path):
    """Imports take turns in another process; whatever is read of the folder is one of the two, whole."""
    first, workspace = Raw().load(tmp_path)
    raw = Raw()
    raw.set("movies", title="New")
    raw.set("users", plan="ad-funded")
    raw.write(tmp_path / "new")
    sources = [tmp_path / "new", tmp_path / "raw"]
    writer = started(import_by_turns, sources, workspace.root, times(6))
    seen = set()
    while writer.is_alive():
        assert Workspace(workspace.root).exists()
        assert load_info(workspace).rows["users"] == 30
        seen.add(load_fingerprint(workspace))
    assert writer.exitcode == 0
    assert first.fingerprint in seen
    assert len(seen) == 2
