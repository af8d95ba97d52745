"""Blend of recommenders: a weighted sum of scores that is still a product of a user's and a movie's vector.

Matrix factorisation, EASE in factored form (:mod:`recsys.models.ease_factors`) and, where it is given, any further recommender of
vectors: side by side, each scaled so that its scores spread alike within a user, times a
weight. The sum of scores is the product of the joined vectors, exactly. The weights and EASE's ridge are chosen on views held out
from the training part (:mod:`recsys.models.validation_split`); then every part is trained on all of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from scipy import sparse

from recsys.errors import DataError
from recsys.ids import IntArray
from recsys.models import ease_factors, factorisation
from recsys.models.factorisation import FactorisationConfig
from recsys.models.protocol import Float32Array, Recommender, dot_scores
from recsys.models.validation_split import ValidationSplit
from recsys.progress import Progress, ReportProgress, silent

Vectors = tuple[Float32Array, Float32Array]
"""float32[n_users, dim] and float32[n_movies, dim]"""

_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
SEARCH_GRID: Mapping[str, tuple[float, ...]] = {
    "ease_weight": _WEIGHTS,
    "ridge": (25.0, 50.0, 100.0, 200.0, 400.0, 800.0),
    "further_weight": _WEIGHTS,
}
"""Values tried by the coordinate search, by parameter."""


@dataclass(frozen=True, kw_only=True)
class BlendConfig:
    """Settings of a blend."""

    factorisation: FactorisationConfig = field(default_factory=lambda: FactorisationConfig(dim=128))
    ease_rank: int = 384
    """Width of EASE's share of the vectors."""

    def __post_init__(self) -> None:
        if self.ease_rank < 1:
            raise DataError.of("E_CONFIG", f"a blend cannot use ease_rank = {self.ease_rank}.", "Give 1 or more.")


@dataclass(frozen=True, kw_only=True)
class BlendParameters:
    """Blending parameters, chosen on the validation split."""

    ridge: float = 200.0
    """λ of EASE, in views"""
    ease_weight: float = 1.0
    """Spread of EASE's scores, against 1 for those of matrix factorisation."""
    further_weight: float = 0.0
    """Spread of the further recommender's scores."""

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each component, those of weight 0 left out."""
        every = {"mf": 1.0, "ease": self.ease_weight, "further": self.further_weight}
        return {name: weight for name, weight in every.items() if weight > 0}


@dataclass(frozen=True, eq=False, kw_only=True)
class Blend:
    """A trained blend; scores are products of its concatenated vectors."""

    users: Float32Array
    movies: Float32Array
    parameters: BlendParameters
    objective: float
    """On the held-out views, of the parts that were trained without them."""
    name: str = field(default="blend")

    def score(self, user_rows: IntArray) -> Float32Array:
        """Scores float32[len(user_rows), n_movies]; only the order within a user means something."""
        return dot_scores(self.users, self.movies, user_rows)


def fit(
    interactions: sparse.csr_array,
    validation: ValidationSplit,
    config: BlendConfig | None = None,
    *,
    seed: int,
    further: Callable[[sparse.csr_array], Vectors] | None = None,
    progress: ReportProgress = silent,
) -> Blend:
    """Choose the blending parameters on the validation split, then train every component on all views.

    Parameters
    ----------
    interactions : CSR[n_users, n_movies] of view counts
    validation : those views, split in two
    config : what is blended
    seed : int; the same seed, data and settings give the same bits on one machine
    further : trains another recommender on some views and gives its vectors; none where None
    progress : told after each of 5 steps, as stage ``blend``

    Raises
    ------
    DataError  as ``recsys.models.factorisation.fit``; E_TOO_SMALL: nobody to choose the blending parameters on
    """
    config = config or BlendConfig()
    judged = validation.sampled_users(seed)
    progress(Progress.of(0, 5, stage="blend"))
    candidates = Components.train(judged.seen, config, seed, further)
    progress(Progress.of(2, 5, stage="blend"))
    parameters, objective = coordinate_search(candidates, judged)
    progress(Progress.of(3, 5, stage="blend"))
    users, movies = Components.train(interactions, config, seed, further).joined(parameters)
    progress(Progress.of(5, 5, stage="blend"))
    return Blend(users=users, movies=movies, parameters=parameters, objective=objective)


@dataclass(frozen=True, eq=False, kw_only=True)
class Components:
    """Components of a blend, trained on the same views."""

    mf: Vectors
    ease: ease_factors.TruncatedSvd
    further: Vectors | None

    @classmethod
    def train(
        cls,
        views: sparse.csr_array,
        config: BlendConfig,
        seed: int,
        further: Callable[[sparse.csr_array], Vectors] | None,
    ) -> "Components":
        factors = factorisation.fit(views, config.factorisation, seed=seed)
        return cls(
            mf=(factors.users, factors.movies),
            ease=ease_factors.truncated_svd(views, rank=config.ease_rank, seed=seed),
            further=further(views) if further else None,
        )

    @property
    def _further(self) -> Vectors:
        if self.further is None:
            raise ValueError("there is no further recommender")
        return self.further

    def vectors(self, name: str, ridge: float) -> Vectors:
        """Vectors of one component, scaled to scores of spread 1; only EASE uses the ridge."""
        users, movies = self.mf if name == "mf" else self.ease.factors(ridge) if name == "ease" else self._further
        return users * np.float32(1 / score_spread(users, movies)), movies

    def joined(self, parameters: BlendParameters) -> Vectors:
        """Concatenated vectors of the weighted components, float32[n_users, dim] and float32[n_movies, dim]."""
        components = [(self.vectors(name, parameters.ridge), weight) for name, weight in parameters.weights.items()]
        users = [part[0] * np.float32(weight) for part, weight in components]
        return np.concatenate(users, axis=1), np.concatenate([part[1] for part, _ in components], axis=1)


class _ValidationScorer:
    """Scorer of blends for the users of the validation split; caches each component's scores."""

    name = "blend"

    def __init__(self, components: Components, validation: ValidationSplit) -> None:
        self._validation, self._rows = validation, validation.users
        self._objectives: dict[BlendParameters, float] = {}
        self._mixed: Float32Array = np.empty((0, 0), dtype=np.float32)

        @lru_cache(maxsize=4)
        def scores(name: str, ridge: float) -> Float32Array:
            return dot_scores(*components.vectors(name, ridge), self._rows)

        self._scores = scores

    def objective(self, parameters: BlendParameters) -> float:
        """Objective of some blending parameters on the validation split."""
        if parameters not in self._objectives:
            ridges = {"ease": parameters.ridge}
            self._mixed = np.sum(
                [np.float32(weight) * self._scores(name, ridges.get(name, 0.0)) for name, weight in parameters.weights.items()],
                axis=0,
            )
            self._objectives[parameters] = self._validation.objective(self)
        return self._objectives[parameters]

    def score(self, user_rows: IntArray) -> Float32Array:
        return self._mixed[np.searchsorted(self._rows, user_rows)]


def coordinate_search(components: Components, validation: ValidationSplit) -> tuple[BlendParameters, float]:
    """Coordinate search: the blending parameters that no change of a single one improves, and their objective."""
    ranges = dict(SEARCH_GRID)
    if components.further is None:
        del ranges["further_weight"]
    objective = _ValidationScorer(components, validation).objective
    best, last = BlendParameters(), None
    while best != last:
        last = best
        for name, values in ranges.items():
            best = max([best, *(replace(best, **{name: value}) for value in values)], key=objective)
    return best, objective(best)


def score_spread(users: Float32Array, movies: Float32Array) -> float:
    """Root mean square, over all pairs, of a score less its user's mean; never 0.

    Examples
    --------
    >>> score_spread(np.array([[1.0], [3.0]]), np.array([[-1.0], [1.0]]))          # scores ±1 and ±3
    2.23606797749979
    """
    centred = movies.astype(np.float64) - movies.mean(axis=0, dtype=np.float64)
    of_users, of_movies = (side.T @ side / len(side) for side in (users.astype(np.float64), centred))
    return float(np.sqrt(max(np.vdot(of_users, of_movies), 1e-24)))


RECOMMENDER = Recommender(
    name="blend",
    config=BlendConfig(),
    fit=lambda data, config, *, seed, progress, checkpoint=None: fit(  # noqa: ARG005  minutes at most: no checkpoint
        data.views, data.validation(), config, seed=seed, progress=progress
    ),
    fit_seconds=20.0,
    needs_validation=True,
)
