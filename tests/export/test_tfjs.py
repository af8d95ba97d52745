"""The graphs compute what Python computes: in TensorFlow, and in Node on every backend."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from recsys.export import bundle
from tests.export import models
from tests.export.asked import random_questions
from tests.export.conftest import CLIENT, DTYPES

pytestmark = [pytest.mark.train, pytest.mark.xdist_group("export")]

BACKENDS = ("plain", "wasm", "tfjs-cpu", "tfjs-wasm")


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensorflow_agrees_with_numpy_to_a_millionth(dtype: str, converted: Path):
    found = bundle.status(converted / dtype)
    assert found is not None
    assert found.max_relative_error < 1e-6
    facts = json.loads((found.folder / "manifest.json").read_text())
    assert facts["parity"]["n_histories"] >= 100
    assert facts["parity"]["same_top"] == 1.0


def test_the_same_model_gives_the_same_bytes_from_the_converter_too(converted: Path, tmp_path: Path):
    again = bundle.publish(models.source(), tmp_path / "float32")
    found = bundle.status(converted / "float32")
    assert found is not None
    assert models.tree(again.folder) == models.tree(found.folder)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_weights_that_are_all_alike_are_exported_as_they_are(value: float, tmp_path: Path):
    """A tower that learnt nothing has biases of 0, and may have two weights of the same content."""
    learnt = models.source(n_movies=40, dim=8)
    dense = learnt.tower.dense
    alike = replace(dense, **{f.name: np.full_like(getattr(dense, f.name), value) for f in fields(dense)})
    folder = bundle.publish(replace(learnt, tower=replace(learnt.tower, dense=alike)), tmp_path / "alike").folder
    assert bundle.inspect(folder).ok
    model = json.loads((folder / "tfjs" / "user_tower" / "model.json").read_text())
    named = model["userDefinedMetadata"]["weights"]
    assert len(set(named.values())) == len(named) == 6


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_graphs_look_nothing_up_by_text(dtype: str, converted: Path):
    for path in (converted / dtype).glob("*/tfjs/*/model.json"):
        operations = {node["op"] for node in json.loads(path.read_text())["modelTopology"]["node"]}
        assert not {name for name in operations if "Table" in name or "String" in name}
        assert operations <= {
            *(
                "Const",
                "Placeholder",
                "Identity",
                "Maximum",
                "Greater",
                "Cast",
                "Mul",
                "GatherV2",
                "Sum",
                "Pow",
                "Rsqrt",
                "AddV2",
            ),
            *("MatMul", "_FusedMatMul", "Relu", "StridedSlice", "SelectV2", "ScatterNd", "Reshape", "TopKV2", "ExpandDims"),
        }


@pytest.mark.js
@pytest.mark.parametrize("dtype", DTYPES)
def test_node_gives_the_same_lists_as_python_for_random_histories(
    dtype: str, converted: Path, node: Callable[..., CompletedProcess[str]], tmp_path: Path
):
    """1,000 histories that the bundle does not hold: in plain JavaScript, on WebAssembly, and by the graphs in TF.js."""
    asked = random_questions(models.source(), dtype, 1000, 7)
    done = node("testing/answers.js", str(converted / dtype), *BACKENDS, input=json.dumps(asked.questions))
    assert done.returncode == 0, done.stderr
    for backend, lists in json.loads(done.stdout).items():
        agreement = asked.agreement(lists)
        assert agreement.n == 1000
        assert agreement.whole, (backend, agreement)


@pytest.mark.js
def test_the_clients_own_tests_pass(converted: Path, node: Callable[..., CompletedProcess[str]]):
    done = node("--test", "--test-reporter=tap", "test/", env={**os.environ, "GREENLIGHT_BUNDLES": str(converted)})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "# skipped 0" in done.stdout


@pytest.mark.js
@pytest.mark.parametrize("made", ["kernel", "schema", "preview"])
def test_what_is_made_from_a_source_is_what_the_source_says(made: str, node: Callable[..., CompletedProcess[str]]):
    """The kernel's bytes, the one schema of manifests for both languages, and the client that the app carries."""
    done = node(f"build-{made}.js", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.js
def test_the_client_is_small_without_tfjs(node: Callable[..., CompletedProcess[str]], tmp_path: Path):
    """At most 60 KB, followed through every import that does not wait for a question."""
    assert node("build.js", str(tmp_path)).returncode == 0
    needed, waiting = set(), {"greenlight-client.js"}
    while waiting:
        name = waiting.pop()
        needed.add(name)
        text = (tmp_path / name).read_text(encoding="utf-8")
        waiting |= set(re.findall(r'(?:from|import)"\./([^"]+)"', text)) - needed
    assert sum((tmp_path / name).stat().st_size for name in needed) < 60_000


@pytest.mark.js
def test_the_client_type_checks(node: Callable[..., CompletedProcess[str]]):
    done = node("node_modules/typescript/bin/tsc", "--project", ".")
    assert done.returncode == 0, done.stdout


def _examples(language: str) -> str:
    text = (CLIENT.parent / "README.md").read_text(encoding="utf-8")
    return text.split(f"```{language}\n")[1].split("```")[0]


@pytest.mark.js
def test_the_readmes_app_example_runs(converted: Path, node: Callable[..., CompletedProcess[str]]):
    code = _examples("js").replace('"exports/app"', json.dumps(str(converted / "uint8")))
    done = node("--input-type=module", "-e", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1-")
    assert done.stdout.count("score:") == 10 + 5


def test_the_readmes_backend_example_runs(converted: Path):
    found: dict[str, Any] = {}
    exec(_examples("python").replace('"exports/app"', repr(str(converted / "float16"))), found)
    assert found["movies"]["vector"].iloc[0].shape == (16,)
    assert list(found["movies"]["movie_id"]) == list(models.source().movies.ids.ids)
