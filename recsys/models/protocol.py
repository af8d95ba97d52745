"""What a recommender is to the rest of the program."""

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.ranking import Scorer

Float32Array = NDArray[np.float32]

__all__ = ["Float32Array", "Scorer", "dot_scores"]


def dot_scores(users: Float32Array, movies: Float32Array, user_rows: NDArray[np.int64]) -> Float32Array:
    """Scores float32[len(user_rows), n_movies] of every movie for some users."""
    scores: Float32Array = users[user_rows] @ movies.T
    return scores
