"""How a long import tells how far it is."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with the name of a step and the share of that step which is done."""


def silent(step: str, share: float) -> None:
    """Tell nobody."""
