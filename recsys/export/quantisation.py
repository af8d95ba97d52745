"""Quantisation of matrices: float16, or uint8 with one scale a row, and the recall that it loses.

One scale a row: a movie with small vectors keeps as many steps as one with large vectors. It is a float16, rounded up before the
codes, so that a scale of two bytes costs nothing but a step up to a thousandth wider. The codes stay whole numbers in
the graph and the scale is applied after the product, so that a score costs one multiplication more, not one a weight.

Where it is known which errors matter, a number is not rounded to the nearest code on its own: what rounding one number costs is
made up for by those that are still to be rounded.

References
----------
Frantar et al. (2023), GPTQ: accurate post-training quantization for generative pre-trained transformers, section 3
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recsys.errors import ArtefactError

Dtype = Literal["float32", "float16", "uint8"]
Float32Array = NDArray[np.float32]

ROUNDING = 3
"""Of uint8; another way of rounding is a new number."""
CODE_LIMIT = 127
_DAMPING = 1e-4
"""Share of the mean importance that every direction has at least, so that none is free of cost."""
_SCALES_TRIED = 8
"""A few float16 side by side differ by less than a hundredth, and in what rounding by them costs by far more."""
CODE_OFFSET = 128
"""A code c in -127..127 is stored as the byte c + 128."""


@dataclass(frozen=True, eq=False, kw_only=True)
class QuantisedMatrix:
    """A quantised matrix float32[n, width]: ``decoded[r] = codes[r] * scale[r]``."""

    codes: Float32Array
    """Whole numbers -127..127 for uint8; the rounded values themselves otherwise."""
    scale: Float32Array | None
    """float32[n], numbers that float16 holds; None stands for 1."""
    dtype: Dtype

    @property
    def decoded(self) -> Float32Array:
        """float32[n, width]: the matrix that every reader of the bundle works with."""
        return self.codes if self.scale is None else self.codes * self.scale[:, None]


def quantise(matrix: Float32Array, dtype: Dtype, importance: NDArray[np.float64] | None = None) -> QuantisedMatrix:
    """Quantise a matrix for storage.

    Parameters
    ----------
    matrix : float32[n, width], finite
    dtype : ``float32`` keeps it, ``float16`` halves each number, ``uint8`` takes 8 bits a number and one float16 a row
    importance : float64[width, width], positive semi-definite; an error e of a row weighs ``e @ importance @ e``. For uint8;
        where None, each number goes to its nearest code

    Raises
    ------
    ArtefactError  E_NONFINITE: NaN or infinity, or beyond the range of float16

    Examples
    --------
    >>> coded = quantise(np.array([[0.5, -1.0, 0.251], [0.0, 0.0, 0.0]], dtype=np.float32), "uint8")
    >>> coded.codes
    array([[  63., -127.,   32.],
           [   0.,    0.,    0.]], dtype=float32)
    """
    if dtype not in get_args(Dtype):
        raise ValueError(f"{dtype!r} is not one of {get_args(Dtype)}")
    codes, scale = np.ascontiguousarray(matrix, dtype=np.float32), None
    if dtype == "float16":
        with np.errstate(over="ignore"):
            codes = codes.astype(np.float16).astype(np.float32)
    elif dtype == "uint8" and np.isfinite(codes).all():
        largest = np.abs(codes).max(axis=1, initial=0.0)
        scale = _ceil_float16(np.where(largest > 0, largest / np.float32(CODE_LIMIT), 1))
        if importance is None:
            codes = _nearest(codes / scale[:, None])
        else:
            codes, scale = _best_scale(codes, scale, importance)
    if not (np.isfinite(codes).all() and (scale is None or np.isfinite(scale).all())):
        raise ArtefactError.of("E_NONFINITE", "vectors hold NaN, infinity, or figures too large for float16.", "Train again.")
    return QuantisedMatrix(codes=codes, scale=scale, dtype=dtype)


def _ceil_float16(numbers: NDArray[Any]) -> Float32Array:
    """The smallest float16 above 0 that is not below each number, float32's last digits aside; infinity where there is none."""
    with np.errstate(over="ignore"):
        halves = numbers.astype(np.float16)
        below = (halves.astype(np.float64) * (1 + 1e-6) < numbers) | (halves == 0)
        above: Float32Array = np.where(below, np.nextafter(halves, np.float16(np.inf)), halves).astype(np.float32)
    return above


def _nearest(steps: NDArray[Any]) -> Float32Array:
    codes: Float32Array = np.clip(np.rint(steps), -CODE_LIMIT, CODE_LIMIT).astype(np.float32)
    return codes


def _best_scale(matrix: Float32Array, scale: Float32Array, importance: NDArray[np.float64]) -> tuple[Float32Array, Float32Array]:
    """Codes and scale of each row: of the scale and the next few float16 above it, the one whose rounding weighs least."""
    best, codes, least = scale, np.zeros_like(matrix), np.full(len(matrix), np.inf)
    for _ in range(_SCALES_TRIED):
        tried = _gptq_codes(matrix / scale[:, None], importance)
        error = (tried * scale[:, None] - matrix).astype(np.float64)
        cost = np.einsum("nd,nd->n", error @ importance, error)
        better = cost < least
        codes, best, least = np.where(better[:, None], tried, codes), np.where(better, scale, best), np.where(better, cost, least)
        scale = np.nextafter(scale.astype(np.float16), np.float16(np.inf)).astype(np.float32)
    return codes, best


def _gptq_codes(steps: Float32Array, importance: NDArray[np.float64]) -> Float32Array:
    """Codes by GPTQ: column after column, the most important first; each column's error is spread over those that follow."""
    with threadpool_limits(limits=1):
        width = steps.shape[1]
        damping = _DAMPING * np.trace(importance) / width or 1.0
        order = np.argsort(-np.diag(importance), kind="stable")
        inverse = np.linalg.inv(importance[np.ix_(order, order)] + damping * np.eye(width))
        factor = np.linalg.cholesky(inverse).T
        left = steps[:, order].astype(np.float64)
        codes = np.empty(steps.shape, dtype=np.float32)
        for column in range(width):
            rounded = _nearest(left[:, column])
            error = (left[:, column] - rounded) / factor[column, column]
            left[:, column + 1 :] -= error[:, None] * factor[column, None, column + 1 :]
            codes[:, order[column]] = rounded
    return codes


def recall(exact: Sequence[NDArray[np.int32]], rounded: Sequence[NDArray[np.int32]]) -> float:
    """Mean share of each list of ``exact`` that is in the same list of ``rounded``.

    Examples
    --------
    >>> recall([np.array([1, 2]), np.array([3, 4])], [np.array([2, 1]), np.array([3, 9])])
    0.75
    """
    kept = [len(np.intersect1d(a, b)) / len(a) for a, b in zip(exact, rounded, strict=True)]
    return float(np.mean(kept))
