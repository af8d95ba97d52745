"""Content checks of each file of a bundle, beyond its checksum.

The checks of JSON, safetensors and weight files are the same, in the same words, as the client's (its ``src/contents.js``);
a Parquet file is opened here only.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.errors import Finding
from recsys.export.manifest import REMEDY, SCHEMA_FILE, Manifest, is_natural, parse_json
from recsys.export.weights import count_of, stored_weights

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
    """Name of a format that no bundle holds, recognised by the first bytes of a file.

    Examples
    --------
    >>> forbidden(bytes([0x80, 4, 0x95]))
    'a pickle'
    """
    # Protocol 2 to 5, then an opcode. A safetensors file starts with the length of its header, whose third byte is zero.
    if len(head) >= 3 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[2] != 0:
        return "a pickle"
    return next((what for signature, what in _SIGNATURES if head.startswith(signature)), None)


def is_plain(path: Path) -> bool:
    """Whether a file lies there: no link, folder or pipe."""
    return path.is_file() and not path.is_symlink()


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
            return _claimed(parse_json(path.read_bytes()))
        if path.suffix == ".safetensors":
            return _claimed(_header(path.read_bytes())[0].get("__metadata__"))
        if path.suffix == ".parquet":
            return (pq.read_schema(path).metadata or {}).get(BUNDLE_KEY.encode(), b"").decode() or None
    except (OSError, ValueError, pa.ArrowException):
        return None
    return None


def _claimed(document: Any) -> str | None:
    """In a document itself, or in a model's own metadata."""
    if not isinstance(document, dict):
        return None
    inner = document.get("userDefinedMetadata")
    claims = [document.get(BUNDLE_KEY), inner.get(BUNDLE_KEY) if isinstance(inner, dict) else None]
    return next((claim for claim in claims if isinstance(claim, str) and claim), None)


def check(folder: Path, name: str, manifest: Manifest) -> list[Finding]:
    """Findings about one file whose checksum is right."""
    if name == SCHEMA_FILE or PurePosixPath(name).suffix == ".bin":
        return []
    try:
        claimed = bundle_of(folder / name)
        if claimed is None:
            raise ValueError(name)
        if claimed != manifest["bundle"]:
            return [_finding("E_MIX", f"{name} belongs to another bundle.")]
        return list(_check_content(folder, name, manifest))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, pa.ArrowException):
        return [_finding("E_FORMAT", f"{name} cannot be read as what its name says.")]


def _check_content(folder: Path, name: str, manifest: Manifest) -> Iterator[Finding]:
    suffix = PurePosixPath(name).suffix
    if suffix == ".safetensors":
        yield from _check_tensors(name, (folder / name).read_bytes(), manifest)
    elif suffix == ".parquet":
        yield from _check_parquet(name, folder / name, manifest)
    elif PurePosixPath(name).name == "model.json":
        yield from _check_model(folder, name, manifest)
    else:
        yield from _check_lists(name, parse_json((folder / name).read_bytes()), manifest)


def _check_tensors(name: str, content: bytes, manifest: Manifest) -> Iterator[Finding]:
    header, start = _header(content)
    arrays = {}
    for key, part in header.items():
        if key != "__metadata__":
            first, last = part["data_offsets"]
            dtype, size = _TENSOR_TYPES[part["dtype"]], count_of(part["shape"])
            fits = is_natural(first) and is_natural(last) and start + last <= len(content)
            if not fits or last - first != size * dtype.itemsize:
                raise ValueError(key)
            arrays[key] = np.frombuffer(content[start + first : start + last], dtype=dtype)
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
    parent = name.removesuffix("model.json")
    for group in _listed(model["weightsManifest"]):
        shards = [parent + shard for shard in _listed(group["paths"])]
        weights = stored_weights(group["weights"])
        if any(shard not in manifest["files"] for shard in shards):
            yield _finding("E_MANIFEST", f"{name} needs weights that the manifest does not list.")
            return
        size = weights[-1].end if weights else 0
        if size != sum(manifest["files"][shard]["bytes"] for shard in shards):
            yield _finding("E_MANIFEST", f"{name}: its weights are of another size than the manifest says.")
            continue
        content = b"".join((folder / shard).read_bytes() for shard in shards if is_plain(folder / shard))
        if len(content) != size:
            continue  # a shard is missing or not what was written, which is said of the shard
        for weight in weights:
            if not _finite(np.frombuffer(content[weight.start : weight.end], dtype=weight.dtype)):
                yield _finding("E_NONFINITE", f"{name}: weight {weight.name} holds NaN or infinity.")


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


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
    schema = pq.read_schema(path)
    found = [(field.name, str(field.type)) for field in schema]
    # What the manifest claims is compared, and never made room for.
    vector = schema.field("vector").type
    fits = pa.types.is_fixed_size_list(vector) and vector.value_type == pa.float32() and vector.list_size == width
    if not fits or found != columns or pq.read_metadata(path).num_rows != rows:
        yield _finding("E_MANIFEST", f"{name}: shape or type differ from the manifest's.")
        return
    vectors = pq.read_table(path, columns=["vector"]).column("vector").combine_chunks()
    if not _finite(vectors.flatten().to_numpy(zero_copy_only=False)):
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
