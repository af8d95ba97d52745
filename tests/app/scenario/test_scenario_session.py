"""The session's scenario survives pages and links."""

from pathlib import Path

import pytest
import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.scenario import scenario_session
from recsys.errors import ScenarioError
from recsys.scenario import edit, link, toml
from recsys.scenario.changes import (
    ByUsers,
    ContinueDrift,
    Everyone,
    ResizeSegment,
)
from recsys.scenario.scenario import Scenario
from recsys.scenario.store import ScenarioStore


@pytest.fixture(autouse=True)
def _empty_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A session of one's own, without a browser."""

    class Address(dict[str, str]):
        def to_dict(self) -> dict[str, str]:
            return dict(self)

        def from_dict(self, other: dict[str, str]) -> None:
            self.clear()
            self.update(other)

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", Address())
    store = ScenarioStore(tmp_path / "scenarios.sqlite")
    monkeypatch.setattr(open_workspace, "scenarios", lambda: store)


GROWTH = ResizeSegment(segment=Everyone(), factor=1.2)
DRIFT = ContinueDrift(months=3)


def test_the_address_reopens_the_scenario():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    address = dict(st.query_params)
    st.session_state.clear()
    st.query_params.from_dict({})
    scenario_session.read_address()
    assert scenario_session.current() == Scenario(name="New scenario")
    st.query_params.from_dict(address)
    scenario_session.read_address()
    assert scenario_session.current().changes == (GROWTH,)


def test_opening_a_link_can_be_undone():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    st.query_params.from_dict({"s": link.encode(Scenario(name="theirs", changes=(DRIFT,)))})
    scenario_session.read_address()
    assert scenario_session.current().name == "theirs"
    scenario_session.change(edit.undo)
    assert scenario_session.current().changes == (GROWTH,)


def test_a_broken_link_is_refused_and_the_table_stays():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    st.query_params.from_dict({"s": "1.not-a-scenario"})
    with pytest.raises(ScenarioError, match="E_PARAM"):
        scenario_session.read_address()
    assert scenario_session.current().changes == (GROWTH,)


def test_a_saved_scenario_is_named_in_the_address_until_it_is_changed():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    saved = scenario_session.save()
    assert dict(st.query_params) == {"saved": saved.id}
    assert scenario_session.is_saved()
    scenario_session.change(lambda held: edit.add(held, DRIFT))
    assert list(st.query_params) == ["s"]
    assert not scenario_session.is_saved()
    assert scenario_session.save().version == 2


def test_a_saved_scenario_is_opened_by_its_name():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    address = {"saved": scenario_session.save().id}
    st.session_state.clear()
    st.query_params.from_dict(address)
    scenario_session.read_address()
    assert scenario_session.current().changes == (GROWTH,)


def test_an_unknown_saved_scenario_is_refused():
    st.query_params.from_dict({"saved": "nobody-knows"})
    with pytest.raises(ScenarioError, match="E_NOT_FOUND"):
        scenario_session.read_address()


def test_a_number_that_is_not_allowed_leaves_the_table_as_it_was():
    with pytest.raises(ScenarioError, match="E_RANGE"):
        scenario_session.change(lambda held: edit.add(held, ResizeSegment(segment=Everyone(), factor=-1.0)))
    assert scenario_session.current() == scenario_session.NEW


def test_a_scenario_about_people_picked_on_the_map_has_no_link_and_can_be_saved():
    users = ByUsers(users=("u1", "u2"))
    scenario_session.change(lambda held: edit.add(held, ResizeSegment(segment=users, factor=1.2)))
    assert scenario_session.address() == ""
    saved = scenario_session.save()
    assert scenario_session.address() == f"?saved={saved.id}"


def test_a_file_that_lists_people_is_not_opened_by_the_app():
    users = ByUsers(users=("u1", "u2"))
    text = toml.dumps(Scenario(name="them", changes=(ResizeSegment(segment=users, factor=1.2),)))
    with pytest.raises(ScenarioError, match="E_PARAM"):
        scenario_session.open_text(text.encode())
    assert scenario_session.current() == scenario_session.NEW
