"""User–movie interaction matrix, sparse: recommenders are trained and evaluated on it."""

import hashlib

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from recsys.errors import DataError


def interactions(user_index: ArrayLike, movie_index: ArrayLike, n_users: int, n_movies: int) -> sparse.csr_array:
    """Number of views of each movie by each user.

    Parameters
    ----------
    user_index, movie_index : int[n_events], rows of the two tables
    n_users, n_movies : int, shape of the result

    Returns
    -------
    float32 CSR[n_users, n_movies], indices sorted and unique; an entry counts views

    Raises
    ------
    DataError  E_ROW: a row outside the tables

    Examples
    --------
    >>> interactions([0, 1, 1], [2, 0, 0], n_users=2, n_movies=3).toarray()
    array([[0., 0., 1.],
           [2., 0., 0.]], dtype=float32)
    """
    users, movies = np.asarray(user_index, dtype=np.int64), np.asarray(movie_index, dtype=np.int64)
    for name, rows, size in (("user_index", users, n_users), ("movie_index", movies, n_movies)):
        if rows.size and (rows.min() < 0 or rows.max() >= size):
            raise DataError.of(
                "E_ROW", f"{name} holds rows outside 0..{size - 1}.", "Import the tables again.", table="events", column=name
            )
    ones = np.ones(len(users), dtype=np.float32)
    matrix = sparse.coo_array((ones, (users, movies)), shape=(n_users, n_movies)).tocsr()
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def fingerprint(matrix: sparse.csr_array) -> str:
    """SHA-256 over shape and entries."""
    digest = hashlib.sha256(repr(matrix.shape).encode())
    for array in (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data.astype(np.float32)):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
