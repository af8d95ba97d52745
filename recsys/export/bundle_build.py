"""Build of a bundle: writes its files into a folder that nobody reads yet.

Nothing here depends on the clock or on chance: the same model, catalogue and options give the same bytes.
"""

import importlib.metadata
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from recsys.errors import ArtefactError
from recsys.export import delta_build, golden_queries, manifest, parquet
from recsys.export.bundle_source import Source
from recsys.export.delta import PREFIX
from recsys.export.phone_model import PhoneModel
from recsys.export.quantisation import ROUNDING, Dtype, recall
from recsys.export.random_queries import random_queries
from recsys.progress import Progress, ReportProgress
from recsys.run_files import TWO_TOWER
from recsys.workspace import sha256_of

N_GOLDEN = 128
N_RECALL = 1000
SEED = 20_200_828
"""Of the golden and recall histories; any would do, but always the same."""
IDS, TITLES, GOLDEN = "ids.json", "titles.json", "golden.json"
BACKEND_ONLY = frozenset({parquet.MOVIES_PARQUET, parquet.MOVIES_TENSORS, parquet.USERS_PARQUET, GOLDEN, manifest.SCHEMA_FILE})


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of an export."""

    dtype: Dtype
    secret: bytes | None
    """Makes pseudonyms; user vectors go along where it is given."""
    recall_loss_limit: float
    """Most of the top 20 that rounding may exchange, as a share."""

    def facts(self) -> dict[str, Any]:
        """Everything beside the model that decides a bundle's bytes; of the secret only that there is one."""
        makers = ("numpy", "pyarrow", "safetensors", "tensorflow", "tensorflowjs")
        return {
            "schema": manifest.SCHEMA,
            "dtype": self.dtype,
            "rounding": ROUNDING if self.dtype == "uint8" else None,
            "include_users": self.secret is not None,
            "recall_loss_limit": self.recall_loss_limit if self.dtype != "float32" else None,
            "made_with": {name: importlib.metadata.version(name) for name in makers},
        }


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """Name, number and predecessor of the version that is built."""

    name: str
    """Of the channel."""
    sequence: int
    bundle: str
    """Id of what is written."""
    previous: Path | None
    """Folder of the version in force, to make a delta from."""


def write(folder: Path, source: Source, options: Options, new: NewVersion, report: ReportProgress) -> str:
    """Write a bundle's files, the delta from the version before, and the manifest; returns the version.

    Raises
    ------
    ArtefactError
        E_RECALL: rounding costs more than the limit; E_PARITY: the graphs do not compute what Python computes;
        E_NONFINITE: NaN in the model; E_MANIFEST: the facts do not make a manifest
    """
    model = PhoneModel.of(source.tower, source.movies.vectors, options.dtype)
    n_users = len(source.users.ids) if options.secret is not None else 0
    bundle = new.bundle
    facts = _facts(source, model, n_users=n_users) | {"name": new.name, "sequence": new.sequence, "bundle": bundle}
    facts["version"] = f"{new.sequence}-{bundle[:12]}"
    if options.dtype != "float32":
        report(Progress.share("Measuring what rounding costs", 0.05))
        facts["quantisation"] = _quantisation(source, model, options.recall_loss_limit)
    report(Progress.share("Writing the backend's files", 0.15))
    parquet.write_movies(source, model.movies, folder, bundle=bundle)
    if options.secret is not None:
        parquet.write_users(source.users, folder, bundle=bundle, secret=options.secret)
    _write_lists(source, folder, bundle)
    report(Progress.share("Starting TensorFlow", 0.2))
    facts["parity"] = _write_graphs(model, folder, bundle, report)
    (folder / manifest.SCHEMA_FILE).write_text(manifest.schema_text(), encoding="utf-8")
    delta = delta_build.write(new.previous, folder) if new.previous is not None else None
    facts["deltas"] = [delta] if delta is not None else []
    facts["files"] = _files(folder, model)
    facts["sizes"] = _sizes(facts["files"], model)
    (folder / manifest.FILE).write_bytes(manifest.dump(facts))
    return str(facts["version"])


def _facts(source: Source, model: PhoneModel, *, n_users: int) -> dict[str, Any]:
    lengths = np.linalg.norm(model.movies.decoded, axis=1)
    return {
        "schema": manifest.SCHEMA,
        "created": source.created,
        "run": source.run,
        "model": TWO_TOWER,
        "model_id": source.model_id,
        "data_fingerprint": source.data_fingerprint,
        "simulated": source.simulated,
        "dim": model.dim,
        "dtype": model.movies.dtype,
        "metric": "dot",
        "normalised": bool(np.allclose(lengths, 1.0, atol=1e-3)),
        "quantisation": None,
        "counts": {"movies": model.n_movies, "users": n_users},
        "minimum_client": manifest.CLIENT_VERSION,
        "history": "set",
        "golden": {
            "file": GOLDEN,
            "cases": N_GOLDEN,
            "top": golden_queries.TOP,
            "relative_tolerance": golden_queries.RELATIVE_TOLERANCE,
        },
    }


def _quantisation(source: Source, model: PhoneModel, limit: float) -> dict[str, Any]:
    queries = random_queries(model.tower, N_RECALL, np.random.default_rng([SEED, 1]))
    exact = golden_queries.answers(PhoneModel.of(source.tower, source.movies.vectors, "float32"), queries)
    rounded = golden_queries.answers(model, queries)
    kept = recall([answer.rows for answer in exact], [answer.rows for answer in rounded])
    if 1 - kept > limit:
        raise ArtefactError.of(
            "E_RECALL",
            f"{model.movies.dtype} exchanges {1 - kept:.2%} of the top 20; the limit is {limit:.2%}.",
            "Export as float16 or float32, or raise the limit.",
        )
    return {
        "scheme": {"uint8": "uint8-per-row"}.get(model.movies.dtype, model.movies.dtype),
        "recall_at_20": round(kept, 6),
        "recall_loss_at_20": round(1 - kept, 6),
        "recall_loss_limit": limit,
        "n_histories": N_RECALL,
    }


def _write_lists(source: Source, folder: Path, bundle: str) -> None:
    features = source.tower.space.as_json()
    _write_json(folder / IDS, {"bundle": bundle, "movies": list(source.movies.ids.ids), "context": features})
    _write_json(folder / TITLES, {"bundle": bundle, "titles": source.catalogue["title"].astype(str).tolist()})


def _write_graphs(model: PhoneModel, folder: Path, bundle: str, report: ReportProgress) -> dict[str, Any]:
    """Write the graphs and the golden queries; returns how well TensorFlow and NumPy agree on these."""
    from recsys.export import tfjs  # noqa: PLC0415  ten seconds, and nobody else here needs it

    queries = random_queries(model.tower, N_GOLDEN, np.random.default_rng([SEED, 0]))
    known = golden_queries.answers(model, queries)
    _write_json(folder / GOLDEN, golden_queries.document(queries, known, bundle=bundle))
    graphs = tfjs.write(model, folder, bundle=bundle)
    report(Progress.share("Comparing with TensorFlow", 0.7))
    given = graphs.answers(model, queries, golden_queries.TOP)
    error = max(golden_queries.relative_error(a, b) for a, b in zip(known, given, strict=True))
    same = float(np.mean([golden_queries.same_top(a, b) for a, b in zip(known, given, strict=True)]))
    if same < 1.0:
        raise ArtefactError.of(
            "E_PARITY",
            f"the graphs differ from the model by {error:.1e}, or in {1 - same:.1%} of the lists.",
            "This is a defect of the exporter: report it with the version of TensorFlow.",
        )
    return {"n_histories": len(queries), "max_relative_error": float(f"{error:.2e}"), "same_top": same}


def _sizes(files: dict[str, dict[str, Any]], model: PhoneModel) -> dict[str, int]:
    """Bytes; the vectors' are those of their codes and scales."""
    n_numbers = model.movies.codes.size
    scales = 0 if model.movies.scale is None else model.n_movies * np.dtype(np.float16).itemsize
    return {
        "phone": sum(entry["bytes"] for entry in files.values() if entry["phone"]),
        "all": sum(entry["bytes"] for entry in files.values()),
        "vectors": n_numbers * np.dtype(model.movies.dtype).itemsize + scales,
        "vectors_float32": 4 * n_numbers,
    }


def _files(folder: Path, model: PhoneModel) -> dict[str, dict[str, Any]]:
    listed = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        entry = {
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
            "phone": name not in BACKEND_ONLY and not name.startswith(PREFIX),
        }
        if name in {parquet.MOVIES_PARQUET, parquet.MOVIES_TENSORS}:
            dtype = "float32" if name == parquet.MOVIES_PARQUET else model.movies.dtype
            entry |= {"shape": [model.n_movies, model.dim], "dtype": dtype}
        elif name == parquet.USERS_PARQUET:
            entry |= {"shape": [pq.read_metadata(path).num_rows, model.dim], "dtype": "float32"}
        if path.suffix == ".parquet":
            entry["columns"] = parquet.columns(path)
        listed[name] = entry
    return listed


def _write_json(path: Path, document: Any) -> None:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
