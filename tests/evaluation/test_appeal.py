"""Telling views of hidden movies: sums by hand, and intervals that hold what they promise."""

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.evaluation import appeal
from recsys.evaluation.appeal import (
    PREDICTORS,
    AppealFeatures,
    OutOfFoldPredictions,
    out_of_fold_predictions,
    prediction_interval,
)
from recsys.evaluation.cold_start_holdout import FEWEST_MOVIES, first_views, hold_out_movies, remaining_views
from tests.evaluation.test_metrics import matrix


def movies_with_pull(n: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """ln views: genre a draws 1 more than b, every ten years 0.5 more, and a noise of 0.3."""
    rng = np.random.default_rng(seed)
    genre, year = rng.integers(0, 2, n), rng.integers(1980, 2020, n).astype(float)
    movies = pd.DataFrame({"movie_id": np.arange(n).astype(str), "genres": np.where(genre == 0, "a", "b"), "year": year})
    return movies, 3.0 - genre + 0.05 * (year - 2000) + rng.normal(0, 0.3, n)


def test_r2_is_one_less_squared_errors_over_the_variance() -> None:
    """Views 0, 2, 4 told as 1, 2, 3: errors 1 + 0 + 1 over (4 + 0 + 4) is ¼, R² ¾."""
    told = OutOfFoldPredictions(
        target=np.array([0.0, 2, 4]), told=np.array([1.0, 2, 3]), low=np.zeros((2, 3)), high=np.ones((2, 3))
    )
    assert told.explained().mean() == pytest.approx(0.75)


def test_coverage_and_width_are_counted_by_level() -> None:
    """Of three movies at 0, 2 and 4 the interval 0 to 2 holds two, and is 2 wide."""
    low, high = np.zeros((2, 3)), np.array([[2.0] * 3, [4.0] * 3])
    told = OutOfFoldPredictions(target=np.array([0.0, 2, 4]), told=np.zeros(3), low=low, high=high)
    assert told.intervals()["80%"] == {"promised": 0.8, "coverage": pytest.approx(2 / 3), "width_nats": 2.0}
    assert told.intervals()["90%"]["coverage"] == 1.0


def test_the_genre_mean_leans_on_everybody_where_there_are_few() -> None:
    """Overall mean 2. Genre a: one movie at 3, (3 − 2)·1/(1 + 5) more. Genre b: one at 1, as much less."""
    facts = AppealFeatures.of(pd.DataFrame({"movie_id": ["x", "y", "z"], "genres": ["a", "b", "a"]}))
    told = appeal.genre_mean(facts, np.array([3.0, 1.0, 0.0]), np.array([0, 1]))
    np.testing.assert_allclose(told, [2 + 1 / 6, 2 - 1 / 6, 2 + 1 / 6])


def test_first_views_are_told_by_their_straight_line() -> None:
    movies, _ = movies_with_pull(4)
    facts = AppealFeatures(
        *(getattr(AppealFeatures.of(movies), name) for name in ("codes", "plain", "genres")), np.array([0.0, 1.0, 2.0, 5.0])
    )
    told = PREDICTORS["early_views"](facts, np.array([1.0, 3.0, 5.0, 0.0]), np.array([0, 1, 2]))
    assert told[3] == pytest.approx(11.0)  # 1 + 2 · 5


@pytest.mark.parametrize("name", ["ridge", "boosting", "ridge_and_boosting", "neighbours"])
def test_a_predictor_finds_what_attributes_tell(name: str) -> None:
    """Noise of 0.3 in a spread of about 0.8 leaves R² 0.86 at best; half of it is found by all of these."""
    movies, target = movies_with_pull()
    told = out_of_fold_predictions(PREDICTORS[name], AppealFeatures.of(movies), target, np.random.default_rng(0))
    assert told.explained().mean() > 0.5


def test_no_predictor_finds_anything_in_shuffled_views() -> None:
    movies, target = movies_with_pull()
    shuffled = np.random.default_rng(1).permutation(target)
    for name in ("genre_mean", "ridge", "boosting"):
        assert (
            out_of_fold_predictions(PREDICTORS[name], AppealFeatures.of(movies), shuffled, np.random.default_rng(0))
            .explained()
            .mean()
            < 0.05
        )


def test_a_hidden_movies_views_are_never_looked_at() -> None:
    """A predictor that gives back what it was shown would be right of every movie if it could."""
    seen: list[set[int]] = []

    def spy(facts: AppealFeatures, target: np.ndarray, known: np.ndarray) -> np.ndarray:
        seen.append(set(known.tolist()))
        return np.zeros(len(target))

    movies, target = movies_with_pull(50)
    out_of_fold_predictions(spy, AppealFeatures.of(movies), target, np.random.default_rng(0))
    assert len(seen) == 5
    assert all(len(known) == 35 for known in seen)  # 50 less a fold of 10 less 5 held back
    hidden_in = np.sum([[movie not in known for movie in range(50)] for known in seen], axis=0)
    assert (hidden_in >= 1).all()


def test_intervals_hold_what_they_promise() -> None:
    movies, target = movies_with_pull(600)
    found = out_of_fold_predictions(PREDICTORS["ridge"], AppealFeatures.of(movies), target, np.random.default_rng(0)).intervals()
    assert found["80%"]["coverage"] == pytest.approx(0.8, abs=0.06)
    assert found["90%"]["coverage"] == pytest.approx(0.9, abs=0.05)


def test_an_interval_counts_the_new_movie_among_the_old() -> None:
    """19 misses and a new one: a tenth of 20 is 2, so the ends are the second from either side. Of 3 they are the last."""
    assert prediction_interval(np.arange(1.0, 20.0), 0.8) == (2.0, 18.0)
    assert prediction_interval(np.array([3.0, 1.0, 2.0]), 0.9) == (1.0, 3.0)


def test_misses_of_one_movie_count_as_one_however_many_they_are() -> None:
    """Six movies of 40 misses each, as large as their movie's: five tell the range of the sixth, which holds what it promises.

    Counted as 200 that have nothing to do with each other they do not.
    """
    rng, held, counted_apart = np.random.default_rng(0), [], []
    for _ in range(1_000):
        miss = np.exp(rng.normal(size=(6, 1))) * rng.normal(size=(6, 40))
        for others, shares in ((miss[:5], held), (miss[:5].ravel(), counted_apart)):
            below, above = prediction_interval(others, 0.8)
            shares.append(((below <= miss[5]) & (miss[5] <= above)).mean())
    assert np.mean(held) >= 0.8
    assert np.mean(counted_apart) < 0.8 - 3 * np.std(counted_apart) / np.sqrt(1_000)


def test_hidden_movies_keep_no_view() -> None:
    views = matrix((np.random.default_rng(0).random((30, 40)) < 0.3).astype(int).tolist())
    hidden = hold_out_movies(views, np.random.default_rng(1))
    assert hidden.movies.sum() == 8
    assert not hidden.movies[hidden.seen.indices].any()
    assert hidden.movies[hidden.relevant.indices].all()
    assert hidden.seen.nnz + hidden.relevant.nnz == views.nnz


def test_too_few_movies_to_hide_some_are_refused() -> None:
    with pytest.raises(DataError) as refused:
        hold_out_movies(matrix([[1] * (FEWEST_MOVIES - 1)]), np.random.default_rng(0))
    assert refused.value.code == "E_TOO_SMALL"


def test_first_days_count_from_each_movies_own_first_view() -> None:
    """Movie 0 starts on the 1st, movie 1 on the 10th; within two days of that users 0 and 1, and user 2."""
    times = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-04", "2024-01-10"])
    events = pd.DataFrame({"user_index": [0, 1, 2, 2], "movie_index": [0, 0, 0, 1], "timestamp": times})
    early = first_views(events, np.array([True, True]), 2.0, (3, 2))
    assert early.toarray().tolist() == [[1, 0], [1, 0], [0, 1]]
    only = first_views(events, np.array([False, True]), 2.0, (3, 2))
    assert only.toarray().tolist() == [[0, 0], [0, 0], [0, 1]]


def test_what_was_watched_in_the_first_days_need_not_be_found() -> None:
    views = matrix((np.random.default_rng(0).random((30, 40)) < 0.3).astype(int).tolist())
    hidden = hold_out_movies(views, np.random.default_rng(1))
    early = hidden.relevant.copy()
    early.data[::2] = 0
    early.eliminate_zeros()
    assert remaining_views(hidden, early).nnz == hidden.relevant.nnz - early.nnz
