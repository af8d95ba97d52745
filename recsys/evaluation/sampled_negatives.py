"""Sampled negatives: one relevant movie is ranked among a few unwatched ones, the leave-one-out test of older papers.

Ranks among a sample are not ranks in the catalogue, and models can come out in another order than on the whole of it; it is here
for comparison with published figures.

References
----------
He, Liao, Zhang, Nie, Hu, Chua (2017), Neural collaborative filtering: leave-one-out with 99 sampled negatives.
Krichene, Rendle (2020), On sampled metrics for item recommendation: why not to choose a model by it.
"""

import numpy as np
from scipy import sparse

from recsys.errors import DataError
from recsys.ids import IntArray

NEGATIVES = 99


def sampled_candidates(
    seen: sparse.csr_array, relevant: sparse.csr_array, rng: np.random.Generator, *, negatives: int = NEGATIVES
) -> sparse.csr_array:
    """What each user is offered: what is to be found, and movies drawn evenly from those neither seen nor wanted.

    Parameters
    ----------
    seen, relevant : CSR[n_users, n_movies]
    rng : draws the movies
    negatives : how many; fewer for a user who has watched all but a few

    Returns
    -------
    CSR[n_users, n_movies] of ones; empty rows for users with nothing to find

    Raises
    ------
    DataError  E_PARAM: fewer than 1 negative
    """
    if negatives < 1:
        raise DataError.of("E_PARAM", f"cannot rank among {negatives} other movies.", "Give 1 or more.")
    n_users, n_movies = seen.shape
    rows: list[IntArray] = []
    for user in range(n_users):
        wanted = relevant.indices[relevant.indptr[user] : relevant.indptr[user + 1]]
        if not len(wanted):
            rows.append(np.empty(0, dtype=np.int64))
            continue
        known = np.union1d(seen.indices[seen.indptr[user] : seen.indptr[user + 1]], wanted)
        rows.append(np.concatenate([wanted, _draw(n_movies, known, negatives, rng)]))
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    indices = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    offered = sparse.csr_array((np.ones(len(indices), dtype=np.int8), indices, indptr), shape=seen.shape)
    offered.sort_indices()
    return offered


def _draw(n_movies: int, known: IntArray, wanted: int, rng: np.random.Generator) -> IntArray:
    """So many different movies that are not known, all equally likely."""
    left = n_movies - len(known)
    picked = rng.choice(left, min(wanted, left), replace=False, shuffle=False)
    # rank among the unknown → row of the table: step over the known ones, which are sorted
    return (picked + np.searchsorted(known - np.arange(len(known)), picked, side="right")).astype(np.int64)
