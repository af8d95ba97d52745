"""Solves one half of an ALS iteration: many small ridge regressions at once, in TensorFlow.

Row i has k_i entries of weight w; Z_i [k_i, dim] are the vectors of the other side that they name. It gets

    x_i = (S + c_i I + Z_iᵀ W_i Z_i)⁻¹ Z_iᵀ w_i,        S = α₀ Σ (other side) y yᵀ,   c_i its ridge.

S is the same for all rows, so its eigenvectors Q are found once: in their context S + c_i I is a diagonal D_i. That diagonal is
also an excellent preconditioner, so conjugate gradients need no matrix of dim × dim a row: a step costs two products with Z_i,
whatever dim is. Started from the vectors of the last iteration, two steps do for training (each lowers the loss); started from
zero and run until nothing is left of the residual, about ten give the solution itself.

Rows are sorted by degree and cut into batches, dense blocks [rows, width] with little padding; one graph call goes through all of
them. Nothing is ever larger than one batch (at most ``BATCH_ENTRIES`` entries, or one row), beside the matrix itself and the two
tables of vectors: memory is O(entries + (rows + other rows) · dim).

References
----------
Takács, Pilászy, Tikk (2011), Applications of the conjugate gradient method for implicit feedback collaborative filtering.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from recsys.ids import IntArray
from recsys.models import tensorflow_runtime
from recsys.models.protocol import Float32Array

BATCH_ENTRIES = 16_384
"""Rows × width of a batch, about: enough work for one graph operation, and few megabytes of gathered vectors."""
BATCH_ROWS = 2_048
PADDED_SHARE = 1.5
"""The widest row of a batch over its narrowest, at most."""
TOLERANCE = 1e-5
"""Relative residual at which the conjugate gradients stop, in the norm of the preconditioner."""
NEGLIGIBLE = 1e-9
"""Absolute residual at which they stop: it changes no score."""
MOST_STEPS = 100
"""Conjugate-gradient steps at most; about ten reach the tolerance on real data."""


class _LaidOut(NamedTuple):
    """Interaction matrix of one side (users or movies), laid out in batches."""

    batches: Any
    """int32[n_batches, 4]: first row and the one after the last, in order of degree; where the entries start; width"""
    columns: Any
    """int32[padded entries]"""
    weights: Any
    """float32[padded entries], 0 in the padding"""
    ridge: Any
    """float32[rows]"""


class SideSolver:
    """Solver of the ridge regressions of one side (all users, or all movies); laid out once, used in every iteration."""

    def __init__(self, matrix: sparse.csr_array, ridge: NDArray[np.float64]) -> None:
        tf = tensorflow_runtime.tensorflow()
        degrees = np.diff(matrix.indptr).astype(np.int64)
        order = np.argsort(degrees, kind="stable")
        order = order[degrees[order] > 0]
        spans = list(_batches(degrees[order]))
        blocks = [_block(matrix, order[first:stop]) for first, stop in spans]
        sizes = [columns.size for columns, _ in blocks]
        layout = [
            (first, stop, offset, size // (stop - first))
            for (first, stop), offset, size in zip(spans, np.cumsum([0, *sizes[:-1]]), sizes, strict=True)
        ]
        self._n, self._order = int(matrix.shape[0]), order
        self._laid_out = _LaidOut(
            batches=tf.constant(np.array(layout, dtype=np.int32).reshape(-1, 4)),
            columns=tf.constant(np.concatenate([columns.ravel() for columns, _ in blocks] or [np.empty(0, np.int32)])),
            weights=tf.constant(np.concatenate([weights.ravel() for _, weights in blocks] or [np.empty(0, np.float32)])),
            ridge=tf.constant(ridge[order].astype(np.float32)),
        )

    def solve(self, other: Float32Array, unobserved_weight: float, other_weights: NDArray[np.float64]) -> Float32Array:
        """Vectors float32[n, dim] of this side, given the other's; zero for a row without entries.

        Parameters
        ----------
        other : float32[n_other, dim]
        unobserved_weight : α₀
        other_weights : float64[n_other], how often each row of the other side counts among the unobserved pairs
        """
        nothing = np.zeros((self._n, other.shape[1]), dtype=np.float32)
        return self.improve(other, unobserved_weight, other_weights, nothing, MOST_STEPS)

    def improve(
        self,
        other: Float32Array,
        unobserved_weight: float,
        other_weights: NDArray[np.float64],
        start: Float32Array,
        steps: int,
    ) -> Float32Array:
        """Vectors float32[n, dim] nearer to the solution than ``start`` float32[n, dim]: so many steps from there."""
        eigenvalues, context = _eigen(other, unobserved_weight * other_weights)
        solved = _graph()(self._laid_out, other @ context, eigenvalues, start[self._order] @ context, np.int32(steps))
        vectors = np.zeros_like(start)
        vectors[self._order] = solved.numpy() @ context.T
        return vectors


def _eigen(other: Float32Array, weights: NDArray[np.float64]) -> tuple[Float32Array, Float32Array]:
    """Eigenvalues float32[dim] and eigenvectors float32[dim, dim] of S."""
    scaled = other * np.sqrt(weights).astype(np.float32)[:, None]
    values, vectors = linalg.eigh((scaled.T @ scaled).astype(np.float64), check_finite=False)
    return np.maximum(values, 0.0).astype(np.float32), vectors.astype(np.float32)  # rounding may leave a tiny negative


def _batches(degrees: IntArray) -> Iterator[tuple[int, int]]:
    """Cuts of rows sorted by degree, each at least 1."""
    first = 0
    while first < len(degrees):
        similar = int(np.searchsorted(degrees, int(PADDED_SHARE * degrees[first]), side="right"))
        stop = min(similar, first + BATCH_ROWS)
        entries = np.arange(1, stop - first + 1) * degrees[first:stop]
        stop = first + max(1, int(np.searchsorted(entries, BATCH_ENTRIES, side="right")))
        yield first, stop
        first = stop


def _block(matrix: sparse.csr_array, rows: IntArray) -> tuple[NDArray[np.int32], Float32Array]:
    """Columns int32[rows, width] and weights float32[rows, width] of some rows; padding has weight 0."""
    starts, degrees = matrix.indptr[:-1][rows].astype(np.int64), np.diff(matrix.indptr)[rows].astype(np.int64)
    places = np.arange(int(degrees.max()))[None, :]
    filled = places < degrees[:, None]
    position = np.where(filled, starts[:, None] + places, 0)
    columns = np.where(filled, matrix.indices[position], 0).astype(np.int32)
    return columns, np.where(filled, matrix.data[position], 0.0).astype(np.float32)


@lru_cache(maxsize=1)
def _graph() -> Any:
    """The traced descent; traced once, for any matrix and dim. Shapes: n rows of a batch, k entries, d dims."""
    tf = tensorflow_runtime.tensorflow()

    def descend(side: _LaidOut, other: Any, eigenvalues: Any, start: Any, steps: Any) -> Any:
        n_batches = tf.shape(side.batches)[0]

        def batch(number: Any, solved: Any) -> tuple[Any, Any]:
            first, stop, offset, width = tf.unstack(side.batches[number])
            n = stop - first
            block = tf.reshape(side.columns[offset : offset + n * width], [n, width])
            weight = tf.reshape(side.weights[offset : offset + n * width], [n, width])
            diagonal = eigenvalues[None, :] + side.ridge[first:stop, None]
            begin = start[first:stop] * tf.cast(width > steps, tf.float32)  # from zero, so many steps are the solution
            return number + 1, solved.write(number, conjugate_gradients(tf.gather(other, block), weight, diagonal, begin, steps))

        solved = tf.TensorArray(tf.float32, size=n_batches, infer_shape=False, element_shape=[None, None])
        _, solved = tf.while_loop(lambda number, _: number < n_batches, batch, [0, solved], parallel_iterations=1)
        return solved.concat()

    def conjugate_gradients(rows: Any, weight: Any, diagonal: Any, start: Any, steps: Any) -> Any:
        """(Z [n, k, d], w [n, k], D [n, d], x [n, d]) → x [n, d]"""

        def right_to_left(values: Any) -> Any:
            return tf.matmul(values[:, None, :], rows)[:, 0, :]  # Zᵀ v

        def fitted(x: Any) -> Any:
            return tf.matmul(rows, x[:, :, None])[:, :, 0]  # Z x

        def advance(step: Any, x: Any, residual: Any, direction: Any, left: Any) -> tuple[Any, ...]:
            image = right_to_left(weight * fitted(direction)) + diagonal * direction
            length = left / tf.maximum(tf.reduce_sum(direction * image, 1, keepdims=True), tiny)
            x, residual = x + length * direction, residual - length * image
            shrunk = residual / diagonal
            now_left = tf.reduce_sum(residual * shrunk, 1, keepdims=True)
            return step + 1, x, residual, shrunk + now_left / tf.maximum(left, tiny) * direction, now_left

        tiny = tf.constant(1e-30)
        residual = right_to_left(weight * (1.0 - fitted(start))) - diagonal * start
        shrunk = residual / diagonal
        left = tf.reduce_sum(residual * shrunk, 1, keepdims=True)
        bound = TOLERANCE**2 * left + NEGLIGIBLE**2
        return tf.while_loop(
            lambda step, _x, _residual, _direction, left: tf.logical_and(step < steps, tf.reduce_any(left > bound)),
            advance,
            [0, start, residual, shrunk, left],
            parallel_iterations=1,
        )[1]

    table, flat, places = tf.TensorSpec([None, None]), tf.TensorSpec([None]), tf.TensorSpec([None], tf.int32)
    side = _LaidOut(tf.TensorSpec([None, 4], tf.int32), places, flat, flat)
    return tf.function(descend, input_signature=[side, table, flat, table, tf.TensorSpec([], tf.int32)])
