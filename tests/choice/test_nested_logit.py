"""Shares worked out by hand."""

import numpy as np
import pytest

from recsys.errors import ScenarioError
from tests.choice import nested_logit
from tests.choice.nested_logit import choice_shares, inclusive_value, log_nest_sums, log_worth, shares_given, with_movies


def test_shares_of_two_movies_in_one_nest_and_one_in_another():
    """λ = 1/2, exp(V) = 2, 1 | 3: D = 4 + 1 = 5 | 9, S = √5 + 3, P = (4/5)·√5/(1 + S), (1/5)·√5/(1 + S), 3/(1 + S)."""
    utility = np.log([[2.0, 1.0, 3.0]])
    worth = np.sqrt(5.0) + 3.0
    expected = np.array([[0.8 * np.sqrt(5.0), 0.2 * np.sqrt(5.0), 3.0]]) / (1 + worth)
    assert choice_shares(utility, np.array([0, 0, 1]), 0.5) == pytest.approx(expected, rel=1e-14)
    sums = log_nest_sums(utility, np.array([0, 0, 1]), 0.5)
    assert np.exp(sums) == pytest.approx(np.array([[5.0, 9.0]]))
    assert inclusive_value(sums, 0.5) == pytest.approx(np.log(1 + worth))


def test_a_clone_in_a_nest_of_its_own_kind_adds_little():
    """A movie of worth 1 has half of all occasions. Its clone brings the pair to 2^λ: 0.59 at λ = 1/2, where a logit says 2/3."""
    pair = choice_shares(np.zeros((1, 2)), np.array([0, 0]), 0.5).sum()
    assert pair == pytest.approx(np.sqrt(2) / (1 + np.sqrt(2)))
    assert choice_shares(np.zeros((1, 2)), np.array([0, 0]), 1.0).sum() == pytest.approx(2 / 3)


def test_adding_a_movie_to_known_sums_gives_the_sums_of_the_larger_catalogue():
    utility, nests = np.log([[2.0, 1.0, 3.0, 4.0], [1.0, 1.0, 1.0, 0.5]]), np.array([0, 0, 1, 0])
    sums = log_nest_sums(utility[:, :3], nests[:3], 0.5)
    joined = with_movies(sums, utility[:, 3:], nests[3:], 0.5)
    assert joined == pytest.approx(log_nest_sums(utility, nests, 0.5), abs=1e-14)
    assert shares_given(utility[:, 3:], nests[3:], joined, 0.5) == pytest.approx(choice_shares(utility, nests, 0.5)[:, 3:])


def test_huge_utilities_do_not_overflow():
    """e^5000 is beyond any float; the odds of two such movies are still e^1 : 1."""
    shares = choice_shares(np.array([[5000.0, 5001.0, -5000.0]]), np.array([0, 1, 1]), 1.0)
    assert shares == pytest.approx(np.array([[1 / (1 + np.e), np.e / (1 + np.e), 0.0]]))


def test_an_empty_catalogue_leaves_everything_to_the_outside_option():
    sums = log_nest_sums(np.empty((2, 0)), np.empty(0, dtype=np.int64), 0.7, n_nests=3)
    assert sums.shape == (2, 3)
    assert inclusive_value(sums, 0.7).tolist() == [0.0, 0.0]
    assert np.isneginf(log_worth(sums, 0.7)).all()
    assert choice_shares(np.full((1, 2), -np.inf), np.array([0, 1]), 0.7).tolist() == [[0.0, 0.0]]


def test_blocks_of_users_give_the_same_bits_as_one_pass(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(3)
    utility, nests = rng.normal(size=(50, 20)), rng.integers(4, size=20)
    whole = choice_shares(utility, nests, 0.6)
    monkeypatch.setattr(nested_logit, "BLOCK_CELLS", 130)
    assert np.array_equal(choice_shares(utility, nests, 0.6), whole)


@pytest.mark.parametrize(
    ("utility", "nests", "code"),
    [
        ([[np.nan, 0.0]], [0, 0], "E_NUMBER"),
        ([[np.inf, 0.0]], [0, 0], "E_NUMBER"),
        ([[0.0, 0.0]], [0], "E_NEST"),
        ([[0.0, 0.0]], [0, -1], "E_NEST"),
        ([[0.0, 0.0]], [0.0, 0.5], "E_NEST"),
    ],
)
def test_what_is_not_a_choice_is_refused(utility, nests, code):
    with pytest.raises(ScenarioError) as refusal:
        choice_shares(np.array(utility), np.array(nests), 0.5)
    assert refusal.value.code == code


def test_a_nest_beyond_the_known_ones_is_refused():
    with pytest.raises(ScenarioError, match="nest 2 is not one of 2"):
        with_movies(np.zeros((1, 2)), np.zeros((1, 1)), np.array([2]), 0.5)
    with pytest.raises(ScenarioError, match="nest 2 is not one of 2"):
        log_nest_sums(np.zeros((1, 1)), np.array([2]), 0.5, n_nests=2)
