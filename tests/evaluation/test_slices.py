"""Slices of users and movies, and samples to rank among, by hand."""

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate
from recsys.evaluation.ranking import as_matrix, holds
from recsys.evaluation.resampling import Resamples
from recsys.evaluation.sampled_negatives import sampled_candidates
from recsys.evaluation.slices import age_masks, favourite, movie_slices, user_slices, value_masks
from tests.evaluation.test_metrics import Given, matrix


def test_a_slice_of_users_is_a_mean_over_its_users() -> None:
    """Both are shown movie 1 first; only the first wanted it."""
    seen, later = matrix([[1, 0, 0], [1, 0, 0]]), matrix([[0, 1, 0], [0, 0, 1]])
    result = evaluate(Given([[9, 5, 3]] * 2), seen, later, at=(1,))
    masks = {"first": np.array([True, False]), "second": np.array([False, True]), "nobody": np.zeros(2, dtype=bool)}
    rows = user_slices(result, masks, "hit_rate@1", Resamples(n=2, seed=0))
    assert [(row["slice"], row["users"], row["hit_rate@1"]) for row in rows] == [("first", 1, 1.0), ("second", 1, 0.0)]


def test_a_slice_of_movies_is_judged_by_what_was_wanted_of_it() -> None:
    """User 0 wants 1 (old) and 2, 3 (new) and is shown 1 and 2: all of the old one, one of two new ones. User 1 wants 3, and is
    shown it second: the new ones are found by ½ and by 1, ¾ on average."""
    seen, later = matrix([[1, 0, 0, 0], [1, 0, 0, 0]]), matrix([[0, 1, 1, 1], [0, 0, 0, 1]])
    result = evaluate(Given([[9, 5, 3, 1], [9, 5, 1, 3]]), seen, later, at=(2,))
    old = np.array([True, True, False, False])
    rows = {row["slice"]: row for row in movie_slices(result, later, {"old": old, "new": ~old}, 2, Resamples(n=2, seed=0))}
    assert rows["old"]["recall@2"] == 1.0
    assert (rows["old"]["users"], rows["old"]["wanted"]) == (1, 1)
    assert rows["new"]["recall@2"] == pytest.approx(0.75)
    assert (rows["new"]["users"], rows["new"]["wanted"]) == (2, 3)


def test_movies_are_parted_by_age_each_into_one_part() -> None:
    masks = age_masks(pd.Series([2014.0, 2013.0, 2012.0, 2010.0, 1983.0, np.nan]), 2013)
    assert np.sum(list(masks.values()), axis=0).tolist() == [1] * 6
    assert masks["under 1 year"].tolist() == [True, True, False, False, False, False]


def test_users_speak_what_they_watched_most() -> None:
    spoken = value_masks(pd.Series(["Tamil", "Tamil", "Hindi"], name="languages"))
    who = favourite(spoken, matrix([[1, 1, 1], [0, 0, 1], [0, 0, 0]]))
    assert {name: mask.tolist() for name, mask in who.items()} == {"Tamil": [True, False, False], "Hindi": [False, True, False]}


def test_negatives_are_neither_seen_nor_wanted_and_all_equally_likely() -> None:
    """Movies 1 and 4 of six are known: each of the other four is drawn in about half of the draws of two."""
    drawn = np.zeros(6)
    for seed in range(400):
        offered = sampled_candidates(
            matrix([[0, 1, 0, 0, 0, 0]]), matrix([[0, 0, 0, 0, 1, 0]]), np.random.default_rng(seed), negatives=2
        )
        assert offered.nnz == 3
        drawn += offered.toarray()[0]
    assert drawn[1] == 0
    assert drawn[4] == 400
    np.testing.assert_allclose(drawn[[0, 2, 3, 5]] / 400, 0.5, atol=0.1)


def test_who_has_watched_nearly_everything_is_offered_what_is_left() -> None:
    offered = sampled_candidates(matrix([[1, 1, 0, 0]]), matrix([[0, 0, 1, 0]]), np.random.default_rng(0), negatives=99)
    assert offered.toarray().tolist() == [[0, 0, 1, 1]]


def test_no_negatives_are_refused() -> None:
    with pytest.raises(DataError) as refused:
        sampled_candidates(matrix([[1, 0]]), matrix([[0, 1]]), np.random.default_rng(0), negatives=0)
    assert refused.value.code == "E_PARAM"


def test_only_what_is_offered_is_ranked() -> None:
    """Movie 1 would be first, but only 2 and 3 are offered."""
    offered = matrix([[0, 0, 1, 1]])
    result = evaluate(Given([[9, 8, 7, 6]]), matrix([[1, 0, 0, 0]]), matrix([[0, 0, 0, 1]]), at=(2,), offered=offered)
    np.testing.assert_array_equal(result.shown, [[2, 3]])
    assert result.mean("mrr") == pytest.approx(1 / 2)


def test_looking_lists_up_agrees_with_the_dense_matrix() -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((9, 30)) < 0.2
    rows, columns = rng.permutation(9)[:6], rng.integers(0, 30, (6, 5))
    np.testing.assert_array_equal(holds(matrix(dense.astype(int).tolist()), rows, columns), dense[rows[:, None], columns])
    assert as_matrix(np.array([[2, -1], [0, 1]]), 3).toarray().tolist() == [[0, 0, 1], [1, 1, 0]]
