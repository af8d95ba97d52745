"""Where each weight of a TF.js graph model lies in its joined shards."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

STORED: Mapping[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "int32": np.dtype("<i4"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("u1"),
}
"""How ``model.json`` calls a type of number → the bytes it takes."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One weight as it is stored."""

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


def layout(specs: list[dict[str, Any]]) -> list[Place]:
    """Places of the weights of a group, in order.

    Raises
    ------
    KeyError, TypeError, ValueError: the entries are not of weights, or of an encoding that no bundle holds

    Examples
    --------
    >>> specs = [{"name": "a", "shape": [2, 3], "dtype": "float32"}, {"name": "b", "shape": [], "dtype": "bool"}]
    >>> [place.end for place in layout(specs)]
    [24, 25]
    """
    places, at = [], 0
    for spec in specs:
        dtype = STORED[spec.get("quantization", spec)["dtype"]]
        place = Place(name=spec["name"], shape=tuple(map(int, spec["shape"])), dtype=dtype, start=at)
        places.append(place)
        at = place.end
    return places
