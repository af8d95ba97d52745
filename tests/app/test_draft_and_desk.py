"""What lies on the table survives pages and links; ranges are worked out behind the page."""

import threading
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recsys.app.runtime.background import BackgroundCache
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
from tests import patience


@pytest.fixture(autouse=True)
def _empty_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
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
    monkeypatch.setattr(scenario_session.session, "scenarios", lambda: store)


GROWTH = ResizeSegment(segment=Everyone(), factor=1.2)
DRIFT = ContinueDrift(months=3)


def test_the_address_reopens_the_scenario():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    address = dict(st.query_params)
    st.session_state.clear()
    st.query_params.from_dict({})
    scenario_session.arrive()
    assert scenario_session.current() == Scenario(name="New scenario")
    st.query_params.from_dict(address)
    scenario_session.arrive()
    assert scenario_session.current().changes == (GROWTH,)


def test_opening_a_link_can_be_undone():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    st.query_params.from_dict({"s": link.encode(Scenario(name="theirs", changes=(DRIFT,)))})
    scenario_session.arrive()
    assert scenario_session.current().name == "theirs"
    scenario_session.change(edit.undo)
    assert scenario_session.current().changes == (GROWTH,)


def test_a_broken_link_is_refused_and_the_table_stays():
    scenario_session.change(lambda held: edit.add(held, GROWTH))
    st.query_params.from_dict({"s": "1.not-a-scenario"})
    with pytest.raises(ScenarioError, match="E_PARAM"):
        scenario_session.arrive()
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
    scenario_session.arrive()
    assert scenario_session.current().changes == (GROWTH,)


def test_an_unknown_saved_scenario_is_refused():
    st.query_params.from_dict({"saved": "nobody-knows"})
    with pytest.raises(ScenarioError, match="E_NOT_FOUND"):
        scenario_session.arrive()


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


def test_ranges_are_none_until_they_are_there_and_are_worked_out_once():
    desk: BackgroundCache[int] = BackgroundCache()
    go, calls = threading.Event(), []

    def work() -> int:
        calls.append(1)
        go.wait(patience.SECONDS)
        return 42

    assert desk.ask("a", work, reader="me") is None
    assert desk.ask("a", work, reader="me") is None
    go.set()
    desk.wait(patience.SECONDS)
    assert desk.ask("a", work, reader="me") == 42
    assert desk.ask("a", work, reader="you") == 42
    assert len(calls) == 1


def test_a_question_nobody_waits_for_any_more_is_not_worked_out():
    desk: BackgroundCache[str] = BackgroundCache()
    go, done = threading.Event(), []

    def slow() -> str:
        go.wait(patience.SECONDS)
        return "slow"

    def noted(name: str) -> str:
        done.append(name)
        return name

    desk.ask("blocker", slow, reader="other")
    desk.ask("first", lambda: noted("first"), reader="me")
    desk.ask("second", lambda: noted("second"), reader="me")
    go.set()
    desk.wait(patience.SECONDS)
    assert done == ["second"]


def test_a_question_that_another_reader_waits_for_is_kept():
    desk: BackgroundCache[str] = BackgroundCache()
    go = threading.Event()
    desk.ask("blocker", lambda: str(go.wait(patience.SECONDS)), reader="other")
    desk.ask("first", lambda: "first", reader="me")
    desk.ask("first", lambda: "first", reader="you")
    desk.ask("second", lambda: "second", reader="me")
    go.set()
    desk.wait(patience.SECONDS)
    assert desk.ask("first", lambda: "worked out again", reader="you") == "first"


def test_a_refusal_reaches_whoever_asked_and_is_tried_again():
    desk: BackgroundCache[int] = BackgroundCache()

    go = threading.Event()

    def refuse() -> int:
        go.wait(patience.SECONDS)
        raise ScenarioError.of("E_SEGMENT", "no.", "Ask otherwise.")

    assert desk.ask("a", refuse, reader="me") is None
    go.set()
    desk.wait(patience.SECONDS)
    with pytest.raises(ScenarioError):
        desk.ask("a", refuse, reader="me")
    desk.ask("a", lambda: 7, reader="me")
    desk.wait(patience.SECONDS)
    assert desk.ask("a", lambda: 7, reader="me") == 7


def test_a_refusal_on_the_page_is_a_box_with_code_sentence_and_remedy():
    def script() -> None:
        from recsys.app.shell.errors import guarded
        from recsys.errors import DataError

        with guarded():
            raise DataError.of("E_TITLE", "a title is blank.", "Fill it in.", table="movies", column="title", rows=(3,))

    page = AppTest.from_function(script).run()
    assert not page.exception
    (box,) = page.error
    assert "E_TITLE" in box.value
    assert "Fill it in" in box.value
    assert "row 3" in box.value


def test_what_only_has_to_be_done_first_is_a_next_step_and_not_an_error():
    def script() -> None:
        from recsys.app.shell.errors import refused
        from recsys.errors import ArtefactError

        refused(ArtefactError.of("E_NO_RUN", "nothing has been trained.", "Train."))

    page = AppTest.from_function(script).run()
    assert not page.error
    assert page.subheader[0].value == "No model yet"
