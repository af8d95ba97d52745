"""No page reads a file of the server that whoever started the app has not allowed."""

from pathlib import Path

import pytest

from recsys.app.runtime import server_folders
from recsys.errors import DataError


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An allowed folder with a table in it, beside one that is not allowed."""
    (tmp_path / "shared" / "march").mkdir(parents=True)
    (tmp_path / "shared" / "march" / "users.csv").write_text("user_id\nu1\n")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "users.csv").write_text("user_id\nu9\n")
    monkeypatch.setenv(server_folders.VARIABLE, str(tmp_path / "shared"))
    return tmp_path / "shared"


def refused(path: Path | str) -> str:
    with pytest.raises(DataError) as refusal:
        server_folders.within(str(path))
    return refusal.value.code


def test_nothing_is_allowed_unless_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv(server_folders.VARIABLE, raising=False)
    assert server_folders.allowed() == ()
    assert refused("/etc") == refused(tmp_path) == refused("") == "E_PERMISSION"


def test_a_folder_and_a_file_in_an_allowed_folder_are_read(shared: Path):
    assert server_folders.within(f" {shared / 'march'} ") == shared / "march"
    assert server_folders.within(str(shared / "march" / "users.csv")) == shared / "march" / "users.csv"


def test_a_path_that_leads_out_is_refused_and_nothing_is_said_of_what_lies_there(shared: Path):
    (shared / "way-out").symlink_to(shared.parent / "secret")
    there = shared.parent / "secret" / "users.csv"
    missing = shared.parent / "secret" / "none.csv"
    for path in (there, missing, shared / ".." / "secret", shared / "way-out", shared / "way-out" / "users.csv", "/etc/passwd"):
        assert refused(path) == "E_PERMISSION"
    assert refused(f"{shared}-too") == "E_PERMISSION"


def test_a_folder_with_a_link_out_of_it_is_refused(shared: Path):
    (shared / "march" / "movies.csv").symlink_to(shared.parent / "secret" / "users.csv")
    assert refused(shared / "march") == "E_PERMISSION"


def test_what_is_no_path_is_refused(shared: Path):
    assert refused("a\0b") == "E_PARAM"


def test_two_folders_are_carried_and_one_whose_name_joins_folders_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(server_folders.VARIABLE, server_folders.joined([tmp_path / "a", tmp_path / "b"]))
    assert server_folders.allowed() == (tmp_path / "a", tmp_path / "b")
    with pytest.raises(DataError, match="E_PARAM"):
        server_folders.joined([tmp_path / "a:b"])
