"""Top-k accuracy of the whole catalogue, against its definition and against TensorFlow Recommenders."""

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.models import top_k
from recsys.models.top_k import top_k_accuracy


def _service() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    users, movies = (rng.normal(size=(n, 8)).astype(np.float32) for n in (40, 300))
    return users, movies, rng.integers(0, 40, 500), rng.integers(0, 300, 500)


@pytest.mark.parametrize("block", [1, 700, 4_000_000])
@pytest.mark.parametrize("k", [1, 10, 299, 300])
def test_it_counts_pairs_with_fewer_than_k_better_movies(k: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top_k, "BLOCK_SCORES", block)
    users, movies, user_rows, movie_rows = _service()
    scores = users @ movies.T
    better = [(scores[user] > scores[user, movie]).sum() for user, movie in zip(user_rows, movie_rows, strict=True)]
    assert top_k_accuracy(users, movies, user_rows, movie_rows, k=k) == pytest.approx(np.mean(np.array(better) < k))


def test_equal_scores_are_to_the_pairs_advantage() -> None:
    same = np.ones((5, 1), dtype=np.float32)
    assert top_k_accuracy(same[:1], same, np.array([0]), np.array([4]), k=1) == 1.0


@pytest.mark.train
def test_it_is_what_factorized_top_k_measures() -> None:
    """On whole numbers: it adds up a pair's score in another order than the catalogue's, so that rounding can lose it a place."""
    from recsys.models.runtime import recommenders, tensorflow

    tf, tfrs = tensorflow(), recommenders()
    users, movies, user_rows, movie_rows = _service()
    users, movies = np.round(4 * users), np.round(4 * movies)
    for k in (5, 50):
        metric = tfrs.metrics.FactorizedTopK(candidates=tf.data.Dataset.from_tensor_slices(movies).batch(64), ks=(k,))
        metric.update_state(tf.constant(users[user_rows]), tf.constant(movies[movie_rows]))
        assert top_k_accuracy(users, movies, user_rows, movie_rows, k=k) == pytest.approx(float(metric.result()[0]), abs=1e-6)


def test_no_pairs_or_places_are_refused() -> None:
    users, movies, _, _ = _service()
    for rows, k in ((np.array([], dtype=np.int64), 1), (np.array([0]), 0)):
        with pytest.raises(DataError) as refused:
            top_k_accuracy(users, movies, rows, rows, k=k)
        assert refused.value.code == "E_PARAM"
