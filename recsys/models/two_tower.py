"""Two-tower recommender: users from their history and attributes, movies from their id and attributes.

Trained with the retrieval task of TensorFlow Recommenders (softmax over in-batch and evenly drawn candidates, corrected for how
often each is drawn). A movie's id is left out at random while training, so that its attributes alone give a vector that means
something: what an offer gets. Training ends when views held out from some users are ranked no better; the best weights are kept.

A model that is published must not tell who it learnt from, so what it learns depends on how many people there are to hide among.
Adam makes a step of the same length whether many people or one pull at a weight; a floor of 1/people under what it divides by
leaves a single person's pull small where people are few. And fewer people allow fewer epochs. Both fade as an audience grows.

References
----------
Yi et al. (2019), Sampling-bias-corrected neural modeling for large corpus item recommendations.
Yang et al. (2020), Mixed negative sampling for learning two-tower neural networks in recommendations.
Volkovs, Yu, Poutanen (2017), DropoutNet: addressing cold start in recommender systems.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.embeddings import tower
from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, USER_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.embeddings.tower import MovieTower, UserTower
from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate
from recsys.evaluation.interactions import fingerprint
from recsys.ids import IdMap, IntArray
from recsys.models import checkpoint as checkpoints
from recsys.models.protocol import Float32Array, Recommender, dot_scores, load_vectors
from recsys.models.two_tower_batches import Sampling, epoch_batches
from recsys.progress import Progress, ReportProgress, silent
from recsys.run_files import TWO_TOWER

Tensors = dict[str, Float32Array]


@dataclass(frozen=True, kw_only=True)
class TwoTowerConfig:
    """Settings of the two-tower model. Defaults do well untuned on the sets of ``tests/benchmarks``."""

    dim: int = 64
    """Width of both towers' output."""
    hidden: int = 128
    """Width of the hidden layer."""
    epochs: int = 40
    """Epochs at most; an epoch makes every view a target once."""
    people_per_epoch: int = 75
    """An epoch for so many people, at most, and one in any case: few can hide in a model that has gone over them often."""
    patience: int = 3
    """Epochs without a better ranking of the held-out views before training ends."""
    learning_rate: float = 0.003
    """Adam's step."""
    l2: float = 0.003
    """Pull of the towers' inputs towards zero."""
    batch_targets: int = 1_024
    """Examples of a step, about."""
    chunk_targets: int = 8
    """Views of one user that are targets at the same time, at most."""
    chunk_share: float = 0.5
    """Share of a user's views that are targets at the same time, at most."""
    history_dropout: float = 0.3
    """Share of a history that is hidden in a step."""
    id_dropout: float = 0.2
    """Share of movies known by their attributes alone in a step."""
    even_negatives: int = 1_024
    """Movies drawn evenly as candidates beside the batch's own."""
    pooling_exponent: float = 0.5
    """A history of n movies sums to the sum over n^pooling_exponent: 1 is the mean."""
    initial_scale: float = 0.05
    """Standard deviation of fresh table entries."""
    movie_min_count: int = 2
    """Movies that share an attribute's value before it gets a vector."""
    user_min_count: int = 10
    """Users that share an attribute's value before it gets a vector."""
    validation_users: int = 1_000
    """Users at most from whom views are held out to tell when to stop."""
    validation_share: float = 0.1
    """Share of their views held out."""

    def __post_init__(self) -> None:
        whole = (
            "dim",
            "hidden",
            "epochs",
            "people_per_epoch",
            "patience",
            "batch_targets",
            "chunk_targets",
            "movie_min_count",
            "user_min_count",
        )
        wrong = [f"{name} = {getattr(self, name)}" for name in whole if getattr(self, name) < 1]
        shares = ("chunk_share", "history_dropout", "id_dropout", "validation_share")
        wrong += [f"{name} = {getattr(self, name)}" for name in shares if not 0 <= getattr(self, name) < 1]
        not_negative = ("l2", "even_negatives", "pooling_exponent", "validation_users")
        wrong += [f"{name} = {getattr(self, name)}" for name in not_negative if not getattr(self, name) >= 0]
        if not (self.learning_rate > 0 and self.initial_scale > 0):
            wrong.append(f"learning_rate = {self.learning_rate}, initial_scale = {self.initial_scale}")
        if wrong:
            raise DataError.of("E_CONFIG", f"the two-tower model cannot use {', '.join(wrong)}.", "Mend these settings.")

    def epochs_for(self, people: int) -> int:
        """Epochs at most, for an audience of so many people with views.

        Examples
        --------
        >>> [TwoTowerConfig().epochs_for(people) for people in (50, 471, 10_000)]
        [1, 6, 40]
        """
        return min(self.epochs, max(1, people // self.people_per_epoch))

    @property
    def sampling(self) -> Sampling:
        """How examples are drawn."""
        return Sampling(
            batch_targets=self.batch_targets,
            chunk_targets=self.chunk_targets,
            chunk_share=self.chunk_share,
            history_dropout=self.history_dropout,
            even_negatives=self.even_negatives,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class TwoTower:
    """A trained two-tower model; scores are products of its vectors."""

    users: Float32Array
    """float32[n_users, dim], from all their views and attributes"""
    movies: Float32Array
    """float32[n_movies, dim], from id and attributes"""
    content: Float32Array
    """float32[n_movies, dim], from attributes alone"""
    description: Mapping[str, Any]
    tensors: Mapping[str, Float32Array]
    epochs: int
    """Epochs behind the weights that were kept."""
    name: str = field(default="two_tower")

    def score(self, user_rows: IntArray) -> Float32Array:
        """Scores float32[len(user_rows), n_movies]: log-odds of choosing a movie, up to a constant of the user."""
        return dot_scores(self.users, self.movies, user_rows)

    def save(self, folder: Path) -> None:
        """Write both towers, to be read by ``recsys.embeddings.tower`` without TensorFlow."""
        tower.write(folder, self.description, self.tensors)


def fit(
    interactions: sparse.csr_array,
    movies: pd.DataFrame,
    users: pd.DataFrame,
    config: TwoTowerConfig | None = None,
    *,
    seed: int,
    progress: ReportProgress = silent,
    checkpoint: Path | None = None,
) -> TwoTower:
    """Train the two-tower model.

    Parameters
    ----------
    interactions : CSR[n_users, n_movies] of view counts (``recsys.evaluation.interactions``)
    movies, users : tables of the data set; row k is row k of the matrix. ``movie_id`` is needed, every other column that
        says something is used
    config : settings
    seed : int; the same seed, data and settings give the same bits on one machine
    progress : told after each epoch, of the most there may be, as stage ``two_tower``; the last call says it is done
    checkpoint : file to write after every epoch and to resume from; removed when finished

    Raises
    ------
    DataError  E_TOO_SMALL: no views, or fewer than 2 users or movies; E_ROW: tables and matrix differ in length;
        E_NONFINITE: training diverged; E_CONFIG: settings
    """
    from recsys.models import two_tower_graph as graph  # noqa: PLC0415  starts TensorFlow
    from recsys.models.tensorflow_runtime import seeded  # noqa: PLC0415

    config = config or TwoTowerConfig()
    _check(interactions, movies, users)
    rng = seeded(seed)
    training, held_out = _hold_out(interactions, config, rng)
    movie_space = FeatureSpace.learn(movies, MOVIE_COLUMNS_LEFT_OUT, min_count=config.movie_min_count)
    user_space = FeatureSpace.learn(users, USER_COLUMNS_LEFT_OUT, min_count=config.user_min_count, beyond=config.user_min_count)
    description = tower.describe(movie_space, user_space, IdMap(movies["movie_id"]), config.pooling_exponent)
    inputs = graph.Inputs(
        movie_codes=movie_space.encode(movies),
        user_codes=user_space.encode(users),
        candidate_probability=candidate_probability(training, config),
        pooling_exponent=config.pooling_exponent,
    )
    tensors = graph.initial_tensors(inputs, dim=config.dim, hidden=config.hidden, scale=config.initial_scale, rng=rng)
    people = int(np.count_nonzero(np.diff(interactions.indptr)))
    epochs = config.epochs_for(people)
    trainer = graph.Trainer(inputs, tensors, learning_rate=config.learning_rate, floor=1 / people, l2=config.l2)

    saved = checkpoints.checkpoint_or_none(checkpoint, _identity(interactions, description, inputs, config, seed))
    best = _BestWeights(tensors=tensors, objective=-1.0, epoch=0)
    done = 0
    if saved and (found := saved.load()):
        done, best = _resume(found, trainer, rng)
    progress(Progress.of(done, epochs, stage="two_tower"))
    while done < epochs and done - best.epoch < config.patience:
        for batch in epoch_batches(training, config.sampling, rng):
            loss = trainer.step(batch, rng.random(len(movies)) >= config.id_dropout)
            if not np.isfinite(loss):
                raise DataError.of("E_NONFINITE", f"training diverged in epoch {done + 1}.", "Lower the learning rate.")
        done += 1
        weights = trainer.tensors
        if held_out.nnz:
            objective = _validate(_finished(description, weights, training, movies, users), training, held_out)
        else:  # too few views to spare any: every epoch counts as better
            objective = float(done)
        if objective > best.objective:
            best = _BestWeights(tensors=weights, objective=objective, epoch=done)
        if saved:
            _save(saved, trainer, best, done, rng)
        progress(Progress.of(done, epochs, stage="two_tower"))
    progress(Progress.of(epochs, epochs, stage="two_tower"))
    if saved:
        saved.clear()
    return _finished(description, best.tensors, interactions, movies, users, epochs=best.epoch)


@dataclass(frozen=True, eq=False, kw_only=True)
class _BestWeights:
    tensors: Tensors
    objective: float
    epoch: int


def _finished(
    description: Mapping[str, Any],
    tensors: Mapping[str, Float32Array],
    views: sparse.csr_array,
    movies: pd.DataFrame,
    users: pd.DataFrame,
    *,
    epochs: int = 0,
) -> TwoTower:
    unwatched = np.bincount(views.indices, minlength=views.shape[1]) == 0
    # such an id was only ever a negative, which says nothing about the movie: its content speaks alone
    tensors = {**tensors, "movie.id": np.where(unwatched[:, None], np.float32(0.0), tensors["movie.id"])}
    movie_tower, user_tower = MovieTower.of(description, tensors), UserTower.of(description, tensors)
    return TwoTower(
        users=user_tower.encode(views, users),
        movies=movie_tower.encode(movies),
        content=movie_tower.content(movies),
        description=description,
        tensors=tensors,
        epochs=epochs,
    )


def _hold_out(
    interactions: sparse.csr_array, config: TwoTowerConfig, rng: np.random.Generator
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Views to train on, and views held out from some users; every user keeps at least one."""
    degrees = np.diff(interactions.indptr).astype(np.int64)
    takes = np.minimum(np.ceil(degrees * config.validation_share).astype(np.int64), degrees - 1)
    eligible = np.flatnonzero(takes > 0)
    chosen = rng.choice(eligible, min(config.validation_users, len(eligible) // 2), replace=False)
    takes[np.setdiff1d(np.arange(len(degrees)), chosen)] = 0
    owner = np.repeat(np.arange(len(degrees)), degrees)
    shuffled = np.lexsort((rng.random(interactions.nnz), owner))
    rank = np.arange(interactions.nnz) - interactions.indptr[:-1].astype(np.int64)[owner]
    held = np.zeros(interactions.nnz, dtype=bool)
    held[shuffled[rank < takes[owner]]] = True
    return _entries_where(interactions, owner, ~held), _entries_where(interactions, owner, held)


def _entries_where(matrix: sparse.csr_array, owner: IntArray, kept: Any) -> sparse.csr_array:
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owner[kept], minlength=matrix.shape[0]))])
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def candidate_probability(training: sparse.csr_array, config: TwoTowerConfig) -> Float32Array:
    """Chance of each movie to be a given candidate: some come from the views, the others evenly from the catalogue."""
    n_movies = training.shape[1]
    viewed = np.bincount(training.indices, minlength=n_movies) / training.nnz
    even = min(config.even_negatives, n_movies)
    probability = (config.batch_targets * viewed + even / n_movies) / (config.batch_targets + even)
    return np.asarray(probability, dtype=np.float32)


def _validate(model: TwoTower, training: sparse.csr_array, held_out: sparse.csr_array) -> float:
    """NDCG@50 of the held-out views."""
    return evaluate(model, training, held_out, at=(50,)).mean("ndcg@50")


def _save(saved: checkpoints.Checkpoint, trainer: Any, best: _BestWeights, done: int, rng: np.random.Generator) -> None:
    arrays = {f"now.{name}": value for name, value in trainer.tensors.items()}
    arrays |= {f"best.{name}": value for name, value in best.tensors.items()}
    arrays |= {f"slot.{number}": value for number, value in enumerate(trainer.optimiser_slots)}
    state = {"epochs_done": done, "best_epoch": best.epoch, "best_figure": best.objective, "rng": rng.bit_generator.state}
    saved.save(arrays, state)


def _resume(
    found: tuple[checkpoints.Arrays, checkpoints.State], trainer: Any, rng: np.random.Generator
) -> tuple[int, _BestWeights]:
    arrays, state = found
    part = {kind: {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(kind)} for kind in
            ("now", "best", "slot")}  # fmt: skip
    trainer.restore(part["now"], [part["slot"][str(number)] for number in range(len(part["slot"]))])
    rng.bit_generator.state = state["rng"]
    return int(state["epochs_done"]), _BestWeights(
        tensors=part["best"], objective=state["best_figure"], epoch=state["best_epoch"]
    )


def _check(interactions: sparse.csr_array, movies: pd.DataFrame, users: pd.DataFrame) -> None:
    n_users, n_movies = interactions.shape
    if n_users < 2 or n_movies < 2 or interactions.nnz == 0:
        raise DataError.of(
            "E_TOO_SMALL",
            f"{interactions.nnz} views of {n_movies} movies by {n_users} users are too few to train on.",
            "Import more events.",
            table="events",
        )
    if (len(users), len(movies)) != (n_users, n_movies):
        raise DataError.of(
            "E_ROW",
            f"the tables have {len(users)} users and {len(movies)} movies, the views {n_users} and {n_movies}.",
            "Make the matrix from the same tables.",
        )


def _identity(
    interactions: sparse.csr_array, description: Mapping[str, Any], inputs: Any, config: TwoTowerConfig, seed: int
) -> str:
    described = json.dumps(description, sort_keys=True)
    parts = (config, seed, fingerprint(interactions), described, fingerprint(inputs.movie_codes), fingerprint(inputs.user_codes))
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


RECOMMENDER = Recommender(
    name=TWO_TOWER,
    config=TwoTowerConfig(),
    fit=lambda data, config, **options: fit(data.views, data.movies, data.users, config, **options),
    load=load_vectors(TWO_TOWER),
    fit_seconds=40.0,
)
