"""How hard tests try, by ``HYPOTHESIS_PROFILE``: ``fast`` in ``make check``, ``ci`` (the default) or ``nightly``.

Only ``nightly`` makes examples up anew each time; the others are the same on every run.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

Case = TypeVar("Case")
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
_TIMES = {"fast": 0.25, "ci": 1.0, "nightly": 16.0}
STRIDE = 5 if PROFILE == "fast" else 1
"""Drills that die at the first, the second, the third … step go on by so many steps."""


def times(n: int) -> int:
    """How often to try what CI tries ``n`` times."""
    return max(1, round(n * _TIMES[PROFILE]))


def examples(n: int) -> settings:
    """Settings of a property for which CI makes ``n`` examples."""
    return settings(max_examples=times(n))


def some(cases: Sequence[Case]) -> Sequence[Case]:
    """All of a long table of cases, of which a fast run takes every fifth."""
    return cases[::STRIDE]


def register() -> None:
    """Make the profile known to hypothesis."""
    settings.register_profile(
        "effort",
        derandomize=PROFILE != "nightly",
        deadline=None,
        max_examples=times(25),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("effort")
