"""Taste parameters, and the layout of them in the one vector that is searched over."""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray

N_AGES = 7
"""Entries of the launch curve, a month each; from the last on it is 0."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TasteParameters:
    """Parameters of the nested logit of choices. All but λ are in units of v = V/λ, the noise inside a nest."""

    slope: float
    """θ"""
    cold_slope_delta: float
    """δ"""
    cluster_slope: float
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

    @property
    def layout(self) -> "TasteLayout":
        return TasteLayout.of(n_ages=len(self.launch) + 1, n_affinities=len(self.affinity_slopes), n_movies=len(self.appeal))

    def flatten(self) -> FloatArray:
        """All parameters in one vector, as :class:`TasteLayout` has them."""
        layout = self.layout
        flat = np.empty(layout.size)
        flat[layout.slope] = self.slope
        flat[layout.cold_slope_delta] = self.cold_slope_delta
        flat[layout.cluster_slope] = self.cluster_slope
        flat[layout.nest_slope] = self.nest_slope
        flat[layout.affinity_slopes] = self.affinity_slopes
        flat[layout.seen] = self.seen
        flat[layout.arrived] = self.arrived
        flat[layout.launch] = self.launch
        flat[layout.dissimilarity] = self.dissimilarity
        flat[layout.appeal] = self.appeal
        return flat


@dataclass(frozen=True)
class TasteLayout:
    """Place of each parameter in one vector: slopes of scores, other structural parameters, appeals."""

    slope: int
    cold_slope_delta: int
    cluster_slope: int
    nest_slope: int
    affinity_slopes: slice
    seen: int
    arrived: int
    launch: slice
    dissimilarity: int
    appeal: slice

    @classmethod
    def of(cls, *, n_ages: int, n_affinities: int, n_movies: int) -> "TasteLayout":
        """The layout for so many entries of the launch curve, affinities and movies.

        Examples
        --------
        >>> layout = TasteLayout.of(n_ages=3, n_affinities=2, n_movies=5)
        >>> layout.affinity_slopes, layout.launch, layout.dissimilarity, layout.appeal
        (slice(4, 6, None), slice(8, 10, None), 10, slice(11, 16, None))
        """
        affinities = slice(4, 4 + n_affinities)
        launch = slice(affinities.stop + 2, affinities.stop + 1 + n_ages)
        return cls(
            slope=0,
            cold_slope_delta=1,
            cluster_slope=2,
            nest_slope=3,
            affinity_slopes=affinities,
            seen=affinities.stop,
            arrived=affinities.stop + 1,
            launch=launch,
            dissimilarity=launch.stop,
            appeal=slice(launch.stop + 1, launch.stop + 1 + n_movies),
        )

    @property
    def score_slopes(self) -> slice:
        """Slopes of the recommender's scores: own, cold, cluster's and nest's."""
        return slice(self.slope, self.nest_slope + 1)

    @property
    def tastes(self) -> slice:
        """All that says how tastes differ: slopes of scores and of affinities."""
        return slice(self.slope, self.affinity_slopes.stop)

    @property
    def structural(self) -> slice:
        """All parameters but the appeals."""
        return slice(0, self.dissimilarity + 1)

    @property
    def size(self) -> int:
        return int(self.appeal.stop)

    def unflatten(self, flat: FloatArray) -> TasteParameters:
        """The inverse of :meth:`TasteParameters.flatten`."""
        return TasteParameters(
            slope=float(flat[self.slope]),
            cold_slope_delta=float(flat[self.cold_slope_delta]),
            cluster_slope=float(flat[self.cluster_slope]),
            nest_slope=float(flat[self.nest_slope]),
            affinity_slopes=flat[self.affinity_slopes],
            seen=float(flat[self.seen]),
            arrived=float(flat[self.arrived]),
            launch=flat[self.launch],
            dissimilarity=float(flat[self.dissimilarity]),
            appeal=flat[self.appeal],
        )
