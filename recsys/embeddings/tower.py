"""Inference of the two towers in NumPy, without TensorFlow: from ``tower.json`` and ``tower.safetensors``.

The exact forward pass, the same for both towers (row-wise; everything but the hidden layer has width ``dim``):

    z   = the sum of what is known                                                         [dim]
    out = z + relu(z · hidden_weights + hidden_bias) · out_weights + out_bias              [dim]
    score(user, movie) = out_user · out_movie

- **Movie**: z = ``movie.id[row]`` (zero for a movie that was not in training) + Σ codes weight · ``movie.feature[code]``.
  The *content vector* is the same with the id left out: what an offer gets.
- **User**: z = Σ history ``user.history[row]`` / n^``pooling_exponent`` (zero for an empty history; n is its length)
  + Σ codes weight · ``user.feature[code]``. A history is a set of movies of the catalogue: order and repeats do not matter.

Tensors, all float32: ``movie.id`` [n_movies, dim], ``movie.feature`` [n_movie_codes, dim], ``user.history`` [n_movies, dim],
``user.feature`` [n_user_codes, dim], and for both towers ``.hidden_weights`` [dim, hidden], ``.hidden_bias`` [hidden],
``.out_weights`` [hidden, dim], ``.out_bias`` [dim]. Codes and weights come from :mod:`recsys.embeddings.features`; the facts of
``tower.json`` name the features, the movies of the rows (``movie_ids``) and ``pooling_exponent``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.embeddings.features import FeatureSpace
from recsys.embeddings.store import load_arrays, save_arrays
from recsys.errors import ArtefactError
from recsys.ids import IdMap, IntArray

Float32Array = NDArray[np.float32]

FORWARD = 1
"""Number of the forward pass above; a change of it is a new number."""
STEM = "tower"
KIND = "two_tower"
REMEDY = "Train again."
TOWER_TENSORS = ("hidden_weights", "hidden_bias", "out_weights", "out_bias")


@dataclass(frozen=True, eq=False)
class Dense:
    """Dense residual layers that both towers apply to their pooled inputs."""

    hidden_weights: Float32Array
    hidden_bias: Float32Array
    out_weights: Float32Array
    out_bias: Float32Array

    def __call__(self, z: Float32Array) -> Float32Array:
        """float32[n, dim] → float32[n, dim]"""
        hidden = np.maximum(z @ self.hidden_weights + self.hidden_bias, 0)
        out: Float32Array = z + hidden @ self.out_weights + self.out_bias
        return out


@dataclass(frozen=True, eq=False)
class MovieTower:
    """Movie tower: from a movie's id and attributes to its vector."""

    space: FeatureSpace
    movie_ids: IdMap
    id_table: Float32Array
    feature_table: Float32Array
    dense: Dense

    @classmethod
    def load(cls, folder: Path) -> "MovieTower":
        """Read the tower from a run's ``two_tower`` folder.

        Raises
        ------
        ArtefactError  as :func:`read`
        """
        description, tensors = read(folder)
        return cls.of(description, tensors)

    @classmethod
    def of(cls, description: Mapping[str, Any], tensors: Mapping[str, Float32Array]) -> "MovieTower":
        """The tower of a description and tensors in memory."""
        space = FeatureSpace.from_json(description["movie_features"])
        ids = IdMap(description["movie_ids"])
        return cls(space, ids, tensors["movie.id"], tensors["movie.feature"], _dense(tensors, "movie"))

    def content(self, movies: pd.DataFrame) -> Float32Array:
        """Vectors float32[n, dim] from attributes alone: for movies without a history, and to compare any two movies."""
        return self.dense(_sum(self.space.encode(movies), self.feature_table))

    def encode(self, movies: pd.DataFrame) -> Float32Array:
        """Vectors float32[n, dim] from ``movie_id`` and attributes; of attributes alone where the id was not in training."""
        rows = self.movie_ids.rows_or_missing(movies["movie_id"])
        own = np.where(rows[:, None] >= 0, self.id_table[rows], np.float32(0))
        return self.dense(own + _sum(self.space.encode(movies), self.feature_table))


@dataclass(frozen=True, eq=False)
class UserTower:
    """User tower: from a user's history and attributes to their vector."""

    space: FeatureSpace
    history_table: Float32Array
    feature_table: Float32Array
    pooling_exponent: float
    dense: Dense

    @classmethod
    def load(cls, folder: Path) -> "UserTower":
        """Read the tower from a run's ``two_tower`` folder.

        Raises
        ------
        ArtefactError  as :func:`read`
        """
        description, tensors = read(folder)
        return cls.of(description, tensors)

    @classmethod
    def of(cls, description: Mapping[str, Any], tensors: Mapping[str, Float32Array]) -> "UserTower":
        """The tower of a description and tensors in memory."""
        space = FeatureSpace.from_json(description["user_features"])
        exponent = float(description["pooling_exponent"])
        return cls(space, tensors["user.history"], tensors["user.feature"], exponent, _dense(tensors, "user"))

    def encode(self, histories: Sequence[IntArray] | sparse.csr_array, context: pd.DataFrame | None = None) -> Float32Array:
        """Vectors float32[n, dim].

        Parameters
        ----------
        histories : movie rows each user watched (rows of the catalogue this tower was trained on), or CSR[n, n_movies] whose
            entries are watched
        context : attributes, one row a user; unknown where None
        """
        return self.dense(self.pooled_inputs(histories, context))

    def pooled_inputs(
        self, histories: Sequence[IntArray] | sparse.csr_array, context: pd.DataFrame | None = None
    ) -> Float32Array:
        """Pooled embeddings of history and attributes, float32[n, dim], before the layers; arguments as of :meth:`encode`."""
        watched = histories if isinstance(histories, sparse.csr_array) else _as_csr(histories, len(self.history_table))
        pooled = pool(watched, self.history_table, self.pooling_exponent)
        return pooled if context is None else pooled + _sum(self.space.encode(context), self.feature_table)


def pool(watched: sparse.csr_array, table: Float32Array, exponent: float) -> Float32Array:
    """Pooling of a history: sum of its table entries over n^exponent, float32[n, dim]; zero for an empty row."""
    ones = sparse.csr_array((np.ones(watched.nnz, dtype=np.float32), watched.indices, watched.indptr), shape=watched.shape)
    scale = np.maximum(np.diff(watched.indptr), 1).astype(np.float32) ** np.float32(-exponent)
    pooled: Float32Array = np.asarray(ones @ table, dtype=np.float32) * scale[:, None]
    return pooled


def describe(movie_space: FeatureSpace, user_space: FeatureSpace, movie_ids: IdMap, pooling_exponent: float) -> dict[str, Any]:
    """The facts of ``tower.json``."""
    return {
        "movie_ids": list(movie_ids.ids),
        "movie_features": movie_space.as_json(),
        "user_features": user_space.as_json(),
        "pooling_exponent": pooling_exponent,
    }


def write(folder: Path, description: Mapping[str, Any], tensors: Mapping[str, Float32Array]) -> None:
    """Write ``tower.json`` and ``tower.safetensors`` into a folder that a run will publish whole."""
    folder.mkdir(parents=True, exist_ok=True)
    save_arrays(folder / STEM, tensors, {**description, "forward": FORWARD}, kind=KIND)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Float32Array]]:
    """Description and tensors of a tower folder, checked against each other.

    Raises
    ------
    ArtefactError  as ``recsys.embeddings.store.load_arrays``; E_VERSION: another forward pass than this program's;
        E_MANIFEST: the tensors do not fit the description
    """
    tensors, description = load_arrays(folder / STEM, kind=KIND)
    if description.get("forward") != FORWARD:
        raise ArtefactError.of(
            "E_VERSION", f"the towers have forward pass {description.get('forward')!r}; this program has {FORWARD}.", REMEDY
        )
    present = {name: list(tensor.shape) for name, tensor in tensors.items()}
    try:
        needed = _needed_shapes(description, dim=present["movie.id"][1], hidden=present["movie.hidden_bias"][0])
    except (KeyError, IndexError, TypeError) as error:
        raise ArtefactError.of("E_MANIFEST", f"the towers are incomplete ({error!r}).", REMEDY) from error
    if present != needed or any(tensor.dtype != np.float32 for tensor in tensors.values()):
        odd = sorted(name for name in present.keys() | needed.keys() if present.get(name) != needed.get(name))[:5]
        raise ArtefactError.of("E_MANIFEST", f"the towers' tensors do not fit their description: {odd}.", REMEDY)
    return description, tensors


def _needed_shapes(description: Mapping[str, Any], *, dim: int, hidden: int) -> dict[str, list[int]]:
    n_movies = len(description["movie_ids"])
    dense = {"hidden_weights": [dim, hidden], "hidden_bias": [hidden], "out_weights": [hidden, dim], "out_bias": [dim]}
    return {
        "movie.id": [n_movies, dim],
        "user.history": [n_movies, dim],
        "movie.feature": [FeatureSpace.from_json(description["movie_features"]).n_codes, dim],
        "user.feature": [FeatureSpace.from_json(description["user_features"]).n_codes, dim],
        **{f"{tower}.{name}": shape for tower in ("movie", "user") for name, shape in dense.items()},
    }


def _dense(tensors: Mapping[str, Float32Array], tower: str) -> Dense:
    return Dense(*(tensors[f"{tower}.{name}"] for name in TOWER_TENSORS))


def _sum(codes: sparse.csr_array, table: Float32Array) -> Float32Array:
    return np.asarray(codes @ table, dtype=np.float32)


def _as_csr(histories: Sequence[IntArray], n_movies: int) -> sparse.csr_array:
    distinct = [np.unique(np.asarray(rows, dtype=np.int64)) for rows in histories]
    indptr = np.concatenate([[0], np.cumsum([len(rows) for rows in distinct], dtype=np.int64)]).astype(np.int64)
    indices = np.concatenate([np.empty(0, dtype=np.int64), *distinct])
    if indices.size and (indices.min() < 0 or indices.max() >= n_movies):
        raise ArtefactError.of(
            "E_MOVIE", f"a history names a movie row outside 0..{n_movies - 1}.", "Use rows of the catalogue this was trained on."
        )
    return sparse.csr_array((np.ones(len(indices), dtype=np.float32), indices, indptr), shape=(len(distinct), n_movies))
