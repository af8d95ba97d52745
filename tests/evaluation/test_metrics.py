"""Ranking metrics: by hand, and against ranx."""

import numpy as np
import pytest
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation import metrics
from recsys.evaluation.beyond_accuracy import beyond_accuracy
from recsys.evaluation.evaluate import evaluate
from recsys.evaluation.interactions import interactions
from recsys.evaluation.ranking import best_columns, rank
from recsys.evaluation.report import paired_differences
from recsys.evaluation.resampling import Resamples
from recsys.evaluation.slices import activity_slices, by_slice


class Given:
    """Scores as they are given."""

    name = "given"

    def __init__(self, scores: list[list[float]] | np.ndarray) -> None:
        self.scores = np.asarray(scores, dtype=np.float32)

    def score(self, user_rows: np.ndarray) -> np.ndarray:
        return self.scores[user_rows]


def matrix(rows: list[list[int]]) -> sparse.csr_array:
    return sparse.csr_array(np.array(rows, dtype=np.float32))


def test_ndcg_of_one_hit_in_third_place_of_two_wanted() -> None:
    """Gained 1/log2(4) = 0.5; the best order gains 1/log2(2) + 1/log2(3) = 1.6309."""
    figure = metrics.ndcg(np.array([[False, False, True]]), np.array([2]), 3)
    assert figure[0] == pytest.approx(0.5 / (1 + 1 / np.log2(3)))


def test_recall_is_of_what_fits() -> None:
    """Two hits; five wanted, but only three places: 2/3."""
    assert metrics.recall(np.array([[True, False, True]]), np.array([5]), 3)[0] == pytest.approx(2 / 3)


def test_what_was_seen_is_never_shown_nor_wanted() -> None:
    """Movie 0 is best but seen; movie 1 comes first; movie 2, wanted, is second."""
    result = evaluate(Given([[9, 5, 3, 1]]), matrix([[1, 0, 0, 0]]), matrix([[1, 0, 1, 0]]), at=(1, 2))
    np.testing.assert_array_equal(result.shown, [[1, 2]])
    assert result.mean("hit_rate@1") == 0.0
    assert result.mean("recall@2") == 1.0
    assert result.mean("mrr") == pytest.approx(1 / 2)


def test_what_is_not_allowed_is_not_shown() -> None:
    result = evaluate(
        Given([[9, 5, 3]]), matrix([[1, 0, 0]]), matrix([[0, 0, 1]]), at=(2,), allowed=np.array([True, False, True])
    )
    np.testing.assert_array_equal(result.shown, [[2, -1]])
    assert result.mean("mrr") == 1.0


def test_a_wanted_movie_that_is_not_allowed_counts_as_missed() -> None:
    result = evaluate(
        Given([[9, 5, 3]]), matrix([[1, 0, 0]]), matrix([[0, 1, 0]]), at=(2,), allowed=np.array([True, False, True])
    )
    assert result.mean("mrr") == 0.0
    assert result.mean("recall@2") == 0.0


def test_users_without_views_or_without_anything_to_find_are_not_judged() -> None:
    seen, later = matrix([[1, 0], [0, 0], [1, 0]]), matrix([[0, 1], [0, 1], [1, 0]])
    np.testing.assert_array_equal(evaluate(Given(np.ones((3, 2))), seen, later, at=(1,)).user_rows, [0])


def test_nobody_to_judge_is_refused() -> None:
    with pytest.raises(DataError) as refused:
        evaluate(Given([[1, 2]]), matrix([[1, 0]]), matrix([[1, 0]]))
    assert refused.value.code == "E_TOO_SMALL"


def test_equal_scores_are_ranked_by_row() -> None:
    scores = np.zeros((1, 50), dtype=np.float32)
    scores[0, 40] = 1.0
    np.testing.assert_array_equal(best_columns(scores, 4), [[40, 0, 1, 2]])


def test_blocks_do_not_change_a_ranking(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    scorer, seen = Given(rng.normal(size=(23, 40))), matrix((rng.random((23, 40)) < 0.2).astype(int).tolist())
    whole = np.concatenate([block.best for block in rank(scorer, np.arange(23), seen, 10)])
    monkeypatch.setattr("recsys.evaluation.ranking.BLOCK_SCORES", 100)
    parts = np.concatenate([block.best for block in rank(scorer, np.arange(23), seen, 10)])
    np.testing.assert_array_equal(whole, parts)


def test_scores_that_are_not_numbers_are_not_ranked() -> None:
    with pytest.raises(ValueError, match="NaN"):
        list(rank(Given([[np.nan, 1.0]]), np.array([0]), matrix([[0, 0]]), 1))


@pytest.mark.slow
def test_figures_agree_with_ranx() -> None:
    """NDCG as it is, recall where everything wanted fits. (ranx compiles each metric before its first use.)"""
    from ranx import Qrels, Run
    from ranx import evaluate as by_ranx

    rng = np.random.default_rng(1)
    n_users, n_movies = 40, 60
    scores = rng.normal(size=(n_users, n_movies))
    seen = (rng.random((n_users, n_movies)) < 0.1).astype(int)
    later = ((rng.random((n_users, n_movies)) < 0.06) & (seen == 0)).astype(int)
    seen[:, 0], later[:, 0] = 1, 0
    later[np.arange(n_users), 1 + rng.integers(0, n_movies - 1, n_users)] = 1
    later[seen == 1] = 0
    result = evaluate(Given(scores), matrix(seen.tolist()), matrix(later.tolist()), at=(10, 20))
    users = result.user_rows
    qrels = Qrels({f"u{u}": {f"m{m}": 1 for m in np.flatnonzero(later[u])} for u in users})
    run = Run({f"u{u}": {f"m{m}": float(scores[u, m]) for m in np.flatnonzero(seen[u] == 0)} for u in users})
    assert later.sum(axis=1).max() <= 10
    for metric in ("ndcg@10", "recall@20"):
        assert result.mean(metric) == pytest.approx(by_ranx(qrels, run, metric), abs=1e-9)


def test_showing_everyone_the_same_covers_little_and_concentrates() -> None:
    """Four movies, one shown to all: coverage 1/4; Gini of (0, 0, 0, 3) is 3/4."""
    same = evaluate(Given([[0, 0, 9, 1]] * 3), matrix([[1, 0, 0, 0]] * 3), matrix([[0, 0, 0, 1]] * 3), at=(1,))
    facts = beyond_accuracy(same, 1)
    assert facts["coverage"] == pytest.approx(1 / 4)
    assert facts["concentration"] == pytest.approx(3 / 4)
    assert facts["novelty_bits"] == pytest.approx(2.0)  # nobody of three has seen it: −log2(1/4)


def test_an_interval_holds_its_mean_and_narrows_with_more_users() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.random(50), rng.random(5_000)
    low, high = Resamples(n=50, seed=1).interval(few)
    assert low < few.mean() < high
    narrow_low, narrow_high = Resamples(n=5_000, seed=1).interval(many)
    assert narrow_high - narrow_low < (high - low) / 5


def test_a_model_does_not_differ_from_itself() -> None:
    rng = np.random.default_rng(0)
    seen = matrix(np.eye(8, dtype=int).tolist())
    one = evaluate(Given(rng.normal(size=(8, 8))), seen, matrix(np.roll(np.eye(8, dtype=int), 1, axis=1).tolist()), at=(3,))
    assert paired_differences(one, one, Resamples(n=8, seed=0))["ndcg@3"] == {"mean": 0.0, "low": 0.0, "high": 0.0}


def test_slices_by_activity_part_the_users() -> None:
    rng = np.random.default_rng(0)
    seen = (rng.random((30, 40)) < np.linspace(0.05, 0.6, 30)[:, None]).astype(int)
    seen[:, 0] = 1
    later = np.roll(seen, 1, axis=1)
    later[seen == 1] = 0
    result = evaluate(Given(rng.normal(size=(30, 40))), matrix(seen.tolist()), matrix(later.tolist()), at=(5,))
    rows = by_slice(result, activity_slices(matrix(seen.tolist()), result), "ndcg@5")
    assert sum(row["users"] for row in rows) == len(result.user_rows)
    weighted = sum(row["users"] * row["ndcg@5"] for row in rows) / len(result.user_rows)
    assert weighted == pytest.approx(result.mean("ndcg@5"))


def test_views_are_counted_and_rows_outside_the_tables_refused() -> None:
    np.testing.assert_array_equal(interactions([0, 0, 1], [1, 1, 0], 2, 2).toarray(), [[0, 2], [1, 0]])
    with pytest.raises(DataError) as refused:
        interactions([0], [2], 2, 2)
    assert refused.value.code == "E_ROW"
