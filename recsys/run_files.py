"""Files and folders of a run: what a training leaves and every later stage reads, named in one place.

The folder in which a training works holds its finished stages under the same names, so both are read alike; only ``metrics.json``
lies in a folder of its own there. What is inside a part (tensors, their JSON) is known to the module that writes it.
"""

from dataclasses import dataclass
from pathlib import Path

FACTORISATION = "mf"
"""Recommender whose vectors are the taste space: behind choice, personas and maps."""
TWO_TOWER = "two_tower"
"""Recommender whose movie tower places movies that nobody has watched, and that bundles carry."""
CHOICE = "choice"
PERSONAS = "personas"
MAPS = "maps"
METRICS = "metrics"
CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.json"


@dataclass(frozen=True)
class RecommenderFiles:
    """Paths in the folder of one recommender; beside these it may hold more that the recommender itself saves and loads."""

    folder: Path

    @property
    def user_vectors(self) -> Path:
        """Stem of the table of users, for :mod:`recsys.embeddings.store`."""
        return self.folder / "users"

    @property
    def movie_vectors(self) -> Path:
        """Stem of the table of movies."""
        return self.folder / "movies"

    @property
    def content_vectors(self) -> Path:
        """Stem of the movies' vectors from attributes alone."""
        return self.folder / "content"


@dataclass(frozen=True)
class RunFiles:
    """Paths in the folder of a run, or in that of a training's finished stages; nothing is created by naming one."""

    folder: Path

    @property
    def config(self) -> Path:
        """Tables and settings that the run was trained on, JSON."""
        return self.folder / CONFIG_FILE

    @property
    def metrics(self) -> Path:
        """How well its recommenders rank, JSON."""
        return self.folder / METRICS_FILE

    @property
    def choice(self) -> Path:
        """Folder of the choice model."""
        return self.folder / CHOICE

    @property
    def personas(self) -> Path:
        return self.folder / PERSONAS

    def recommender(self, name: str) -> RecommenderFiles:
        """Files of a recommender, or of a training's stage that makes one."""
        return RecommenderFiles(self.folder / name)

    def map(self, name: str) -> Path:
        """Stem of a map, by the name that :func:`map_name` gives."""
        return self.folder / MAPS / name


def map_name(of: str, kind: str) -> str:
    """Name of a map in the folder of maps.

    Parameters
    ----------
    of : ``users`` or ``movies``
    kind : ``linear`` or ``neighbourhood``

    Examples
    --------
    >>> map_name("users", "linear")
    'users_linear'
    """
    return f"{of}_{kind}"
