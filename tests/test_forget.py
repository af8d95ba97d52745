"""Erasure through the command line: afterwards nobody finds them in tables or lists, and where they remain is said."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recsys.cli import cli
from recsys.scenario.changes import (
    ByRule,
    ByUsers,
    ChangeChurn,
    Everyone,
    ResizeSegment,
)
from recsys.scenario.scenario import Scenario
from recsys.scenario.store import ScenarioStore
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.builders import tiny_workspace

CHURN = ChangeChurn(segment=Everyone(), delta_share=-0.01)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return tiny_workspace(tmp_path / "ws")


def asked(workspace: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--workspace", str(workspace.root), *arguments])


def listing(*users: str) -> Scenario:
    return Scenario(name="picked", changes=(ResizeSegment(segment=ByUsers(users=users), factor=2.0), CHURN))


def test_forgotten_users_are_in_no_table_and_in_no_list(workspace: Workspace):
    store = ScenarioStore(workspace.scenarios)
    both, alone = store.save(listing("u01", "u02")), store.save(listing("u01"))
    store.delete(store.save(listing("u01", "u03")).id, version=1)
    (workspace.runs / "abc").mkdir(parents=True)
    (workspace.root / ".uploads").mkdir()
    done = asked(workspace, "forget", "u01", "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 0
    assert document["forgotten"] == ["u01"]
    assert document["removed"]["users"] == 1
    assert document["removed"]["events"] > 0
    assert {"what": "run", "name": "abc"} in document["remains"]
    assert "recsys train" in document["next"]
    assert "u01" not in set(load_dataset(workspace).users["user_id"])
    assert store.load(both.id).scenario == listing("u02")
    assert store.load(alone.id).scenario.changes == (CHURN,)
    with sqlite3.connect(workspace.scenarios) as db:
        assert "u01" not in str(db.execute("SELECT * FROM scenario").fetchall() + db.execute("SELECT * FROM audit").fetchall())
    assert not (workspace.root / ".uploads").exists()


def test_ids_in_what_people_wrote_are_named_and_lists_are_counted_by_where_they_were(workspace: Workspace):
    """As words: u01 is not in u011. Two users are in saved lists; a third only in that of a scenario that was deleted."""
    store = ScenarioStore(workspace.scenarios)
    rule = ResizeSegment(segment=ByRule(where="note = 'friend of u01'"), factor=2.0)
    store.save(replace(listing("u01", "u02", "u04"), name="for u01"), by="app")
    store.save(Scenario(name="by a rule", changes=(rule,)), by="app")
    store.save(replace(listing("u04"), name="for u011"), by="app")
    store.delete(store.save(listing("u03"), by="app").id, version=1)
    store.record("import", "/home/mail/u01.csv: users", by="app")
    document = json.loads(asked(workspace, "forget", "u01", "u02", "u03", "--json").stdout)
    assert document["removed"]["users_in_saved_scenarios"] == 2
    assert document["removed"]["users_in_audit"] == 3
    remains = {(entry["what"], entry["name"].split(",")[0]) for entry in document["remains"]}
    assert remains == {
        ("saved scenario", "for u01"),
        ("saved scenario", "by a rule"),
        ("audit", "scenario created"),
        ("audit", "import"),
    }


def test_what_was_listed_is_not_left_in_the_free_space_of_the_file(workspace: Workspace):
    """A list so long that it fills pages of its own, which are free afterwards."""
    gone = [f"gone-{user:03}" for user in range(900)]
    ScenarioStore(workspace.scenarios).save(listing("u01", *gone))
    assert asked(workspace, "forget", *gone).exit_code == 0
    assert b"gone-" not in workspace.scenarios.read_bytes()


def test_bundles_are_named_where_the_app_puts_them_and_where_the_command_line_does(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A place that cannot be read is named too: it may hold some."""
    monkeypatch.setenv("RECSYS_EXPORTS", str(tmp_path / "of-the-app"))
    for place in ("exports", "of-the-app"):
        (tmp_path / place / "ws").mkdir(parents=True)
        (tmp_path / place / "ws" / "latest.json").write_text("damaged")
    remains = json.loads(asked(workspace, "forget", "u01", "--json").stdout)["remains"]
    named = {entry["name"] for entry in remains if entry["what"] == "bundles"}
    assert named == {str(tmp_path / place / "ws") for place in ("exports", "of-the-app")}


def test_an_open_copy_of_a_list_cannot_be_saved_back(workspace: Workspace):
    store = ScenarioStore(workspace.scenarios)
    saved = store.save(listing("u01", "u02"))
    assert asked(workspace, "forget", "u01").exit_code == 0
    with pytest.raises(Exception, match="E_CONFLICT"):
        store.save(saved.scenario, scenario_id=saved.id, version=saved.version)


def test_an_unknown_user_is_refused_and_everything_stays(workspace: Workspace):
    store = ScenarioStore(workspace.scenarios)
    saved = store.save(listing("u01", "u02"))
    done = asked(workspace, "forget", "u01", "nobody", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["errors"][0]["code"] == "E_NOT_FOUND"
    assert "u01" in set(load_dataset(workspace).users["user_id"])
    assert store.load(saved.id) == saved


def test_a_list_that_still_names_somebody_who_is_gone_is_cleared(workspace: Workspace):
    """As after a crash between the tables and the scenarios."""
    saved = ScenarioStore(workspace.scenarios).save(listing("long-gone", "u02"))
    assert asked(workspace, "forget", "long-gone").exit_code == 0
    assert ScenarioStore(workspace.scenarios).load(saved.id).scenario == listing("u02")


def test_who_did_what_is_listed_the_latest_first(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RECSYS_BY", "meena@example.com")
    ScenarioStore(workspace.scenarios).save(listing("u02"), by="app")
    assert asked(workspace, "forget", "u01").exit_code == 0
    offers = Path("offers.csv")
    offers.write_text("movie_id,title,fee,currency,window_months\nx1,A,500000,INR,12\n")
    assert asked(workspace, "import", str(offers)).exit_code == 0
    rows = json.loads(asked(workspace, "audit", "--json").stdout)["activity"]
    assert {(row["what"], row["by"]) for row in rows} == {
        ("import", "meena@example.com"),
        ("forget", "meena@example.com"),
        ("scenario created", "app"),
    }
    assert "u01" not in json.dumps(rows)
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_what_cannot_be_written_down_is_said_and_done_all_the_same(workspace: Workspace):
    workspace.scenarios.write_bytes(b"garbage" * 500)
    offers = Path("offers.csv")
    offers.write_text("movie_id,title,fee,currency,window_months\nx1,A,500000,INR,12\n")
    done = asked(workspace, "import", str(offers), "--json")
    assert done.exit_code == 0
    assert "W_AUDIT" in done.stderr
    assert load_dataset(workspace).offers["movie_id"].tolist() == ["x1"]
