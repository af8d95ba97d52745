"""Blends: low-rank EASE, and blending parameters chosen on held-out views."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate
from recsys.models import baselines, blend, ease_factors, validation_split
from recsys.models.blend import BlendParameters
from recsys.models.validation_split import ValidationSplit
from tests.models.suite import SETTINGS
from tests.models.taste import Taste, taste

SMALL = SETTINGS["blend"]


@pytest.fixture(scope="module")
def service() -> Taste:
    return taste()


def test_with_all_directions_the_factored_scores_are_those_of_ease(service: Taste) -> None:
    """But for a movie's score of itself, which is never shown."""
    users, movies = ease_factors.truncated_svd(service.seen, rank=72, seed=0).factors(30.0)
    unseen = service.seen.toarray() == 0
    expected = baselines.ease(service.seen, regularisation=30.0).score(np.arange(240))
    np.testing.assert_allclose((users @ movies.T)[unseen], expected[unseen], rtol=1e-3, atol=1e-4)


def test_with_fewer_directions_they_rank_nearly_as_well(service: Taste) -> None:
    users, movies = ease_factors.truncated_svd(service.seen, rank=24, seed=0).factors(30.0)
    narrow = blend.Blend(users=users, movies=movies, parameters=BlendParameters(), objective=0.0)
    whole = baselines.ease(service.seen, regularisation=30.0)
    own, full = (evaluate(scorer, service.seen, service.later, at=(10,)).mean("ndcg@10") for scorer in (narrow, whole))
    assert users.shape[1] == 24
    assert own > 0.95 * full


@pytest.mark.train
class TestBlend:
    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, service: Taste) -> blend.Blend:
        return blend.fit(service.seen, validation_split.random_split(service.seen, seed=0), SMALL, seed=1)

    def test_it_is_a_recommender_of_vectors(self, trained: blend.Blend) -> None:
        rows = np.array([5, 0])
        by_hand = np.array([[trained.users[u] @ movie for movie in trained.movies] for u in rows])
        np.testing.assert_allclose(trained.score(rows), by_hand, rtol=1e-4, atol=1e-5)
        assert np.isfinite(trained.users).all()
        assert np.isfinite(trained.movies).all()

    def test_the_same_seed_gives_the_same_bits(self, trained: blend.Blend, service: Taste) -> None:
        again = blend.fit(service.seen, validation_split.random_split(service.seen, seed=0), SMALL, seed=1)
        np.testing.assert_array_equal(trained.movies, again.movies)
        assert trained.parameters == again.parameters

    def test_its_score_is_the_weighted_sum_of_its_parts_scores(self, service: Taste) -> None:
        components = blend.Components.train(service.seen, SMALL, 1, None)
        users, movies = components.joined(BlendParameters(ridge=50.0, ease_weight=0.5))
        mf, ease = components.vectors("mf", 0.0), components.vectors("ease", 50.0)
        expected = mf[0] @ mf[1].T + 0.5 * (ease[0] @ ease[1].T)
        np.testing.assert_allclose(users @ movies.T, expected, rtol=1e-3, atol=1e-4)

    def test_a_further_recommender_that_knows_the_answer_is_listened_to(self, service: Taste) -> None:
        """Its vectors are the later views themselves."""
        halves = validation_split.random_split(service.seen, seed=0)
        answer = (halves.later.toarray().astype(np.float32), np.eye(72, dtype=np.float32))
        trained = blend.fit(service.seen, halves, SMALL, seed=1, further=lambda _views: answer)
        assert trained.parameters.further_weight > 0
        assert trained.objective == pytest.approx(1.0)

    def test_nobody_to_choose_on_is_refused(self, service: Taste) -> None:
        nothing = sparse.csr_array(service.seen.shape, dtype=np.float32)
        with pytest.raises(DataError) as refused:
            blend.fit(service.seen, ValidationSplit(seen=service.seen, later=nothing), SMALL, seed=1)
        assert refused.value.code == "E_TOO_SMALL"


def test_scores_of_unit_spread_after_scaling() -> None:
    """Deviations from the user's mean, squared and averaged over all pairs."""
    rng = np.random.default_rng(0)
    users, movies = rng.normal(size=(20, 3)).astype(np.float32), rng.normal(size=(30, 3)).astype(np.float32) + 2
    scores = (users @ movies.T).astype(np.float64)
    by_hand = np.sqrt(((scores - scores.mean(axis=1, keepdims=True)) ** 2).mean())
    assert blend.score_spread(users, movies) == pytest.approx(by_hand, rel=1e-5)


def test_halves_by_lot_share_no_view_and_lose_none(service: Taste) -> None:
    halves = validation_split.random_split(service.seen, share=0.25, seed=3)
    together = (halves.seen + halves.later).toarray()
    np.testing.assert_array_equal(together, service.seen.toarray())
    assert halves.seen.multiply(halves.later).nnz == 0
    assert halves.later.nnz == round(0.25 * service.seen.nnz)


def test_only_so_many_users_are_judged(service: Taste, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_split, "MOST_USERS", 50)
    halves = validation_split.random_split(service.seen, seed=3)
    judged = halves.sampled_users(seed=0)
    assert len(judged.users) == 50
    assert set(judged.users) <= set(halves.users)
    assert judged.seen is halves.seen
    assert replace(judged, later=halves.later).users.size == halves.users.size
