"""Movies that nobody has watched: each way of telling by itself, and all of them compared."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from recsys.evaluation import report_text
from recsys.models import baselines, content_regression, dropout_net
from recsys.models.cold_start import ColdStartConfig, compare_cold_start
from recsys.models.factorisation import FactorisationConfig
from recsys.models.two_tower import TwoTowerConfig
from tests.builders import tiny_dataset


def test_the_map_from_content_misses_what_leaving_one_out_misses() -> None:
    """Against scikit-learn: what a ridge of the same penalty misses of each movie left out in turn, over the size told of it."""
    rng = np.random.default_rng(0)
    content = rng.normal(size=(40, 5))
    movies = content @ rng.normal(size=(5, 3)) + rng.normal(size=(40, 3))
    told = content_regression.fit(movies, content, np.arange(40))
    left_out = cross_val_predict(Ridge(alpha=told.penalty), content, movies, cv=LeaveOneOut())
    unit = (movies - left_out) / told.size[:, None]
    np.testing.assert_allclose(told.covariance, unit.T @ unit / 40, rtol=1e-8)


def test_movies_that_were_not_learnt_from_do_not_move_the_map() -> None:
    rng = np.random.default_rng(0)
    content, movies = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    changed = movies.copy()
    changed[20:] = 1e6
    known = np.arange(20)
    np.testing.assert_array_equal(
        content_regression.fit(movies, content, known).movies, content_regression.fit(changed, content, known).movies
    )


def test_scores_lie_in_their_ranges_as_often_as_promised_whatever_the_errors() -> None:
    """Errors with long tails, ten times as large for movies of one kind as for the other: 200 movies learnt from, 600 held back.

    A normal distribution with the same spread would hold too many. A movie is a draw, its 50 scores are not: the error of a
    coverage is at most that of a binomial share of movies.
    """
    rng = np.random.default_rng(0)
    content = rng.normal(size=(800, 6))
    content[:, 0] = rng.integers(0, 2, 800)
    errors = rng.standard_t(2.5, size=(800, 4)) * np.where(content[:, :1] == 1, 3.0, 0.3)
    movies = content @ rng.normal(size=(6, 4)) + errors
    users = rng.normal(size=(50, 4))
    told, new = content_regression.fit(movies, content, np.arange(200)), np.arange(200, 800)
    miss = (movies[new] - told.movies[new]) @ users.T / told.standard_errors(users, new).T
    for level in (0.8, 0.9):
        below, above = content_regression.interval_ends(miss, level, rng)
        held = ((below[:, None] <= miss) & (miss <= above[:, None])).mean(axis=1)
        for kind in (np.ones(600, dtype=bool), content[new, 0] == 1, content[new, 0] == 0):
            error = np.sqrt(level * (1 - level) / kind.sum())
            assert held[kind].mean() == pytest.approx(level, abs=2 * error)


def test_the_range_of_a_movie_is_told_by_other_movies() -> None:
    """Ten movies, one missed by 100 spreads: its own range does not know of that, and those of other folds do."""
    miss = np.full((10, 3), 1.0)
    miss[4] = 100.0
    _, above = content_regression.interval_ends(miss, 0.9, np.random.default_rng(0))
    assert above[4] == 1.0
    assert (above == 100.0).sum() == 8  # all but the movie and the one that shares its fold


def test_a_network_that_does_without_factors_finds_them_in_content() -> None:
    """Factors are the content turned; from content alone the network tells scores well, and shuffled content tells nothing."""
    rng = np.random.default_rng(0)
    content = rng.normal(size=(300, 4))
    movies, users = content @ rng.normal(size=(4, 3)), rng.normal(size=(80, 3))
    known, new = np.arange(240), np.arange(240, 300)

    def correlation(given: np.ndarray) -> float:
        told = dropout_net.predict_factors(users, movies, given, known, seed=0)
        return float(np.corrcoef((users @ told[new].T).ravel(), (users @ movies[new].T).ravel())[0, 1])

    assert correlation(content) > 0.8
    assert abs(correlation(rng.permutation(content))) < 0.4


def test_neighbours_of_a_cold_movie_are_watched_ones_of_its_kind() -> None:
    """Movies 0 to 2 are Tamil, 3 to 5 Hindi; 2 and 5 are cold. Who watched Tamil is shown the Tamil one first."""
    movies = pd.DataFrame({"languages": ["Tamil"] * 3 + ["Hindi"] * 3})
    views = sparse.csr_array(np.array([[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0]], dtype=np.float32))
    cold = np.array([False, False, True, False, False, True])
    scores = baselines.cold_start_knn(views, movies, cold, neighbours=2).score(np.array([0, 1]))
    assert scores[0, 2] > scores[0, 5]
    assert scores[1, 5] > scores[1, 2]
    assert not scores[:, ~cold].any()


def test_a_users_own_genres_count_as_much_as_they_were_watched() -> None:
    """Genre a has a movie of 8 viewers, b one of 2. The user watched one of each: half of 8 and half of 2."""
    genres = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    views = sparse.csr_array(np.array([[1, 1, 0, 0]], dtype=np.float32))
    scores = baselines.own_genres(views, genres, np.array([8.0, 2.0, 0.0, 0.0]), np.array([0, 1])).score(np.array([0]))
    np.testing.assert_allclose(scores[0, 2:], [4.0, 1.0])


@pytest.mark.train
def test_every_way_of_telling_is_judged_on_the_same_users() -> None:
    config = ColdStartConfig(
        places=5,
        days=(1.0, 7.0),
        factorisation=FactorisationConfig(dim=4, iterations=3),
        two_tower=TwoTowerConfig(dim=4, hidden=4, epochs=2, batch_targets=64, even_negatives=8),
    )
    told: list[int] = []
    dataset = tiny_dataset(60, 40)
    document = compare_cold_start(dataset, config, progress=lambda step: told.append(step.done))
    assert told == sorted(told)
    assert told[-1] == 100
    assert document["hidden_movies"] == 8
    assert set(document["ranking"]) == set(document["appeal"]) == {"0", "1", "7"}
    cold = document["ranking"]["0"]
    assert {"two_tower", "content_map", "ridge", "dropout_net", "content_knn", "genre_popularity"} <= set(cold["models"])
    assert len(cold["pairs"]["metrics"]["ndcg@5"]) == len(cold["models"]) * (len(cold["models"]) - 1) // 2
    for day in document["appeal"].values():
        for each in day["predictors"].values():
            assert each["r2"]["low"] <= each["r2"]["mean"] <= each["r2"]["high"] <= 1
            assert 0 <= each["interval"]["80%"]["coverage"] <= each["interval"]["90%"]["coverage"] <= 1
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    shown = report_text.cold(document)
    assert "knowing nothing but content" in shown
    assert "the first 7 days of views" in shown
