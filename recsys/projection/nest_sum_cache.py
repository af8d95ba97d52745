"""Nest sums kept in memory for one projection context, up to a limit of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields

from recsys.projection.nest_sums import NestSums

CACHE_BYTES = 1_000_000_000
"""Nest sums kept; a draw beyond it is computed anew each time."""


class NestSumCache:
    """Nest sums by catalogue and draw. Safe to use from many threads; what it returns is read-only.

    ``today``, the catalogue as it is, stays for good. Of other catalogues the one used longest ago makes room for a new one.
    """

    TODAY: Hashable = "today"

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, dict[int, tuple[NestSums, ...]]] = OrderedDict()

    def get(self, catalogue: Hashable, draw: int, compute: Callable[[], tuple[NestSums, ...]]) -> tuple[NestSums, ...]:
        """The nest sums of a catalogue's intervals under one draw, computed the first time they are asked for.

        Parameters
        ----------
        catalogue : what tells one catalogue from another
        """
        with self._lock:
            if catalogue in self._kept:
                self._kept.move_to_end(catalogue)
                if draw in self._kept[catalogue]:
                    return self._kept[catalogue][draw]
        computed = compute()
        for sums in computed:
            for each in fields(sums):
                getattr(sums, each.name).setflags(write=False)
        with self._lock:
            if self._make_room(_size(computed), catalogue):
                self._kept.setdefault(catalogue, {})[draw] = computed
        return computed

    def _make_room(self, needed: int, catalogue: Hashable) -> bool:
        """Whether so many bytes fit; drops other catalogues as far as that takes, and none where it would not do."""
        sizes = {name: sum(map(_size, by_draw.values())) for name, by_draw in self._kept.items()}
        droppable = [name for name in self._kept if name not in (self.TODAY, catalogue)]
        excess = sum(sizes.values()) + needed - self._limit
        if excess > sum(sizes[name] for name in droppable):
            return False
        for oldest in droppable:
            if excess <= 0:
                break
            del self._kept[oldest]
            excess -= sizes[oldest]
        return True


def _size(intervals: tuple[NestSums, ...]) -> int:
    return sum(sums.nbytes for sums in intervals)
