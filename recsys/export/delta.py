"""Delta update from the version that a receiver has to the next one: changed rows and removed movies, nothing else.

``delta.json`` says how each file is put together from the receiver's own and from the bytes of ``delta.bin``. Whoever applies it
needs no knowledge of the model, and checks the result as any other file: by the SHA-256 in the (signed) manifest. So a delta
gives the very files of the new version, or it is refused.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ArtefactError
from recsys.export import manifest
from recsys.export.manifest import Manifest, parse_json

DOCUMENT, DATA = "delta.json", "delta.bin"
PREFIX = "delta-from-"
SCHEMA = 1
Bytes = NDArray[np.uint8]
Rows = NDArray[np.int64]
Read = Callable[[str], bytes]


def folder_of(version: str) -> str:
    """Folder, inside a version's, of the delta from an earlier one."""
    return f"{PREFIX}{version}"


def apply(old: Path, new: Path) -> dict[str, bytes]:
    """Apply a delta: the files that it rebuilds from the folder of the version that the receiver has.

    Parameters
    ----------
    old : folder of the receiver's version
    new : folder that holds the new version's manifest and its delta from that version; the manifest is trusted

    Raises
    ------
    ArtefactError
        E_NOT_FOUND: the new version has no delta from the old one; E_HASH: what comes out is not what the manifest lists;
        E_FORMAT: the delta cannot be applied
    """
    mine = manifest.load((old / manifest.FILE).read_bytes())
    wanted = manifest.load((new / manifest.FILE).read_bytes())
    entry = next((each for each in wanted["deltas"] if each["from"] == mine["version"]), None)
    if entry is None:
        raise ArtefactError.of(
            "E_NOT_FOUND", f"{wanted['version']} has no delta from {mine['version']}.", "Fetch the whole version."
        )
    content = {name: (new / entry["folder"] / name).read_bytes() for name in (DOCUMENT, DATA)}
    for name, found in content.items():
        _expect(f"{entry['folder']}/{name}", found, wanted)
    try:
        built = dict(rebuild(parse_json(content[DOCUMENT]), content[DATA], lambda name: (old / name).read_bytes()))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError) as error:
        raise ArtefactError.of("E_FORMAT", f"{entry['folder']} cannot be applied.", manifest.REMEDY) from error
    for name in entry["rebuilds"]:
        _expect(name, built.get(name, b""), wanted)
    return {name: built[name] for name in entry["rebuilds"]}


def rebuild(document: Mapping[str, Any], data: bytes, read: Read) -> Iterator[tuple[str, bytes]]:
    """The files that ``delta.json`` describes, by name; what comes out has still to be checked.

    Parameters
    ----------
    document : of ``delta.json``
    data : bytes of ``delta.bin``
    read : gives the bytes of a file of the version that the delta is from
    """
    ids: list[str] = parse_json(read("ids.json"))["movies"]
    gone = set(document["removed"])
    added = np.array([row for row, _ in document["added"]], dtype=np.int64)
    origin = old_rows(np.array([row for row, name in enumerate(ids) if name not in gone], dtype=np.int64), added)
    for each in document["lists"]:
        old = parse_json(read(each["file"]))[each["key"]]
        texts = ["" if row < 0 else old[row] for row in origin]
        for row, text in each["changed"]:
            texts[row] = text
        joined = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        yield each["file"], (each["head"] + joined + each["tail"]).encode()
    source = np.frombuffer(data, np.uint8)
    for group in document["weights"]:
        own = np.frombuffer(b"".join(read(name) for name in group["from"]), np.uint8)
        whole = b"".join(_part(part, own, source, origin, len(ids)) for part in group["parts"])
        at = 0
        for name, size in group["files"].items():
            yield name, whole[at : at + size]
            at += size


def old_rows(kept: Rows, added: Rows) -> Rows:
    """Old row of each new one; -1 for the rows of ``added``.

    Examples
    --------
    >>> old_rows(np.array([0, 2, 3]), np.array([1])).tolist()  # the second of four is gone, another takes the second place
    [0, -1, 2, 3]
    """
    origin = np.full(len(kept) + len(added), -1, dtype=np.int64)
    staying = np.ones(len(origin), dtype=bool)
    staying[added] = False
    origin[staying] = kept
    return origin


def _part(part: Mapping[str, Any], own: Bytes, data: Bytes, origin: Rows, n_old: int) -> bytes:
    if "keep" in part:
        return _slice(own, *part["keep"]).tobytes()
    if "data" in part:
        return _slice(data, *part["data"]).tobytes()
    table = part["table"]
    lines, width = table["lines"], table["width"]
    old = _slice(own, table["from"], lines * n_old * width).reshape(lines, n_old, width)
    new = old[:, np.maximum(origin, 0)]
    rows = _slice(data, table["rows"], 4 * table["changed"]).view("<i4")
    values = _slice(data, table["values"], len(rows) * lines * width).reshape(len(rows), lines, width)
    new[:, rows] = values.transpose(1, 0, 2)
    return new.tobytes()


def _slice(content: Bytes, start: int, size: int) -> Bytes:
    if start < 0 or size < 0 or start + size > len(content):
        raise ValueError("outside of the file")
    return content[start : start + size]


def _expect(name: str, content: bytes, wanted: Manifest) -> None:
    if hashlib.sha256(content).hexdigest() != wanted["files"][name]["sha256"]:
        raise ArtefactError.of("E_HASH", f"{name} is not the file that was written.", manifest.REMEDY)
