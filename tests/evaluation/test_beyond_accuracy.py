"""What lists are like, each figure worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import entropy
from sklearn.metrics.pairwise import cosine_similarity

from recsys.evaluation import beyond_accuracy
from recsys.evaluation.beyond_accuracy import CatalogueProfile
from recsys.evaluation.calibrated_recommendations import TasteShares, divergence
from recsys.evaluation.evaluate import evaluate
from tests.evaluation.test_metrics import Given, matrix


def test_serendipity_is_wanted_and_not_what_popularity_shows() -> None:
    """Shown 1, 2, 3; wanted 1 and 2; popular 1: only 2 surprises, of three places."""
    wanted = matrix([[0, 1, 1, 0]])
    assert beyond_accuracy.serendipity(np.array([[1, 2, 3]]), np.array([[1, 0, 3]]), wanted, np.array([0]))[0] == pytest.approx(
        1 / 3
    )


def test_popularity_never_surprises() -> None:
    scores, seen, later = Given([[9, 5, 3, 1]] * 2), matrix([[1, 0, 0, 0]] * 2), matrix([[0, 1, 1, 0]] * 2)
    result = evaluate(scores, seen, later, at=(2,))
    profile = CatalogueProfile.of(seen, pd.DataFrame({"genres": ["a", "b", "a", "b"]}))
    assert beyond_accuracy.by_user(result, result, profile, later, 2)["serendipity"].tolist() == [0.0, 0.0]


def test_diversity_agrees_with_pairwise_cosines_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.random((12, 5))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    shown = np.array([[0, 3, 7, 9], [1, 2, -1, -1]])
    expected = []
    for movies in ([0, 3, 7, 9], [1, 2]):
        similarity = cosine_similarity(vectors[movies])
        expected.append(1 - similarity[np.triu_indices(len(movies), 1)].mean())
    np.testing.assert_allclose(beyond_accuracy.diversity(shown, sparse.csr_array(unit)), expected)


def test_a_list_of_one_movie_has_no_diversity() -> None:
    assert np.isnan(beyond_accuracy.diversity(np.array([[0, -1]]), sparse.csr_array(np.eye(2)))).all()


def test_a_list_twice_as_popular_as_what_was_watched_lifts_popularity_by_one() -> None:
    """Four users; movie 0 watched by one of them, movie 1 by two. User 0 watched movie 0 (¼) and is shown movie 1 (½)."""
    seen = matrix([[1, 0], [0, 1], [0, 1], [0, 0]])
    profile = CatalogueProfile.of(seen, pd.DataFrame({"genres": ["a", "b"]}))
    assert beyond_accuracy.popularity_lift(np.array([[1]]), profile, np.array([0]))[0] == pytest.approx(0.5 / 0.25 - 1)


def test_divergence_is_kullback_and_leiblers_of_the_smoothed_mix() -> None:
    rng = np.random.default_rng(1)
    p, q = rng.dirichlet(np.ones(4), 3), rng.dirichlet(np.ones(4), 3)
    expected = [entropy(p[k], 0.99 * q[k] + 0.01 * p[k]) for k in range(3)]
    np.testing.assert_allclose(divergence(p, q), expected)


def test_a_list_mixed_as_its_users_taste_does_not_diverge_and_another_does() -> None:
    """Watched one Tamil and one Hindi movie. A list of one each is calibrated; all Tamil costs ½ ln(½/.995) + ½ ln(½/.005)."""
    column = pd.Series(["Tamil", "Hindi", "Tamil", "Hindi", "Tamil"], name="languages")
    taste = TasteShares.of(column, matrix([[1, 1, 0, 0, 0]]))
    even, one_sided = taste.divergence(np.array([[2, 3], [2, 4]]), np.array([0, 0]))
    assert even == pytest.approx(0.0, abs=1e-12)
    assert one_sided == pytest.approx(0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005))


def test_a_movie_of_two_genres_counts_half_for_each() -> None:
    taste = TasteShares.of(pd.Series(["a|b", "a"], name="genres"), matrix([[1, 1]]))
    assert dict(zip(taste.names, taste.of_users[0], strict=True)) == {"a": 0.75, "b": 0.25}


def test_who_watched_nothing_of_a_known_kind_has_no_divergence() -> None:
    taste = TasteShares.of(pd.Series([None, "a"], name="genres", dtype=object), matrix([[1, 0]]))
    assert np.isnan(taste.divergence(np.array([[1]]), np.array([0]))).all()
