"""Every registered recommender: whole, named, and fitted as comparisons and trainings fit it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from recsys.embeddings.store import save_table
from recsys.embeddings.table import EmbeddingTable
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.recommender_labels import RECOMMENDERS, TRAINED_ALONE
from recsys.ids import IdMap
from recsys.models.protocol import Recommender, TrainingData
from recsys.models.registry import REGISTRY
from recsys.pipeline.config import TrainConfig
from recsys.pipeline.stages import plan
from recsys.pipeline.training_context import TrainingContext, early_stage
from recsys.presentation.text.models import BASELINES
from recsys.progress import silent
from recsys.run_files import RecommenderFiles, RunFiles
from tests.builders import tiny_dataset
from tests.models.suite import SETTINGS, training_data
from tests.models.taste import taste

BY_NAME = [
    pytest.param(name, marks=() if recommender.config is None else pytest.mark.train) for name, recommender in REGISTRY.items()
]


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(taste())


def fitted(name: str, data: TrainingData) -> Scorer:
    recommender = REGISTRY[name]
    return recommender.fit(data, SETTINGS.get(name, recommender.config), seed=1, progress=silent)


def test_what_is_registered_has_a_label_and_what_has_a_label_is_registered() -> None:
    assert set(REGISTRY) == {each.name for each in RECOMMENDERS}
    assert len({each.label for each in RECOMMENDERS}) == len(REGISTRY)


@pytest.mark.parametrize("name", BY_NAME)
def test_it_scores_every_movie_for_every_user_under_its_name_and_the_same_again(name: str, data: TrainingData) -> None:
    rows = np.arange(data.views.shape[0])
    first, again = fitted(name, data), fitted(name, data)
    scores = first.score(rows)
    assert first.name == name
    assert scores.shape == data.views.shape
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, again.score(rows))


@pytest.mark.train
@pytest.mark.parametrize("name", [name for name, each in REGISTRY.items() if each.load])
def test_what_a_run_stores_of_it_scores_as_it_did(name: str, data: TrainingData, tmp_path: Path) -> None:
    trained, files = fitted(name, data), RecommenderFiles(tmp_path)
    save_table(EmbeddingTable(ids=IdMap(data.users["user_id"]), vectors=trained.users), files.user_vectors)
    save_table(EmbeddingTable(ids=IdMap(data.movies["movie_id"]), vectors=trained.movies), files.movie_vectors)
    loaded = REGISTRY[name].load(tmp_path)
    assert loaded.name == name
    np.testing.assert_array_equal(loaded.score(np.arange(9)), trained.score(np.arange(9)))


@pytest.mark.parametrize("word", TRAINED_ALONE)
def test_trained_alone_it_is_fitted_to_both_parts_and_measured(word: str, tmp_path: Path) -> None:
    context = TrainingContext(dataset=tiny_dataset(), config=TrainConfig(model=word), files=RunFiles(tmp_path), previous=None)
    name = TRAINED_ALONE[word].name
    assert {name, early_stage(name), "metrics"} <= {stage.name for stage in plan(context)}


def test_baselines_are_measured_with_every_training_and_trained_models_are_not_called_rules() -> None:
    assert {name for name, each in REGISTRY.items() if each.measured_up_to_movies} <= BASELINES
    assert not BASELINES & {each.name for each in TRAINED_ALONE.values()}


@dataclass(frozen=True)
class Settings:
    """Of a made-up recommender."""


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"name": "nameless"}, "no label"),
        ({"name": "mf", "config": Settings()}, "nothing loads it"),
        ({"name": "blend", "config": {"dim": 3}}, "no dataclass"),
    ],
)
def test_a_registration_that_lacks_a_part_is_refused(parts: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recommender(fit=REGISTRY["popularity"].fit, **parts)
