"""Deleting people."""

from pathlib import Path

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.tables.user_deletion import delete_users
from recsys.workspace import Workspace
from tests import builders
from tests.tables.raw import NOW


def test_deleted_users_leave_nothing_in_the_tables(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    before = load_dataset(workspace)
    delete_users(workspace, ["u03", "u17"])
    after = load_dataset(workspace)
    assert after.n_users == 28
    assert after.subscriptions is not None
    for frame in (after.users, after.subscriptions):
        assert not frame["user_id"].isin(["u03", "u17"]).any()
    theirs = np.isin(before.events["user_index"], [3, 17]).sum()
    assert len(after.events) == 540 - theirs
    assert all(b"u17" not in path.read_bytes() for path in workspace.root.rglob("*") if path.is_file())


def test_the_others_keep_their_events(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    before = load_dataset(workspace)
    after = delete_users(workspace, ["u00"])
    names, kept = before.users["user_id"].to_numpy(), after.users["user_id"].to_numpy()
    expected = before.events[before.events["user_index"] != 0].reset_index(drop=True)
    assert kept[after.events["user_index"]].tolist() == names[expected["user_index"]].tolist()
    assert after.events["movie_index"].equals(expected["movie_index"])


def test_assumed_arrivals_forget_them_too(tmp_path: Path):
    """The first to watch m11 is deleted: the movie now arrives with the second, as if the first had never been."""
    tables = builders.tiny_tables()
    tables["movies"] = tables["movies"].drop(columns=["available_from", "available_until"]).assign(year=2024.0)
    events = tables["events"]
    first = events[events["movie_id"] == "m11"].sort_values("timestamp")["user_id"].iloc[0]
    folder = builders.write_tables(tmp_path / "all", **tables)
    all_of_them, rest = Workspace(tmp_path / "a"), Workspace(tmp_path / "b")
    import_path(folder, all_of_them, now=NOW)
    delete_users(all_of_them, [first])
    without = {name: frame[frame["user_id"] != first] if "user_id" in frame else frame for name, frame in tables.items()}
    import_path(builders.write_tables(tmp_path / "rest", **without), rest, now=NOW)
    assert load_dataset(all_of_them).fingerprint == load_dataset(rest).fingerprint
    assert load_dataset(all_of_them).assumed == load_dataset(rest).assumed


def test_an_unknown_user_is_told_and_nobody_is_deleted(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    with pytest.raises(DataError) as refusal:
        delete_users(workspace, ["u01", "nobody"])
    assert refusal.value.code == "E_NOT_FOUND"
    assert load_dataset(workspace).n_users == 30


def test_the_last_user_cannot_be_deleted(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    with pytest.raises(DataError) as refusal:
        delete_users(workspace, [f"u{k:02d}" for k in range(30)])
    assert refusal.value.code == "E_TOO_SMALL"
