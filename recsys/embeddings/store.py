"""Storage of arrays: a safetensors file for the numbers and a JSON file beside it that describes them.

Nothing here can run code when it is loaded: pickle, HDF5, Keras and NumPy files are refused by name and by content. The JSON
carries the checksum of the safetensors file, and the fingerprint of an embedding table, so that a flipped bit in either is found.
"""

import hashlib
import json
import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from recsys import foreign
from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.ids import IdMap
from recsys.workspace import sha256_of, write_atomically

SCHEMA = 1

_REFUSED_SUFFIXES = frozenset(
    {".bin", ".ckpt", ".h5", ".hdf5", ".joblib", ".keras", ".npy", ".npz", ".pb", ".pickle", ".pkl", ".pt", ".pth"}
)
_SIGNATURES = {
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a zip archive (.keras, .npz or .pt)",
    b"\x93NUMPY": "a NumPy file",
}
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "U8": np.dtype(np.uint8),
    "I32": np.dtype(np.int32),
    "I64": np.dtype(np.int64),
    "F16": np.dtype(np.float16),
    "F32": np.dtype(np.float32),
    "F64": np.dtype(np.float64),
}
_REMEDY = "Train again, or copy the run again from where it came."

Arrays = dict[str, NDArray[Any]]


def save_arrays(stem: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any], *, kind: str) -> None:
    """Write ``stem.safetensors`` and ``stem.json``.

    Parameters
    ----------
    stem : path without a suffix
    arrays : name → bool, uint8, int32, int64, float16, float32 or float64 array of any shape, finite where floating
    facts : whatever JSON can hold; returned by :func:`load_arrays` as it was
    kind : what the pair is, for example ``map``; a reader asks for it by this name

    Raises
    ------
    ArtefactError  E_FORMAT: an object, text or complex array; E_NONFINITE: NaN or infinity
    """
    plain: Arrays = {}
    for name, array in arrays.items():
        if array.dtype not in _DTYPES.values():
            raise ArtefactError.of(
                "E_FORMAT", f"{stem.name}: {name} is an array of {array.dtype}.", "Store numbers only; text belongs in the JSON."
            )
        _check_finite(stem, name, array)
        plain[name] = np.ascontiguousarray(array).reshape(array.shape)
    content = to_safetensors(dict(sorted(plain.items())))
    write_atomically(stem.with_name(stem.name + ".safetensors"), content)
    document = {
        "schema": SCHEMA,
        "kind": kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "arrays": {name: {"dtype": str(array.dtype), "shape": list(array.shape)} for name, array in sorted(plain.items())},
        "facts": dict(facts),
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    write_atomically(stem.with_name(stem.name + ".json"), (text + "\n").encode())


def load_arrays(stem: Path, *, kind: str, mapped: bool = True) -> tuple[Arrays, dict[str, Any]]:
    """Read what :func:`save_arrays` wrote; arrays are read-only.

    Parameters
    ----------
    stem : path without a suffix
    kind : what the caller expects
    mapped : leave the numbers in the file and let the system page them in (the file must then stay as it is, which a
        published run does); otherwise copy them

    Raises
    ------
    ArtefactError
        E_NOT_FOUND: no such file; E_FORMAT: not safetensors; E_HASH: not the file that was written;
        E_MANIFEST: the JSON is unreadable, of another kind, or does not match the arrays; E_VERSION: from a newer program;
        E_NONFINITE: NaN or infinity
    """
    path = _numbers(stem)
    document = _document(stem, kind)
    if sha256_of(path) != document["sha256"]:
        raise ArtefactError.of("E_HASH", f"{path.name} is not the file that was written.", _REMEDY)
    listed: dict[str, Any] = document["arrays"]
    arrays: Arrays = {}
    try:
        with safe_open(path, framework="numpy") as file:
            if set(file.keys()) != set(listed):
                odd = sorted(set(file.keys()) ^ set(listed))[:5]
                raise ArtefactError.of("E_MANIFEST", f"{stem.name}: file and JSON disagree on {odd}.", _REMEDY)
            for name, stated in listed.items():
                part = file.get_slice(name)
                dtype, shape = _DTYPES.get(part.get_dtype()), list(part.get_shape())
                if dtype is None or str(dtype) != stated["dtype"] or shape != stated["shape"]:
                    raise ArtefactError.of(
                        "E_MANIFEST",
                        f"{stem.name}: {name} is {part.get_dtype()}{shape}, and the JSON says "
                        f"{stated['dtype']}{stated['shape']}.",
                        _REMEDY,
                    )
        arrays = _map_file(path, listed)
    except SafetensorError as error:
        raise ArtefactError.of("E_FORMAT", f"{path.name} is not a safetensors file ({error}).", _REMEDY) from error
    for name, array in arrays.items():
        _check_finite(stem, name, array)
        if not mapped:
            arrays[name] = array.copy()
        arrays[name].setflags(write=False)
    return arrays, document["facts"]


def save_table(table: EmbeddingTable, stem: Path) -> None:
    """Write an embedding table as ``stem.safetensors`` (float32[n, dim]) and ``stem.json`` (ids and fingerprint)."""
    facts = {"ids": list(table.ids.ids), "dim": table.dim, "fingerprint": table.fingerprint}
    save_arrays(stem, {"vectors": table.vectors}, facts, kind="embeddings")


def load_table(stem: Path, *, mapped: bool = True) -> EmbeddingTable:
    """Read an embedding table; see :func:`load_arrays` for ``mapped``.

    Raises
    ------
    ArtefactError  as :func:`load_arrays`; E_MANIFEST: ids, vectors and width disagree; E_HASH: ids or vectors were changed
    """
    arrays, facts = load_arrays(stem, kind="embeddings", mapped=mapped)
    try:
        vectors, ids = arrays["vectors"], IdMap(facts["ids"])
        dim, fingerprint = facts["dim"], facts["fingerprint"]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError.of("E_MANIFEST", f"{stem.name}: the JSON is incomplete ({error}).", _REMEDY) from error
    table = EmbeddingTable(ids=ids, vectors=vectors)
    if table.dim != dim:
        raise ArtefactError.of("E_MANIFEST", f"{stem.name}: vectors have width {table.dim}, the JSON says {dim}.", _REMEDY)
    if table.fingerprint != fingerprint:
        raise ArtefactError.of("E_HASH", f"{stem.name}: ids or vectors are not the ones that were written.", _REMEDY)
    return table


def _numbers(stem: Path) -> Path:
    """The safetensors file of ``stem``, refused where its name or first bytes are those of a format that can run code."""
    advice = "Only safetensors with JSON is read. Train again to make it."
    if stem.suffix.lower() in _REFUSED_SUFFIXES:
        raise ArtefactError.of("E_FORMAT", f"{stem.name} is a {stem.suffix} file.", advice)
    path = stem.with_name(stem.name + ".safetensors")
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError as error:
        beside = stem.parent.iterdir() if stem.parent.is_dir() else ()
        siblings = [p.name for p in beside if p.name.startswith(stem.name + ".") and p.suffix.lower() in _REFUSED_SUFFIXES]
        if siblings:
            raise ArtefactError.of("E_FORMAT", f"{stem.name} is only there as {siblings[0]}.", advice) from error
        raise ArtefactError.of("E_NOT_FOUND", f"there is no {path.name}.", _REMEDY) from error
    # A safetensors file starts with the length of its header in eight bytes, the upper ones zero; a pickle goes on with opcodes.
    pickled = head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5") and any(head[2:])
    what = "a pickle" if pickled else next((name for start, name in _SIGNATURES.items() if head.startswith(start)), None)
    if what:
        raise ArtefactError.of("E_FORMAT", f"{path.name} is {what}, whatever its name says.", advice)
    return path


def _document(stem: Path, kind: str) -> dict[str, Any]:
    path = stem.with_name(stem.name + ".json")
    try:
        document = foreign.json_file(path)
        schema, found = document["schema"], document["kind"]
        stated = [(spec["dtype"], spec["shape"]) for spec in document["arrays"].values()]
        complete = isinstance(document["sha256"], str) and isinstance(document["facts"], dict) and isinstance(stated, list)
    except FileNotFoundError as error:
        raise ArtefactError.of("E_NOT_FOUND", f"there is no {path.name}.", _REMEDY) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtefactError.of("E_MANIFEST", f"{path.name} is not readable ({error!r}).", _REMEDY) from error
    if schema != SCHEMA:
        raise ArtefactError.of("E_VERSION", f"{path.name} has schema {schema!r}; this program reads {SCHEMA}.", _REMEDY)
    if found != kind or not complete:
        raise ArtefactError.of("E_MANIFEST", f"{path.name} describes {found!r}, not {kind!r}.", _REMEDY)
    return dict(document)


def _map_file(path: Path, listed: Mapping[str, Any]) -> Arrays:
    """Views into the mapped file. The header has been checked by safetensors, so its offsets lie inside the file."""
    with path.open("rb") as file:
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    arrays: Arrays = {}
    for name in listed:
        dtype, shape = _DTYPES[header[name]["dtype"]], tuple(header[name]["shape"])
        start = 8 + length + header[name]["data_offsets"][0]
        arrays[name] = np.frombuffer(whole, dtype=dtype, count=math.prod(shape), offset=start).reshape(shape)
    return arrays


def _check_finite(stem: Path, name: str, array: NDArray[Any]) -> None:
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        raise ArtefactError.of("E_NONFINITE", f"{stem.name}: {name} holds NaN or infinity.", "Train again with a smaller step.")
