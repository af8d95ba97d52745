"""Settings chosen on held-out views."""

import json

import numpy as np
import pytest
from scipy import sparse

from recsys.errors import DataError
from recsys.models import factorisation, tuning, validation_split
from recsys.models.factorisation import FactorisationConfig
from recsys.models.validation_split import ValidationSplit
from tests.models.taste import taste

BAD = FactorisationConfig(dim=8, iterations=3, regularisation_factor=4.0, unobserved_factor=4.0)


@pytest.fixture(scope="module")
def halves() -> ValidationSplit:
    return validation_split.random_split(taste().seen, seed=0)


@pytest.mark.train
def test_settings_that_rank_better_are_found_and_the_given_ones_are_tried_first(halves: ValidationSplit) -> None:
    tuned = tuning.tune_factorisation(halves, BAD, trials=8, seed=1)
    assert tuned.trials[0] == {"unobserved_factor": 4.0, "regularisation_factor": 4.0, "figure": tuned.untuned_objective}
    assert tuned.objective == max(trial["figure"] for trial in tuned.trials)
    assert tuned.objective > tuned.untuned_objective
    again = halves.sampled_users(1).objective(factorisation.fit(halves.seen, tuned.config, seed=1))
    assert again == pytest.approx(tuned.objective)
    assert json.loads(json.dumps(tuned.as_json()))["settings"]["dim"] == 8


@pytest.mark.train
def test_the_same_seed_tries_the_same_settings(halves: ValidationSplit) -> None:
    one, two = (tuning.tune_factorisation(halves, BAD, trials=8, seed=1) for _ in range(2))
    assert one == two


@pytest.mark.train
def test_when_the_time_is_up_what_was_found_is_kept(halves: ValidationSplit) -> None:
    told: list[int] = []
    tuned = tuning.tune_factorisation(halves, BAD, trials=50, seed=1, seconds=0.0, progress=lambda step: told.append(step.done))
    assert len(tuned.trials) == 1
    assert told[-1] == 50


def test_no_trials_or_nothing_held_out_is_refused(halves: ValidationSplit) -> None:
    with pytest.raises(DataError) as none:
        tuning.tune_factorisation(halves, trials=0, seed=0)
    assert none.value.code == "E_PARAM"
    nothing = sparse.csr_array(halves.seen.shape, dtype=np.float32)
    with pytest.raises(DataError) as empty:
        tuning.tune_factorisation(ValidationSplit(seen=halves.seen, later=nothing), trials=1, seed=0)
    assert empty.value.code == "E_TOO_SMALL"
