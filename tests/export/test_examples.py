"""The backends' examples run as they stand, and agree with each other and with the model."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.export import bundle, signature
from recsys.export.phone_model import PhoneModel
from tests import patience
from tests.effort import some
from tests.export import models
from tests.export.conftest import ROOT, Signer

pytestmark = pytest.mark.usefixtures("weights_only")


def expected(dtype: Any) -> list[str]:
    source = models.source()
    vectors = PhoneModel.of(source.tower, source.movies.vectors, dtype).movies.decoded
    return [source.movies.ids.ids[row] for row in np.argsort(-(vectors @ vectors[0]))[:5]]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "exports" / "examples" / "backend.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=patience.SECONDS)


@pytest.mark.parametrize("dtype", some(["float32", "float16", "uint8"]))
def test_the_python_example_finds_the_best(dtype: str, channels: Path):
    done = python(str(channels / dtype))
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == expected(dtype)


@pytest.mark.js
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_the_node_example_finds_the_same_and_both_files_hold_the_same(dtype: str, channels: Path, node: Callable[..., Any]):
    done = node("examples/backend.js", str(channels / dtype))
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == expected(dtype)


@pytest.mark.js
def test_both_refuse_a_bundle_of_somebody_else(tmp_path: Path, signer: Signer, node: Callable[..., Any]):
    bundle.publish(models.source(n_movies=60), tmp_path / "app", keys=[signer.private])
    signature.make_key(tmp_path / "other")
    for run, arguments in ((python, []), (node, ["examples/backend.js"])):
        for key, fine in ((signature.public_path(signer.path), True), (tmp_path / "other.pub", False)):
            done = run(*arguments, str(tmp_path / "app"), str(key))
            assert (done.returncode == 0) == fine, done.stderr
            assert fine or "E_SIGNATURE" in done.stderr
