"""What each file of a bundle must hold, beyond having the right checksum.

The checks of JSON, safetensors and weight files are the same, in the same words, as the client's (its ``src/contents.js``);
a Parquet file is opened here only.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.errors import Finding
from recsys.export.manifest import REMEDY, SCHEMA_FILE, Manifest, parse_json
from recsys.export.weights import layout

_SIGNATURES = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x1f\x8b\x08", "a gzip file"),
)
_TENSOR_TYPES: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "U8": np.dtype("u1")}
BUNDLE_KEY = "bundle"
"""Where a file carries the id of its bundle: in JSON, in safetensors metadata, in a Parquet schema, in a model's metadata."""


def forbidden(head: bytes) -> str | None:
    """What the first bytes of a file give away, where that is a format that no bundle holds.

    Examples
    --------
    >>> forbidden(bytes([0x80, 4, 0x95]))
    'a pickle'
    """
    # Protocol 2 to 5, then an opcode. A safetensors file starts with the length of its header, whose third byte is zero.
    if len(head) >= 3 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[2] != 0:
        return "a pickle"
    return next((what for signature, what in _SIGNATURES if head.startswith(signature)), None)


def is_foreign(claimed: str | None, own: str) -> bool:
    """Whether an id is another bundle's, and not this bundle's with a flipped bit in it.

    Examples
    --------
    >>> is_foreign("f" + "0" * 63, "0" * 64), is_foreign("f" * 64, "0" * 64)
    (False, True)
    """
    return claimed is not None and len(claimed) == len(own) and sum(a != b for a, b in zip(claimed, own, strict=True)) > 8


def bundle_of(path: Path) -> str | None:
    """Id of the bundle that a file says it belongs to; None where it cannot say."""
    try:
        if path.suffix == ".json":
            document = parse_json(path.read_bytes())
            found = document.get(BUNDLE_KEY) or document.get("userDefinedMetadata", {}).get(BUNDLE_KEY)
        elif path.suffix == ".safetensors":
            found = _header(path.read_bytes())[0].get("__metadata__", {}).get(BUNDLE_KEY)
        elif path.suffix == ".parquet":
            found = (pq.read_schema(path).metadata or {}).get(BUNDLE_KEY.encode(), b"").decode()
        else:
            return None
    except (OSError, ValueError, AttributeError, RecursionError, pa.ArrowException):
        return None
    return found if isinstance(found, str) and found else None


def check(folder: Path, name: str, manifest: Manifest) -> Iterator[Finding]:
    """Findings about one file whose checksum is right."""
    suffix = PurePosixPath(name).suffix
    try:
        if name == SCHEMA_FILE or suffix == ".bin":
            return
        claimed = bundle_of(folder / name)
        if claimed is None:
            raise ValueError(name)
        if claimed != manifest["bundle"]:
            yield _finding("E_MIX", f"{name} belongs to another bundle.")
        elif suffix == ".safetensors":
            yield from _check_tensors(name, (folder / name).read_bytes(), manifest)
        elif suffix == ".parquet":
            yield from _check_parquet(name, folder / name, manifest)
        elif PurePosixPath(name).name == "model.json":
            yield from _check_model(folder, name, manifest)
        else:
            yield from _check_lists(name, parse_json((folder / name).read_bytes()), manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException):
        yield _finding("E_FORMAT", f"{name} cannot be read as what its name says.")


def _check_tensors(name: str, content: bytes, manifest: Manifest) -> Iterator[Finding]:
    header, start = _header(content)
    arrays = {}
    for key, part in header.items():
        if key != "__metadata__":
            first, last = part["data_offsets"]
            arrays[key] = np.frombuffer(content[start + first : start + last], dtype=_TENSOR_TYPES[part["dtype"]])
            if math.prod(part["shape"]) != arrays[key].size:
                raise ValueError(key)
    entry = manifest["files"][name]
    main = header["codes" if entry.get("dtype") == "uint8" else "vectors"]
    stored = {"F32": "float32", "F16": "float16", "U8": "uint8"}[main["dtype"]]
    if main["shape"] != entry.get("shape") or stored != entry.get("dtype"):
        yield _finding("E_MANIFEST", f"{name}: shape or type differ from the manifest's.")
    if not all(_finite(array) for array in arrays.values()):
        yield _finding("E_NONFINITE", f"{name} holds NaN or infinity.")


def _check_model(folder: Path, name: str, manifest: Manifest) -> Iterator[Finding]:
    model = parse_json((folder / name).read_bytes())
    if model["format"] != "graph-model":
        raise ValueError(name)
    parent = PurePosixPath(name).parent
    for group in model["weightsManifest"]:
        shards = [str(parent / shard) for shard in group["paths"]]
        if any(shard not in manifest["files"] for shard in shards):
            yield _finding("E_MANIFEST", f"{name} needs weights that the manifest does not list.")
            return
        content = b"".join((folder / shard).read_bytes() for shard in shards if (folder / shard).is_file())
        places = layout(group["weights"])
        for place in places:
            array = np.frombuffer(content[place.start : place.end].ljust(place.size, b"\0"), dtype=place.dtype)
            if not _finite(array):
                yield _finding("E_NONFINITE", f"{name}: weight {place.name} holds NaN or infinity.")
        if (places[-1].end if places else 0) != sum(manifest["files"][shard]["bytes"] for shard in shards):
            yield _finding("E_MANIFEST", f"{name}: its weights are of another size than the manifest says.")


def _check_lists(name: str, document: Any, manifest: Manifest) -> Iterator[Finding]:
    expected = {
        "ids.json": ("movies", manifest["counts"]["movies"]),
        "titles.json": ("titles", manifest["counts"]["movies"]),
        manifest["golden"]["file"]: ("cases", manifest["golden"]["cases"]),
    }
    if name in expected:
        key, count = expected[name]
        if not isinstance(document[key], list):
            raise TypeError(name)
        if len(document[key]) != count:
            yield _finding("E_MANIFEST", f"{name}: the number of {key} differs from the manifest's.")


def _check_parquet(name: str, path: Path, manifest: Manifest) -> Iterator[Finding]:
    rows, width = manifest["files"][name]["shape"]
    columns = [(field["name"], field["type"]) for field in manifest["files"][name].get("columns", [])]
    vectors = pq.read_table(path, columns=["vector"]).column("vector").combine_chunks()
    found = [(field.name, str(field.type)) for field in pq.read_schema(path)]
    if len(vectors) != rows or vectors.type != pa.list_(pa.float32(), width) or found != columns:
        yield _finding("E_MANIFEST", f"{name}: shape or type differ from the manifest's.")
    elif not _finite(vectors.flatten().to_numpy(zero_copy_only=False)):
        yield _finding("E_NONFINITE", f"{name} holds NaN or infinity.")


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 + length:
        raise ValueError("truncated")
    header = parse_json(content[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("not an object")
    return header, 8 + length


def _finite(array: NDArray[Any]) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _finding(code: str, message: str) -> Finding:
    return Finding(code=code, message=message, remedy=REMEDY)
