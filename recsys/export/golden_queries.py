"""Questions with known answers, so that every reader of a bundle can check that it computes what Python computes.

Histories are drawn at random from the catalogue: nobody's viewing is in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.embeddings.features import Feature

if TYPE_CHECKING:
    from recsys.export.phone_model import PhoneModel

TOP = 20
RELATIVE_TOLERANCE = 1e-5
LONGEST_HISTORY = 60
MOST_EXCLUDED = 5

Float32Array = NDArray[np.float32]
RowArray = NDArray[np.int32]
Context = dict[str, str | float]


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """One question: rows of the movies watched, attributes of the user, rows of movies to leave out besides."""

    history: RowArray
    context: Context
    excluded: RowArray

    @property
    def barred(self) -> RowArray:
        """Rows that may not be recommended, sorted."""
        return np.union1d(self.history, self.excluded).astype(np.int32)


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """The best movies for a case, best first; shorter than asked for where the catalogue ends."""

    rows: RowArray
    scores: Float32Array


def random_cases(model: "PhoneModel", n: int, rng: np.random.Generator) -> list[Case]:
    """Cases of any length, the first with an empty history; some attributes are missing, some have values never seen."""
    longest = min(LONGEST_HISTORY, model.n_movies // 2)
    lengths = [0, *rng.integers(0, longest + 1, size=n - 1)]
    most_excluded = min(MOST_EXCLUDED, model.n_movies // 4)
    return [
        Case(
            history=rng.choice(model.n_movies, size=length, replace=False).astype(np.int32),
            context={
                feature.column: value
                for feature in model.tower.space.features
                if (value := _random_value(feature, rng)) is not None
            },
            excluded=np.sort(rng.choice(model.n_movies, size=rng.integers(0, most_excluded + 1), replace=False)).astype(np.int32),
        )
        for length in lengths
    ]


def _random_value(feature: Feature, rng: np.random.Generator) -> str | float | None:
    kind = rng.random()
    if kind < 0.15:
        return None
    if feature.knots:
        low, high = min(feature.knots), max(feature.knots)
        return round(float(rng.uniform(low - 1, high + 1)), 3)
    if kind < 0.25:
        return "never seen before"
    picked = rng.choice(len(feature.names), size=min(1 + int(kind > 0.8), len(feature.names)), replace=False)
    return "|".join(feature.names[i] for i in picked)


def answers(model: "PhoneModel", cases: Sequence[Case], top: int = TOP) -> list[Answer]:
    """What a bundle must answer, by the arithmetic of :class:`recsys.embeddings.tower.UserTower`."""
    context = pd.DataFrame([case.context for case in cases], dtype=object)
    vectors = model.tower.encode([case.history.astype(np.int64) for case in cases], context)
    movies = model.movies.decoded
    return [best(vector, movies, case.barred, top) for vector, case in zip(vectors, cases, strict=True)]


def best(vector: Float32Array, movies: Float32Array, barred: RowArray, top: int) -> Answer:
    """The movies with the highest product with a vector; of equal ones the earlier row first.

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


def document(cases: Sequence[Case], known: Sequence[Answer], *, bundle: str) -> dict[str, Any]:
    """``golden.json``: rows refer to ``ids.json``."""
    return {
        "bundle": bundle,
        "top": TOP,
        "relative_tolerance": RELATIVE_TOLERANCE,
        "cases": [
            {
                "history": case.history.tolist(),
                "context": case.context,
                "exclude": case.excluded.tolist(),
                "movies": answer.rows.tolist(),
                "scores": [float(str(score)) for score in answer.scores],
            }
            for case, answer in zip(cases, known, strict=True)
        ],
    }
