"""A choice model comes back from disk as it was, or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.choice.model.store import load, save
from recsys.errors import ArtefactError
from tests.choice.models import tiny_choice
from tests.choice.utilities import catalogue_utility


def _code(folder: Path) -> str:
    with pytest.raises(ArtefactError) as refusal:
        load(folder)
    return refusal.value.code


def test_what_is_loaded_is_what_was_saved(tmp_path: Path):
    choice = tiny_choice()
    save(choice, tmp_path)
    back = load(tmp_path)
    assert back.user_ids == choice.user_ids
    assert back.movie_ids == choice.movie_ids
    assert back.nest_names == choice.nest_names
    assert back.estimates == choice.estimates
    assert (back.completion, back.simulated, back.fingerprint) == (0.75, True, "f")
    for name in (
        "nests",
        "nest_centroids",
        "content",
        "hours_per_view",
        "available",
        "watched_indptr",
        "watched_indices",
        "still_there",
    ):
        there, here = getattr(back, name), getattr(choice, name)
        assert there.dtype == here.dtype
        assert np.array_equal(there, here)
    for there_draw, here_draw in zip(back.draws, choice.draws, strict=True):
        for name, value in vars(here_draw).items():
            assert np.array_equal(getattr(there_draw, name), value), name
    for there_member, here_member in zip(back.members, choice.members, strict=True):
        for name, value in vars(here_member).items():
            assert np.array_equal(getattr(there_member, name), value), name


def test_save_load_run_gives_the_bits_of_run(tmp_path: Path):
    choice = tiny_choice()
    save(choice, tmp_path)
    back = load(tmp_path)
    for draw in (0, 1):
        assert np.array_equal(
            catalogue_utility(back, back.draws[draw], slice(None)), catalogue_utility(choice, choice.draws[draw], slice(None))
        )


def test_loaded_arrays_cannot_be_written_to(tmp_path: Path):
    save(tiny_choice(), tmp_path)
    back = load(tmp_path)
    for array in (back.members[0].users, back.draws[0].appeal, back.draws[1].occasions, back.nests, back.hours_per_view):
        assert not array.flags.writeable


def test_a_flipped_bit_is_found(tmp_path: Path):
    save(tiny_choice(), tmp_path)
    file = next(tmp_path.glob("*.safetensors"))
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(bytes(content))
    assert _code(tmp_path) == "E_HASH"


def test_a_figure_that_is_not_finite_is_not_saved(tmp_path: Path):
    choice = tiny_choice()
    broken = replace(choice.draws[0], appeal=np.array([0.0, np.nan, 0.0]))
    with pytest.raises(ArtefactError) as refusal:
        save(replace(choice, draws=(broken,)), tmp_path)
    assert refusal.value.code == "E_NONFINITE"


def test_a_missing_model_says_so(tmp_path: Path):
    assert _code(tmp_path) == "E_NOT_FOUND"


@pytest.mark.parametrize("name", ["nest_names", "draw_rows", "estimates", "user_ids", "completion"])
def test_a_json_that_lost_a_part_is_refused(tmp_path: Path, name: str):
    save(tiny_choice(), tmp_path)
    file = tmp_path / "choice.json"
    document = json.loads(file.read_text())
    del document["facts"][name]
    file.write_text(json.dumps(document))
    assert _code(tmp_path) == "E_MANIFEST"


@pytest.mark.parametrize(
    "changes",
    [
        {"nests": np.array([0, 0])},
        {"nests": np.array([0, 0, 2])},
        {"hours_per_view": np.array([1.0])},
        {"watched_indices": np.array([1, 2])},
        {"still_there": np.array([1.0])},
        {"draws": (replace(tiny_choice().draws[0], member=2),)},
        {"draws": (replace(tiny_choice().draws[0], occasions=np.array([1.0])),)},
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(tmp_path: Path, changes):
    """Such a model cannot come out of calibration; a file that holds one was tampered with."""
    save(tiny_choice(**changes), tmp_path)
    assert _code(tmp_path) == "E_MANIFEST"


def test_draws_that_share_a_figure_store_it_once(tmp_path: Path):
    save(tiny_choice(), tmp_path)
    shapes = json.loads((tmp_path / "choice.json").read_text())["arrays"]
    assert shapes["draws/outside_constant"]["shape"] == [1, 2]
    assert shapes["draws/occasions"]["shape"] == [2, 2]
