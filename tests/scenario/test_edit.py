"""Building a scenario step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import ScenarioError
from recsys.scenario import edit
from recsys.scenario.changes import Drop
from recsys.scenario.scenario import Scenario

A, B, C = Drop(movie="a"), Drop(movie="b"), Drop(movie="c")


def draft(*changes: Drop) -> edit.Draft:
    return edit.Draft(scenario=Scenario(name="x", changes=changes))


def test_steps_do_what_they_say():
    assert edit.add(draft(A), B).scenario.changes == (A, B)
    assert edit.remove(draft(A, B, C), 1).scenario.changes == (A, C)
    assert edit.move(draft(A, B, C), 0, 2).scenario.changes == (B, C, A)
    assert edit.replace_change(draft(A, B), 1, C).scenario.changes == (A, C)


@given(st.lists(st.integers(0, 4), max_size=12))
def test_undoing_every_step_leads_back_and_redoing_leads_on_again(steps: list[int]):
    now = first = draft(A, B)
    for step in steps:
        count = len(now.scenario.changes)
        now = (
            edit.add(now, C)
            if step == 0 or not count
            else edit.remove(now, count - 1)
            if step == 1
            else edit.move(now, 0, count - 1)
            if step == 2
            else edit.set_horizon(now, now.scenario.horizon_months + 1)
            if step == 3
            else edit.rename(now, now.scenario.name + "!")
        )
    last = now
    while now.can_undo:
        now = edit.undo(now)
    assert now.scenario == first.scenario
    while now.can_redo:
        now = edit.redo(now)
    assert now.scenario == last.scenario


def test_a_new_step_forgets_what_was_undone():
    now = edit.undo(edit.add(draft(A), B))
    assert now.can_redo
    assert not edit.add(now, C).can_redo


def test_a_step_that_changes_nothing_leaves_nothing_to_undo():
    assert not edit.move(draft(A, B), 1, 1).can_undo


@pytest.mark.parametrize("position", [-1, 2])
def test_a_position_that_is_not_there_is_refused(position: int):
    with pytest.raises(ScenarioError, match="E_PARAM"):
        edit.remove(draft(A, B), position)
