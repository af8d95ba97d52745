"""Matrix factorisation against ``implicit``'s ALS and BPR: time and accuracy in one run; fold-in; the bootstrap ensemble.

    pip install -e '.[bench]'
    OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.als NAME=FOLDER … [--dims 64 256] [--iterations 10] [--repeats 5]

FOLDER is anything that ``recsys import`` reads, or a workspace. ``implicit`` wants its BLAS on one thread, and minds its own
threads. Its confidence and regularisation are the best of a grid on the held-out views (``recsys.models.validation_split``);
ours are the rules, untuned. Times are the medians of alternating repeats; the starting of TensorFlow and its tracing are done
before.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from scipy import sparse
from threadpoolctl import threadpool_limits

from recsys.evaluation.evaluate import evaluate
from recsys.ids import IntArray
from recsys.models import factorisation
from recsys.models.compare import CompareConfig, EvaluationSplit, split_dataset, validation_split
from recsys.models.factorisation import FactorisationConfig, Factors
from recsys.models.protocol import Float32Array, dot_scores
from recsys.models.tensorflow_runtime import n_threads, tensorflow
from recsys.models.validation_split import VALIDATION_METRICS
from tests.benchmarks.accuracy import dataset_of

CONFIDENCES, REGULARISATIONS = (1.0, 4.0, 16.0), (0.1, 1.0, 10.0, 50.0)


@dataclass(frozen=True, eq=False)
class Theirs:
    """A model of ``implicit`` as a scorer."""

    model: Any
    name: str = "implicit"

    def score(self, user_rows: IntArray) -> Float32Array:
        return dot_scores(self.model.user_factors, self.model.item_factors, user_rows)


def als(views: sparse.csr_array, dim: int, iterations: int, settings: tuple[float, float]) -> Theirs:
    confidence, regularisation = settings
    model = AlternatingLeastSquares(
        factors=dim,
        alpha=confidence,
        regularization=regularisation,
        iterations=iterations,
        random_state=0,
        num_threads=n_threads(),
    )
    model.fit(sparse.csr_matrix(views), show_progress=False)
    return Theirs(model)


def bpr(views: sparse.csr_array, dim: int) -> Theirs:
    model = BayesianPersonalizedRanking(factors=dim, iterations=100, random_state=0, num_threads=n_threads())
    model.fit(sparse.csr_matrix(views), show_progress=False)
    return Theirs(model, "implicit BPR")


def figures(scorer: Any, split: EvaluationSplit) -> str:
    judged = evaluate(scorer, split.seen, split.later, at=(10, 20, 50, 100))
    return "".join(f"{judged.mean(name):>11.4f}" for name in VALIDATION_METRICS)


def seconds(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def side_by_side(name: str, split: EvaluationSplit, dim: int, iterations: int, repeats: int) -> None:
    halves = validation_split(split, CompareConfig(split="random", seed=0)).sampled_users(0)
    grid = {each: halves.objective(als(halves.seen, dim, iterations, each)) for each in product(CONFIDENCES, REGULARISATIONS)}
    best = max(grid, key=lambda each: grid[each])
    config = FactorisationConfig(dim=dim, iterations=iterations)
    trainers: dict[str, Callable[[], Any]] = {
        "implicit ALS": lambda: als(split.seen, dim, iterations, best),
        "mf": lambda: factorisation.fit(split.seen, config, seed=0),
    }
    trained = {label: train() for label, train in trainers.items()}  # traces, and warms the caches
    times: dict[str, list[float]] = {label: [] for label in trainers}
    for _ in range(repeats):
        for label, train in trainers.items():
            times[label].append(seconds(train))
    print(f"\n{name}: dim {dim}, {iterations} iterations; implicit's best of {len(grid)}: alpha, regularization = {best}")
    print(f"{'':<14}" + "".join(f"{figure:>11}" for figure in VALIDATION_METRICS) + f"{'seconds':>10}")
    for label, model in trained.items():
        print(f"{label:<14}{figures(model, split)}{median(times[label]):>10.3f}")
    ratios = [theirs / ours for theirs, ours in zip(times["implicit ALS"], times["mf"], strict=True)]
    print(f"implicit's time over ours: median {median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}", flush=True)


def fold_in(split: EvaluationSplit) -> None:
    factors = factorisation.fit(split.seen, seed=0)
    users = np.flatnonzero(np.diff(split.seen.indptr) > 0)[:500]
    histories = [split.seen.indices[split.seen.indptr[user] : split.seen.indptr[user + 1]] for user in users]
    factors.fold_in(histories[0])
    times = [seconds(lambda history=history: factors.fold_in(history)) for history in histories]  # type: ignore[misc]
    print(f"fold-in of a user: median {1e3 * median(times):.3f} ms, 99 of 100 within {1e3 * np.quantile(times, 0.99):.3f} ms")


def ensemble(split: EvaluationSplit, members: int, iterations: int) -> None:
    """One after another, and side by side in threads as the pipeline trains them."""
    whole = factorisation.fit(split.seen, seed=0)
    one = median(seconds(lambda: factorisation.fit(split.seen, seed=0)) for _ in range(3))
    config = replace(whole.config, iterations=iterations)

    def member(number: int) -> Factors:
        n = split.seen.shape[0]
        drawn = np.random.default_rng(number).multinomial(n, np.full(n, 1 / n)).astype(np.float64)
        return factorisation.fit(split.seen, config, seed=0, user_weights=drawn, warm_start=whole)

    def side_by_side_in_threads() -> None:
        with ThreadPoolExecutor(n_threads()) as pool:
            list(pool.map(member, range(members)))

    ways = {"one after another": lambda: [member(number) for number in range(members)], "side by side": side_by_side_in_threads}
    for way, train in ways.items():
        taken = median(seconds(train) for _ in range(3))
        print(f"{members} members of {iterations} iterations {way}: {taken:.2f} s, {taken / one:.2f} × one training")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--dims", nargs="+", type=int, default=[64])
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    tensorflow()
    print(f"{platform.machine()}, {os.cpu_count()} processors, {n_threads()} threads, load {os.getloadavg()[0]:.1f} at the start")
    print(FactorisationConfig())
    for named in arguments.sets:
        name, _, folder = named.partition("=")
        with tempfile.TemporaryDirectory() as scratch:
            split = split_dataset(dataset_of(Path(folder), Path(scratch) / "workspace"), CompareConfig(split="random", seed=0))
        with threadpool_limits(1, "blas"):
            for dim in arguments.dims:
                side_by_side(name, split, dim, arguments.iterations, arguments.repeats)
            print(f"{'BPR':<14}{figures(bpr(split.seen, arguments.dims[0]), split)}")
            fold_in(split)
            ensemble(split, 16, 4)


if __name__ == "__main__":
    main()
