"""What a recommender is to the rest of the program, and how it registers itself.

A recommender is registered with its default settings, a function that fits it and, where a run stores it, one that loads it
(:mod:`recsys.models.registry`); its label stands in :mod:`recsys.evaluation.recommender_labels`.
"""

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.embeddings.store import load_table
from recsys.evaluation.ranking import Scorer
from recsys.evaluation.recommender_labels import LABELS
from recsys.ids import IntArray
from recsys.models.validation_split import ValidationSplit
from recsys.progress import ReportProgress
from recsys.run_files import RecommenderFiles

Float32Array = NDArray[np.float32]

__all__ = [
    "Float32Array",
    "Recommender",
    "Scorer",
    "TrainingData",
    "VectorScorer",
    "dot_scores",
    "load_vectors",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingData:
    """What a recommender may learn from."""

    views: sparse.csr_array
    """CSR[n_users, n_movies] of view counts"""
    events: pd.DataFrame
    """The same views one by one: ``user_index``, ``movie_index``, ``timestamp``"""
    users: pd.DataFrame
    """Table of users; row k is row k of the views."""
    movies: pd.DataFrame
    """Table of movies; row k is column k of the views."""
    validation: Callable[[], ValidationSplit]
    """Splits the views once more, to choose settings on."""


class Fit(Protocol):
    """Trains a recommender."""

    def __call__(
        self, data: TrainingData, config: Any, /, *, seed: int, progress: ReportProgress, checkpoint: Path | None = None
    ) -> Scorer:
        """A scorer of every movie for every user.

        Parameters
        ----------
        config : settings, of the type of the registered ones
        seed : the same seed, data and settings give the same bits on one machine
        progress : told how far the training is
        checkpoint : file to write while training and to resume from; recommenders that take seconds need none

        Raises
        ------
        DataError  E_TOO_SMALL: too few views; E_TOO_BIG: too many movies, so that comparisons leave it out
        """


@dataclass(frozen=True, eq=False, kw_only=True)
class Recommender:
    """Registration of a recommender. Without a label, or without a loader where a run stores it, it is refused."""

    name: str
    fit: Fit
    config: Any = None
    """Default settings, a frozen dataclass; None where there is nothing to set."""
    load: Callable[[Path], Scorer] | None = None
    """Reads it from its folder in a run; None where it is never stored, but fitted anew whenever it is measured."""
    fit_seconds: float = 1.0
    """Duration of a fit on 100,000 events, about: for the time left."""
    measured_up_to_movies: float = 0
    """Largest catalogue with which every training fits and measures it too; 0: only ``recsys evaluate`` does."""
    needs_validation: bool = False
    """Whether it chooses settings on the validation split; a comparison leaves it out where that is too small."""

    def __post_init__(self) -> None:
        if self.name not in LABELS:
            raise ValueError(f"{self.name} has no label in recsys.evaluation.recommender_labels")
        if self.config is not None and not is_dataclass(self.config):
            raise ValueError(f"the settings of {self.name} are no dataclass")
        if LABELS[self.name].train_word and self.load is None:
            raise ValueError(f"{self.name} is trained and stored by itself, and nothing loads it")


@dataclass(frozen=True, eq=False, kw_only=True)
class VectorScorer:
    """Scores every movie by the product of its vector with the user's."""

    name: str
    users: Float32Array
    """float32[n_users, dim]"""
    movies: Float32Array
    """float32[n_movies, dim]"""

    def score(self, user_rows: IntArray) -> Float32Array:
        """float32[len(user_rows), n_movies]"""
        return dot_scores(self.users, self.movies, user_rows)


def load_vectors(name: str) -> Callable[[Path], VectorScorer]:
    """A loader of a recommender whose user and movie vectors are stored in its folder."""

    def load(folder: Path) -> VectorScorer:
        files = RecommenderFiles(folder)
        return VectorScorer(
            name=name, users=load_table(files.user_vectors).vectors, movies=load_table(files.movie_vectors).vectors
        )

    return load


def dot_scores(users: Float32Array, movies: Float32Array, user_rows: NDArray[np.int64]) -> Float32Array:
    """Scores float32[len(user_rows), n_movies] of every movie for some users."""
    scores: Float32Array = users[user_rows] @ movies.T
    return scores
