"""Users in blocks: small enough for a core's cache, always cut at the same places.

Every sum over users is the sum of its blocks' sums in block order, so that no figure depends on the number of threads.
Products use one BLAS thread each: blocks are what runs side by side, and small products lose more by waiting than they gain.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")

THREADS = min(4, os.cpu_count() or 1)
PRODUCT_BLOCK = 256
"""Users whose scores of a whole catalogue are held at a time."""
MONTH_BLOCK = 1536
"""Users whose months are followed at a time: as many as fit a core's cache, and enough for a core to be worth its waking."""

_CONTROLLER: Any = ThreadpoolController()
_LOCK = threading.Lock()
_LIMITS: list[Any] = []
_INSIDE = [0]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Products use one thread each while anybody is in here; the first to come sets the limit, the last to leave lifts it."""
    with _LOCK:
        _INSIDE[0] += 1
        if _INSIDE[0] == 1:
            _LIMITS.append(_CONTROLLER.limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE[0] -= 1
            if _INSIDE[0] == 0:
                _LIMITS.pop().restore_original_limits()


def side_by_side(tasks: Iterable[Task], work: Callable[[Task], Result], *, threads: int = THREADS) -> list[Result]:
    """``work`` on each task, results in the order of the tasks."""
    listed = list(tasks)
    with one_blas_thread():
        if threads <= 1 or len(listed) <= 1:
            return [work(task) for task in listed]
        with ThreadPoolExecutor(max_workers=min(threads, len(listed))) as pool:
            return list(pool.map(work, listed))


def over_users(n_users: int, work: Callable[[slice], Result], *, block: int, threads: int = THREADS) -> list[Result]:
    """``work`` on each block of users, results in block order."""
    blocks = [slice(start, min(start + block, n_users)) for start in range(0, n_users, block)]
    return side_by_side(blocks, work, threads=threads)
