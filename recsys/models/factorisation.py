"""Matrix factorisation of views by alternating least squares (iALS).

With x the vector of a user, y of a movie, w the weight of a view, the loss is

    Σ_views w (1 − x·y)²  +  α₀ Σ_all pairs (x·y)²  +  λ Σ_users (n_x + α₀ M)^ν |x|²  +  λ Σ_movies (n_y + α₀ U)^ν |y|²

with n the (weighted) number of views, M and U the number of movies and users. Each half of an iteration brings one side nearer
to its solution given the other (:mod:`recsys.models.als_solver`). In the end a user's vector is the exact solution given the
final movie vectors, so folding a user in later gives the same vector as having trained with them.

References
----------
Hu, Koren, Volinsky (2008), Collaborative filtering for implicit feedback datasets.
Rendle, Krichene, Zhang, Koren (2022), Revisiting the performance of iALS on item recommendation benchmarks.
"""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from recsys.errors import DataError
from recsys.evaluation.interactions import fingerprint
from recsys.ids import IntArray
from recsys.models import checkpoint as checkpoints
from recsys.models.protocol import Float32Array, Recommender, dot_scores, load_vectors
from recsys.progress import Progress, ReportProgress, silent
from recsys.run_files import FACTORISATION


@dataclass(frozen=True, kw_only=True)
class FactorisationConfig:
    """Settings of the factorisation. Defaults do well untuned on the sets of ``tests/benchmarks``."""

    dim: int = 64
    """Width of the vectors."""
    iterations: int = 10
    """Rounds of users, then movies."""
    unobserved_weight: float | None = None
    """α₀: weight of a pair without a view, against 1 for a view. None: 2.4 · √(share of pairs that are views), at most 1."""
    regularisation: float | None = None
    """λ. None: 0.5 / ∛(number of viewed pairs)."""
    unobserved_factor: float = 1.0
    """Multiplies the rule for α₀; what tuning finds, since it holds for any part of the views."""
    regularisation_factor: float = 1.0
    """Multiplies the rule for λ."""
    frequency_exponent: float = 1.0
    """ν: 0 shrinks everyone alike, 1 in proportion to their number of views."""
    steps: int = 1
    """Conjugate-gradient steps of each half of an iteration."""
    repeat_weight: float = 0.0
    """A movie watched n times by a user weighs 1 + repeat_weight · ln n."""
    initial_scale: float = 0.1
    """Standard deviation of a fresh movie vector's length."""

    def __post_init__(self) -> None:
        weights = ("unobserved_weight", "regularisation", "unobserved_factor", "regularisation_factor", "initial_scale")
        positive = ("dim", "iterations", "steps", *weights)
        given = {name: getattr(self, name) for name in positive if getattr(self, name) is not None}
        wrong = [f"{name} = {value}" for name, value in given.items() if not 0 < value < np.inf]
        if not 0 <= self.frequency_exponent <= 2:
            wrong.append(f"frequency_exponent = {self.frequency_exponent}")
        if not self.repeat_weight >= 0:
            wrong.append(f"repeat_weight = {self.repeat_weight}")
        if wrong:
            raise DataError.of("E_CONFIG", f"matrix factorisation cannot use {', '.join(wrong)}.", "Give positive settings.")

    def resolved(self, views: sparse.csr_array) -> "FactorisationConfig":
        """With the weights that depend on the data filled in.

        The two rules follow the best settings found on five sets from 0.05 % to 6 % of pairs viewed, and those that Rendle et al.
        report for two with tens of millions of views.
        """
        viewed_share = views.nnz / (views.shape[0] * views.shape[1])
        return replace(
            self,
            unobserved_weight=self.unobserved_weight or self.unobserved_factor * min(2.4 * float(np.sqrt(viewed_share)), 1.0),
            regularisation=self.regularisation or self.regularisation_factor * 0.5 / float(np.cbrt(views.nnz)),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Factors:
    """A trained factorisation; scores are products of its vectors."""

    users: Float32Array
    """float32[n_users, dim]; zero for a user without views"""
    movies: Float32Array
    """float32[n_movies, dim]; zero for a movie without views"""
    config: FactorisationConfig
    """As used: with the weights filled in."""
    name: str = field(default=FACTORISATION)

    def score(self, user_rows: IntArray) -> Float32Array:
        """Scores float32[len(user_rows), n_movies]; a view is fitted to 1, no view to 0."""
        return dot_scores(self.users, self.movies, user_rows)

    @cached_property
    def gram(self) -> NDArray[np.float64]:
        """α₀ YᵀY, float64[dim, dim]: what the movies nobody mentions say about a user."""
        movies = self.movies.astype(np.float64)
        gram: NDArray[np.float64] = _unobserved_weight(self.config) * (movies.T @ movies)
        return gram

    def fold_in(self, movie_rows: ArrayLike, views: ArrayLike | None = None) -> Float32Array:
        """Vector of a user who watched these movies, without training: float32[dim].

        Parameters
        ----------
        movie_rows : int[n], distinct rows of movies
        views : float[n], how often each was watched; once where None
        """
        rows = np.asarray(movie_rows, dtype=np.int64)
        watched = self.movies[rows].astype(np.float64)
        counts = np.ones(len(rows)) if views is None else np.asarray(views, dtype=np.float64)
        weights = view_weights(counts, self.config)
        normal = self.gram + watched.T @ (watched * weights[:, None])
        normal[np.diag_indices_from(normal)] += ridge(weights.sum(), len(self.movies), self.config)
        solved = linalg.solve(normal, weights @ watched, assume_a="pos", check_finite=False)
        return np.asarray(solved, dtype=np.float32)


def fit(
    interactions: sparse.csr_array,
    config: FactorisationConfig | None = None,
    *,
    seed: int,
    user_weights: NDArray[np.float64] | None = None,
    warm_start: Factors | None = None,
    progress: ReportProgress = silent,
    checkpoint: Path | None = None,
) -> Factors:
    """Train the factorisation.

    Parameters
    ----------
    interactions : CSR[n_users, n_movies] of view counts (``recsys.evaluation.interactions``)
    config : settings
    seed : int; the same seed, data and settings give the same bits on one machine
    user_weights : float[n_users] ≥ 0, how often each user counts (a bootstrap resample has whole numbers). Users of weight 0
        move no movie but still get their vector.
    warm_start : factors of the same movies and width to start from; the seed then decides nothing
    progress : told after each iteration, as stage ``mf``
    checkpoint : file to write after every iteration and to resume from; removed when finished

    Raises
    ------
    DataError  E_TOO_SMALL: no views, or fewer than 2 users or movies; E_NUMBER: a count is not a positive number;
        E_CONFIG: settings, weights or warm start that do not fit
    """
    from recsys.models import als_solver  # noqa: PLC0415  starts TensorFlow

    views = _checked(interactions)
    config = (config or FactorisationConfig()).resolved(views)
    n_users, n_movies = views.shape
    weights = _checked_weights(user_weights, n_users)
    saved = checkpoints.checkpoint_or_none(checkpoint, _identity(views, config, seed, weights, warm_start))
    users, movies, done = *_start(views.shape, config, seed, warm_start), 0
    if saved and (found := saved.load()):
        users, movies, done = found[0]["users"], found[0]["movies"], int(found[1]["iterations_done"])

    by_user = sparse.csr_array((view_weights(views.data, config), views.indices, views.indptr), shape=views.shape)
    by_movie = _weighted_transpose(by_user, weights)
    user_side = als_solver.SideSolver(by_user, ridge(_row_sums(by_user), n_movies, config))
    movie_side = als_solver.SideSolver(by_movie, ridge(_row_sums(by_movie), float(weights.sum()), config))
    unobserved = _unobserved_weight(config)
    progress(Progress.of(done, config.iterations, stage="mf"))
    for iteration in range(done, config.iterations):
        users = user_side.improve(movies, unobserved, np.ones(n_movies), users, config.steps)
        movies = movie_side.improve(users, unobserved, weights, movies, config.steps)
        if saved:
            saved.save({"users": users, "movies": movies}, {"iterations_done": iteration + 1})
        progress(Progress.of(iteration + 1, config.iterations, stage="mf"))
    users = user_side.solve(movies, unobserved, np.ones(n_movies))
    if not (np.isfinite(users).all() and np.isfinite(movies).all()):
        raise DataError.of("E_NONFINITE", "the factorisation did not stay finite.", "Raise the regularisation.")
    if saved:
        saved.clear()
    return Factors(users=users, movies=movies, config=config)


def view_weights(counts: NDArray[Any], config: FactorisationConfig) -> NDArray[np.float64]:
    """Weight of each observed pair, from how often it was seen."""
    logs: NDArray[np.float64] = np.log(counts.astype(np.float64))
    return 1.0 + config.repeat_weight * logs


def ridge(weight: Any, other_weight: float, config: FactorisationConfig) -> Any:
    """What is added to the diagonal for rows with so much weight of views, against so many rows on the other side."""
    return config.regularisation * (weight + _unobserved_weight(config) * other_weight) ** config.frequency_exponent


def _unobserved_weight(config: FactorisationConfig) -> float:
    if config.unobserved_weight is None:
        raise ValueError("the configuration has not been resolved against data")
    return config.unobserved_weight


def _start(
    shape: tuple[int, int], config: FactorisationConfig, seed: int, warm: Factors | None
) -> tuple[Float32Array, Float32Array]:
    """Vectors of users and movies to start from."""
    n_users, n_movies = shape
    nobody = np.zeros((n_users, config.dim), dtype=np.float32)
    if warm is None:
        scale = config.initial_scale / np.sqrt(config.dim)
        return nobody, (np.random.default_rng(seed).normal(size=(n_movies, config.dim)) * scale).astype(np.float32)
    if warm.movies.shape != (n_movies, config.dim):
        raise DataError.of(
            "E_CONFIG",
            f"a warm start of shape {warm.movies.shape} does not fit {(n_movies, config.dim)}.",
            "Start from factors of the same catalogue and width.",
        )
    same_users = warm.users.shape == nobody.shape
    return (warm.users.copy() if same_users else nobody), warm.movies.copy()


def _weighted_transpose(by_user: sparse.csr_array, user_weights: NDArray[np.float64]) -> sparse.csr_array:
    """Views by movie, each times its user's weight; views of users who do not count are gone."""
    each = np.repeat(user_weights, np.diff(by_user.indptr))
    by_movie = sparse.csr_array((by_user.data * each, by_user.indices, by_user.indptr), shape=by_user.shape).T.tocsr()
    by_movie.eliminate_zeros()  # the transpose is a copy: by_user keeps its entries
    by_movie.sort_indices()
    return by_movie


def _row_sums(matrix: sparse.csr_array) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def _checked(interactions: sparse.csr_array) -> sparse.csr_array:
    n_users, n_movies = interactions.shape
    if n_users < 2 or n_movies < 2 or interactions.nnz == 0:
        raise DataError.of(
            "E_TOO_SMALL",
            f"{interactions.nnz} views of {n_movies} movies by {n_users} users are too few to train on.",
            "Import more events.",
            table="events",
        )
    if not (np.isfinite(interactions.data).all() and (interactions.data >= 1).all()):
        raise DataError.of("E_NUMBER", "view counts must be 1 or more.", "Count each view once.", table="events")
    matrix = sparse.csr_array(interactions, copy=True)
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def _checked_weights(weights: NDArray[np.float64] | None, n_users: int) -> NDArray[np.float64]:
    if weights is None:
        return np.ones(n_users)
    checked = np.asarray(weights, dtype=np.float64)
    if checked.shape != (n_users,) or not np.isfinite(checked).all() or (checked < 0).any() or checked.sum() == 0:
        raise DataError.of(
            "E_CONFIG", "user weights must be one number ≥ 0 a user, not all 0.", "Draw the resample over the same users."
        )
    return checked


def _identity(
    views: sparse.csr_array, config: FactorisationConfig, seed: int, weights: NDArray[np.float64], warm: Factors | None
) -> str:
    digest = hashlib.sha256(f"{config!r} {seed} {fingerprint(views)}".encode())
    digest.update(weights.tobytes())
    if warm is not None:
        digest.update(np.ascontiguousarray(warm.movies).tobytes())
        digest.update(np.ascontiguousarray(warm.users).tobytes())
    return digest.hexdigest()


RECOMMENDER = Recommender(
    name=FACTORISATION,
    config=FactorisationConfig(),
    fit=lambda data, config, **options: fit(data.views, config, **options),
    load=load_vectors(FACTORISATION),
    fit_seconds=2.0,
)
