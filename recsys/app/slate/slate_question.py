"""Slate's form, field by field: what the address carries, so that a refresh finds it filled in as it was."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin

from recsys.errors import ScenarioError
from recsys.scenario.scenario import Arrivals, Joining

KEYS = "slate."
"""Begins the name of every field on the page."""


@dataclass(frozen=True, kw_only=True)
class SlateForm:
    """What is filled in; by default nothing is."""

    languages: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    ticked: tuple[str, ...] = ()
    """Ids of offers."""
    budget: str | None = None
    """As it was typed; None for the one that is proposed."""
    months: int | None = None
    at_most: int | None = None
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    language: str | None = None
    least: int = 1
    arrivals: Arrivals = "as_usual"
    joining: Joining = "as_usual"
    today: bool = False
    """Whether the slate is for today's audience though another was built."""


def as_mapping(form: SlateForm) -> dict[str, Any]:
    """The fields that are filled in.

    Examples
    --------
    >>> as_mapping(SlateForm(languages=("Tamil",), budget="1.8 crore"))
    {'languages': ('Tamil',), 'budget': '1.8 crore'}
    """
    empty = asdict(SlateForm())
    return {name: value for name, value in asdict(form).items() if value != empty[name]}


def from_mapping(document: Mapping[str, Any]) -> SlateForm:
    """The form of a link.

    Raises
    ------
    ScenarioError  E_PARAM: a field is unknown, or holds what it cannot

    Examples
    --------
    >>> from_mapping({"languages": ["Tamil"], "months": 24}) == SlateForm(languages=("Tamil",), months=24)
    True
    """
    kinds = {field.name: field.type for field in fields(SlateForm)}
    filled: dict[str, Any] = {}
    for name, value in document.items():
        if name not in kinds or not _fits(value, kinds[name]):
            raise ScenarioError.of(
                "E_PARAM", "the link does not hold Slate's form; it may have been cut off.", "Fill the form in anew."
            )
        filled[name] = tuple(value) if isinstance(value, list) else value
    return SlateForm(**filled)


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if "tuple" in str(kind):
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return type(value).__name__ in str(kind) or (value is None and "None" in str(kind))
