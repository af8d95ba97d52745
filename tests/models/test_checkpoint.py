"""Going on after the process was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from recsys.models.checkpoint import Checkpoint
from tests import patience

CHILD = """
import os, signal, sys
from pathlib import Path
from dataclasses import replace
from safetensors.numpy import save_file
from recsys.models import factorisation, two_tower
from tests.models.taste import taste

model, checkpoint, result, die_at = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def progress(step):
    print(step.done, flush=True)
    if step.done == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

service = taste(n_users=90)
options = {"seed": 4, "progress": progress, "checkpoint": checkpoint}
if model == "mf":
    config = factorisation.FactorisationConfig(dim=8, iterations=5)
    trained = factorisation.fit(service.seen, config, **options)
else:
    config = two_tower.TwoTowerConfig(dim=8, hidden=8, epochs=4, people_per_epoch=1, batch_targets=128, even_negatives=16)
    trained = two_tower.fit(service.seen, service.movies, service.users, config, **options)
save_file({"users": trained.users, "movies": trained.movies}, result)
"""


def _run(model: str, folder: Path, die_at: int) -> subprocess.CompletedProcess[str]:
    arguments = [model, str(folder / "checkpoint"), str(folder / "result.safetensors"), str(die_at)]
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=patience.SECONDS
    )


@pytest.mark.train
@pytest.mark.slow
@pytest.mark.parametrize("model", ["mf", "two_tower"])
def test_a_killed_training_goes_on_and_ends_with_the_same_bits(model: str, tmp_path: Path) -> None:
    """Three processes: one killed by signal 9 after step 2, one that goes on from there, one that was never disturbed."""
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    killed.mkdir()
    undisturbed.mkdir()
    assert _run(model, killed, die_at=2).returncode == -signal.SIGKILL
    resumed = _run(model, killed, die_at=-1)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.split()[0] == "2"
    assert _run(model, undisturbed, die_at=-1).returncode == 0
    first, second = load_file(killed / "result.safetensors"), load_file(undisturbed / "result.safetensors")
    np.testing.assert_array_equal(first["users"], second["users"])
    np.testing.assert_array_equal(first["movies"], second["movies"])


def test_what_is_saved_comes_back_with_shapes_and_types(tmp_path: Path) -> None:
    arrays = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3).T, "step": np.array(7, dtype=np.int64)}
    saved = Checkpoint(tmp_path / "c", "me")
    saved.save(arrays, {"done": 3, "rng": {"state": 2**127}})
    found = saved.load()
    assert found is not None
    np.testing.assert_array_equal(found[0]["weights"], arrays["weights"])
    assert found[0]["step"].shape == ()
    assert found[1] == {"done": 3, "rng": {"state": 2**127}}


@pytest.mark.parametrize("content", [b"", b"\x00" * 30, b"not a checkpoint at all"])
def test_a_file_that_is_no_checkpoint_means_starting_afresh(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    assert Checkpoint(tmp_path / "c", "me").load() is None


def test_a_checkpoint_of_another_training_means_starting_afresh(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "c", "somebody else").save({"x": np.zeros(2)}, {})
    assert Checkpoint(tmp_path / "c", "me").load() is None
    assert Checkpoint(tmp_path / "missing", "me").load() is None


def test_a_finished_training_leaves_no_checkpoint(tmp_path: Path) -> None:
    saved = Checkpoint(tmp_path / "c", "me")
    saved.save({"x": np.zeros(2)}, {})
    saved.clear()
    saved.clear()
    assert not (tmp_path / "c").exists()
