"""Exact nearest neighbours by cosine, always measured in embedding space and never on a map.

The same query gives the same bits whether it comes alone or in a batch: a blocked matrix product only finds candidates, and their
similarities are then summed again row by row, in an order that does not depend on the block.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ScenarioError
from recsys.ids import FloatArray, IntArray

AnyFloats = NDArray[np.floating[Any]]
"""Of any floating type and any shape."""

_SPARE = 8
"""Candidates beyond k, so that rounding in the matrix product cannot push a true neighbour out."""
_CELLS = 8_000_000
"""Similarities held at a time (32 MB as float32)."""
_ROUNDING = 1e-5
"""More than a float32 product of unit vectors can be wrong by."""


def unit_rows(vectors: AnyFloats) -> NDArray[np.float32]:
    """Rows scaled to length 1; a zero row stays zero.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8], [0. , 0. ]], dtype=float32)
    """
    exact = np.asarray(vectors, dtype=np.float64)
    norms = np.sqrt(np.square(exact).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(exact, norms, out=np.zeros_like(exact), where=norms > 0), dtype=np.float32)


def nearest(catalogue: AnyFloats, queries: AnyFloats, k: int, *, exclude: IntArray | None = None) -> tuple[IntArray, FloatArray]:
    """The k rows of ``catalogue`` most similar to each query.

    Parameters
    ----------
    catalogue : float[n, dim]
    queries : float[m, dim]
    k : at most n (at most n - 1 with ``exclude``)
    exclude : int64[m], a catalogue row that each query must not find (itself); -1 for none

    Returns
    -------
    rows : int64[m, k], most similar first; equal similarity in row order
    similarity : float64[m, k], cosine in [-1, 1]; 0 where either vector is zero

    Raises
    ------
    ScenarioError  E_RANGE: k is not between 1 and the number of rows that can be found

    Examples
    --------
    >>> rows, similarity = nearest(np.eye(3), np.array([[1.0, 0.5, 0.0]]), 2)
    >>> rows, similarity.round(3)
    (array([[0, 1]]), array([[0.894, 0.447]]))
    """
    n = len(catalogue)
    findable = n - (exclude is not None)
    if not 1 <= k <= findable:
        raise ScenarioError.of("E_RANGE", f"{k} neighbours asked of {findable}.", f"Ask for 1 to {findable}.")
    reference, wanted = unit_rows(catalogue), unit_rows(queries)
    candidates = min(n, k + _SPARE + (exclude is not None))
    rows = np.empty((len(wanted), k), dtype=np.int64)
    similarity = np.empty((len(wanted), k))
    block = max(1, _CELLS // n)
    for start in range(0, len(wanted), block):
        here = slice(start, min(start + block, len(wanted)))
        barred = None if exclude is None else exclude[here]
        rough = wanted[here] @ reference.T
        found = np.sort(np.argpartition(-rough, candidates - 1, axis=1)[:, :candidates], axis=1)
        rows[here], similarity[here] = _best(reference, wanted[here], found, k, barred)
        # Where more movies tie with the last candidate than there are candidates, every row is compared.
        last = np.take_along_axis(rough, found, axis=1).min(axis=1)
        reach = np.partition(rough, -(k + (exclude is not None)), axis=1)[:, -(k + (exclude is not None))] - _ROUNDING
        for query in start + np.flatnonzero(last > reach):
            one = slice(query, query + 1)
            barred = None if exclude is None else exclude[one]
            rows[one], similarity[one] = _best(reference, wanted[one], np.arange(n)[None, :], k, barred)
    return rows, np.clip(similarity, -1.0, 1.0)


def _best(
    reference: NDArray[np.float32], wanted: NDArray[np.float32], found: IntArray, k: int, barred: IntArray | None
) -> tuple[IntArray, FloatArray]:
    """The k best of the candidates ``found`` (int64[m, candidates], ascending), each row summed by itself."""
    exact = (reference[found].astype(np.float64) * wanted[:, None, :].astype(np.float64)).sum(axis=2)
    if barred is not None:
        exact[found == barred[:, None]] = -np.inf
    order = np.argsort(-exact, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(exact, order, axis=1)
