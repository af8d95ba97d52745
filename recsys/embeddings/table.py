"""Embedding table: ids, vectors, and a fingerprint of both."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ArtefactError
from recsys.ids import IdMap

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EmbeddingTable:
    """Row ``k`` of ``vectors`` (float32[n, dim], read-only, finite) belongs to ``ids.ids[k]``."""

    ids: IdMap
    vectors: Vectors

    def __post_init__(self) -> None:
        if self.vectors.dtype != np.float32 or self.vectors.ndim != 2 or len(self.vectors) != len(self.ids):
            raise ArtefactError.of(
                "E_MANIFEST",
                f"vectors are {self.vectors.dtype}{list(self.vectors.shape)} for {len(self.ids)} ids.",
                "Train again.",
            )
        if not np.isfinite(self.vectors).all():
            raise ArtefactError.of("E_NONFINITE", "vectors hold NaN or infinity.", "Train again with a smaller step.")
        self.vectors.setflags(write=False)

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over ids and vectors."""
        digest = hashlib.sha256("\0".join(self.ids.ids).encode())
        digest.update(np.ascontiguousarray(self.vectors).tobytes())
        return digest.hexdigest()
