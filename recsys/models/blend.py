"""Several recommenders as one: a weighted sum of their scores that is still a product of a user's and a movie's vector.

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
from recsys.models.protocol import Float32Array, dot_scores
from recsys.models.validation_split import ValidationSplit
from recsys.progress import Progress, ReportProgress, silent

Vectors = tuple[Float32Array, Float32Array]
"""float32[n_users, dim] and float32[n_movies, dim]"""

_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
RANGES: Mapping[str, tuple[float, ...]] = {
    "ease_weight": _WEIGHTS,
    "ridge": (25.0, 50.0, 100.0, 200.0, 400.0, 800.0),
    "further_weight": _WEIGHTS,
}
"""What is tried, setting by setting."""


@dataclass(frozen=True, kw_only=True)
class BlendConfig:
    """What is blended."""

    factorisation: FactorisationConfig = field(default_factory=lambda: FactorisationConfig(dim=128))
    ease_rank: int = 384
    """Width of EASE's share of the vectors."""

    def __post_init__(self) -> None:
        if self.ease_rank < 1:
            raise DataError.of("E_CONFIG", f"a blend cannot use ease_rank = {self.ease_rank}.", "Give 1 or more.")


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """How the parts are put together."""

    ridge: float = 200.0
    """λ of EASE, in views"""
    ease_weight: float = 1.0
    """Spread of EASE's scores, against 1 for those of matrix factorisation."""
    further_weight: float = 0.0
    """Spread of the further recommender's scores."""

    @property
    def weights(self) -> dict[str, float]:
        """Of each recommender that has one."""
        every = {"mf": 1.0, "ease": self.ease_weight, "further": self.further_weight}
        return {name: weight for name, weight in every.items() if weight > 0}


@dataclass(frozen=True, eq=False, kw_only=True)
class Blend:
    """Recommenders joined; scores are products of the joined vectors."""

    users: Float32Array
    movies: Float32Array
    mixture: Mixture
    figure: float
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
    """Choose the mixture on the validation split, then train every part on all views.

    Parameters
    ----------
    interactions : CSR[n_users, n_movies] of view counts
    validation : those views parted in two
    config : what is blended
    seed : int; the same seed, data and settings give the same bits on one machine
    further : trains another recommender on some views and gives its vectors; none where None
    progress : told ("blend", steps done, 5)

    Raises
    ------
    DataError  as ``recsys.models.factorisation.fit``; E_TOO_SMALL: nobody to choose the mixture on
    """
    config = config or BlendConfig()
    judged = validation.sampled_users(seed)
    progress(Progress.of(0, 5, stage="blend"))
    tried = Parts.train(judged.seen, config, seed, further)
    progress(Progress.of(2, 5, stage="blend"))
    mixture, figure = choose(tried, judged)
    progress(Progress.of(3, 5, stage="blend"))
    users, movies = Parts.train(interactions, config, seed, further).joined(mixture)
    progress(Progress.of(5, 5, stage="blend"))
    return Blend(users=users, movies=movies, mixture=mixture, figure=figure)


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """The recommenders that are blended, trained on the same views."""

    mf: Vectors
    ease: ease_factors.Spectrum
    further: Vectors | None

    @classmethod
    def train(
        cls,
        views: sparse.csr_array,
        config: BlendConfig,
        seed: int,
        further: Callable[[sparse.csr_array], Vectors] | None,
    ) -> "Parts":
        factors = factorisation.fit(views, config.factorisation, seed=seed)
        return cls(
            mf=(factors.users, factors.movies),
            ease=ease_factors.decompose(views, rank=config.ease_rank, seed=seed),
            further=further(views) if further else None,
        )

    @property
    def _further(self) -> Vectors:
        if self.further is None:
            raise ValueError("there is no further recommender")
        return self.further

    def vectors(self, name: str, ridge: float) -> Vectors:
        """Those of one recommender, scores spread by 1; only EASE heeds the ridge."""
        users, movies = self.mf if name == "mf" else self.ease.factors(ridge) if name == "ease" else self._further
        return users * np.float32(1 / spread(users, movies)), movies

    def joined(self, mixture: Mixture) -> Vectors:
        """The vectors of the sum, float32[n_users, dim] and float32[n_movies, dim]."""
        parts = [(self.vectors(name, mixture.ridge), weight) for name, weight in mixture.weights.items()]
        users = [part[0] * np.float32(weight) for part, weight in parts]
        return np.concatenate(users, axis=1), np.concatenate([part[1] for part, _ in parts], axis=1)


class _Bowl:
    """Mixtures as scores of the judged users alone, each recommender's worked out once."""

    name = "mixture"

    def __init__(self, parts: Parts, validation: ValidationSplit) -> None:
        self._validation, self._rows = validation, validation.users
        self._figures: dict[Mixture, float] = {}
        self._mixed: Float32Array = np.empty((0, 0), dtype=np.float32)

        @lru_cache(maxsize=4)
        def scores(name: str, ridge: float) -> Float32Array:
            return dot_scores(*parts.vectors(name, ridge), self._rows)

        self._scores = scores

    def figure(self, mixture: Mixture) -> float:
        """How well it finds what was held out."""
        if mixture not in self._figures:
            ridges = {"ease": mixture.ridge}
            self._mixed = np.sum(
                [np.float32(weight) * self._scores(name, ridges.get(name, 0.0)) for name, weight in mixture.weights.items()],
                axis=0,
            )
            self._figures[mixture] = self._validation.figure(self)
        return self._figures[mixture]

    def score(self, user_rows: IntArray) -> Float32Array:
        return self._mixed[np.searchsorted(self._rows, user_rows)]


def choose(parts: Parts, validation: ValidationSplit) -> tuple[Mixture, float]:
    """The best mixture found by changing one setting after another until none is better, and its figure."""
    ranges = dict(RANGES)
    if parts.further is None:
        del ranges["further_weight"]
    figure = _Bowl(parts, validation).figure
    best, last = Mixture(), None
    while best != last:
        last = best
        for name, values in ranges.items():
            best = max([best, *(replace(best, **{name: value}) for value in values)], key=figure)
    return best, figure(best)


def spread(users: Float32Array, movies: Float32Array) -> float:
    """Root mean square, over all pairs, of a score less its user's mean; never 0.

    Examples
    --------
    >>> spread(np.array([[1.0], [3.0]]), np.array([[-1.0], [1.0]]))          # scores ±1 and ±3
    2.23606797749979
    """
    centred = movies.astype(np.float64) - movies.mean(axis=0, dtype=np.float64)
    of_users, of_movies = (side.T @ side / len(side) for side in (users.astype(np.float64), centred))
    return float(np.sqrt(max(np.vdot(of_users, of_movies), 1e-24)))
