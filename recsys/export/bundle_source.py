"""Source of a bundle: model and catalogue read from a workspace."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from recsys import foreign
from recsys.embeddings.store import load_table
from recsys.embeddings.table import EmbeddingTable
from recsys.embeddings.tower import MovieTower, UserTower
from recsys.errors import ArtefactError
from recsys.export.phone_model import fingerprint
from recsys.run_files import TWO_TOWER, RunFiles
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace, read_manifest

PUBLIC_COLUMNS = ("title", "year", "genres", "languages", "runtime_min")
"""Attributes of movies that may leave; fees and licence terms stay."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """A trained two-tower model and the catalogue it speaks about. Row ``k`` is the same movie everywhere."""

    run: str
    created: str
    """When the run was made, UTC, ``YYYY-MM-DDTHH:MM:SSZ``."""
    data_fingerprint: str
    simulated: bool
    tower: UserTower
    movies: EmbeddingTable
    catalogue: pd.DataFrame
    """``title`` and the other columns of ``PUBLIC_COLUMNS`` that the service has."""
    users: EmbeddingTable
    """Read only where user vectors are asked for."""

    @property
    def model_id(self) -> str:
        """SHA-256 over the weights."""
        return fingerprint(self.tower, self.movies.vectors)

    def bundle_id(self, options: dict[str, Any]) -> str:
        """SHA-256 over everything that decides a bundle's content, ``options`` included."""
        users = self.users.fingerprint if options["include_users"] else None
        catalogue = hashlib.sha256(self.catalogue.to_json(orient="split", date_format="iso").encode()).hexdigest()
        facts = {
            **options,
            "run": self.run,
            "data_fingerprint": self.data_fingerprint,
            "simulated": self.simulated,
            "model_id": self.model_id,
            "movies": self.movies.fingerprint,
            "features": self.tower.space.as_json(),
            "catalogue": catalogue,
            "users": users,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load_source(workspace: Workspace) -> Source:
    """Read the run in use.

    Raises
    ------
    ArtefactError
        E_NO_RUN, E_NOT_FOUND: nothing trained; E_STALE: the tables were replaced since; and what reading a run raises
    """
    run = workspace.current_run()
    created, data_fingerprint = _facts_of(run)
    files = RunFiles(run).recommender(TWO_TOWER)
    if not files.folder.is_dir():
        raise ArtefactError.of("E_NOT_FOUND", f"the run {run.name} holds no two-tower model.", "Run `recsys train --model all`.")
    movies, users = load_table(files.movie_vectors), load_table(files.user_vectors)
    if list(MovieTower.load(files.folder).movie_ids.ids) != list(movies.ids.ids):
        raise ArtefactError.of("E_MIX", f"the run {run.name} holds the tower and the vectors of two models.", "Train again.")
    dataset = load_dataset(workspace)
    catalogue = dataset.movies.set_index("movie_id").reindex(list(movies.ids.ids))
    if catalogue["title"].isna().any():
        gone = catalogue.index[catalogue["title"].isna()][:5].tolist()
        raise ArtefactError.of("E_STALE", f"the tables no longer hold movies of the run {run.name}: {gone}.", "Train again.")
    return Source(
        run=run.name,
        created=created,
        data_fingerprint=data_fingerprint,
        simulated=dataset.simulated,
        tower=UserTower.load(files.folder),
        movies=movies,
        catalogue=catalogue[[name for name in PUBLIC_COLUMNS if name in catalogue]].reset_index(drop=True),
        users=users,
    )


def _facts_of(run: Path) -> tuple[str, str]:
    """When the run was made, and the fingerprint of the tables it was made from."""
    try:
        moment = datetime.fromisoformat(read_manifest(run, verify=False)["created"])
        fingerprint_of_data = foreign.json_file(RunFiles(run).config)["identity"]["data"]
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError.of(
            "E_MANIFEST", f"the run {run.name} does not say what it is ({error!r}).", "Train again."
        ) from error
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), str(fingerprint_of_data)
