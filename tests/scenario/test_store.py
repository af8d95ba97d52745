"""Saved scenarios: nothing lost, nothing overwritten unseen."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recsys.errors import ScenarioError
from recsys.scenario.changes import Drop
from recsys.scenario.scenario import Scenario
from recsys.scenario.store import ScenarioStore

FIRST = Scenario(name="first", changes=(Drop(movie="m1"),))
SECOND = Scenario(name="second", changes=(Drop(movie="m2"),), horizon_months=6)


@pytest.fixture
def store(tmp_path: Path) -> ScenarioStore:
    return ScenarioStore(tmp_path / "scenarios.sqlite", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))


def test_what_is_saved_is_loaded(store: ScenarioStore):
    saved = store.save(FIRST, by="asha")
    assert store.load(saved.id) == saved
    assert (saved.scenario, saved.version, saved.saved_by, saved.saved_at) == (FIRST, 1, "asha", "2026-01-02T00:00:00+00:00")


def test_a_store_nobody_wrote_to_is_empty_and_is_not_made_by_looking(store: ScenarioStore, tmp_path: Path):
    assert store.all() == ()
    assert list(tmp_path.iterdir()) == []


def test_saving_over_a_version_that_somebody_else_saved_is_refused(store: ScenarioStore):
    opened = store.save(FIRST)
    store.save(SECOND, scenario_id=opened.id, version=opened.version, by="ravi")
    with pytest.raises(ScenarioError, match=r"E_CONFLICT.*ravi"):
        store.save(FIRST, scenario_id=opened.id, version=opened.version)
    assert store.load(opened.id).scenario == SECOND


def test_the_audit_keeps_what_was_done_even_after_deleting(store: ScenarioStore):
    first = store.save(FIRST, by="asha")
    second = store.save(SECOND, scenario_id=first.id, version=1, by="ravi")
    store.delete(first.id, version=second.version, by="ravi")
    assert [(done.what, done.detail, done.by) for done in store.activity()] == [
        ("scenario deleted", "second", "ravi"),
        ("scenario changed", "second", "ravi"),
        ("scenario created", "first", "asha"),
    ]
    with pytest.raises(ScenarioError, match="E_NOT_FOUND"):
        store.load(first.id)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "x" * 65, "a b", "x'; drop table scenario; --", "-", "a-"])
def test_an_id_that_could_be_a_path_is_refused(store: ScenarioStore, name: str):
    with pytest.raises(ScenarioError, match="E_SCENARIO_ID"):
        store.load(name)


def test_an_id_that_is_not_there_is_not_found(store: ScenarioStore):
    store.save(FIRST)
    for call in (
        lambda: store.load("abc"),
        lambda: store.save(FIRST, scenario_id="abc"),
        lambda: store.delete("abc", version=1),
    ):
        with pytest.raises(ScenarioError, match="E_NOT_FOUND"):
            call()


def test_a_scenario_that_could_not_be_read_back_is_not_saved(store: ScenarioStore):
    with pytest.raises(ScenarioError, match="E_RANGE"):
        store.save(Scenario(name="x", horizon_months=10_000))
    assert store.all() == ()


def test_a_store_of_a_newer_version_is_refused(store: ScenarioStore, tmp_path: Path):
    store.save(FIRST)
    with sqlite3.connect(tmp_path / "scenarios.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ScenarioError, match="E_VERSION"):
        store.all()


def test_of_many_who_save_over_the_same_version_one_succeeds(store: ScenarioStore):
    opened = store.save(FIRST)
    outcomes: list[str] = []

    def save() -> None:
        try:
            store.save(SECOND, scenario_id=opened.id, version=opened.version)
            outcomes.append("saved")
        except ScenarioError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["E_CONFLICT"] * 5 + ["saved"]
    assert store.load(opened.id).version == 2


def test_the_file_uses_the_rollback_journal(store: ScenarioStore, tmp_path: Path):
    store.save(FIRST)
    with sqlite3.connect(tmp_path / "scenarios.sqlite") as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
