"""The attack itself, through the pages and the command line: two answers whose difference would be one person's."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recsys.app.runtime import disclosure, open_workspace
from recsys.app.shell import navigation
from recsys.errors import ArtefactError, DataError, ScenarioError
from recsys.projection.context import ProjectionContext
from recsys.scenario.changes import (
    Acquire,
    ByPersona,
    ByRule,
    ByUsers,
    Everyone,
    ResizeSegment,
)
from recsys.scenario.scenario import Scenario
from tests.pages.conftest import Open


def grown(*users: str) -> Scenario:
    return Scenario(name="picked", changes=(ResizeSegment(segment=ByUsers(users=users), factor=2.0),))


def hours(scenario: Scenario) -> float:
    open_workspace.answer(scenario)
    open_workspace.background().wait(60)
    answered = open_workspace.answer(scenario)
    assert answered is not None
    return float(answered.projected.hours)


def test_twenty_one_users_less_twenty_of_them_is_not_told(service: ProjectionContext):
    ids = service.choice.user_ids.ids
    before = hours(grown(*ids[:40]))
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        hours(grown(*ids[:41]))
    assert hours(grown(*ids[:40])) == before


def test_the_record_outlives_the_app_and_is_shared(service: ProjectionContext):
    ids = service.choice.user_ids.ids
    hours(grown(*ids[:40]))
    st.cache_resource.clear()
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        hours(grown(*ids[:39]))


def _record(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "workspace" / disclosure.FOLDER).glob("*.bits")
    return file


@pytest.mark.parametrize(
    "damaged",
    [
        lambda held: held[:0],
        lambda held: held[:-1],
        lambda held: held[:-10],  # 80 users: a row of ten bytes
        lambda held: held[:-1] + bytes([held[-1] ^ 1]),
        lambda held: held + bytes(10),
        lambda held: bytes(len(held)),
        lambda held: b"garbage" + held,
    ],
    ids=["emptied", "cut", "a row short", "a bit turned", "a row more", "zeros", "garbage"],
)
def test_where_the_record_is_damaged_nothing_is_answered(
    damaged: Callable[[bytes], bytes], service: ProjectionContext, tmp_path: Path
):
    """Forty were answered about, and forty-one of them would be told if that were forgotten; everyone stays free."""
    ids = service.choice.user_ids.ids
    hours(grown(*ids[:40]))
    record = _record(tmp_path)
    before = damaged(record.read_bytes())
    record.write_bytes(before)
    st.cache_resource.clear()
    with pytest.raises(ArtefactError, match=r"E_HASH .*record of what was asked is damaged"):
        hours(grown(*ids[:41]))
    assert record.read_bytes() == before
    assert hours(Scenario(name="x", changes=(ResizeSegment(segment=Everyone(), factor=1.2),))) > 0


def test_neither_a_refusal_nor_a_full_disk_leaves_an_empty_record(
    service: ProjectionContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Two groups at once that leave one person, as the first question there is; then no room for the first that is answered."""
    ids = service.choice.user_ids.ids
    more = ResizeSegment(segment=ByUsers(users=ids[:41]), factor=2.0)
    fewer = ResizeSegment(segment=ByUsers(users=ids[:40]), factor=0.5)
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        hours(Scenario(name="one", changes=(more, fewer)))
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _no_room)
        with pytest.raises(DataError, match="E_DISK"):
            hours(grown(*ids[:40]))
    assert not list((tmp_path / "workspace" / disclosure.FOLDER).glob("*.bits"))
    assert hours(grown(*ids[:41])) > 0


def _no_room(_file: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_two_changes_of_one_scenario_that_leave_one_person_are_refused(service: ProjectionContext):
    """Twice as many of 41, half as many of 40 of them: only the forty-first differs."""
    ids = service.choice.user_ids.ids
    more = ResizeSegment(segment=ByUsers(users=ids[:41]), factor=2.0)
    fewer = ResizeSegment(segment=ByUsers(users=ids[:40]), factor=0.5)
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        hours(Scenario(name="one", changes=(more, fewer)))


def test_a_question_that_is_refused_uses_up_nothing(service: ProjectionContext):
    """Forty users and an offer that there is not: no answer, so that forty-one of them may be asked about."""
    ids = service.choice.user_ids.ids
    asked_for = grown(*ids[:40])
    with pytest.raises(ScenarioError, match="E_MOVIE"):
        hours(replace(asked_for, changes=(*asked_for.changes, Acquire(offer="nowhere"))))
    assert hours(grown(*ids[:41])) > 0


@pytest.mark.parametrize(
    "rule", ["not user_id = 'u0001'", "user_id != 'u0001'", "language = 'Hindi' and not user_id in ('u0001')"]
)
def test_no_rule_speaks_of_a_user(rule: str, service: ProjectionContext):
    with pytest.raises(ScenarioError, match="E_SEGMENT"):
        hours(Scenario(name="all but one", changes=(ResizeSegment(segment=ByRule(where=rule), factor=2.0),)))


def test_neither_a_rule_nor_its_refusal_tells_who_has_a_rare_value(service: ProjectionContext):
    service.users["town"] = ["Madurai"] * 70 + ["Ooty"] * 9 + ["Poovar"]
    said = []
    for town in ("Poovar", "Ooty", "Atlantis"):
        with pytest.raises(ScenarioError, match="E_SEGMENT") as refusal:
            hours(Scenario(name="x", changes=(ResizeSegment(segment=ByRule(where=f"town != '{town}'"), factor=2.0),)))
        said.append(str(refusal.value).replace(town, "…"))
    assert said[0] == said[1] == said[2]
    assert not {"Poovar", "Ooty"} & set(said[2].split("'"))


def test_everyone_and_personas_are_free_also_where_nothing_can_be_written(
    service: ProjectionContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    blocked = tmp_path / "workspace" / disclosure.FOLDER
    blocked.write_text("in the way of the folder")
    for segment in (Everyone(), ByPersona(persona="persona 0"), ByPersona(persona="persona 1")):
        hours(Scenario(name="x", changes=(ResizeSegment(segment=segment, factor=1.2),)))
    with pytest.raises(DataError, match="E_DISK"):
        hours(grown(*service.choice.user_ids.ids[:40]))


def _selected(opened: Open, monkeypatch: pytest.MonkeyPatch, rows: np.ndarray) -> AppTest:
    from recsys.presentation.tables import points

    monkeypatch.setattr(points, "inside", lambda *_a, **_k: rows)
    return opened(navigation.AUDIENCE.path)


def test_two_selections_on_the_map_that_differ_by_one_are_not_both_described(
    service: ProjectionContext, opened: Open, monkeypatch: pytest.MonkeyPatch
):
    app = _selected(opened, monkeypatch, np.arange(40, dtype=np.int64))
    assert not app.error
    app = _selected(opened, monkeypatch, np.arange(41, dtype=np.int64))
    assert "E_SMALL_SEGMENT" in app.error[0].value
    assert not app.dataframe


def test_how_many_a_rule_holds_is_an_answer_too(service: ProjectionContext, opened: Open):
    service.users["age"] = np.arange(80)
    app = opened(navigation.SCENARIO.path)
    app = app.button(key="builder.audience").click().run()
    app = app.segmented_control(key="adding.ResizeSegment.who").set_value("by attribute").run()
    app = app.toggle(key="adding.ResizeSegment.by_hand").set_value(True).run()
    app = app.text_input(key="adding.ResizeSegment.where").set_value("age < 40").run()
    assert "40 users" in " ".join(text.value for text in app.caption)
    app = app.text_input(key="adding.ResizeSegment.where").set_value("age < 41").run()
    assert "41 users" not in " ".join(text.value for text in app.caption)
    assert "E_SMALL_SEGMENT" in app.error[0].value
