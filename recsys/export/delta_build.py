"""Build of a delta: which movies were added, removed and changed between two versions, and their bytes.

The format is that of :mod:`recsys.export.delta`.
"""

import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recsys.export import manifest
from recsys.export.delta import DATA, DOCUMENT, SCHEMA, Rows, folder_of, old_rows
from recsys.export.manifest import parse_json
from recsys.export.weights import StoredWeight, stored_weights

LISTS: Mapping[str, str] = {"ids.json": "movies", "titles.json": "titles"}
"""File → the key of its list, one text a movie."""
MODELS = ("tfjs/user_tower", "tfjs/retrieve")
ROW_AXIS: Mapping[str, int] = {"history/codes": 0, "history/scale": 0, "movies/codes": 0, "movies/scale": 0}
"""Weights that hold a row a movie → the axis of their shape that counts movies."""

MAX_SIZE_SHARE = 0.8
"""Share of the files that it rebuilds that a delta may take; a larger one is not published."""


def write(old: Path, new: Path) -> dict[str, Any] | None:
    """Write ``delta-from-…`` into a new version's folder; returns its entry in the manifest.

    Parameters
    ----------
    old : folder of an earlier version, verified
    new : folder with the files of the new one, the manifest not yet among them

    Returns
    -------
    None, and nothing written, where the two differ in form (another width, another rounding, another program), or where the delta
    would hardly be smaller than what it rebuilds
    """
    before = manifest.load((old / manifest.FILE).read_bytes())
    build = _DeltaBuild(old=old, new=new)
    if not build.comparable():
        return None
    document = {"schema": SCHEMA, "bundle": build.bundle, "from": before["version"], "from_bundle": before["bundle"]}
    document |= {"removed": build.removed, "added": [[int(row), build.new_ids[row]] for row in build.added]}
    document |= {"lists": [build.text(name) for name in LISTS], "weights": [build.weights(model) for model in MODELS]}
    text = (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    rebuilds = sorted([*LISTS, *(name for group in document["weights"] for name in group["files"])])
    if not saves_enough(len(text) + len(build.data), sum((new / name).stat().st_size for name in rebuilds)):
        return None
    folder = new / folder_of(before["version"])
    folder.mkdir()
    (folder / DOCUMENT).write_bytes(text)
    (folder / DATA).write_bytes(build.data)
    n_changed = len(build.changed - set(build.added.tolist()))
    return {
        "from": before["version"],
        "folder": folder.name,
        "bytes": len(text) + len(build.data),
        "rebuilds": rebuilds,
        "rows": {"added": len(build.added), "removed": len(build.removed), "changed": n_changed},
    }


def saves_enough(delta_bytes: int, whole_bytes: int) -> bool:
    """Whether a delta saves enough of the files that it rebuilds."""
    return delta_bytes <= MAX_SIZE_SHARE * whole_bytes


def _in_order(rows: Rows) -> set[int]:
    """Positions of a longest run of ascending numbers; the movies at the others have moved.

    Examples
    --------
    >>> sorted(_in_order(np.array([0, 3, 1, 2])))
    [0, 2, 3]
    """
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, row in enumerate(rows.tolist()):
        length = bisect_left(tails, row)
        tails[length : length + 1] = [row]
        ends[length : length + 1] = [at]
        before.append(ends[length - 1] if length else -1)
    found, at = set(), ends[-1] if ends else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found


@dataclass
class _DeltaBuild:
    """A delta while it is built."""

    old: Path
    new: Path
    data: bytearray = field(default_factory=bytearray)
    changed: set[int] = field(default_factory=set)
    """New rows of which a text or a vector differs from the old one's."""

    def __post_init__(self) -> None:
        document = parse_json((self.new / "ids.json").read_bytes())
        self.bundle: str = document["bundle"]
        self.new_ids: list[str] = document["movies"]
        old_ids: list[str] = parse_json((self.old / "ids.json").read_bytes())["movies"]
        self.n_old = len(old_ids)
        row_of = {name: row for row, name in enumerate(old_ids)}
        # A movie that has changed its place among the others goes and comes again.
        common = [(row, row_of[name]) for row, name in enumerate(self.new_ids) if name in row_of]
        staying = _in_order(np.array([old for _, old in common], dtype=np.int64))
        rows = {new: old for at, (new, old) in enumerate(common) if at in staying}
        self.added: Rows = np.array([row for row in range(len(self.new_ids)) if row not in rows], dtype=np.int64)
        kept = set(rows.values())
        self.removed = [name for row, name in enumerate(old_ids) if row not in kept]
        self.origin = old_rows(np.array(sorted(kept), dtype=np.int64), self.added)

    def comparable(self) -> bool:
        """Whether every table has its like in the old version: the same width and type."""
        for model in MODELS:
            old, new = self._named(self.old, model), self._named(self.new, model)
            for name, axis in ROW_AXIS.items():
                if (name in old) != (name in new):
                    return False
                if name in new and (
                    _form(old[name], axis) != _form(new[name], axis) or new[name].shape[axis] != len(self.new_ids)
                ):
                    return False
        return True

    def text(self, name: str) -> dict[str, Any]:
        """Instructions to rebuild a list's file: its head, the texts, its tail."""
        key = LISTS[name]
        content = (self.new / name).read_text(encoding="utf-8")
        old, new = (parse_json((folder / name).read_bytes())[key] for folder in (self.old, self.new))
        joined = json.dumps(new, ensure_ascii=False, separators=(",", ":"))
        head, found, tail = content.partition(joined)
        if not found:
            raise RuntimeError(f"{name} is not written as the delta expects")
        changed = [row for row, origin in enumerate(self.origin) if origin < 0 or old[origin] != new[row]]
        self.changed |= set(changed)
        return {"file": name, "key": key, "head": head, "tail": tail, "changed": [[row, new[row]] for row in changed]}

    def weights(self, model: str) -> dict[str, Any]:
        """Instructions to rebuild the weights of a graph, part after part."""
        old, new = _shards(self.old, model), _shards(self.new, model)
        before = b"".join((self.old / name).read_bytes() for name in old)
        after = b"".join((self.new / name).read_bytes() for name in new)
        known, tables = self._named(self.old, model), self._named(self.new, model)
        logical = {tables[name].start: name for name in ROW_AXIS if name in tables}
        alike = {before[weight.start : weight.end]: weight.start for weight in _stored_weights(self.old, model)}
        parts = []
        for weight in _stored_weights(self.new, model):
            content = after[weight.start : weight.end]
            if weight.start in logical:
                name = logical[weight.start]
                parts.append(self._table(before, known[name], content, weight, ROW_AXIS[name]))
            elif content in alike:
                parts.append({"keep": [alike[content], len(content)]})
            else:
                parts.append({"data": [self._put(content), len(content)]})
        return {"from": old, "files": {name: (self.new / name).stat().st_size for name in new}, "parts": parts}

    def _table(self, before: bytes, old: StoredWeight, content: bytes, new: StoredWeight, axis: int) -> dict[str, Any]:
        lines = new.shape[0] if axis == 1 else 1
        width = new.size // (lines * len(self.new_ids))
        have = np.frombuffer(before[old.start : old.end], np.uint8).reshape(lines, self.n_old, width)
        want = np.frombuffer(content, np.uint8).reshape(lines, len(self.new_ids), width)
        same = (have[:, np.maximum(self.origin, 0)] == want).all(axis=(0, 2)) & (self.origin >= 0)
        rows = np.flatnonzero(~same).astype("<i4")
        self.changed |= set(rows.tolist())
        table = {"from": old.start, "lines": lines, "width": width, "changed": len(rows), "rows": self._put(rows.tobytes())}
        return {"table": {**table, "values": self._put(np.ascontiguousarray(want[:, rows].transpose(1, 0, 2)).tobytes())}}

    def _put(self, content: bytes) -> int:
        """Append to ``delta.bin``, from a multiple of four on, and say where."""
        self.data += bytes(-len(self.data) % 4)
        at = len(self.data)
        self.data += content
        return at

    def _named(self, folder: Path, model: str) -> dict[str, StoredWeight]:
        """Stored weights by their logical names."""
        weights = {weight.name: weight for weight in _stored_weights(folder, model)}
        names: dict[str, str] = _model(folder, model)["userDefinedMetadata"]["weights"]
        return {name: weights[stored] for name, stored in names.items()}


def _form(weight: StoredWeight, axis: int) -> tuple[Any, ...]:
    """Shape and type, whatever the number of movies."""
    return (weight.dtype, *weight.shape[:axis], *weight.shape[axis + 1 :])


def _model(folder: Path, model: str) -> dict[str, Any]:
    document: dict[str, Any] = parse_json((folder / model / "model.json").read_bytes())
    return document


def _stored_weights(folder: Path, model: str) -> list[StoredWeight]:
    (group,) = _model(folder, model)["weightsManifest"]
    return stored_weights(group["weights"])


def _shards(folder: Path, model: str) -> list[str]:
    (group,) = _model(folder, model)["weightsManifest"]
    return [f"{model}/{name}" for name in group["paths"]]
