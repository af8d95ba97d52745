"""No name of a file, a folder, a column or a workspace is ever a pattern or SQL."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from recsys.errors import DataError
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.effort import some
from tests.tables.raw import NOW, Raw

FOLDERS = ["data[1]", "we*rd", "q?estion", 'it\'s "a"; b {c,d} $1 %s ~']
NEIGHBOURS = ["data1", "weird", "qxestion"]
COLUMNS = ["rowid", "t", "row", "select", 'a"b', "a'b", "a;b", "[0]", "*", "index", "check", "{0}", "%s", "$1", "user_index"]


def _titled(title: str, *, parquet: bool = False) -> Raw:
    raw = Raw()
    raw.set("movies", title=title)
    if parquet:
        for table in ("users", "movies", "events"):
            raw.as_parquet(table)
    return raw


@pytest.mark.parametrize("name", some(FOLDERS))
def test_a_folder_is_itself_and_no_pattern(name: str, tmp_path: Path):
    """Beside it lie ``data1``, ``weird`` and ``qxestion``, which a pattern of that name would find. The workspace lies in it."""
    for neighbour in NEIGHBOURS:
        _titled("Wrong").write(tmp_path / neighbour)
    workspace = Workspace(tmp_path / name / "workspace")
    import_path(_titled("Right").write(tmp_path / name), workspace, now=NOW)
    dataset = load_dataset(workspace)
    assert set(dataset.movies["title"]) == {"Right"}
    assert len(dataset.events) == 540


@pytest.mark.parametrize("name", ["data[1]", "genres=Wrong"])
def test_a_folder_of_parquet_is_itself_and_no_partition(name: str, tmp_path: Path):
    _titled("Wrong", parquet=True).write(tmp_path / "data1")
    workspace = Workspace(tmp_path / name / "workspace")
    import_path(_titled("Right", parquet=True).write(tmp_path / name), workspace, now=NOW)
    movies = load_dataset(workspace).movies
    assert set(movies["title"]) == {"Right"}
    assert "Wrong" not in set(movies["genres"])


def test_a_column_is_itself_and_no_sql(tmp_path: Path):
    """Attributes of whatever name come back as they were written, row by row: 7, 14, 21, … modulo 5."""
    raw = Raw()
    for table in ("users", "movies", "offers"):
        frame = pd.read_csv((raw.write(tmp_path / "raw")) / f"{table}.csv", dtype=str, keep_default_na=False)
        for name in COLUMNS:
            frame[name] = [f"v{(row * 7) % 5}" for row in range(len(frame))]
        raw.put(table, frame.to_csv(index=False))
    _, workspace = raw.load(tmp_path)
    for table in ("users", "movies", "offers"):
        stored = pq.read_table(workspace.tables / f"{table}.parquet").to_pandas()
        for name in COLUMNS:
            assert stored[name].tolist() == [f"v{(row * 7) % 5}" for row in range(len(stored))]


def test_rows_are_named_by_their_place_whatever_a_column_is_called(tmp_path: Path):
    """The database calls its own row number ``rowid``."""
    raw = Raw()
    for row in range(1, raw.rows("movies") + 1):
        raw.set("movies", row, rowid=f"{99 - row}")
    raw.set("movies", 2, year="1500")
    with pytest.raises(DataError) as refusal:
        raw.load(tmp_path)
    assert [finding.rows for finding in refusal.value.findings] == [(2,)]
