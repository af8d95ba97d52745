"""Id maps: external ids (text) to rows 0..n-1 and back."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
MAX_SEED = 2**32 - 1
"""Seeds that every library takes are from 0 to this."""

FloatArray = NDArray[np.float64]


class IdMap:
    """An ordered set of external ids.

    The order is kept as given: row ``k`` of every array that goes with the map belongs to ``ids[k]``.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._index = pd.Index(list(ids), dtype=object)
        if not self._index.is_unique:
            twice = self._index[self._index.duplicated()][:5].tolist()
            raise ValueError(f"ids repeat: {twice}")

    @property
    def ids(self) -> Sequence[str]:
        """All ids, in row order."""
        return self._index.tolist()

    def rows(self, ids: Iterable[str]) -> IntArray:
        """Row of each id; KeyError where one is unknown."""
        wanted = list(ids)
        found = self.rows_or_missing(wanted)
        if (found < 0).any():
            raise KeyError(wanted[int(np.argmax(found < 0))])
        return found

    def rows_or_missing(self, ids: Iterable[str]) -> IntArray:
        """Row of each id, -1 where unknown."""
        return self._index.get_indexer(pd.Index(list(ids), dtype=object)).astype(np.int64)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, external_id: object) -> bool:
        return external_id in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and self._index.equals(other._index)

    def __hash__(self) -> int:
        return hash(tuple(self._index))
