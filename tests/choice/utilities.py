"""Utilities of the whole catalogue, users × movies in memory: the plain way, that faster ones are held against."""

import numpy as np

from recsys.choice.model.parameters import ChoiceModel, Draw, Float32Array
from recsys.ids import FloatArray, IntArray


def catalogue_utility(
    choice: ChoiceModel, draw: Draw, users: slice | IntArray, *, vectors: Float32Array | None = None
) -> FloatArray:
    """Utility of every catalogue movie for some users, as things stand at the end of the data.

    Parameters
    ----------
    users : rows of users, as a slice or an array
    vectors : float32[n, dim], where these users' tastes have moved; else the member's own

    Returns
    -------
    float64[n, n_movies], nats; −inf for movies that are not on the service
    """
    member = choice.members[draw.member]
    rows = np.arange(choice.n_users)[users]
    own = member.users[rows] if vectors is None else vectors
    utility: FloatArray = (own @ member.movies.T).astype(np.float64)
    utility *= draw.score_slope
    utility += draw.appeal
    utility += draw.outside_constant[rows, None]
    row, column = _watched_pairs(choice, rows)
    with np.errstate(divide="ignore"):
        utility[row, column] += np.log(draw.rewatch)
    utility[:, ~choice.available] = -np.inf
    return utility


def _watched_pairs(choice: ChoiceModel, rows: IntArray) -> tuple[IntArray, IntArray]:
    """What some users have watched, as (position in ``rows``, movie) pairs."""
    start, stop = choice.watched_indptr[rows], choice.watched_indptr[rows + 1]
    counts = stop - start
    position = np.repeat(np.arange(len(rows)), counts)
    offset = np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)
    return position, choice.watched_indices[np.repeat(start, counts) + offset].astype(np.int64)
