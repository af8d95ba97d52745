"""How long any test waits for anything: long enough for a slow and busy machine, since only a failure ever waits so long.

How quick the program is, is measured by the benchmarks and asserted by no test.
"""

import time
from collections.abc import Callable
from typing import TypeVar

SECONDS = 600.0
MILLISECONDS = 1000 * SECONDS
Found = TypeVar("Found")


def until(found: Callable[[], Found | None]) -> Found:
    """What a function gives as soon as that is true, asked again and again: for what tells nobody when it changes.

    Raises
    ------
    TimeoutError  patience is up
    """
    end = time.monotonic() + SECONDS
    while not (answer := found()):
        if time.monotonic() > end:
            raise TimeoutError(f"{found} is still {answer!r}")
        time.sleep(0.02)  # noqa: TID251  the one place
    return answer
