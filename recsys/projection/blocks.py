"""Users in blocks: small enough for a core's cache, always cut at the same places.

Every sum over users is the sum of its blocks' sums in block order, so that no figure depends on the number of threads.
Products use one BLAS thread each: blocks are what runs side by side, and small products lose more by waiting than they gain.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

THREADS = min(4, os.cpu_count() or 1)
PRODUCT_BLOCK = 256
"""Users whose scores of a whole catalogue are held at a time."""
_CONTROLLER: Any = ThreadpoolController()


def month_block(n_users: int) -> int:
    """Users whose months are followed at a time: as many as fit a core's cache, more where threads share the work."""
    return 1024 if n_users <= 40_000 else 8192


def over_users(n_users: int, work: Callable[[slice], Result], *, block: int, threads: int = THREADS) -> list[Result]:
    """``work`` on each block of users, results in block order."""
    blocks = [slice(start, min(start + block, n_users)) for start in range(0, n_users, block)]
    with _CONTROLLER.limit(limits=1, user_api="blas"):
        if threads <= 1 or len(blocks) <= 1:
            return [work(one) for one in blocks]
        with ThreadPoolExecutor(max_workers=min(threads, len(blocks))) as pool:
            return list(pool.map(work, blocks))
