"""What the stages of a training share: the tables, the settings, and the results of earlier stages on disk."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from recsys.embeddings.maps import MapLayout
from recsys.embeddings.store import load_arrays, load_table, save_arrays, save_table
from recsys.embeddings.table import EmbeddingTable, Vectors
from recsys.errors import DataError
from recsys.evaluation.interactions import interactions
from recsys.ids import FloatArray, IdMap
from recsys.models.factorisation import FactorisationConfig, Factors
from recsys.models.validation_split import ValidationSplit
from recsys.pipeline.config import TrainConfig
from recsys.progress import ReportProgress
from recsys.run_files import RecommenderFiles, RunFiles
from recsys.segments.personas import Personas
from recsys.tables.dataset import Dataset
from recsys.tables.split import Split, temporal

TUNING = "tuning"
SETTINGS = "settings.json"
"""In the stage ``tuning``: what was tried and found."""
_LATER_MONTHS = 12
_LATEST_SHARE = 0.98
"""At least a fiftieth of the events are to be explained."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PreviousRun:
    """The run in use while this one is trained: its persona names and map orientation are carried over."""

    run: str
    personas: Personas
    users: EmbeddingTable
    maps: Mapping[str, MapLayout]
    """By file name: ``users_linear`` and so on."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingContext:
    """Tables, settings and finished stages of one training. A stage's result is always read from disk, whether the stage ran just
    now or in a process that died."""

    dataset: Dataset
    config: TrainConfig
    files: RunFiles
    """Finished stages, each in a folder of its name."""
    previous: PreviousRun | None

    @cached_property
    def user_ids(self) -> IdMap:
        return IdMap(self.dataset.users["user_id"])

    @cached_property
    def movie_ids(self) -> IdMap:
        return IdMap(self.dataset.movies["movie_id"])

    @cached_property
    def views(self) -> sparse.csr_array:
        """All views, CSR[n_users, n_movies]."""
        return self._matrix(self.dataset.events)

    @cached_property
    def early_views(self) -> sparse.csr_array:
        """Views of the earlier part."""
        return self._matrix(self.split.train)

    @cached_property
    def late_views(self) -> sparse.csr_array:
        """Views of the later part."""
        return self._matrix(self.split.test)

    @property
    def cutoff(self) -> pd.Timestamp:
        """First moment of the later part."""
        cutoff = self.split.cutoff
        if cutoff is None:
            raise ValueError("a split by time has a cutoff")
        return cutoff

    @cached_property
    def split(self) -> Split:
        """The earlier and the later part of the events.

        The later part reaches back a year at most, whatever share of the events that is: what people chose long ago says little
        of what they choose now.

        Raises
        ------
        DataError  E_TOO_SMALL: hardly an event is of the last two years, so that nothing recent can be learnt from
        """
        times = self.dataset.events["timestamp"]
        older = float((times < times.iloc[-1] - pd.DateOffset(months=_LATER_MONTHS)).mean())
        found = temporal(self.dataset.events, min(max(self.config.early_share, older), _LATEST_SHARE))
        if found.cutoff is not None and found.cutoff < times.iloc[-1] - pd.DateOffset(months=2 * _LATER_MONTHS):
            raise DataError.of(
                "E_TOO_SMALL",
                f"{older:.0%} of the events are more than a year older than the last one.",
                "Import more of the last two years.",
                table="events",
                column="timestamp",
            )
        return found

    def _matrix(self, events: pd.DataFrame) -> sparse.csr_array:
        return interactions(events["user_index"], events["movie_index"], self.dataset.n_users, self.dataset.n_movies)

    @cached_property
    def validation(self) -> ValidationSplit:
        """The earlier part, split by time once more: settings are chosen on it, so that the later part stays a test set.

        Raises
        ------
        DataError  E_SPLIT: too few events for two parts
        """
        cut = temporal(self.split.train, self.config.early_share)
        return ValidationSplit(seen=self._matrix(cut.train), later=self._matrix(cut.test))

    @property
    def factorisation(self) -> FactorisationConfig:
        """Settings of matrix factorisation: the tuned ones, where the training tunes."""
        if not self.config.trials:
            return self.config.factorisation
        found = json.loads((self.files.folder / TUNING / SETTINGS).read_text(encoding="utf-8"))
        return FactorisationConfig(**found["settings"])

    def member_weights(self, member: int) -> FloatArray:
        """Bootstrap weights of a member: how often each user was drawn, float64[n_users]."""
        rng = np.random.default_rng([self.config.seed, member])
        n = self.dataset.n_users
        return rng.multinomial(n, np.full(n, 1.0 / n)).astype(np.float64)

    def save_vectors(self, folder: Path, users: Vectors, movies: Vectors) -> None:
        """Write the user and movie vectors of a recommender."""
        save_table(EmbeddingTable(ids=self.user_ids, vectors=users), RecommenderFiles(folder).user_vectors)
        save_table(EmbeddingTable(ids=self.movie_ids, vectors=movies), RecommenderFiles(folder).movie_vectors)

    def users_of(self, stage: str) -> EmbeddingTable:
        """User vectors of a finished stage."""
        return load_table(self.files.recommender(stage).user_vectors)

    def movies_of(self, stage: str) -> EmbeddingTable:
        """Movie vectors of a finished stage."""
        return load_table(self.files.recommender(stage).movie_vectors)

    def factors_of(self, stage: str) -> Factors:
        """Factorisation of a finished stage."""
        users, movies = self.users_of(stage).vectors, self.movies_of(stage).vectors
        return Factors(users=users, movies=movies, config=self.factorisation)

    def save_content(self, folder: Path, content: Vectors, epochs: int) -> None:
        """Write content vectors of the catalogue, and the epochs that their towers were trained for."""
        save_arrays(RecommenderFiles(folder).content_vectors, {"content": content}, {"epochs": epochs}, kind="content")

    def content_of(self, stage: str) -> Vectors:
        """Content vectors of a finished stage, float32[n_movies, dim]."""
        arrays, _ = load_arrays(self.files.recommender(stage).content_vectors, kind="content")
        return arrays["content"]

    def epochs_of(self, stage: str) -> int:
        """Epochs that the towers of a finished stage were trained for."""
        _, facts = load_arrays(self.files.recommender(stage).content_vectors, kind="content")
        return int(facts["epochs"])


def early_stage(recommender: str) -> str:
    """Name of the stage that trains a recommender on the earlier part.

    Examples
    --------
    >>> early_stage("mf")
    'mf_early'
    """
    return f"{recommender}_early"


StageFunction = Callable[[Path, ReportProgress], None]
"""Body of a stage: writes its result into a folder."""
