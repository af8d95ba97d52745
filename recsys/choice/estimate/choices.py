"""Choices to learn from, and the parameters that explain them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray, IntArray

FIRST_AFFINITY = 4
"""Place of the first affinity slope in the vector of parameters."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Choices:
    """One row a choice. Columns are movies in the order of their nests."""

    user: IntArray
    """int64[n_choices]"""
    period: IntArray
    """int64[n_choices]: row of ``age`` and ``log_open``"""
    chosen: IntArray
    """int64[n_choices]: column"""
    movies: IntArray
    """int64[n_movies]: which movie of the history each column is"""
    score: Float32Array
    """float32[n_choices, n_movies]"""
    group_score: Float32Array
    """float32[n_choices, n_movies]: score of the user's taste group, for its mean taste"""
    nest_score: Float32Array
    """float32[n_choices, n_nests]: mean score of each nest's movies"""
    affinity: Float32Array
    """float32[n_affinities, n_choices, n_movies]: how much more of a movie's kind the user watches than others do"""
    cold: NDArray[np.bool_]
    """bool[n_movies]: the score comes from content alone"""
    arrived: NDArray[np.bool_]
    """bool[n_movies]: came to the service within the history"""
    seen_row: IntArray
    seen_movie: IntArray
    """Movies that the user had watched by then."""
    exclude_seen: bool
    """Watched movies cannot be chosen again (ratings are given once)."""
    age: IntArray
    """int64[n_periods, n_movies]: entry of the launch curve"""
    log_open: FloatArray
    """float64[n_periods, n_movies]: ln f, −inf where not available"""
    nest_starts: IntArray
    """int64[n_nests]: first column of each nest; none is empty"""
    n_ages: int

    @property
    def n_choices(self) -> int:
        return len(self.user)

    @property
    def n_affinities(self) -> int:
        return len(self.affinity)

    @property
    def n_movies(self) -> int:
        return len(self.cold)

    def sample(self, rows: IntArray) -> "Choices":
        """Some of the choices (ascending rows)."""
        kept = np.isin(self.seen_row, rows)
        return replace(
            self,
            user=self.user[rows],
            period=self.period[rows],
            chosen=self.chosen[rows],
            score=self.score[rows],
            group_score=self.group_score[rows],
            nest_score=self.nest_score[rows],
            affinity=self.affinity[:, rows],
            seen_row=np.searchsorted(rows, self.seen_row[kept]),
            seen_movie=self.seen_movie[kept],
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Parameters:
    """What is estimated. All but λ are in units of v = V/λ, the noise inside a nest."""

    slope: float
    """θ"""
    cold_slope_delta: float
    """δ"""
    group_slope: float
    """ζ"""
    nest_slope: float
    """η"""
    affinity_slopes: FloatArray
    """β, float64[n_affinities]"""
    seen: float
    """κ"""
    arrived: float
    """ν: how much better, at all ages, movies are that arrived within the history"""
    launch: FloatArray
    """γ, float64[n_ages − 1]; the last age is 0"""
    dissimilarity: float
    """λ"""
    appeal: FloatArray
    """α, float64[n_movies], in column order"""

    def flat(self) -> FloatArray:
        """All of it in one vector: structural parameters, then appeals."""
        head = [
            self.slope,
            self.cold_slope_delta,
            self.group_slope,
            self.nest_slope,
            *self.affinity_slopes,
            self.seen,
            self.arrived,
            *self.launch,
            self.dissimilarity,
        ]
        return np.concatenate([head, self.appeal])


def unflatten(flat: FloatArray, n_ages: int, n_affinities: int) -> Parameters:
    """The inverse of :meth:`Parameters.flat`."""
    first = FIRST_AFFINITY + n_affinities
    stop = first + 2 + n_ages - 1
    return Parameters(
        slope=float(flat[0]),
        cold_slope_delta=float(flat[1]),
        group_slope=float(flat[2]),
        nest_slope=float(flat[3]),
        affinity_slopes=flat[FIRST_AFFINITY:first],
        seen=float(flat[first]),
        arrived=float(flat[first + 1]),
        launch=flat[first + 2 : stop],
        dissimilarity=float(flat[stop]),
        appeal=flat[stop + 1 :],
    )


def n_structural(n_ages: int, n_affinities: int) -> int:
    """Parameters before the appeals."""
    return FIRST_AFFINITY + n_affinities + 3 + n_ages - 1
