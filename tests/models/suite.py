"""What every trained recommender owes: one suite, inherited by the tests of each."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate
from recsys.evaluation.interactions import interactions
from recsys.models import baselines
from recsys.models.blend import BlendConfig
from recsys.models.factorisation import FactorisationConfig
from recsys.models.protocol import TrainingData
from recsys.models.registry import REGISTRY
from recsys.models.two_tower import TwoTowerConfig
from recsys.models.validation_split import random_split
from recsys.progress import Progress, ReportProgress, silent
from recsys.run_files import FACTORISATION, TWO_TOWER
from tests.models.taste import Taste, taste

SETTINGS: dict[str, Any] = {
    FACTORISATION: FactorisationConfig(dim=8, iterations=6, unobserved_weight=0.2, regularisation=0.02),
    TWO_TOWER: TwoTowerConfig(
        dim=16,
        hidden=16,
        epochs=8,
        people_per_epoch=1,
        learning_rate=0.02,
        batch_targets=128,
        even_negatives=32,
        validation_users=60,
    ),
    "blend": BlendConfig(factorisation=FactorisationConfig(dim=8, iterations=4), ease_rank=40),
}
"""Small ones, by recommender; the others are as they are registered."""


def training_data(service: Taste) -> TrainingData:
    """What a recommender may learn of a service; an event an hour."""
    rows, movies = service.seen.nonzero()
    return TrainingData(
        views=service.seen,
        events=pd.DataFrame(
            {
                "user_index": rows,
                "movie_index": movies,
                "timestamp": pd.date_range("2026-01-01", periods=len(rows), freq="h", tz="UTC"),
            }
        ),
        users=service.users,
        movies=service.movies,
        validation=lambda: random_split(service.seen, seed=0),
    )


class CutOffError(Exception):
    """The training was cut off."""


class RecommenderSuite:
    """Subclasses name a registered recommender; it is trained as comparisons train it."""

    name: ClassVar[str]
    steps_before_the_cut = 2

    @classmethod
    def train(cls, service: Taste, *, seed: int = 1, progress: ReportProgress = silent, checkpoint: Path | None = None) -> Any:
        return REGISTRY[cls.name].fit(
            training_data(service), SETTINGS[cls.name], seed=seed, progress=progress, checkpoint=checkpoint
        )

    @pytest.fixture(scope="class")
    @classmethod
    def service(cls) -> Taste:
        return taste()

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, service: Taste) -> Any:
        return cls.train(service)

    def test_it_gives_finite_vectors_for_every_user_and_movie(self, trained: Any, service: Taste) -> None:
        n_users, n_movies = service.seen.shape
        assert trained.users.dtype == trained.movies.dtype == np.float32
        assert (len(trained.users), len(trained.movies)) == (n_users, n_movies)
        assert np.isfinite(trained.users).all()
        assert np.isfinite(trained.movies).all()

    def test_a_score_is_the_product_of_the_two_vectors(self, trained: Any) -> None:
        rows = np.array([5, 0])
        by_hand = np.array([[trained.users[u] @ movie for movie in trained.movies] for u in rows])
        np.testing.assert_allclose(trained.score(rows), by_hand, rtol=1e-5, atol=1e-6)

    def test_it_ranks_far_better_than_popularity(self, trained: Any, service: Taste) -> None:
        """Popularity guesses among 72; half of what a user finds is in a group of 12."""
        own = evaluate(trained, service.seen, service.later, at=(10,)).mean("ndcg@10")
        popular = evaluate(baselines.popularity(service.seen), service.seen, service.later, at=(10,)).mean("ndcg@10")
        assert own > 2 * popular

    def test_the_same_seed_gives_the_same_bits(self, trained: Any, service: Taste) -> None:
        again = self.train(service)
        np.testing.assert_array_equal(trained.users, again.users)
        np.testing.assert_array_equal(trained.movies, again.movies)

    def test_another_seed_gives_another_model(self, trained: Any, service: Taste) -> None:
        assert not np.array_equal(trained.movies, self.train(service, seed=2).movies)

    def test_cut_off_and_started_again_it_ends_with_the_same_bits(self, trained: Any, service: Taste, tmp_path: Path) -> None:
        checkpoint = tmp_path / "checkpoint"

        def cut(step: Progress) -> None:
            if step.done == self.steps_before_the_cut:
                raise CutOffError

        with pytest.raises(CutOffError):
            self.train(service, progress=cut, checkpoint=checkpoint)
        assert checkpoint.exists()
        first_told: list[int] = []
        resumed = self.train(service, progress=lambda step: first_told.append(step.done), checkpoint=checkpoint)
        assert first_told[0] == self.steps_before_the_cut
        np.testing.assert_array_equal(resumed.movies, trained.movies)
        np.testing.assert_array_equal(resumed.users, trained.users)
        assert not checkpoint.exists()

    def test_progress_rises_to_its_total(self, service: Taste) -> None:
        told: list[tuple[int, int]] = []
        self.train(service, progress=lambda step: told.append((step.done, step.total)))
        assert [done for done, _ in told] == sorted(done for done, _ in told)
        assert told[0][0] == 0
        assert told[-1][0] == told[-1][1]

    def test_no_views_at_all_are_refused(self, service: Taste) -> None:
        nothing = interactions([], [], *service.seen.shape)
        with pytest.raises(DataError) as refused:
            self.train(Taste(service.users, service.movies, nothing, service.later))
        assert refused.value.code == "E_TOO_SMALL"

    def test_a_catalogue_of_one_movie_is_refused(self, service: Taste) -> None:
        one = interactions([0, 1], [0, 0], len(service.users), 1)
        with pytest.raises(DataError) as refused:
            self.train(Taste(service.users, service.movies.head(1), one, one))
        assert refused.value.code == "E_TOO_SMALL"
