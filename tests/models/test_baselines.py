"""The rivals, on examples small enough to check by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate
from recsys.models import baselines
from tests.models.taste import taste


def test_popularity_counts_viewers_and_not_views() -> None:
    """One user watched movie 0 five times; two watched movie 1 once."""
    views = sparse.csr_array(np.array([[5, 1, 0], [0, 1, 0]], dtype=np.float32))
    np.testing.assert_array_equal(baselines.popularity(views).score(np.array([1])), [[1, 2, 0]])


def test_recent_popularity_halves_a_view_every_half_life() -> None:
    """Movie 0: two views 20 days before the end, two half-lives: 2 · ¼ = ½. Movie 1: one view at the end: 1."""
    times = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-21"]))
    recent = baselines.recent_popularity([0, 0, 1], times, 2, half_life_days=10.0)
    np.testing.assert_allclose(recent.popularity, [0.5, 1.0])


def test_content_neighbours_are_of_the_same_kind_and_never_oneself() -> None:
    service = taste()
    knn = baselines.content_knn(service.seen, service.movies.drop(columns="year"), neighbours=11)
    similarity = knn.similarity.toarray()
    assert (similarity.diagonal() == 0).all()
    language = np.arange(72) % 3
    own = np.where(language[:, None] == language[None, :], similarity, 0.0).sum()
    assert own > 0.9 * similarity.sum()


def test_content_neighbours_beat_popularity_where_taste_is_for_languages() -> None:
    service = taste()
    knn = evaluate(baselines.content_knn(service.seen, service.movies), service.seen, service.later, at=(10,))
    popular = evaluate(baselines.popularity(service.seen), service.seen, service.later, at=(10,))
    assert knn.mean("ndcg@10") > popular.mean("ndcg@10")


def test_ease_solves_the_least_squares_problem_it_states() -> None:
    """Column j of B minimises |X b − x_j|² + λ|b|² with b_j = 0: a ridge regression on the other columns."""
    rng = np.random.default_rng(0)
    dense = (rng.random((40, 6)) < 0.4).astype(float)
    model = baselines.ease(sparse.csr_array(dense), regularisation=2.0)
    for j in range(6):
        others = [k for k in range(6) if k != j]
        x = dense[:, others]
        expected = np.linalg.solve(x.T @ x + 2.0 * np.eye(5), x.T @ dense[:, j])
        np.testing.assert_allclose(np.asarray(model.similarity)[others, j], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(np.diag(np.asarray(model.similarity)), 0)


def test_ease_refuses_a_catalogue_that_would_fill_the_memory() -> None:
    with pytest.raises(DataError) as refused:
        baselines.ease(sparse.csr_array((2, baselines.EASE_MOST_MOVIES + 1)))
    assert refused.value.code == "E_TOO_BIG"


def test_a_kind_of_users_is_shown_what_its_own_watched() -> None:
    """Users 0 and 1 watch Tamil, 2 and 3 Hindi; with no views lent, each kind's counts are its own."""
    movies = pd.DataFrame({"languages": ["Tamil", "Tamil", "Hindi", "Hindi"]})
    views = sparse.csr_array(np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]], dtype=np.float32))
    own = baselines.segment_popularity(views, movies, prior_views=0.0)
    np.testing.assert_array_equal(own.score(np.array([1, 2])), [[2, 1, 0, 0], [0, 0, 2, 1]])


def test_a_small_kind_leans_on_everyone() -> None:
    """Six views in all, two of movie 0. Six lent views add 6 · (2, 1, 2, 1)/6 to the Tamil counts (2, 1, 0, 0)."""
    movies = pd.DataFrame({"languages": ["Tamil", "Tamil", "Hindi", "Hindi"]})
    views = sparse.csr_array(np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]], dtype=np.float32))
    lent = baselines.segment_popularity(views, movies, prior_views=6.0)
    np.testing.assert_allclose(lent.score(np.array([0])), [[4, 2, 2, 1]])


def test_without_languages_and_genres_everyone_is_of_one_kind() -> None:
    views = sparse.csr_array(np.array([[1, 0], [1, 1]], dtype=np.float32))
    prior_views = baselines.segment_popularity(views, pd.DataFrame({"title": ["a", "b"]}))
    popular = baselines.popularity(views)
    rows = np.arange(2)
    assert (np.argsort(-prior_views.score(rows)) == np.argsort(-popular.score(rows))).all()


def test_popularity_by_kind_beats_popularity_where_kinds_differ() -> None:
    service = taste()
    by_kind = evaluate(baselines.segment_popularity(service.seen, service.movies), service.seen, service.later, at=(10,))
    popular = evaluate(baselines.popularity(service.seen), service.seen, service.later, at=(10,))
    assert by_kind.mean("ndcg@10") > 1.5 * popular.mean("ndcg@10")
