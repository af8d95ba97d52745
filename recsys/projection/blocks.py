"""Users in blocks: small enough for a core's cache, always cut at the same places.

Every sum over users is the sum of its blocks' sums in block order, so that no figure depends on the number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

BLOCK = 1024
THREADS = min(4, os.cpu_count() or 1)


def over_users(n_users: int, work: Callable[[slice], Result], *, threads: int = THREADS) -> list[Result]:
    """``work`` on each block of users, results in block order."""
    return over([slice(start, min(start + BLOCK, n_users)) for start in range(0, n_users, BLOCK)], work, threads=threads)


Task = TypeVar("Task")


def over(tasks: list[Task], work: Callable[[Task], Result], *, threads: int = THREADS) -> list[Result]:
    """``work`` on each task, results in the order of the tasks."""
    if threads <= 1 or len(tasks) <= 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(max_workers=min(threads, len(tasks))) as pool:
        return list(pool.map(work, tasks))
