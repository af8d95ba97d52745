"""What a recommender is to the rest of the program."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.ranking import Scorer

Float32Array = NDArray[np.float32]

Progress = Callable[[str, int, int], None]
"""Called with the stage, the steps done, and the steps in all; the caller works out the time left."""

__all__ = ["Float32Array", "Progress", "Scorer", "dot_scores", "no_progress"]


def dot_scores(users: Float32Array, movies: Float32Array, user_rows: NDArray[np.int64]) -> Float32Array:
    """Scores float32[len(user_rows), n_movies] of every movie for some users."""
    scores: Float32Array = users[user_rows] @ movies.T
    return scores


def no_progress(_stage: str, _done: int, _total: int) -> None:
    """For callers who do not watch."""
