"""The ensemble and the settings of its models, on a tiny service."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.models import factorisation
from recsys.models.factorisation import FactorisationConfig
from recsys.pipeline.checkpointed_stages import run_stages
from recsys.pipeline.config import TrainConfig
from recsys.pipeline.ensemble import member_stage, train_members
from recsys.pipeline.stages import plan
from recsys.pipeline.training_context import SETTINGS, TUNING, TrainingContext
from recsys.progress import Progress, silent
from recsys.run_files import RunFiles
from tests.builders import tiny_dataset

pytestmark = pytest.mark.train
CONFIG = TrainConfig(members=3, member_iterations=2, seed=5, factorisation=FactorisationConfig(dim=4, iterations=3))


class CutOffError(Exception):
    """The training was cut off."""


@pytest.fixture
def context(tmp_path: Path) -> TrainingContext:
    """Matrix factorisation is trained."""
    made = TrainingContext(dataset=tiny_dataset(), config=CONFIG, files=RunFiles(tmp_path), previous=None)
    run_stages(plan(made)[:1], tmp_path, lambda _line: None)
    return made


def _vectors(folder: Path) -> list[bytes]:
    return [(folder / str(member) / "movies.safetensors").read_bytes() for member in (1, 2, 3)]


def test_a_member_is_the_model_of_its_resample(context: TrainingContext):
    folder = context.files.folder / "members"
    folder.mkdir()
    told: list[tuple[int, int]] = []
    train_members(context)(folder, lambda step: told.append((step.done, step.total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    for member in (1, 2, 3):
        alone = factorisation.fit(
            context.views,
            replace(CONFIG.factorisation, iterations=2),
            seed=5,
            user_weights=context.member_weights(member),
            warm_start=context.factors_of("mf"),
        )
        np.testing.assert_array_equal(context.movies_of(member_stage(member)).vectors, alone.movies)
        np.testing.assert_array_equal(context.users_of(member_stage(member)).vectors, alone.users)


def test_cut_off_it_goes_on_with_the_members_that_are_left_and_ends_with_the_same_bits(context: TrainingContext, tmp_path: Path):
    def cut(step: Progress) -> None:
        if step.done == 1:
            raise CutOffError

    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    whole.mkdir()
    resumed.mkdir()
    train_members(context)(whole, silent)
    with pytest.raises(CutOffError):
        train_members(context)(resumed, cut)
    first_told: list[int] = []
    train_members(context)(resumed, lambda step: first_told.append(step.done))
    assert 1 <= first_told[0] <= 3
    assert _vectors(resumed) == _vectors(whole)


def test_what_tuning_found_is_kept_and_trained_with(tmp_path: Path):
    config = replace(CONFIG, trials=3)
    tuning = TrainingContext(dataset=tiny_dataset(), config=config, files=RunFiles(tmp_path), previous=None)
    stages = plan(tuning)
    assert [stage.name for stage in stages[:2]] == [TUNING, "mf"]
    run_stages(stages[:2], tmp_path, lambda _line: None)
    found = json.loads((tmp_path / TUNING / SETTINGS).read_text())
    assert len(found["trials"]) == 3
    assert found["figure"] == max(trial["figure"] for trial in found["trials"])
    assert tuning.factorisation == FactorisationConfig(**found["settings"])
    again = factorisation.fit(tuning.views, tuning.factorisation, seed=5)
    np.testing.assert_array_equal(tuning.movies_of("mf").vectors, again.movies)


def test_settings_are_chosen_without_the_later_part(tmp_path: Path):
    """Early and late views of the validation split are the early views of the training."""
    context = TrainingContext(dataset=tiny_dataset(), config=CONFIG, files=RunFiles(tmp_path), previous=None)
    together = (context.validation.seen + context.validation.later).toarray()
    np.testing.assert_array_equal(together, context.early_views.toarray())
