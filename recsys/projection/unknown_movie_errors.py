"""Movies named in a scenario that the workspace does not know."""

from collections.abc import Iterable

from recsys.errors import Finding
from recsys.segments.attribute_rules import nearest_names


def unknown_movie(name: str, known: Iterable[str], what: str, place: str) -> Finding:
    """E_MOVIE: ``name`` is not one of the known ids.

    Examples
    --------
    >>> unknown_movie("m01", ["m1", "m2"], "offer", "acquire").message
    "there is no offer 'm01'."
    """
    return Finding(
        code="E_MOVIE",
        message=f"there is no {what} {name!r}.",
        remedy=f"Did you mean {nearest_names(name, known)}?",
        table="scenario",
        column=place,
    )
