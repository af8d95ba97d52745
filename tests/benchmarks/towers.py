"""The two-tower model against the set-up of TensorFlow Recommenders' retrieval tutorial.

    python -m tests.benchmarks.towers ml-100k=FOLDER [--epochs 3]

FOLDER is anything that ``recsys import`` reads, or a workspace. The tutorial: embeddings of 32 for users and movies, in-batch
softmax, Adagrad 0.1, batches of 8,192, three epochs; it measures top-100 accuracy over the whole catalogue while it trains, and
its time is taken with and without that. It counts a test view as found when the movie is among the first 100 of all movies, those
watched in training included; ours is given by the same rule, and with the watched ones left out, as an app would show them.
"""

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from recsys.models import two_tower
from recsys.models.compare import CompareConfig, EvaluationSplit, split_dataset
from recsys.models.protocol import Float32Array
from recsys.models.tensorflow_runtime import n_threads, tensorflow, tensorflow_recommenders
from recsys.models.two_tower import TwoTowerConfig
from tests.benchmarks.accuracy import dataset_of

DIM, BATCH, RATE = 32, 8_192, 0.1


def tutorial(n_users: int, n_movies: int, *, measured: bool) -> Any:
    """The model of the tutorial, on rows in place of its text ids."""
    tf, tfrs = tensorflow(), tensorflow_recommenders()
    users = tf.keras.Sequential([tf.keras.layers.Embedding(n_users, DIM)])
    movies = tf.keras.Sequential([tf.keras.layers.Embedding(n_movies, DIM)])
    candidates = tf.data.Dataset.range(n_movies).batch(128).map(movies)

    class Tutorial(tfrs.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.users, self.movies = users, movies
            self.task = tfrs.tasks.Retrieval(metrics=tfrs.metrics.FactorizedTopK(candidates=candidates))

        def compute_loss(self, features: Any, training: bool = False) -> Any:
            return self.task(users(features["user"]), movies(features["movie"]), compute_metrics=measured or not training)

    model = Tutorial()
    model.compile(optimizer=tf.keras.optimizers.Adagrad(RATE))
    return model


def pairs(views: sparse.csr_array) -> dict[str, Any]:
    rows = views.tocoo()
    return {"user": rows.row.astype(np.int64), "movie": rows.col.astype(np.int64)}


def accuracies(users: Float32Array, movies: Float32Array, split: EvaluationSplit) -> str:
    """Share of test views whose movie is among the user's first 100 of all, and of those they have not watched."""
    wanted = pairs(split.later)
    scores = users @ movies.T
    own = scores[wanted["user"], wanted["movie"]]

    def found(among: Float32Array) -> float:
        hundredth = np.partition(among, among.shape[1] - 100, axis=1)[:, -100]
        return float((own >= hundredth[wanted["user"]]).mean())

    of_all = found(scores)
    scores[split.seen.nonzero()] = -np.inf
    unwatched = found(scores)
    return f"top-100 accuracy {of_all:.4f}, of what they have not watched {unwatched:.4f}"


def train_tutorial(split: EvaluationSplit, epochs: int, *, measured: bool) -> tuple[Any, float]:
    """The model and its examples a second, tracing and the first batches left out."""
    tf = tensorflow()
    views = pairs(split.seen)
    data = tf.data.Dataset.from_tensor_slices(views).shuffle(100_000, seed=0).batch(BATCH).cache()
    model = tutorial(*split.seen.shape, measured=measured)
    model.fit(data.take(1), epochs=1, verbose=0)
    started = time.perf_counter()
    model.fit(data, epochs=epochs, verbose=0)
    return model, epochs * split.seen.nnz / (time.perf_counter() - started)


def train_ours(split: EvaluationSplit, config: TwoTowerConfig) -> tuple[two_tower.TwoTower, float, float]:
    """The model, its examples a second (validation and tracing included), and seconds in all."""
    told: list[tuple[float, int]] = []
    started = time.perf_counter()
    model = two_tower.fit(
        split.seen,
        split.dataset.movies,
        split.dataset.users,
        config,
        seed=0,
        progress=lambda step: told.append((time.perf_counter(), step.done)),
    )
    seconds = time.perf_counter() - started
    epochs = told[-2][1] - told[1][1]  # from the end of the first epoch, which traces, to that of the last one run
    return model, epochs * split.seen.nnz / (told[-2][0] - told[1][0]), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", metavar="NAME=FOLDER")
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    tensorflow_recommenders()
    print(f"{platform.machine()}, {os.cpu_count()} processors, {n_threads()} threads, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as scratch:
        dataset = dataset_of(Path(arguments.set.partition("=")[2]), Path(scratch) / "workspace")
    split = split_dataset(dataset, CompareConfig(split="random", seed=0))
    config = TwoTowerConfig()
    print(config)
    _, slow = train_tutorial(split, arguments.epochs, measured=True)
    print(f"tutorial as written          {slow:>10,.0f} examples a second", flush=True)
    theirs, fast = train_tutorial(split, arguments.epochs, measured=False)
    embeddings = (side.layers[0].get_weights()[0] for side in (theirs.users, theirs.movies))
    print(f"tutorial, measured after     {fast:>10,.0f} examples a second, {accuracies(*embeddings, split)}")
    model, speed, seconds = train_ours(split, config)
    print(f"two_tower                    {speed:>10,.0f} examples a second, {accuracies(model.users, model.movies, split)}")
    print(
        f"{seconds:.1f} s in all, best after {model.epochs} epochs; ratios {speed / slow:.1f} and {speed / fast:.1f}", flush=True
    )


if __name__ == "__main__":
    main()
