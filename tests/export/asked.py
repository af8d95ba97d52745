"""Random questions, Python's answers to them, and how near the client's answers come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.export import golden_queries
from recsys.export.bundle_source import Source
from recsys.export.golden_queries import Answer
from recsys.export.phone_model import PhoneModel
from recsys.export.random_queries import random_queries
from recsys.ids import IdMap


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of lists of 20."""

    n: int
    wrong: list[int]
    """Questions whose list is not Python's, ties aside, or whose scores are further off than the tolerance."""
    max_relative_error: float
    """Largest error of a score, relative to the largest score of its list."""

    max_own_error: float
    """Largest error of a score, relative to that score itself; a score near zero has none to speak of."""

    @property
    def whole(self) -> bool:
        return not self.wrong and self.max_relative_error < golden_queries.RELATIVE_TOLERANCE

    def __str__(self) -> str:
        same = f"{self.n - len(self.wrong):,} of {self.n:,} lists the same"
        return f"{same}, largest relative error {self.max_relative_error:.1e} (of the score itself {self.max_own_error:.1e})"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Questions as the client takes them, and what it has to answer."""

    questions: list[dict[str, Any]]
    known: list[Answer]
    ids: IdMap

    def agreement(self, lists: Sequence[Sequence[dict[str, Any]]]) -> Agreement:
        """Of the client's lists, one a question, for the first questions."""
        given = [
            Answer(
                rows=self.ids.rows(each["id"] for each in answer).astype(np.int32),
                scores=np.array([each["score"] for each in answer], dtype=np.float32),
            )
            for answer in lists
        ]
        pairs = list(zip(self.known, given, strict=False))
        return Agreement(
            n=len(given),
            wrong=[i for i, (known, got) in enumerate(pairs) if not golden_queries.same_top(known, got)],
            max_relative_error=max(golden_queries.relative_error(known, got) for known, got in pairs),
            max_own_error=max(_own_error(known, got) for known, got in pairs),
        )


def _own_error(known: Answer, got: Answer) -> float:
    if len(known.scores) != len(got.scores):
        return float("inf")
    expected = known.scores.astype(np.float64)
    return float(np.max(np.abs(got.scores - expected) / np.abs(expected), initial=0.0))


def random_questions(source: Source, dtype: Any, n: int, seed: int) -> Asked:
    """Histories of up to 60 movies that no bundle holds, with and without attributes and movies to leave out."""
    model = PhoneModel.of(source.tower, source.movies.vectors, dtype)
    queries = random_queries(model.tower, n, np.random.default_rng(seed))
    ids = source.movies.ids.ids
    questions = [
        {
            "history": [ids[r] for r in query.history],
            "context": query.context,
            "exclude": [ids[r] for r in query.excluded],
            "k": 20,
        }
        for query in queries
    ]
    return Asked(questions=questions, known=golden_queries.answers(model, queries), ids=source.movies.ids)
