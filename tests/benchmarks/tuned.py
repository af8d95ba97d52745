"""Matrix factorisation and the blend against EASE, every one tuned on the same held-out views of the training part.

    python -m tests.benchmarks.tuned [--seeds 5] [--trials 15] NAME=FOLDER …

FOLDER is anything that ``recsys import`` reads, or a workspace. Each seed splits the events anew, 80/20 at random, and parts the
training part 80/20 once more; settings are chosen there by one figure (``recsys.models.validation_split``), then everything is
trained on the whole training part. Printed are medians over the seeds, and in how many of them a model is at least as good as
tuned EASE.
"""

import argparse
import os
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from scipy import linalg, sparse

from recsys.evaluation.evaluate import evaluate
from recsys.evaluation.ranking import Scorer
from recsys.ids import IntArray
from recsys.models import blend, ease_factors, factorisation
from recsys.models.blend import BlendConfig
from recsys.models.compare import CompareConfig, EvaluationSplit, split_dataset, validation_split
from recsys.models.factorisation import FactorisationConfig
from recsys.models.protocol import Float32Array, dot_scores
from recsys.models.tensorflow_runtime import n_threads, tensorflow
from recsys.models.tuning import tune_factorisation
from recsys.models.validation_split import VALIDATION_METRICS, ValidationSplit
from tests.benchmarks.accuracy import dataset_of

EASE_RIDGES = (20.0, 50.0, 100.0, 200.0, 350.0, 500.0, 800.0, 1_300.0)


class Ease:
    """EASE exactly. Where users are few, by the singular vectors of their views, which serve every ridge; else by Cholesky in
    float32, a quarter of the time of ``recsys.models.baselines.ease``, for its many trainings.
    """

    name = "ease"

    def __init__(self, views: sparse.csr_array) -> None:
        self._views = sparse.csr_array((np.ones(views.nnz, dtype=np.float32), views.indices, views.indptr), shape=views.shape)
        few = 2 * views.shape[0] < views.shape[1]
        self._spectrum = ease_factors.truncated_svd(views, rank=views.shape[0], seed=0) if few else None
        self._vectors: tuple[Float32Array, Float32Array] | None = None
        self._weights: Float32Array = np.empty((0, 0), dtype=np.float32)

    def with_ridge(self, ridge: float) -> "Ease":
        if self._spectrum is not None:
            self._vectors = self._spectrum.factors(ridge)
            return self
        gram = np.asfortranarray((self._views.T @ self._views).toarray())
        gram[np.diag_indices_from(gram)] += np.float32(ridge)
        lower, _ = linalg.lapack.spotrf(gram, lower=1, overwrite_a=1)
        half, _ = linalg.lapack.spotri(lower, lower=1, overwrite_c=1)
        inverse = np.tril(half) + np.tril(half, -1).T
        self._weights = inverse / -np.diag(inverse)
        np.fill_diagonal(self._weights, 0.0)
        return self

    def score(self, user_rows: IntArray) -> Float32Array:
        if self._vectors is not None:
            return dot_scores(*self._vectors, user_rows)
        return np.asarray(self._views[user_rows] @ self._weights, dtype=np.float32)


def distil(users: Float32Array, movies: Float32Array, dim: int) -> tuple[Float32Array, Float32Array]:
    """The vectors of width ``dim`` whose products are nearest to those of wider ones (least squares over all pairs).

    Parameters
    ----------
    users, movies : float32[n_users, wide] and float32[n_movies, wide]
    dim : int ≤ wide
    """
    q_users, r_users = linalg.qr(users.astype(np.float64), mode="economic", check_finite=False)
    q_movies, r_movies = linalg.qr(movies.astype(np.float64), mode="economic", check_finite=False)
    left, values, right = linalg.svd(r_users @ r_movies.T, check_finite=False)
    root = np.sqrt(values[:dim])
    return (q_users @ (left[:, :dim] * root)).astype(np.float32), (q_movies @ (right[:dim].T * root)).astype(np.float32)


def best_ridge(halves: ValidationSplit, seed: int) -> float:
    judged = halves.sampled_users(seed)
    ease, figures = Ease(judged.seen), dict[float, float]()
    for ridge in EASE_RIDGES:
        figures[ridge] = judged.objective(ease.with_ridge(ridge))
        if max(figures.values()) > 1.02 * figures[ridge] and len(figures) > 2:
            break  # past the best: the figure rises to one ridge and falls after it
    return max(figures, key=lambda ridge: figures[ridge])


def run(split: EvaluationSplit, config: CompareConfig, trials: int) -> dict[str, tuple[list[float], float, str]]:
    """Model → figures, seconds of tuning and training, settings."""
    seed, halves = config.seed, validation_split(split, config)
    done: dict[str, tuple[list[float], float, str]] = {}

    def add(name: str, started: float, scorer: Scorer, settings: str) -> None:
        seconds = time.perf_counter() - started
        judged = evaluate(scorer, split.seen, split.later, at=(10, 20, 50, 100))
        done[name] = [judged.mean(figure) for figure in VALIDATION_METRICS], seconds, settings

    started = time.perf_counter()
    ridge = best_ridge(halves, seed)
    add("EASE, tuned", started, Ease(split.seen).with_ridge(ridge), f"ridge {ridge:g}")
    started = time.perf_counter()
    add("mf, untuned", started, factorisation.fit(split.seen, seed=seed), "")
    started = time.perf_counter()
    tuned = tune_factorisation(halves, FactorisationConfig(dim=128), trials=trials, seed=seed).config
    factors = factorisation.fit(split.seen, tuned, seed=seed)
    weights = f"α₀ {factors.config.unobserved_weight:.3f}, λ {factors.config.regularisation:.4f}"
    add("mf, tuned", started, factors, weights)
    tuning = time.perf_counter() - started
    started = time.perf_counter() - tuning
    joined = blend.fit(split.seen, halves, BlendConfig(factorisation=tuned), seed=seed)
    add("blend, tuned", started, joined, str(joined.parameters))
    for dim in (each for each in (64, 128, 256) if each <= min(len(joined.users), len(joined.movies))):
        users, movies = distil(joined.users, joined.movies, dim)
        add(f"  distilled, {dim}", started, replace(joined, users=users, movies=movies), "")
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=15)
    arguments = parser.parse_args()
    tensorflow()
    print(f"{platform.machine()}, {os.cpu_count()} processors, {n_threads()} threads, load {os.getloadavg()[0]:.1f} at the start")
    print(f"{arguments.trials} trials; {BlendConfig()}")
    for named in arguments.sets:
        name, _, folder = named.partition("=")
        with tempfile.TemporaryDirectory() as scratch:
            dataset = dataset_of(Path(folder), Path(scratch) / "workspace")
        results = []
        for seed in range(arguments.seeds):
            config = CompareConfig(split="random", seed=seed)
            results.append(run(split_dataset(dataset, config), config, arguments.trials))
            for model, (figures, seconds, settings) in results[-1].items():
                row = "".join(f"{figure:>12.4f}" for figure in figures)
                print(f"{name} seed {seed} {model:<14}{row}{seconds:>9.1f} s  {settings}", flush=True)
        print(f"\n{name}: medians of {arguments.seeds} seeds, and in how many at least as good as EASE")
        print(f"{'':<16}" + "".join(f"{figure:>18}" for figure in VALIDATION_METRICS) + f"{'seconds':>10}")
        for model in results[0]:
            cells = ""
            for place in range(len(VALIDATION_METRICS)):
                own, other = ([each[which][0][place] for each in results] for which in (model, "EASE, tuned"))
                wins = sum(a >= b for a, b in zip(own, other, strict=True))
                cells += f"{median(own):>12.4f} ({wins}/{len(own)})"
            print(f"{model:<16}{cells}{median(each[model][1] for each in results):>10.1f}")
        print(flush=True)


if __name__ == "__main__":
    main()
