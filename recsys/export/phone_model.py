"""On-device model of a bundle: the user tower and the movies, with the two large tables quantised.

Everything a bundle promises (golden answers, parity, the backend's vectors) is about this model, so that a reader of any of its
files works with the same numbers.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.embeddings.tower import UserTower
from recsys.export.quantisation import Dtype, QuantisedMatrix, quantise
from recsys.export.rounding_importance import importance

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class PhoneModel:
    """A user tower and a catalogue in one space: the score of a movie is the product of the two vectors."""

    tower: UserTower
    """Its history table holds ``history.decoded``."""
    history: QuantisedMatrix
    """float32[n_movies, dim]: what having watched a movie adds to a user."""
    movies: QuantisedMatrix
    """float32[n_movies, dim]"""

    @classmethod
    def of(cls, tower: UserTower, movies: Float32Array, dtype: Dtype) -> "PhoneModel":
        """Quantise a trained model; the small tables (attributes, layers) stay float32."""
        history, rounded = quantise(tower.history_table, "float32"), quantise(movies, "float32")
        if dtype == "float16":
            history, rounded = quantise(tower.history_table, dtype), quantise(movies, dtype)
        elif dtype == "uint8":
            weights = importance(tower, rounded.decoded)
            history, rounded = quantise(tower.history_table, dtype, weights.history), quantise(movies, dtype, weights.movies)
        return cls(tower=replace(tower, history_table=history.decoded), history=history, movies=rounded)

    @property
    def n_movies(self) -> int:
        return len(self.movies.codes)

    @property
    def dim(self) -> int:
        return int(self.movies.codes.shape[1])


def fingerprint(tower: UserTower, movies: Float32Array) -> str:
    """SHA-256 over every weight, before rounding."""
    dense = tower.dense
    digest = hashlib.sha256(repr(tower.pooling_exponent).encode())
    for array in (
        *(tower.history_table, tower.feature_table, movies),
        *(dense.hidden_weights, dense.hidden_bias, dense.out_weights, dense.out_bias),
    ):
        digest.update(repr(array.shape).encode() + np.ascontiguousarray(array, dtype=np.float32).tobytes())
    return digest.hexdigest()
