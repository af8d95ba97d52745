"""Nest sums: the sums of a nested logit over each user's and nest's movies, which make every later question cheap.

For user i and nest g, ``nest_sum`` is D = Σ_{j∈g} exp(V_ij / λ) and ``hours`` is Σ_{j∈g} exp(V_ij / λ) · h_j. Shares, hours and
inclusive values follow from them without looking at a movie again, so adding an offer touches one nest.

Scores are float32 products over blocks of users, and so are their exponentials; every sum is float64. What a user adds to
every movie alike (the outside constant) comes in after the sums, so that float32 holds what is left.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import ChoiceModel, Draw, Float32Array
from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IntArray
from recsys.projection.parallel import PRODUCT_BLOCK, THREADS, map_user_blocks


@dataclass(frozen=True, eq=False, kw_only=True)
class Layout:
    """Catalogue movies in the order of their nests."""

    columns: IntArray
    """Movie rows, sorted by nest, then row."""
    starts: IntArray
    """Where each of ``nests`` begins in ``columns``."""
    nests: IntArray
    """The nests that hold a movie, ascending."""
    place: IntArray
    """int64[n_movies]: position in ``columns``, -1 where not part of it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NestSums:
    """Nest sums of a catalogue for one draw; read-only."""

    nest_sum: FloatArray
    """D, float64[n_users, n_nests]"""
    hours: FloatArray
    """Σ exp(V/λ) · hours per view, float64[n_users, n_nests]"""

    def __add__(self, other: "NestSums") -> "NestSums":
        """The nest sums of two sets of movies together."""
        return NestSums(nest_sum=self.nest_sum + other.nest_sum, hours=self.hours + other.hours)


def layout(choice: ChoiceModel, movies: NDArray[np.bool_]) -> Layout:
    """The movies of a mask (bool[n_movies]) in nest order."""
    rows = np.flatnonzero(movies)
    columns = rows[np.argsort(choice.nests[rows], kind="stable")]
    nests, starts = np.unique(choice.nests[columns], return_index=True)
    place = np.full(choice.n_movies, -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    return Layout(columns=columns, starts=starts.astype(np.int64), nests=nests.astype(np.int64), place=place)


def compute(
    choice: ChoiceModel, draw: Draw, users: Float32Array, rows: IntArray, catalogue: Layout, *, threads: int = THREADS
) -> NestSums:
    """Nest sums for some users.

    Parameters
    ----------
    users : [n_rows, dim], vectors of these users in the space of the draw's member
    rows : int64[n_rows], which users they are
    catalogue : the movies that count

    Returns
    -------
    NestSums of float64[n_rows, n_nests]; 0 in a nest without movies
    """
    n_nests = len(choice.nest_names)
    nest_sum, hours = np.zeros((len(rows), n_nests)), np.zeros((len(rows), n_nests))
    hours_per_view = choice.hours_per_view[catalogue.columns]

    def work(block: slice) -> None:
        if not len(catalogue.columns):
            return
        weights = movie_weights(choice, draw, users[block], rows[block], catalogue)
        scale = user_weights(draw, rows[block])[:, None]
        nest_sum[block, catalogue.nests] = scale * _by_nest(weights, catalogue)
        weights *= hours_per_view.astype(weights.dtype)
        hours[block, catalogue.nests] = scale * _by_nest(weights, catalogue)

    map_user_blocks(len(rows), work, block=PRODUCT_BLOCK, threads=threads)
    return NestSums(nest_sum=nest_sum, hours=hours)


def _by_nest(weights: NDArray[np.floating[Any]], catalogue: Layout) -> FloatArray:
    """Sums over the movies of each nest, float64[n_rows, n_nests of the layout]."""
    by_nest: FloatArray = np.add.reduceat(weights, catalogue.starts, axis=1, dtype=np.float64)
    return by_nest


def movie_weights(
    choice: ChoiceModel, draw: Draw, users: Float32Array, rows: IntArray, catalogue: Layout
) -> NDArray[np.floating[Any]]:
    """exp((V − c)/λ) of catalogue movies for a block of users, columns as in the layout; c is the user's outside constant.

    A movie that a user has already watched counts with the propensity ρ that is left for it.

    Returns
    -------
    [n_rows, n_columns], in the precision of the vectors; in float64 where float32 would not hold it

    Raises
    ------
    ArtefactError  E_NONFINITE: utilities too large to be exponentiated
    """
    member = choice.members[draw.member]
    slope = draw.score_slope / draw.dissimilarity
    exponent: NDArray[np.floating[Any]] = (users * users.dtype.type(slope)) @ member.movies[catalogue.columns].T
    exponent += (draw.appeal[catalogue.columns] / draw.dissimilarity).astype(exponent.dtype)
    highest = float(exponent.max(initial=0.0))
    if not highest < _LARGEST:
        raise ArtefactError.of("E_NONFINITE", "a utility of the calibrated model is not a finite number.", "Train again.")
    if highest > _LARGEST_SINGLE:
        exponent = exponent.astype(np.float64)
    weights: NDArray[np.floating[Any]] = np.exp(exponent, out=exponent)
    start, stop = choice.watched_indptr[rows], choice.watched_indptr[rows + 1]
    counts = stop - start
    flat = np.repeat(start - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
    place = catalogue.place[choice.watched_indices[flat]]
    row = np.repeat(np.arange(len(rows)), counts)
    here = place >= 0
    weights[row[here], place[here]] *= draw.rewatch ** (1.0 / draw.dissimilarity)
    return weights


def user_weights(draw: Draw, rows: IntArray) -> FloatArray:
    """exp(c/λ) of some users: by what the weights of all movies are still to be multiplied.

    Raises
    ------
    ArtefactError  E_NONFINITE: as :func:`movie_weights`
    """
    exponent = draw.outside_constant[rows] / draw.dissimilarity
    if not float(exponent.max(initial=0.0)) < _LARGEST:
        raise ArtefactError.of("E_NONFINITE", "a utility of the calibrated model is not a finite number.", "Train again.")
    weight: FloatArray = np.exp(exponent)
    return weight


_LARGEST = 700.0 / 2
"""Above it an exponent, or the product of two, would overflow."""
_LARGEST_SINGLE = 80.0


def without(
    choice: ChoiceModel,
    draw: Draw,
    baseline: NestSums,
    *,
    users: Float32Array,
    shifted: IntArray,
    set_apart: Collection[int],
    threads: int = THREADS,
) -> NestSums:
    """Nest sums where some users' tastes have shifted and some movies are set apart, from those of the baseline.

    The cost is in proportion to what changed: all nests for shifted users, the nests of movies set apart for the others.

    Parameters
    ----------
    users : [n_users, dim], all vectors, shifted ones included
    shifted : rows of the users whose taste has shifted
    set_apart : rows of movies to leave out
    """
    if not len(shifted) and not set_apart:
        return baseline
    available = choice.available.copy()
    available[list(set_apart)] = False
    nest_sum, hours = baseline.nest_sum.copy(), baseline.hours.copy()
    if set_apart:
        touched = np.unique(choice.nests[list(set_apart)])
        part = layout(choice, available & np.isin(choice.nests, touched))
        everyone = np.arange(choice.n_users)
        changed = compute(choice, draw, users, everyone, part, threads=threads)
        nest_sum[:, touched], hours[:, touched] = changed.nest_sum[:, touched], changed.hours[:, touched]
    if len(shifted):
        moved = compute(choice, draw, users[shifted], shifted, layout(choice, available), threads=threads)
        nest_sum[shifted], hours[shifted] = moved.nest_sum, moved.hours
    return NestSums(nest_sum=nest_sum, hours=hours)
