"""Nest sums: the sums of a nested logit over each user's and nest's movies, which make every later question cheap.

For user i and nest g, ``nest_sum`` is D = Σ_{j∈g} exp(V_ij / λ) and ``hours`` is Σ_{j∈g} exp(V_ij / λ) · h_j. Shares, hours and
inclusive values follow from them without looking at a movie again, so adding an offer touches one nest.

Scores are float32 products over blocks of users, and so are their exponentials; every sum is float64. What a user adds to
every movie alike (the outside constant) comes in after the sums, so that float32 holds what is left.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
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
    unwatched: FloatArray
    """Σ exp(V/λ) over what the user has not watched, float64[n_users, n_nests]"""
    squares: FloatArray
    """Σ exp(2V/λ) over what the user has not watched, float64[n_users, n_nests]"""

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return sum(getattr(self, each.name).nbytes for each in fields(self))

    @classmethod
    def zeros(cls, n_users: int, n_nests: int) -> "NestSums":
        """Of no movie."""
        return cls(**{each.name: np.zeros((n_users, n_nests)) for each in fields(cls)})

    def copy(self) -> "NestSums":
        """Arrays that can be written to."""
        return NestSums(**{each.name: getattr(self, each.name).copy() for each in fields(self)})

    def put(self, index: Any, other: "NestSums", source: Any = ...) -> None:
        """Write some users or nests of another one over these."""
        for each in fields(self):
            getattr(self, each.name)[index] = getattr(other, each.name)[source]


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
    found = NestSums.zeros(len(rows), len(choice.nest_names))
    hours_per_view = choice.hours_per_view[catalogue.columns]

    def work(block: slice) -> None:
        if not len(catalogue.columns):
            return
        weights, watched = _weights_and_watched(choice, draw, users[block], rows[block], catalogue)
        kept = weights[watched] * draw.rewatch ** (1.0 / draw.dissimilarity)
        scale = user_weights(draw, rows[block])[:, None]
        weights[watched] = 0.0
        found.unwatched[block, catalogue.nests] = scale * _by_nest(weights, catalogue)
        found.squares[block, catalogue.nests] = scale * scale * _by_nest(weights * weights, catalogue)
        weights[watched] = kept
        found.nest_sum[block, catalogue.nests] = scale * _by_nest(weights, catalogue)
        weights *= hours_per_view.astype(weights.dtype)
        found.hours[block, catalogue.nests] = scale * _by_nest(weights, catalogue)

    with np.errstate(over="ignore"):
        map_user_blocks(len(rows), work, block=PRODUCT_BLOCK, threads=threads)
    if not np.isfinite(found.squares).all():
        raise _not_finite()
    return found


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
    weights, watched = _weights_and_watched(choice, draw, users, rows, catalogue)
    weights[watched] *= draw.rewatch ** (1.0 / draw.dissimilarity)
    return weights


def _weights_and_watched(
    choice: ChoiceModel, draw: Draw, users: Float32Array, rows: IntArray, catalogue: Layout
) -> tuple[NDArray[np.floating[Any]], tuple[IntArray, IntArray]]:
    """exp((V − c)/λ) as if nothing had been watched, [n_rows, n_columns], and where something has been: rows and columns."""
    member = choice.members[draw.member]
    slope = draw.score_slope / draw.dissimilarity
    exponent: NDArray[np.floating[Any]] = (users * users.dtype.type(slope)) @ member.movies[catalogue.columns].T
    exponent += (draw.appeal[catalogue.columns] / draw.dissimilarity).astype(exponent.dtype)
    highest = float(exponent.max(initial=0.0))
    if not highest < _LARGEST:
        raise _not_finite()
    if highest > _LARGEST_SINGLE:
        exponent = exponent.astype(np.float64)
    weights: NDArray[np.floating[Any]] = np.exp(exponent, out=exponent)
    start, stop = choice.watched_indptr[rows], choice.watched_indptr[rows + 1]
    counts = stop - start
    flat = np.repeat(start - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
    place = catalogue.place[choice.watched_indices[flat]]
    row = np.repeat(np.arange(len(rows)), counts)
    here = place >= 0
    return weights, (row[here], place[here])


def user_weights(draw: Draw, rows: IntArray) -> FloatArray:
    """exp(c/λ) of some users: by what the weights of all movies are still to be multiplied.

    Raises
    ------
    ArtefactError  E_NONFINITE: as :func:`movie_weights`
    """
    exponent = draw.outside_constant[rows] / draw.dissimilarity
    if not float(exponent.max(initial=0.0)) < _LARGEST:
        raise _not_finite()
    weight: FloatArray = np.exp(exponent)
    return weight


_LARGEST = 700.0 / 2
"""Above it an exponent, or the product of two, would overflow."""
_LARGEST_SINGLE = 40.0
"""Above it float32 would not hold a square."""


def _not_finite() -> ArtefactError:
    return ArtefactError.of("E_NONFINITE", "a utility of the calibrated model is not a finite number.", "Train again.")


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
    found = baseline.copy()
    if set_apart:
        touched = np.unique(choice.nests[list(set_apart)])
        part = layout(choice, available & np.isin(choice.nests, touched))
        everyone = np.arange(choice.n_users)
        changed = compute(choice, draw, users, everyone, part, threads=threads)
        found.put((slice(None), touched), changed, (slice(None), touched))
    if len(shifted):
        found.put(shifted, compute(choice, draw, users[shifted], shifted, layout(choice, available), threads=threads))
    return found
