"""The two-tower model: its examples, its loss, its NumPy towers, and movies that nobody has watched."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings.tower import MovieTower, UserTower
from recsys.errors import ArtefactError, DataError
from recsys.evaluation.interactions import interactions
from recsys.models import two_tower
from recsys.models.two_tower import TwoTower, TwoTowerConfig
from recsys.models.two_tower_batches import Sampling, epoch_batches
from recsys.run_files import TWO_TOWER
from tests.models.suite import SETTINGS, RecommenderSuite
from tests.models.taste import LANGUAGES, Taste, taste

SMALL = SETTINGS[TWO_TOWER]


@pytest.mark.train
class TestTwoTower(RecommenderSuite):
    name = TWO_TOWER

    def test_the_towers_on_disk_give_the_vectors_of_training(self, trained: TwoTower, service: Taste, tmp_path: Path) -> None:
        trained.save(tmp_path)
        movie_tower, user_tower = MovieTower.load(tmp_path), UserTower.load(tmp_path)
        np.testing.assert_array_equal(movie_tower.encode(service.movies), trained.movies)
        np.testing.assert_array_equal(movie_tower.content(service.movies), trained.content)
        np.testing.assert_array_equal(user_tower.encode(service.seen, service.users), trained.users)

    def test_a_movie_nobody_has_watched_appeals_to_those_who_speak_its_language(self, trained: TwoTower) -> None:
        offers = pd.DataFrame(
            {
                "movie_id": ["new0", "new1", "new2"],
                "title": ["Unseen"] * 3,
                "genres": ["Drama|All"] * 3,
                "languages": list(LANGUAGES),
                "year": [2019.0] * 3,
                "fee": [1e6] * 3,
            }
        )
        scores = trained.users @ MovieTower.of(trained.description, trained.tensors).content(offers).T
        mean_by_language = np.array([scores[np.arange(len(scores)) % 3 == spoken].mean(axis=0) for spoken in range(3)])
        assert (mean_by_language.argmax(axis=0) == np.arange(3)).all()

    def test_a_movie_of_the_catalogue_that_nobody_has_watched_is_what_its_content_says(self, service: Taste) -> None:
        """Trained among the others it was only ever a negative, which tells nothing about it."""
        watched = service.seen.tolil()
        watched[:, 4] = 0
        quick = two_tower.fit(watched.tocsr(), service.movies, service.users, replace(SMALL, epochs=2), seed=1)
        np.testing.assert_array_equal(quick.movies[4], quick.content[4])
        assert not np.array_equal(quick.movies[5], quick.content[5])

    def test_a_tower_with_a_tensor_missing_is_refused(self, trained: TwoTower, tmp_path: Path) -> None:
        fewer = {name: tensor for name, tensor in trained.tensors.items() if name != "user.out_bias"}
        replace(trained, tensors=fewer).save(tmp_path)
        with pytest.raises(ArtefactError) as refused:
            UserTower.load(tmp_path)
        assert refused.value.code == "E_MANIFEST"

    def test_tables_of_another_length_are_refused(self, service: Taste) -> None:
        with pytest.raises(DataError) as refused:
            two_tower.fit(service.seen, service.movies.head(70), service.users, SMALL, seed=1)
        assert refused.value.code == "E_ROW"

    def test_too_large_a_step_is_told_and_not_kept(self, service: Taste) -> None:
        wild = replace(SMALL, learning_rate=1e30)
        with pytest.raises(DataError) as refused:
            two_tower.fit(service.seen, service.movies, service.users, wild, seed=1)
        assert refused.value.code == "E_NONFINITE"

    def test_without_held_out_users_every_epoch_is_run_and_the_last_is_kept(self, service: Taste) -> None:
        config = replace(SMALL, validation_users=0, epochs=3, patience=1)
        assert two_tower.fit(service.seen, service.movies, service.users, config, seed=1).epochs == 3

    def test_a_small_audience_is_not_gone_over_more_often_than_it_can_hide(self, service: Taste) -> None:
        """240 people, an epoch for 80 of them: 3, though the settings allow 8."""
        config = replace(SMALL, people_per_epoch=80, validation_users=0)
        assert two_tower.fit(service.seen, service.movies, service.users, config, seed=1).epochs == 3

    def test_what_one_person_watched_moves_less_than_what_many_did(self, service: Taste) -> None:
        """Adam alone would move both as far."""
        alone = service.seen.tolil()
        alone[1:, 4] = 0
        alone[0, 4] = 1
        config = replace(SMALL, epochs=2, initial_scale=1e-4, validation_users=0)
        table = two_tower.fit(alone.tocsr(), service.movies, service.users, config, seed=1).tensors["user.history"]
        moved = np.linalg.norm(table, axis=1)
        assert moved[4] < 0.25 * np.median(moved)


@pytest.mark.train
def test_the_grouped_loss_is_that_of_tensorflow_recommenders() -> None:
    """Several targets of a query worked out at once, against a row of scores for each target."""
    from recsys.models import tensorflow_runtime, two_tower_graph

    rng = np.random.default_rng(0)
    n_queries, n_candidates, n_targets = 7, 40, 15
    queries = rng.normal(size=(n_queries, 8)).astype(np.float32)
    candidates = rng.normal(size=(n_candidates, 8)).astype(np.float32)
    probability = rng.uniform(0.001, 0.2, n_candidates).astype(np.float32)
    of = np.sort(rng.integers(0, n_queries, n_targets))
    allowed = rng.random((n_queries, n_candidates)) > 0.3
    allowed[of, np.arange(n_targets)] = False  # a target has been watched by its own user

    grouped = two_tower_graph.grouped_retrieval()()(
        queries, candidates, target_queries=of, candidate_sampling_probability=probability, score_mask=allowed
    )
    single = tensorflow_runtime.tensorflow_recommenders().tasks.Retrieval()(
        queries[of],
        candidates,
        candidate_sampling_probability=probability,
        score_mask=allowed[of] | np.eye(n_targets, n_candidates, dtype=bool),
        compute_metrics=False,
    )
    assert float(grouped) == pytest.approx(float(single), rel=1e-6)


@pytest.mark.train
def test_numpy_and_tensorflow_walk_the_same_towers() -> None:
    """Random weights; the whole history as input, so that both see the same."""
    from recsys.embeddings import tower
    from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, USER_COLUMNS_LEFT_OUT, FeatureSpace
    from recsys.ids import IdMap
    from recsys.models import two_tower_graph
    from recsys.models.two_tower_batches import Batch

    service, rng = taste(), np.random.default_rng(5)
    movie_space = FeatureSpace.learn(service.movies, MOVIE_COLUMNS_LEFT_OUT, min_count=2)
    user_space = FeatureSpace.learn(service.users, USER_COLUMNS_LEFT_OUT, min_count=2)
    inputs = two_tower_graph.Inputs(
        movie_codes=movie_space.encode(service.movies),
        user_codes=user_space.encode(service.users),
        candidate_probability=np.full(72, 1 / 72, dtype=np.float32),
        pooling_exponent=0.5,
    )
    tensors = two_tower_graph.initial_tensors(inputs, dim=16, hidden=24, scale=1.0, rng=rng)
    tensors = {name: rng.normal(size=tensor.shape).astype(np.float32) for name, tensor in tensors.items()}
    trainer = two_tower_graph.Trainer(inputs, tensors, learning_rate=0.1, floor=1e-7, l2=0.0)
    users = np.array([3, 100, 42])
    rows = service.seen[users].tocoo()
    batch = Batch(
        users=users,
        history_chunks=rows.row.astype(np.int64),
        history_movies=rows.col.astype(np.int64),
        target_chunks=np.array([0]),
        candidates=np.arange(72)[::-1].copy(),
        allowed=np.ones((3, 72), dtype=bool),
    )
    known = rng.random(72) > 0.5
    found = trainer.forward(trainer.feed(batch, known))
    by_graph, candidates = found.users.numpy(), found.candidates.numpy()

    description = tower.describe(movie_space, user_space, IdMap(service.movies["movie_id"]), 0.5)
    movie_tower, user_tower = MovieTower.of(description, tensors), UserTower.of(description, tensors)
    by_numpy = user_tower.encode(service.seen[users], service.users.iloc[users])
    np.testing.assert_allclose(by_graph, by_numpy, rtol=1e-5, atol=1e-5 * np.abs(by_numpy).max())
    with_id, without = movie_tower.encode(service.movies), movie_tower.content(service.movies)
    expected = np.where(known[:, None], with_id, without)[::-1]
    np.testing.assert_allclose(candidates, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


SAMPLING = Sampling(batch_targets=50, chunk_targets=4, chunk_share=0.5, history_dropout=0.0, even_negatives=10)


def test_an_epoch_makes_every_view_a_target_once_and_never_its_own_history() -> None:
    service = taste(n_users=60)
    targets = []
    for batch in epoch_batches(service.seen, SAMPLING, np.random.default_rng(0)):
        user = batch.users[batch.target_chunks]
        movie = batch.candidates[: len(user)]
        targets += zip(user.tolist(), movie.tolist(), strict=True)
        history = set(zip(batch.history_chunks.tolist(), batch.history_movies.tolist(), strict=True))
        assert not history & set(zip(batch.target_chunks.tolist(), movie.tolist(), strict=True))
        for chunk, watcher in enumerate(batch.users):
            watched = set(service.seen[[watcher]].indices.tolist())
            its_targets = set(movie[batch.target_chunks == chunk].tolist())
            assert {m for c, m in history if c == chunk} == watched - its_targets
            assert set(batch.candidates[~batch.allowed[chunk]].tolist()) == watched & set(batch.candidates.tolist())
    rows = service.seen.tocoo()
    assert sorted(targets) == sorted(zip(rows.row.tolist(), rows.col.tolist(), strict=True))


def test_a_user_of_one_view_is_learnt_from_with_an_empty_history() -> None:
    lonely = interactions([0, 1, 1], [0, 0, 1], 2, 3)
    batches = list(epoch_batches(lonely, SAMPLING, np.random.default_rng(0)))
    assert sum((batch.users[batch.target_chunks] == 0).sum() for batch in batches) == 1
    assert all(0 not in batch.users[batch.history_chunks] for batch in batches)


def test_history_dropout_hides_about_its_share() -> None:
    """11 views each in chunks of 4: 9 × 7 + 2 × … kept without dropout; half of it with 0.5."""
    service = taste()
    whole = sum(len(b.history_movies) for b in epoch_batches(service.seen, SAMPLING, np.random.default_rng(0)))
    half = sum(
        len(b.history_movies)
        for b in epoch_batches(service.seen, replace(SAMPLING, history_dropout=0.5), np.random.default_rng(0))
    )
    assert half == pytest.approx(whole / 2, rel=0.05)


def test_the_chance_of_being_a_candidate_adds_up_over_the_catalogue() -> None:
    service = taste()
    probability = two_tower.candidate_probability(service.seen, SMALL)
    assert probability.sum() == pytest.approx(1.0, abs=1e-5)
    assert (probability > 0).all()


@pytest.mark.parametrize(
    "setting", [{"dim": 0}, {"id_dropout": 1.0}, {"learning_rate": 0.0}, {"people_per_epoch": 0}, {"l2": -1.0}, {"patience": 0}]
)
def test_settings_that_make_no_sense_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(DataError) as refused:
        TwoTowerConfig(**setting)
    assert refused.value.code == "E_CONFIG"
