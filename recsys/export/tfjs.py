"""The bundle's two TensorFlow.js graphs: a watch history to a user's vector, and a vector to the best movies.

The only module of this room that needs TensorFlow. Inputs are rows, never text: the vocabulary travels as ``ids.json``. The
converter's output is rewritten so that the same tower gives the same bytes, and so that large tables take the bytes their
rounding allows: TF.js quantises a whole tensor with one scale, while :mod:`recsys.export.quantisation` has one a row.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.export.golden_queries import Answer
from recsys.export.phone_model import PhoneModel
from recsys.export.quantisation import CODE_OFFSET, Dtype, QuantisedMatrix
from recsys.export.random_queries import Query
from recsys.models import tensorflow_runtime

FOLDER = "tfjs"
USER_TOWER = f"{FOLDER}/user_tower"
RETRIEVE = f"{FOLDER}/retrieve"
SHARD_BYTES = 1024 * 1024
"""A client can recommend from the movies of the first shards while the others are on their way."""
PADDING = -1
"""Row that stands for nothing, in any list of rows."""
BARRED = -1e30
"""Added to the score of a movie that was seen; whoever reads the result drops scores below half of it."""

Named = Mapping[str, tuple[NDArray[np.float32], Dtype]]
"""Logical name of a weight → the array in the graph, and how it is stored."""
Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Graphs:
    """The two graphs, still in TensorFlow, for comparison with the NumPy model."""

    user_tower: Any
    retrieve: Any

    def answers(self, model: PhoneModel, queries: Sequence[Query], top: int) -> list[Answer]:
        """The best movies for each query, evaluated as a client does: one query at a time, by rows, with padding."""
        codes = model.tower.space.encode(pd.DataFrame([query.context for query in queries], dtype=object))
        found = []
        for i, query in enumerate(queries):
            mine = slice(codes.indptr[i], codes.indptr[i + 1])
            vector = self.user_tower(
                _padded(np.unique(query.history), PADDING, np.int32)[None, :],
                _padded(codes.indices[mine], PADDING, np.int32)[None, :],
                _padded(codes.data[mine], 0, np.float32)[None, :],
            )["vector"]
            k = np.int32(min(top, model.n_movies - len(query.barred)))
            best = self.retrieve(vector, _padded(query.barred, PADDING, np.int32), k)
            found.append(Answer(rows=best["rows"].numpy(), scores=best["scores"].numpy()))
        return found


def write(model: PhoneModel, folder: Path, *, bundle: str) -> Graphs:
    """Write ``tfjs/user_tower`` and ``tfjs/retrieve`` into a bundle's folder.

    Parameters
    ----------
    model : with its large tables rounded
    folder : of the bundle
    bundle : id, carried in each ``model.json``
    """
    tf = tensorflow_runtime.tensorflow()
    tower, movies, exponent = tower_weights(model), movie_weights(model.movies), model.tower.pooling_exponent
    facts = {"bundle": bundle, "pooling_exponent": exponent}
    _convert(tf, lambda weights: _user_tower(tf, weights, exponent), folder / USER_TOWER, tower, facts)
    _convert(tf, lambda weights: _retrieve(tf, weights), folder / RETRIEVE, movies, {"bundle": bundle})
    return Graphs(user_tower=_user_tower(tf, _arrays(tower), exponent), retrieve=_retrieve(tf, _arrays(movies)))


def _arrays(named: Named) -> Arrays:
    return {name: array for name, (array, _) in named.items()}


def _stand_ins(named: Named) -> Arrays:
    """Arrays of the same shapes, of which no two are equal and none is zero or one in any place.

    The converter leaves out what changes nothing, such as a bias that is 0, keeps one of two equal weights, and renames them all.
    So it gets these, and whatever was learnt takes their place afterwards.
    """
    return {
        name: np.asarray(2.0 + np.random.default_rng(place).random(array.shape), dtype=np.float32)
        for place, (name, (array, _)) in enumerate(named.items())
    }


def _padded(numbers: NDArray[Any], padding: int, dtype: type[np.generic]) -> NDArray[Any]:
    """TF.js takes no empty tensors."""
    return np.asarray(numbers if len(numbers) else [padding], dtype=dtype)


def tower_weights(model: PhoneModel) -> Named:
    dense, features = model.tower.dense, model.tower.feature_table
    # A tower without attributes gets one row that nothing looks up, since a graph cannot hold an empty table.
    padded = features if len(features) else np.zeros((1, model.history.codes.shape[1]), dtype=np.float32)
    named: dict[str, tuple[NDArray[np.float32], Dtype]] = {
        "history/codes": (model.history.codes, model.history.dtype),
        "features": (padded, "float32"),
        "hidden/weights": (dense.hidden_weights, "float32"),
        "hidden/bias": (dense.hidden_bias, "float32"),
        "out/weights": (dense.out_weights, "float32"),
        "out/bias": (dense.out_bias, "float32"),
    }
    return named if model.history.scale is None else {**named, "history/scale": (model.history.scale, "float16")}


def movie_weights(movies: QuantisedMatrix) -> Named:
    # Rows are movies, so that every shard holds whole movies.
    named: dict[str, tuple[NDArray[np.float32], Dtype]] = {"movies/codes": (movies.codes, movies.dtype)}
    return named if movies.scale is None else {**named, "movies/scale": (movies.scale, "float16")}


def _user_tower(tf: Any, arrays: Arrays, pooling_exponent: float) -> Any:
    weights = {name: tf.constant(array) for name, array in arrays.items()}
    exponent = -pooling_exponent

    def user_tower(history: Any, context: Any, context_weights: Any) -> dict[str, Any]:
        rows = tf.maximum(history, 0)
        watched = tf.cast(history > PADDING, tf.float32)
        per_row = watched * tf.gather(weights["history/scale"], rows) if "history/scale" in weights else watched
        total = tf.reduce_sum(tf.gather(weights["history/codes"], rows) * per_row[:, :, None], axis=1)
        pooled = total * tf.pow(tf.maximum(tf.reduce_sum(watched, axis=1, keepdims=True), 1.0), exponent)
        known = context_weights * tf.cast(context > PADDING, tf.float32)
        attributes = tf.reduce_sum(tf.gather(weights["features"], tf.maximum(context, 0)) * known[:, :, None], axis=1)
        z = pooled + attributes
        hidden = tf.nn.relu(tf.matmul(z, weights["hidden/weights"]) + weights["hidden/bias"])
        return {"vector": z + (tf.matmul(hidden, weights["out/weights"]) + weights["out/bias"])}

    signature = [
        tf.TensorSpec([1, None], tf.int32, "history"),
        tf.TensorSpec([1, None], tf.int32, "context"),
        tf.TensorSpec([1, None], tf.float32, "context_weights"),
    ]
    return tf.function(user_tower, input_signature=signature)


def _retrieve(tf: Any, arrays: Arrays) -> Any:
    weights = {name: tf.constant(array) for name, array in arrays.items()}
    n_movies, dim = weights["movies/codes"].shape

    def retrieve(vector: Any, seen: Any, k: Any) -> dict[str, Any]:
        scores = tf.reshape(tf.matmul(vector, weights["movies/codes"], transpose_b=True), [-1])
        if "movies/scale" in weights:
            scores = scores * weights["movies/scale"]
        # Repeats add up, and padding adds nothing, so any list of rows will do.
        barred = tf.scatter_nd(tf.maximum(seen, 0)[:, None], tf.where(seen > PADDING, BARRED, 0.0), [n_movies])
        best, rows = tf.math.top_k(scores + barred, k)
        return {"rows": rows, "scores": best}

    signature = [
        tf.TensorSpec([1, dim], tf.float32, "vector"),
        tf.TensorSpec([None], tf.int32, "seen"),
        tf.TensorSpec([], tf.int32, "k"),
    ]
    return tf.function(retrieve, input_signature=signature)


def _convert(tf: Any, graph: Callable[[Arrays], Any], folder: Path, named: Named, metadata: Mapping[str, Any]) -> None:
    """Save, convert in this process, and rewrite what the converter wrote, with the weights in the place of their stand-ins."""
    # The converter loads decision forests, which greet whoever is not at a terminal through IPython, there or not.
    os.environ["TFDF_DISABLE_WELCOME_MESSAGE"] = "1"
    from tensorflowjs import read_weights  # noqa: PLC0415  after TensorFlow has been set up
    from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter  # noqa: PLC0415

    folder.mkdir(parents=True)
    stand_ins = _stand_ins(named)
    function = graph(stand_ins)
    with tempfile.TemporaryDirectory() as saved:
        module = tf.Module()
        module.function = function
        tf.saved_model.save(module, saved, signatures={"serving_default": function})
        converter.convert_tf_saved_model(saved, str(folder), use_structured_outputs_names=True)
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (weights,) = read_weights.read_weights(model["weightsManifest"], str(folder), flatten=False)
    for shard in folder.glob("*.bin"):
        shard.unlink()
    specs, parts = [], []
    found: dict[str, str] = {}
    # The smallest first: scales are there before the rows that need them.
    for weight in sorted(weights, key=lambda weight: (weight["data"].size, str(weight["name"]))):
        name = next((name for name, array in stand_ins.items() if _same(array, weight["data"])), None)
        if name is not None:
            found[name] = weight["name"]
        spec, content = stored(weight["name"], *((weight["data"], "float32") if name is None else named[name]))
        specs.append(spec)
        parts.append(content)
    if missing := sorted(set(named) - set(found)):
        raise RuntimeError(f"the converter lost {missing}")
    model["weightsManifest"] = [{"paths": write_shards(folder, b"".join(parts)), "weights": specs}]
    model["modelTopology"]["node"].sort(key=lambda node: node["name"])
    model["userDefinedMetadata"] = {**model.get("userDefinedMetadata", {}), **metadata, "weights": found}
    text = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")


def _same(array: NDArray[Any], other: NDArray[Any]) -> bool:
    return array.dtype == other.dtype and array.shape == other.shape and bool(np.array_equal(array, other))


def stored(name: str, data: NDArray[Any], dtype: Dtype) -> tuple[dict[str, Any], bytes]:
    """The weight's entry in ``model.json`` and its bytes."""
    spec: dict[str, Any] = {"name": name, "shape": list(data.shape), "dtype": data.dtype.name}
    if data.dtype == np.float32 and dtype == "float16":
        spec["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
        data = data.astype(np.float16)
    elif data.dtype == np.float32 and dtype == "uint8":
        spec["quantization"] = {"dtype": "uint8", "original_dtype": "float32", "min": -CODE_OFFSET, "scale": 1}
        data = (data + CODE_OFFSET).astype(np.uint8)
    return spec, np.ascontiguousarray(data).tobytes()


def write_shards(folder: Path, content: bytes) -> Sequence[str]:
    starts = range(0, len(content), SHARD_BYTES)
    names = [f"group1-shard{i + 1}of{len(starts)}.bin" for i in range(len(starts))]
    for name, start in zip(names, starts, strict=True):
        (folder / name).write_bytes(content[start : start + SHARD_BYTES])
    return names
