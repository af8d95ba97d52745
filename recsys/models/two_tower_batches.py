"""Minibatches of the two-tower model: part of a user's views are targets, the rest is their history.

An epoch makes every view a target once. A user's views are cut at random into chunks; the chunk's views are the targets and the
user's other views, some of them dropped, are the history. The user's vector is thus worked out once for a chunk, and a target
never lies in its own history. Beside the targets of the batch, the candidates are movies drawn evenly from the catalogue, so that
unpopular movies are negatives too (mixed negative sampling).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.evaluation.ranking import entries
from recsys.ids import IntArray


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Settings of the sampling of training examples."""

    batch_targets: int
    """Targets of a batch, about."""
    chunk_targets: int
    """Targets of a chunk at most."""
    chunk_share: float
    """Share of a user's views in a chunk at most (one view at least)."""
    history_dropout: float
    """Share of the history that is hidden."""
    even_negatives: int
    """Movies drawn evenly as further candidates."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch:
    """Index arrays of one step; ``n_chunks`` users, ``n_targets`` examples, ``n_candidates`` ≥ ``n_targets``."""

    users: IntArray
    """int64[n_chunks], user of each chunk"""
    history_chunks: IntArray
    history_movies: IntArray
    """int64[n_history]: chunk and movie of each kept view"""
    target_chunks: IntArray
    """int64[n_targets]"""
    candidates: IntArray
    """int64[n_candidates]: movies; the first ``n_targets`` are the targets"""
    allowed: NDArray[np.bool_]
    """bool[n_chunks, n_candidates]: not watched by the chunk's user (a target is allowed to itself by the loss)"""


def epoch_batches(views: sparse.csr_array, sampling: Sampling, rng: np.random.Generator) -> Iterator[Batch]:
    """Minibatches of one epoch, in an order drawn from ``rng``.

    Parameters
    ----------
    views : CSR[n_users, n_movies], entries are watched
    """
    degrees = np.diff(views.indptr).astype(np.int64)
    owner = np.repeat(np.arange(views.shape[0]), degrees)
    shuffled = np.lexsort((rng.random(views.nnz), owner))  # within each user
    rank = np.arange(views.nnz) - views.indptr[:-1].astype(np.int64)[owner]
    chunk_size = np.clip((degrees * sampling.chunk_share).astype(np.int64), 1, sampling.chunk_targets)
    chunk_in_user = rank // chunk_size[owner]
    new_chunk = np.concatenate([[True], (owner[1:] != owner[:-1]) | (chunk_in_user[1:] != chunk_in_user[:-1])])
    first = np.flatnonzero(new_chunk)
    length = np.diff(np.append(first, views.nnz))
    order = rng.permutation(len(first))
    cuts = np.flatnonzero(np.diff((np.cumsum(length[order]) - 1) // sampling.batch_targets)) + 1
    for chunks in np.split(order, cuts):
        chunk = np.repeat(np.arange(len(chunks)), length[chunks])
        place = np.concatenate([np.arange(first[each], first[each] + length[each]) for each in chunks])
        targets = views.indices[shuffled[place]].astype(np.int64)
        yield _batch(views, owner[first[chunks]], chunk, targets, sampling=sampling, rng=rng)


def _batch(
    views: sparse.csr_array, users: IntArray, chunk: IntArray, targets: IntArray, *, sampling: Sampling, rng: np.random.Generator
) -> Batch:
    """The batch of these chunks' users and targets, with history and further candidates drawn."""
    n_movies = int(views.shape[1])
    evenly = rng.choice(n_movies, min(sampling.even_negatives, n_movies), replace=False, shuffle=False)
    candidates = np.concatenate([targets, evenly])
    watched_chunk, watched_movie = entries(views, users)
    watched = np.zeros((len(users), n_movies), dtype=bool)
    watched[watched_chunk, watched_movie] = True
    allowed = ~watched[:, candidates]
    watched[chunk, targets] = False
    kept = watched[watched_chunk, watched_movie] & (rng.random(len(watched_chunk)) >= sampling.history_dropout)
    return Batch(
        users=users,
        history_chunks=watched_chunk[kept],
        history_movies=watched_movie[kept],
        target_chunks=chunk,
        candidates=candidates,
        allowed=allowed,
    )
