"""Parallel work over blocks of users, small enough for a core's cache and always cut at the same places.

Every sum over users is the sum of its blocks' sums in block order, so that no figure depends on the number of threads.
Products use one BLAS thread each: blocks are what runs side by side, and small products lose more by waiting than they gain.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

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


class _Cores:
    """Threads of this process that compute. A caller always may; it gets helpers as long as there are fewer than cores."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._of_thread = threading.local()

    @contextmanager
    def own(self) -> Iterator[None]:
        """Count the calling thread, once however deep it is in here."""
        if getattr(self._of_thread, "counted", False):
            yield
            return
        with self._lock:
            self._busy += 1
        with self._counted():
            yield

    def spare(self) -> bool:
        """Reserve a core for a helper, if one is free."""
        with self._lock:
            free = self._busy < THREADS
            self._busy += free
        return free

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Count the calling thread on a core that :meth:`spare` reserved."""
        with self._counted():
            yield

    def crowded(self) -> bool:
        """Whether more threads compute than there are cores, so that a helper has to leave."""
        with self._lock:
            return self._busy > THREADS

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._of_thread.counted = True
        try:
            yield
        finally:
            self._of_thread.counted = False
            with self._lock:
                self._busy -= 1


_CORES = _Cores()
one_core = _CORES.own
"""Context in which the calling thread counts as one that computes; all that do share the machine's cores."""


class _Team(Generic[Task, Result]):
    """The calling thread and its helpers at a list of tasks."""

    def __init__(self, tasks: list[Task], work: Callable[[Task], Result], threads: int) -> None:
        self._tasks, self._work, self._most = tasks, work, threads - 1
        self._next = iter(range(len(tasks)))
        self._left = len(tasks)
        self._lock = threading.Lock()
        self._results: dict[int, Result] = {}
        self._errors: dict[int, BaseException] = {}

    def run(self) -> list[Result]:
        helpers: list[threading.Thread] = []
        with one_core():
            while (at := self._take()) is not None:
                helpers = [helper for helper in helpers if helper.is_alive()]
                for _ in range(min(self._most - len(helpers), self._left)):
                    if not _CORES.spare():
                        break
                    helpers.append(threading.Thread(target=self._help, daemon=True))
                    helpers[-1].start()
                self._do(at)
            for helper in helpers:
                helper.join()
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[at] for at in range(len(self._tasks))]

    def _help(self) -> None:
        with _CORES.reserved():
            while not _CORES.crowded() and (at := self._take()) is not None:
                self._do(at)

    def _take(self) -> int | None:
        with self._lock:
            if self._errors or (at := next(self._next, None)) is None:
                self._left = 0
                return None
            self._left -= 1
            return at

    def _do(self, at: int) -> None:
        try:
            self._results[at] = self._work(self._tasks[at])
        except BaseException as error:
            self._errors[at] = error


def map_parallel(tasks: Iterable[Task], work: Callable[[Task], Result], *, threads: int = THREADS) -> list[Result]:
    """``work`` on each task, results in the order of the tasks.

    Parameters
    ----------
    threads : at most so many; fewer while other callers compute, so that all of them together use each core once
    """
    listed = list(tasks)
    with one_blas_thread():
        if threads <= 1 or len(listed) <= 1:
            return [work(task) for task in listed]
        return _Team(listed, work, threads).run()


def map_user_blocks(n_users: int, work: Callable[[slice], Result], *, block: int, threads: int = THREADS) -> list[Result]:
    """``work`` on each block of users, results in block order."""
    blocks = [slice(start, min(start + block, n_users)) for start in range(0, n_users, block)]
    return map_parallel(blocks, work, threads=threads)
