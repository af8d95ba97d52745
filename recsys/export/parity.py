"""Parity of phone and server: the phone's query answered in Python, and whether the two lists agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.embeddings.store import load_table
from recsys.embeddings.tower import UserTower
from recsys.export import golden_queries
from recsys.export.golden_queries import Answer
from recsys.export.phone_model import PhoneModel
from recsys.export.quantisation import Dtype
from recsys.ids import IdMap
from recsys.run_files import TWO_TOWER, RunFiles

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Server:
    """A run's two-tower model, rounded as a bundle of it is."""

    model: PhoneModel
    movies: IdMap

    @classmethod
    def load(cls, run: Path, dtype: Dtype) -> "Server":
        """Read a run's folder.

        Raises
        ------
        ArtefactError  as the readers of tower and vectors
        """
        files = RunFiles(run).recommender(TWO_TOWER)
        table = load_table(files.movie_vectors)
        return cls(model=PhoneModel.of(UserTower.load(files.folder), table.vectors, dtype), movies=table.ids)

    def answer(
        self,
        history: Sequence[str],
        *,
        context: Mapping[str, str | float] | None = None,
        exclude: Sequence[str] = (),
        added: Mapping[str, Float32Array] | None = None,
        top: int = golden_queries.TOP,
    ) -> tuple[list[str], Float32Array]:
        """Ids and scores of the best movies, best first.

        Parameters
        ----------
        history, exclude : movie ids; those that the catalogue does not hold are passed over, as on the phone
        context : attributes of the user, as far as they are known
        added : id → float32[dim], movies to rank besides the catalogue's
        """
        extra = dict(added or {})
        watched, left_out = self._rows(history), self._rows(exclude)
        known = pd.DataFrame([dict(context or {})], index=[0], dtype=object)
        (vector,) = self.model.tower.encode([watched.astype(np.int64)], known)
        space = np.concatenate([self.model.movies.decoded, *(each[None, :] for each in extra.values())])
        found = golden_queries.best(vector, space, np.union1d(watched, left_out).astype(np.int32), top)
        names = [*self.movies.ids, *extra]
        return [names[row] for row in found.rows], found.scores

    def _rows(self, ids: Sequence[str]) -> NDArray[np.int32]:
        rows = self.movies.rows_or_missing(ids)
        known: NDArray[np.int32] = np.unique(rows[rows >= 0]).astype(np.int32)
        return known


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Agreement of two lists."""

    n: int
    """Length of the server's list."""
    same: bool
    """The same movies in the same order, those aside whose scores the tolerance cannot tell apart."""
    max_relative_error: float
    """Largest difference of two scores, relative to the largest score of the list."""


def compare(server: tuple[Sequence[str], Float32Array], phone: tuple[Sequence[str], Sequence[float]]) -> Parity:
    """Compare a phone's list with the server's.

    Examples
    --------
    >>> compare((["a", "b"], np.float32([2, 1])), (["a", "b"], [2.0, 1.0]))
    Parity(n=2, same=True, max_relative_error=0.0)
    >>> compare((["a", "b"], np.float32([2, 1])), (["b", "a"], [2.0, 1.0])).same
    False
    """
    (ids, scores), (given, given_scores) = server, phone
    places = {name: row for row, name in enumerate(dict.fromkeys([*ids, *given]))}
    known = Answer(rows=np.array([places[name] for name in ids], np.int32), scores=scores)
    got = Answer(rows=np.array([places[name] for name in given], np.int32), scores=np.array(given_scores, np.float32))
    return Parity(
        n=len(ids), same=golden_queries.same_top(known, got), max_relative_error=golden_queries.relative_error(known, got)
    )
