"""Byte layout of the weights of a TF.js graph model in its joined shards."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.export.manifest import is_natural

STORED: Mapping[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "int32": np.dtype("<i4"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("u1"),
}
"""How ``model.json`` calls a type of number → the bytes it takes."""


MAX_AXES = 8


@dataclass(frozen=True, kw_only=True)
class StoredWeight:
    """A weight with its byte range."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def end(self) -> int:
        return self.start + self.size


def count_of(shape: object) -> int:
    """Numbers in an array of a shape.

    Raises
    ------
    ValueError: the shape is not a list of at most eight whole numbers from 0

    Examples
    --------
    >>> count_of([2, 3]), count_of([])
    (6, 1)
    """
    if not isinstance(shape, list) or len(shape) > MAX_AXES or not all(map(is_natural, shape)):
        raise ValueError(f"no shape: {shape!r:.60}")
    return math.prod(shape)


def stored_weights(specs: Any) -> list[StoredWeight]:
    """Lay out the weights of a group in order.

    Raises
    ------
    KeyError, TypeError, ValueError: the entries are not of weights, or of an encoding that no bundle holds

    Examples
    --------
    >>> specs = [{"name": "a", "shape": [2, 3], "dtype": "float32"}, {"name": "b", "shape": [], "dtype": "bool"}]
    >>> [weight.end for weight in stored_weights(specs)]
    [24, 25]
    """
    if not isinstance(specs, list):
        raise TypeError("not a list of weights")
    weights, at = [], 0
    for spec in specs:
        name, quantised = spec["name"], spec.get("quantization")
        if not isinstance(name, str):
            raise TypeError("a weight without a name")
        count_of(spec["shape"])
        dtype = STORED[(spec if quantised is None else quantised)["dtype"]]
        weight = StoredWeight(name=name, shape=tuple(spec["shape"]), dtype=dtype, start=at)
        weights.append(weight)
        at = weight.end
    return weights
