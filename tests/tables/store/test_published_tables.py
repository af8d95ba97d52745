"""Tables on disk: what is saved is what is loaded, and damage is told."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.economics_config import ASSUMED, as_toml
from recsys.tables.store.published_tables import NO_TERMS, load_dataset, load_info
from recsys.workspace import Workspace
from tests import builders
from tests.datasets import assemble, save_dataset


def test_a_saved_data_set_is_loaded_as_it_was(tmp_path: Path):
    dataset = builders.tiny_dataset()
    loaded = load_dataset(builders.tiny_workspace(tmp_path, dataset))
    for name in ("users", "movies", "events", "offers", "subscriptions"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(dataset, name))
    assert loaded.fingerprint == dataset.fingerprint
    assert loaded.simulated


def test_types_are_those_that_later_stages_count_on(tmp_path: Path):
    dataset = load_dataset(builders.tiny_workspace(tmp_path))
    assert {name: str(kind) for name, kind in dataset.events.dtypes.items()} == {
        "timestamp": "datetime64[s]",
        "user_index": "int32",
        "movie_index": "int32",
        "minutes": "float32",
        "completed": "boolean",
        "device": "category",
    }
    assert str(dataset.movies["available_from"].dtype) == "datetime64[s]"
    assert dataset.movies["year"].dtype == np.float64
    assert dataset.subscriptions is not None
    assert dataset.subscriptions["active"].dtype == bool


def test_rows_are_sorted_by_id_and_events_by_time():
    dataset = assemble(
        users=pd.DataFrame({"user_id": ["b", "a", "10", "9"]}),
        movies=pd.DataFrame({"movie_id": ["m2", "m1"], "title": ["Two", "One"]}),
        events=pd.DataFrame(
            {"user_id": ["b", "a"], "movie_id": ["m1", "m2"], "timestamp": pd.to_datetime(["2024-02-02", "2024-01-01"])}
        ),
    )
    assert dataset.users["user_id"].tolist() == ["10", "9", "a", "b"]
    assert dataset.movies["title"].tolist() == ["One", "Two"]
    assert dataset.events[["user_index", "movie_index"]].to_numpy().tolist() == [[2, 1], [3, 0]]


def test_missing_minutes_flags_and_devices_stay_missing(tmp_path: Path):
    tables = builders.tiny_tables()
    tables["events"].loc[::3, "minutes"] = np.nan
    tables["events"]["completed"] = tables["events"]["completed"].astype("boolean")
    tables["events"].loc[::4, "completed"] = pd.NA
    tables["events"].loc[::5, "device"] = None
    dataset = assemble(**tables)
    loaded = load_dataset(builders.tiny_workspace(tmp_path, dataset))
    pd.testing.assert_frame_equal(loaded.events, dataset.events)
    assert int(loaded.events["minutes"].isna().sum()) == 180
    assert int(loaded.events["completed"].isna().sum()) == 135
    assert int(loaded.events["device"].isna().sum()) == 108


def test_an_empty_workspace_says_so(tmp_path: Path):
    with pytest.raises(DataError) as refusal:
        load_dataset(Workspace(tmp_path))
    assert refusal.value.code == "E_NO_TABLES"


def test_editing_the_terms_changes_the_fingerprint(tmp_path: Path):
    """Caches are keyed by it: a new price must never meet an old projection."""
    workspace = builders.tiny_workspace(tmp_path)
    before = load_dataset(workspace)
    assert NO_TERMS in before.assumed
    workspace.economics.write_text(as_toml(ASSUMED).replace("149.0", "199.0"), encoding="utf-8")
    after = load_dataset(workspace)
    assert after.fingerprint != before.fingerprint
    assert NO_TERMS not in after.assumed


def test_terms_are_saved_with_the_data(tmp_path: Path):
    dataset = builders.tiny_dataset(economics=replace(ASSUMED, currency="USD"))
    workspace = builders.tiny_workspace(tmp_path, dataset)
    assert load_dataset(workspace).economics.currency == "USD"
    assert "USD" in workspace.economics.read_text(encoding="utf-8")


def test_one_value_more_or_less_changes_the_fingerprint():
    tables = builders.tiny_tables()
    before = assemble(**tables).fingerprint
    tables["users"].loc[3, "language"] = "Kannada"
    assert assemble(**tables).fingerprint != before


def test_damage_is_told_and_not_read_around(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    path = workspace.tables / "events.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError) as refusal:
        load_dataset(workspace)
    assert (refusal.value.code, refusal.value.findings[0].table) == ("E_PARQUET", "events")


def test_a_table_of_another_import_is_told_by_its_rows(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path / "a")
    other = builders.tiny_workspace(tmp_path / "b", builders.tiny_dataset(40))
    (workspace.tables / "users.parquet").write_bytes((other.tables / "users.parquet").read_bytes())
    with pytest.raises(DataError) as refusal:
        load_dataset(workspace)
    assert refusal.value.code == "E_PARQUET"


def test_tables_of_a_newer_version_are_refused(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    document = json.loads((workspace.tables / "tables.json").read_text())
    (workspace.tables / "tables.json").write_text(json.dumps(document | {"schema": 99}))
    with pytest.raises(DataError) as refusal:
        load_dataset(workspace)
    assert refusal.value.code == "E_VERSION"


def test_what_a_workspace_holds_is_known_without_reading_it(tmp_path: Path):
    info = load_info(builders.tiny_workspace(tmp_path))
    assert info.rows == {"users": 30, "movies": 12, "events": 540, "offers": 3, "subscriptions": 90}
    assert info.simulated


def test_saving_while_another_writes_is_refused(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    with workspace.writing(), pytest.raises(DataError) as refusal:
        save_dataset(workspace, builders.tiny_dataset())
    assert refusal.value.code == "E_BUSY"
