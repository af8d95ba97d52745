"""No sum or difference of answers tells of fewer users than the floor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import ScenarioError
from recsys.segments.disclosure import AnsweredGroups, check, leverage, partition

N_USERS = 200


def first(n: int, of: int = N_USERS, start: int = 0) -> np.ndarray:
    rows = np.arange(of)
    return (rows >= start) & (rows < start + n)


def asked(*groups: np.ndarray) -> AnsweredGroups:
    held = AnsweredGroups.none(len(groups[0]))
    for group in groups:
        held = held.including(group[None])
    return held


def test_the_leverage_of_a_group_that_can_be_told_is_one_over_its_size():
    """Everyone and 25 of 200: each of the 25 bears 1/25, each of the other 175 bears 1/175."""
    found = leverage(first(25)[:, None].astype(float))
    assert found[:25] == pytest.approx(1 / 25)
    assert found[25:] == pytest.approx(1 / 175)


def test_twenty_are_answered_about_and_nineteen_are_not_neither_in_a_group_nor_left_out_of_one():
    check(first(20)[:, None].astype(float), "it")
    check(first(180)[:, None].astype(float), "it")
    for group in (first(19), first(181)):
        with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
            check(group[:, None].astype(float), "it")


@pytest.mark.parametrize("more", [1, 10, 19])
def test_a_group_that_differs_by_fewer_than_twenty_is_refused(more: int):
    """21 less 20 is one person; so is everyone less 21 and 20."""
    for size in (20, 60, 100):
        with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
            asked(first(size), first(size + more))
        with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
            asked(first(size), ~first(size + more))
    assert len(asked(first(60), first(80)).groups) == 2


def test_a_person_in_whom_two_large_groups_meet_is_not_told_by_their_union():
    """|A| + |B| − |A or B| = |A and B|, which is one."""
    one, other = first(60), first(60, start=59)
    both = asked(one, other)
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        both.including((one | other)[None])


def test_a_person_is_not_told_by_three_groups_that_add_up():
    thirds = [first(50), first(50, start=50), first(99, start=100)]
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        asked(*thirds)


def test_what_was_answered_already_is_answered_again_and_so_is_its_complement():
    held = asked(first(50), first(50, start=50))
    for group in (first(50), ~first(50), first(100), ~first(100)):
        assert held.including(group[None]) is held


@given(st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.2]), min_size=30, max_size=30), max_size=6))
def test_leverage_is_the_diagonal_of_the_projection_onto_the_span(counted: list[list[float]]):
    columns = np.array(counted).reshape(len(counted), 30).T
    span = np.column_stack([np.ones(30), columns])
    assert leverage(columns) == pytest.approx(np.diag(span @ np.linalg.pinv(span)), abs=1e-9)


@given(st.lists(st.sets(st.integers(0, 59), min_size=1, max_size=59), max_size=8))
def test_no_single_person_is_ever_in_the_span_of_what_was_answered(groups: list[set[int]]):
    held = AnsweredGroups.none(60)
    for group in groups:
        try:
            held = held.including(np.isin(np.arange(60), list(group))[None])
        except ScenarioError:
            continue
    span = np.column_stack([np.ones(60), held.groups.T.astype(float)])
    for person in np.eye(60)[:5]:
        nearest = span @ np.linalg.lstsq(span, person, rcond=None)[0]
        assert np.abs(nearest - person).max() > 0.8


def test_the_parts_of_groups_are_apart_and_make_everyone():
    made = partition(np.stack([first(60), first(60, start=30)]))
    assert made.sum(axis=0).tolist() == [1] * N_USERS
    assert sorted(made.sum(axis=1).tolist()) == [30, 30, 30, 110]
