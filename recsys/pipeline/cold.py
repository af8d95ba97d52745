"""Where a movie without a history would lie in a recommender's space, from its content vector alone.

A ridge regression from content vectors to the recommender's movie vectors over the catalogue. A movie with few views has a vector
that is mostly shrinkage, so movies count by how much is known of them, v / (v + m), v being their views and m the median. The
penalty is chosen by leave-one-out error.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from recsys.errors import DataError
from recsys.ids import IntArray

Float32Array = NDArray[np.float32]

_PENALTIES = np.logspace(-3, 4, 22)
"""Tried as multiples of the mean square of a content vector's entries."""


def cold_map(content: Float32Array, movies: Float32Array, views: IntArray) -> Float32Array:
    """Intercept and weights from content to a recommender's space.

    Parameters
    ----------
    content : float32[n_movies, content_dim]
    movies : float32[n_movies, dim]
    views : int64[n_movies], views behind each movie's vector; movies without any do not count

    Returns
    -------
    float32[1 + content_dim, dim]: a movie's vector is ``[1, content] @ cold_map``

    Raises
    ------
    DataError  E_TOO_SMALL: fewer than 3 movies have views
    """
    known = views > 0
    if known.sum() < 3:
        raise DataError.of("E_TOO_SMALL", f"only {int(known.sum())} movies have views.", "Import more events.", table="events")
    seen = views[known].astype(np.float64)
    x, y = content[known].astype(np.float64), movies[known].astype(np.float64)
    scale = float(np.square(x - x.mean(axis=0)).mean()) or 1.0
    model = RidgeCV(alphas=_PENALTIES * scale).fit(x, y, sample_weight=seen / (seen + np.median(seen)))
    return np.vstack([model.intercept_[None, :], model.coef_.T]).astype(np.float32)
