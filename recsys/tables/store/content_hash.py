"""Content hash of a table: depends on its values, not on the file, the batch size or the library's version."""

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class ContentHash:
    """SHA-256 over a table that comes in batches; the order of columns and the size of batches do not matter."""

    def __init__(self) -> None:
        self._columns: dict[str, hashlib._Hash] = {}
        self.rows = 0

    def update(self, batch: pa.RecordBatch) -> None:
        """Take in the next rows."""
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            if name not in self._columns:
                self._columns[name] = hashlib.sha256(_kind(values.type).encode())
            for piece in _canonical(values):
                self._columns[name].update(piece)
        self.rows += batch.num_rows

    def hexdigest(self) -> str:
        """The fingerprint of everything so far."""
        parts = [f"{name}\0{digest.hexdigest()}" for name, digest in sorted(self._columns.items())]
        return hashlib.sha256("\0".join([str(self.rows), *parts]).encode()).hexdigest()


def hash_of_table(table: pa.Table) -> str:
    """Fingerprint of a table that is held whole.

    >>> one = pa.table({"a": [1, 2], "b": ["x", None]})
    >>> hash_of_table(one) == hash_of_table(one.select(["b", "a"]))
    True
    >>> hash_of_table(one) == hash_of_table(pa.table({"a": [1, 2], "b": ["x", ""]}))
    False
    """
    digest = ContentHash()
    for batch in table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
        digest.update(batch)
    return digest.hexdigest()


def combined(parts: Mapping[str, str]) -> str:
    """One fingerprint of several, each with its name."""
    return hashlib.sha256("\0".join(f"{name}={value}" for name, value in sorted(parts.items())).encode()).hexdigest()


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_dictionary(type_) or pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "text"
    return "time" if pa.types.is_timestamp(type_) else str(type_)


def _canonical(values: pa.Array) -> Iterable[bytes]:
    """Bytes that depend on the values alone: which are there, then what they are."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    yield pc.is_valid(values).to_numpy(zero_copy_only=False).astype(np.uint8).tobytes()
    kind = _kind(values.type)
    if kind == "text":
        text = pc.fill_null(values.cast(pa.large_string()), "")
        yield pc.binary_length(text).to_numpy(zero_copy_only=False).astype(np.int64).tobytes()
        offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
        data = text.buffers()[2]
        yield data.slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes() if data is not None else b""
    elif kind == "time":
        seconds = pc.fill_null(values.cast(pa.timestamp("s"), safe=False).cast(pa.int64()), 0)
        yield seconds.to_numpy(zero_copy_only=False).tobytes()
    else:
        filled = pc.fill_null(values, False if pa.types.is_boolean(values.type) else pa.scalar(0, values.type))
        array = filled.to_numpy(zero_copy_only=False)
        yield (array + 0.0).tobytes() if pa.types.is_floating(values.type) else np.ascontiguousarray(array).tobytes()
