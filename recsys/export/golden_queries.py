"""Golden queries: queries with known answers, which test that every reader of a bundle computes what Python computes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.export.phone_model import PhoneModel
from recsys.export.random_queries import Query, RowArray

TOP = 20
RELATIVE_TOLERANCE = 1e-5

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """The best movies for a query, best first; shorter than asked for where the catalogue ends."""

    rows: RowArray
    scores: Float32Array


def answers(model: PhoneModel, queries: Sequence[Query], top: int = TOP) -> list[Answer]:
    """Compute the golden answers by the arithmetic of :class:`recsys.embeddings.tower.UserTower`."""
    context = pd.DataFrame([query.context for query in queries], dtype=object)
    vectors = model.tower.encode([query.history.astype(np.int64) for query in queries], context)
    movies = model.movies.decoded
    return [best(vector, movies, query.barred, top) for vector, query in zip(vectors, queries, strict=True)]


def best(vector: Float32Array, movies: Float32Array, barred: RowArray, top: int) -> Answer:
    """Top movies by inner product with a vector; of equal ones the earlier row first.

    Examples
    --------
    >>> best(np.float32([1, 0]), np.float32([[1, 0], [3, 9], [2, 5]]), np.array([1], np.int32), 5).rows
    array([2, 0], dtype=int32)
    """
    scores = movies @ vector
    scores[barred] = -np.inf
    rows = np.argsort(-scores, kind="stable")[: min(top, len(scores) - len(barred))]
    return Answer(rows=rows.astype(np.int32), scores=scores[rows])


def relative_error(expected: Answer, got: Answer) -> float:
    """Largest difference of two lists of scores, relative to the largest score; infinity where their lengths differ.

    A score is a sum of products, whose rounding goes with the size of the products and not with that of the sum, so that a score
    near zero has no relative error of its own.
    """
    if len(expected.scores) != len(got.scores):
        return float("inf")
    size = float(np.max(np.abs(expected.scores), initial=0.0)) or 1.0
    return float(np.max(np.abs(expected.scores.astype(np.float64) - got.scores), initial=0.0)) / size


def same_top(expected: Answer, got: Answer, tolerance: float = RELATIVE_TOLERANCE) -> bool:
    """Whether two lists are the same, ties aside: scores that the tolerance cannot tell apart may stand in any order.

    Examples
    --------
    >>> a = Answer(rows=np.array([4, 7, 1], np.int32), scores=np.float32([3, 2, 2]))
    >>> same_top(a, Answer(rows=np.array([4, 1, 7], np.int32), scores=a.scores))
    True
    >>> same_top(a, Answer(rows=np.array([7, 4, 1], np.int32), scores=a.scores))
    False
    """
    if relative_error(expected, got) > tolerance:
        return False
    place = {int(row): score for row, score in zip(expected.rows, expected.scores, strict=True)}
    last = expected.scores[-1] if len(expected.scores) else 0.0
    # A movie that is not in the expected list can only have tied with its last one.
    due = np.array([place.get(int(row), last) for row in got.rows], dtype=np.float32)
    return relative_error(Answer(rows=got.rows, scores=due), got) <= tolerance


def document(queries: Sequence[Query], known: Sequence[Answer], *, bundle: str) -> dict[str, Any]:
    """``golden.json``: rows refer to ``ids.json``."""
    return {
        "bundle": bundle,
        "top": TOP,
        "relative_tolerance": RELATIVE_TOLERANCE,
        "cases": [
            {
                "history": query.history.tolist(),
                "context": query.context,
                "exclude": query.excluded.tolist(),
                "movies": answer.rows.tolist(),
                "scores": [float(str(score)) for score in answer.scores],
            }
            for query, answer in zip(queries, known, strict=True)
        ],
    }
