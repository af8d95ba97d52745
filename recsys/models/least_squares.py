"""One half of an ALS iteration: many small ridge regressions at once, in TensorFlow.

Row i has k_i entries; Z_i [k_i, dim] are the other side's vectors times the roots r_i [k_i] of the entries' weights. It gets

    x_i = (S + c_i I + Z_iᵀ Z_i)⁻¹ Z_iᵀ r_i,        S = α₀ Σ (other side) y yᵀ,   c_i its ridge.

S is the same for all rows, so its eigenvectors Q are found once: in their basis S + c_i I is a diagonal D_i, and a row with fewer
entries than dimensions needs only a k_i × k_i system, x_i = D_i⁻¹ Z_iᵀ (I + Z_i D_i⁻¹ Z_iᵀ)⁻¹ r_i (the matrix inversion lemma).
Most users of most services are such rows. The others solve their dim × dim system.

Rows are sorted into buckets by degree, so that a batch is a dense block [rows, width] with little padding, solved in one graph
call. A row wider than ``WIDEST`` adds up its normal equations in pieces. Nothing is ever larger than one batch, beside the matrix
itself and the two tables of vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.ids import IntArray
from recsys.models import runtime
from recsys.models.protocol import Float32Array

WIDEST = 8_192
"""Columns of the widest batch."""
BATCH_ENTRIES = 32_768
"""Rows × columns of a batch: its gathered vectors stay in the processor's cache."""
BATCH_ROWS = 512
"""Rows of a batch at most: each may have a dim × dim matrix."""
NARROW_SHARE = 0.75
"""Rows of up to this share of ``dim`` entries solve the small system."""


@dataclass(frozen=True, eq=False)
class _Batch:
    rows: IntArray
    spans: IntArray
    """int64[rows, 2]: where each row's entries start, and how many they are"""
    width: int


class Side:
    """The regressions of one side (all users, or all movies), laid out once and solved every iteration."""

    def __init__(self, matrix: sparse.csr_array, ridge: NDArray[np.float64]) -> None:
        tf = runtime.tensorflow()
        degrees = np.diff(matrix.indptr)
        self._n = int(matrix.shape[0])
        self._columns = tf.constant(matrix.indices.astype(np.int32))
        self._roots = tf.constant(np.sqrt(matrix.data).astype(np.float32))
        self._ridge = ridge.astype(np.float32)
        self._batches = list(_batches(degrees, matrix.indptr))
        self._wide = [(int(row), list(_pieces(row, degrees, matrix.indptr))) for row in np.flatnonzero(degrees > WIDEST)]

    def solve(self, other: Float32Array, unobserved_weight: float, other_weights: NDArray[np.float64]) -> Float32Array:
        """Vectors float32[n, dim] of this side, given the other's.

        Parameters
        ----------
        other : float32[n_other, dim]
        unobserved_weight : α₀
        other_weights : float64[n_other], how often each row of the other side counts among the unobserved pairs
        """
        graph = _graph()
        dim = other.shape[1]
        roots = np.sqrt(unobserved_weight * other_weights).astype(np.float32)
        eigenvalues, basis, rotated = graph.rotate(graph.tf.constant(other), graph.tf.constant(roots))
        solved = np.zeros((self._n, dim), dtype=np.float32)
        for batch in self._batches:
            solve = graph.narrow if batch.width <= NARROW_SHARE * dim else graph.broad
            diagonal = eigenvalues + self._ridge[batch.rows, None]
            solved[batch.rows] = solve(diagonal, rotated, self._columns, self._roots, batch.spans, np.int64(batch.width)).numpy()
        for row, pieces in self._wide:
            parts = [graph.equations(rotated, self._columns, self._roots, piece.spans, np.int64(piece.width)) for piece in pieces]
            gram, right = (graph.tf.add_n([part[side] for part in parts]) for side in (0, 1))
            solved[row] = graph.dense_solve(gram, right, eigenvalues + self._ridge[row : row + 1, None]).numpy()[0]
        back: Float32Array = solved @ basis.numpy().T
        return back


def _batches(degrees: IntArray, starts: IntArray) -> Iterator[_Batch]:
    """Blocks of rows of about the same degree; rows without entries are in none."""
    order = np.argsort(degrees, kind="stable")
    order = order[(degrees[order] > 0) & (degrees[order] <= WIDEST)]
    lowest = 0
    for width in _widths():
        rows = order[(degrees[order] > lowest) & (degrees[order] <= width)]
        lowest = width
        size = min(BATCH_ROWS, BATCH_ENTRIES // width)
        for first in range(0, len(rows), size):
            some = rows[first : first + size]
            spans = np.stack([starts[some], degrees[some]], axis=1).astype(np.int64)
            yield _Batch(some, spans, int(degrees[some[-1]]))  # the last row of a sorted block is its widest


def _widths() -> list[int]:
    """1, 2, 3, 4, 6, 8, 12, … up to ``WIDEST``: padding stays below a half, and is a fifth on average."""
    widths, power = [1], 2
    while power < WIDEST:
        widths += [power, power * 3 // 2]
        power *= 2
    return [*widths, WIDEST]


def _pieces(row: int, degrees: IntArray, starts: IntArray) -> Iterator[_Batch]:
    for offset in range(0, int(degrees[row]), WIDEST):
        width = min(WIDEST, int(degrees[row]) - offset)
        yield _Batch(np.array([row]), np.array([[starts[row] + offset, width]], dtype=np.int64), width)


@dataclass(frozen=True, eq=False)
class _Graph:
    """The traced functions; each is traced once, for any number of rows, width and dim. Shapes: n rows, k entries, d dims."""

    tf: Any
    rotate: Any
    """(other, roots) → eigenvalues [d] and eigenvectors [d, d] of S, and ``other`` in their basis"""
    equations: Any
    """(rotated, columns, roots, spans, k) → ZᵀZ [n, d, d] and Zᵀr [n, d]"""
    dense_solve: Any
    """(ZᵀZ, Zᵀr, D [n, d]) → x [n, d]"""
    broad: Any
    """(D, rotated, columns, roots, spans, k) → x [n, d], by the d × d system"""
    narrow: Any
    """the same by the k × k system"""


@lru_cache(maxsize=1)
def _graph() -> _Graph:
    tf = runtime.tensorflow()

    def spec(kind: Any, *shape: int | None) -> Any:
        return tf.TensorSpec(shape, kind)

    def rotate(other: Any, roots: Any) -> Any:
        scaled = other * roots[:, None]
        eigenvalues, basis = tf.linalg.eigh(tf.matmul(scaled, scaled, transpose_a=True))
        return tf.maximum(eigenvalues, 0.0), basis, tf.matmul(other, basis)  # rounding may leave a tiny negative

    def gathered(other: Any, columns: Any, roots: Any, spans: Any, width: Any) -> Any:
        starts, degrees = spans[:, :1], spans[:, 1:]
        places = tf.range(width)[None, :]
        filled = places < degrees
        position = tf.where(filled, starts + places, 0)
        root = tf.where(filled, tf.gather(roots, position), 0.0)
        return tf.gather(other, tf.gather(columns, position)) * root[:, :, None], root

    def equations(other: Any, columns: Any, roots: Any, spans: Any, width: Any) -> Any:
        rows, root = gathered(other, columns, roots, spans, width)
        return tf.matmul(rows, rows, transpose_a=True), tf.linalg.matvec(rows, root, transpose_a=True)

    def dense_solve(gram: Any, right: Any, diagonal: Any) -> Any:
        lower = tf.linalg.cholesky(tf.linalg.set_diag(gram, tf.linalg.diag_part(gram) + diagonal))
        return tf.linalg.cholesky_solve(lower, right[:, :, None])[:, :, 0]

    def broad(diagonal: Any, *batch: Any) -> Any:
        gram, right = equations(*batch)
        return dense_solve(gram, right, diagonal)

    def narrow(diagonal: Any, *batch: Any) -> Any:
        rows, root = gathered(*batch)
        shrunk = rows / diagonal[:, None, :]
        small = tf.matmul(shrunk, rows, transpose_b=True) + tf.eye(tf.shape(rows)[1])[None]
        inner = tf.linalg.cholesky_solve(tf.linalg.cholesky(small), root[:, :, None])
        return tf.matmul(shrunk, inner, transpose_a=True)[:, :, 0]

    table, flat, blocks = spec(tf.float32, None, None), spec(tf.float32, None), spec(tf.float32, None, None, None)
    batch = [table, spec(tf.int32, None), flat, spec(tf.int64, None, 2), spec(tf.int64)]
    return _Graph(
        tf=tf,
        rotate=tf.function(rotate, input_signature=[table, flat]),
        equations=tf.function(equations, input_signature=batch),
        dense_solve=tf.function(dense_solve, input_signature=[blocks, table, table]),
        broad=tf.function(broad, input_signature=[table, *batch]),
        narrow=tf.function(narrow, input_signature=[table, *batch]),
    )
