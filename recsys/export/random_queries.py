"""Random queries to an exported model: viewing histories and user attributes drawn from its catalogue.

Golden answers, parity checks and the importance of rounding errors are measured on them. Histories are drawn at random: nobody's
viewing is in them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.embeddings.features import Feature
from recsys.embeddings.tower import UserTower

LONGEST_HISTORY = 60
MOST_EXCLUDED = 5

RowArray = NDArray[np.int32]
Context = dict[str, str | float]


@dataclass(frozen=True, eq=False, kw_only=True)
class Query:
    """A query: rows of the movies watched, attributes of the user, rows of further movies to exclude."""

    history: RowArray
    context: Context
    excluded: RowArray

    @property
    def barred(self) -> RowArray:
        """Rows that may not be recommended, sorted."""
        return np.union1d(self.history, self.excluded).astype(np.int32)


def random_queries(tower: UserTower, n: int, rng: np.random.Generator) -> list[Query]:
    """Draw n queries with histories of any length, the first empty; some attributes are missing, some have values never seen."""
    n_movies = len(tower.history_table)
    longest = min(LONGEST_HISTORY, n_movies // 2)
    lengths = [0, *rng.integers(0, longest + 1, size=n - 1)]
    most_excluded = min(MOST_EXCLUDED, n_movies // 4)
    return [
        Query(
            history=rng.choice(n_movies, size=length, replace=False).astype(np.int32),
            context={
                feature.column: value for feature in tower.space.features if (value := _random_value(feature, rng)) is not None
            },
            excluded=np.sort(rng.choice(n_movies, size=rng.integers(0, most_excluded + 1), replace=False)).astype(np.int32),
        )
        for length in lengths
    ]


def _random_value(feature: Feature, rng: np.random.Generator) -> str | float | None:
    kind = rng.random()
    if kind < 0.15:
        return None
    if feature.knots:
        low, high = min(feature.knots), max(feature.knots)
        return round(float(rng.uniform(low - 1, high + 1)), 3)
    if kind < 0.25:
        return "never seen before"
    picked = rng.choice(len(feature.names), size=min(1 + int(kind > 0.8), len(feature.names)), replace=False)
    return "|".join(feature.names[i] for i in picked)
