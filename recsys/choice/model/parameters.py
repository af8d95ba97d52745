"""The calibrated choice model of a run: everything demand needs, per draw of the parameters.

A *draw* pairs one member of the recommender ensemble with one draw of the choice parameters. Draw 0 is the point estimate:
the model trained on everyone, and the parameters at their estimates. The rest carry the uncertainty.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.embeddings.features import FeatureSpace
from recsys.ids import FloatArray, IdMap, IntArray
from recsys.tables.economics_config import Origin

Float32Array = NDArray[np.float32]
DEPLETION_SHAPE = 1.5
"""Of the gamma distribution over weights by whose Laplace transform a nest is used up (:mod:`recsys.projection.demand`)."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A parameter with its standard error and origin; ``standard_error`` is None where it is not estimated."""

    name: str
    value: float
    unit: str
    kind: Origin
    source: str
    """How it was found, in words a buyer can read."""
    standard_error: float | None = None


@dataclass(frozen=True, eq=False)
class Member:
    """One recommender of the ensemble. Its space is its own: only products inside a member mean anything."""

    users: Float32Array
    """float32[n_users, dim]"""
    movies: Float32Array
    """float32[n_movies, dim]"""
    cold_map: Float32Array
    """float32[1 + n_codes, dim]: intercept and weights from a movie's attributes to this member's space."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StructuralParameters:
    """Structural parameters of the nested logit, in nats: all but the appeals."""

    slope: float
    """θ"""
    dissimilarity: float
    """λ"""
    rewatch: float
    """ρ"""
    launch: FloatArray
    """γ, float64[n_ages], the last one 0"""
    nests: IntArray

    @property
    def columns(self) -> IntArray:
        """Movies in the order of their nests."""
        return np.argsort(self.nests, kind="stable").astype(np.int64)

    @property
    def nest_starts(self) -> IntArray:
        """First column of each nest; none is empty."""
        starts: IntArray = np.unique(self.nests[self.columns], return_index=True)[1].astype(np.int64)
        return starts

    @property
    def satiation(self) -> float:
        """Share of exp(V/λ) that a movie loses once it has been watched."""
        return 1.0 - float(self.rewatch ** (1.0 / self.dissimilarity))


@dataclass(frozen=True, eq=False, kw_only=True)
class Draw:
    """One complete set of parameters. Arrays are read-only; utilities are in nats."""

    member: int
    """Index into ``ChoiceModel.members``."""
    score_slope: float
    """θ: nats per unit of score."""
    dissimilarity: float
    """λ in (0, 1], one for all nests."""
    appeal: FloatArray
    """α, float64[n_movies], estimated for the catalogue."""
    outside_constant: FloatArray
    """float64[n_users], nats added to every movie's utility for a user: the worth of watching anything here."""
    occasions: FloatArray
    """N, float64[n_users], viewing occasions a month."""
    launch_curve: FloatArray
    """γ by months since arrival on the service, float64[n_ages]; the last one holds for ever and is 0."""
    rewatch: float
    """ρ in [0, 1]"""
    depletion: float
    """φ > 0: how much faster nests are used up than the weights of their movies say."""
    churn_intercept: FloatArray
    """a, float64[n_users], nats (log-odds of leaving in a month with nothing watched)."""
    churn_hours_slope: float
    """b ≥ 0: log-odds of leaving fall by b for each unit of ln(1 + hours watched in the month)."""
    cold_appeal_coefficients: FloatArray
    """float64[1 + n_codes]: intercept and weights from a movie's attributes to its appeal when it arrives."""
    ageing: float
    """Nats that an offer's appeal changes by with each unit of ln(1 + months on the service): who likes it best comes first."""
    cold_appeal_shift: float
    """Standard normal: how far this draw puts cold movies from their predicted appeal; per-movie noise is keyed separately."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ChoiceModel:
    """Choice model of a run: members, draws, nests, attributes and estimates."""

    user_ids: IdMap
    movie_ids: IdMap
    members: tuple[Member, ...]
    draws: tuple[Draw, ...]
    nests: IntArray
    """int64[n_movies]: nest of each catalogue movie."""
    nest_names: tuple[str, ...]
    nest_centroids: Float32Array
    """float32[n_nests, content_dim], in content space: an offer joins the nearest (cosine)."""
    features: FeatureSpace
    """Attributes that an offer's taste vector and appeal are predicted from, n_codes in all
    (:mod:`recsys.choice.model.movie_attributes`).
    """
    content: Float32Array
    """float32[n_movies, content_dim]: content vectors of the catalogue (two-tower movie tower without the id), which say which
    movies are alike: nests, comparables, support."""
    hours_per_view: FloatArray
    """float64[n_movies]"""
    completion: float
    """Mean share of a runtime that a view lasts; for offers without comparables."""
    available: NDArray[np.bool_]
    """bool[n_movies]: on the service at the end of the data; the others are not in the baseline catalogue."""
    months_on_service: IntArray
    """int64[n_movies]: whole months since each movie arrived, when the data end; large where it was there before them."""
    watched_indptr: IntArray
    watched_indices: IntArray
    """CSR over users: movies each has already watched (of exp(V/λ) for these ρ^(1/λ) is left)."""
    cold_appeal_residual_sd: float
    """Spread of true appeal round its prediction, nats."""
    support_distance: float
    """99th percentile of the catalogue's nearest-neighbour cosine distances in content space."""
    estimates: tuple[Estimate, ...]
    """Every parameter a person may ask about, with error and origin."""
    still_there: FloatArray | None = None
    """float64[n_users], chance of not having gone quiet for good when the data end, where that is all that tells who has left: no
    subscriptions are known. None where they are, or a plan cannot be left."""
    simulated: bool = False
    fingerprint: str = field(default="")

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_movies(self) -> int:
        return len(self.movie_ids)
