"""Declared fields: what a field of a value may hold, and one reader and one writer of keys and values for all of them.

A field's annotation carries its type: ``factor: Annotated[float, Bounds(0, 1000, "times")]``. A plain ``str`` is a text. Numbers
that a file states in another unit than the program (``delta_pp``) stay decimal on the way, so that writing and reading back gives
the very same value.
"""

import dataclasses
import difflib
import math
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, replace
from decimal import Decimal
from typing import Annotated, Any, TypeVar, get_args, get_origin

from recsys.errors import Finding, ScenarioError

MAX_FINDINGS = 50
MAX_TEXT = 2_000
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides of the writing direction; joiners stay, since Indic scripts need them."""

T = TypeVar("T")


class Findings:
    """Collects what is wrong with a document, so that all of it is said at once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def __len__(self) -> int:
        return len(self._found)

    def refuse(self, code: str, message: str, remedy: str, place: str = "") -> None:
        """Add a finding; ``place`` is the key it is about."""
        self._found.append(Finding(code=code, message=message, remedy=remedy, table="scenario", column=place or None))

    def known_keys(self, entry: Mapping[str, Any], known: Collection[str], place: str) -> None:
        """Refuse every key that is not known, and name the one that may have been meant."""
        for key in entry:
            if key not in known:
                message = f"{short(key)} is not a key here; known: {', '.join(sorted(known))}."
                self.refuse("E_PARAM", message, self.nearest(key, known) or "Remove it or correct its spelling.", place)

    def nearest(self, given: object, known: Collection[str]) -> str:
        """The question whether a known name was meant; empty where none is like it, and past what is shown."""
        near = difflib.get_close_matches(str(given)[:60], known, n=1) if len(self) < MAX_FINDINGS else []
        return f"Did you mean {near[0]!r}?" if near else ""

    def done(self) -> None:
        """Raise what was found.

        Raises
        ------
        ScenarioError  every finding, or the first ``MAX_FINDINGS`` and how many more there are
        """
        more = len(self) - MAX_FINDINGS
        if more > 0:
            told = replace(self._found[0], message=f"and {more:,} more like these.", remedy="Correct these first.")
            raise ScenarioError([*self._found[:MAX_FINDINGS], told])
        if self._found:
            raise ScenarioError(self._found)


@dataclass(frozen=True, kw_only=True)
class FieldType:
    """Type of a field: what it may hold, and how files state it."""

    key: str = ""
    """Name in files; empty where it is the field's."""
    scale: int = 1
    """How many of the file's units make one of the field's: 100 for percentage points of a share."""
    paid: bool = False
    """Whether it is money paid for an offer, which moves no demand."""

    def read(self, value: Any, place: str, findings: Findings, of: Any) -> Any:
        """The field's value as a file states it; None where it is refused. ``of`` is its Python type."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """What a file states."""
        return value


@dataclass(frozen=True)
class Bounds(FieldType):
    """A finite number within bounds."""

    low: float
    high: float
    unit: str
    whole: bool = False
    above: bool = False
    """Whether ``low`` itself is refused."""

    def __str__(self) -> str:
        return f"{'above' if self.above else 'from'} {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def read(self, value: Any, place: str, findings: Findings, of: Any) -> float | int | None:  # noqa: ARG002
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            findings.refuse("E_PARAM", f"{short(value)} is not a number.", f"Give a number {self}.", place)
            return None
        try:
            read = self._unscaled(value)
        except OverflowError:
            read = math.inf
        if not math.isfinite(read):
            findings.refuse("E_NUMBER", f"{short(value)} is not a finite number.", f"Give a number {self}.", place)
        elif self.whole and read != int(read):
            findings.refuse("E_RANGE", f"{read:g} is not a whole number.", f"Give a whole number {self}.", place)
        elif not self.low <= read <= self.high or (self.above and read == self.low):
            findings.refuse("E_RANGE", f"{read:g} lies outside what is allowed.", f"Give a number {self}.", place)
        else:
            return int(read) if self.whole else read + 0.0
        return None

    def _unscaled(self, value: float | Decimal) -> float:
        if self.scale == 1 or (isinstance(value, float) and not math.isfinite(value)):
            return float(value)
        return float(Decimal(repr(value) if isinstance(value, float) else value) / self.scale)

    def write(self, value: Any) -> Any:
        if self.whole or not isinstance(value, int | float):
            return value
        number = float(value) + 0.0
        return Decimal(repr(number)) * self.scale if self.scale != 1 and math.isfinite(number) else number


@dataclass(frozen=True, kw_only=True)
class Text(FieldType):
    """A text without control characters."""

    longest: int = MAX_TEXT

    def read(self, value: Any, place: str, findings: Findings, of: Any) -> str | None:  # noqa: ARG002
        if not isinstance(value, str):
            findings.refuse("E_PARAM", f"{short(value)} is not a text.", "Give it in quotes; ids are text too.", place)
        elif len(value) > self.longest:
            findings.refuse("E_PARAM", f"a text of {len(value)} characters; at most {self.longest}.", "Shorten it.", place)
        elif any(unicodedata.category(character) in _REFUSED or character in _BIDI for character in value):
            findings.refuse("E_PARAM", "the text holds control characters.", "Remove them.", place)
        else:
            return value
        return None


@dataclass(frozen=True, kw_only=True)
class Ids(FieldType):
    """A list of ids with at least one in it."""

    most: int

    def read(self, value: Any, place: str, findings: Findings, of: Any) -> tuple[str, ...] | None:
        if not isinstance(value, list | tuple) or not value:
            findings.refuse("E_PARAM", f"{short(value)} is not a list of ids.", 'Write ["id1", "id2"].', place)
            return None
        if len(value) > self.most:
            findings.refuse("E_PARAM", f"{len(value)} ids; at most {self.most}.", "Describe them by a rule.", place)
            return None
        read = [Text().read(entry, place, findings, of) for entry in value]
        return None if None in read else tuple(entry for entry in read if entry is not None)

    def write(self, value: Any) -> Any:
        return list(value)


@dataclass(frozen=True, kw_only=True)
class OneOf(FieldType):
    """One of several literals, or one of several dataclasses told apart by their keys."""

    code: str = "E_PARAM"
    refusal: str
    """What is wrong with any other value, after it is shown."""
    remedy: str

    def read(self, value: Any, place: str, findings: Findings, of: Any) -> Any:
        for option in get_args(of):
            if not isinstance(option, type):  # a literal
                if type(value) is type(option) and value == option:
                    return value
            elif isinstance(value, Mapping) and set(value) == {field.key for field in declared(option)}:
                return read_fields(option, value, place, findings, inside=False)
        findings.refuse(self.code, f"{short(value)} {self.refusal}.", self.remedy, place)
        return None

    def write(self, value: Any) -> Any:
        return write_fields(value) if dataclasses.is_dataclass(value) else value


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One field of a dataclass as its annotation declares it."""

    name: str
    key: str
    type: FieldType
    of: Any
    """Python type of its values."""
    default: Any
    """``dataclasses.MISSING`` where it has to be stated."""


def declared(kind: type) -> tuple[Declared, ...]:
    """The fields of a dataclass, in their order.

    Raises
    ------
    TypeError: a field declares neither bounds nor another type; a defect of the class
    """
    if kind in _DECLARED:
        return _DECLARED[kind]
    found = []
    for field in dataclasses.fields(kind):
        annotation: Any = field.type
        if get_origin(annotation) is not Annotated:  # ``… | None``
            annotation = next((part for part in get_args(annotation) if get_origin(part) is Annotated), annotation)
        of, declares = get_args(annotation)[:2] if get_origin(annotation) is Annotated else (annotation, Text())
        if not isinstance(declares, FieldType) or (isinstance(declares, Text) and of is not str):
            raise TypeError(f"{kind.__name__}.{field.name} declares no bounds: write Annotated[…, Bounds(…)] or another type")
        found.append(Declared(name=field.name, key=declares.key or field.name, type=declares, of=of, default=field.default))
    _DECLARED[kind] = tuple(found)
    return _DECLARED[kind]


_DECLARED: dict[type, tuple[Declared, ...]] = {}
"""A scenario is hashed several times a rerun."""


def bounds(kind: type, name: str) -> Bounds:
    """What a number of a kind may be: the limits of its widget."""
    (found,) = [field.type for field in declared(kind) if field.name == name]
    if not isinstance(found, Bounds):
        raise TypeError(f"{kind.__name__}.{name} is not a number")
    return found


def read_fields(
    kind: type[T], entry: Mapping[str, Any], place: str, findings: Findings, *, also: Collection[str] = (), inside: bool = True
) -> T | None:
    """The value of a dataclass that keys and values state; None where something is refused.

    Parameters
    ----------
    also : further keys that are allowed
    inside : whether a finding names the key inside of ``place``
    """
    before, values = len(findings), {}
    findings.known_keys(entry, {*also, *(field.key for field in declared(kind))}, place)
    for field in declared(kind):
        at = ".".join(filter(None, (place, field.key))) if inside else place
        if field.key in entry:
            values[field.name] = field.type.read(entry[field.key], at, findings, field.of)
        elif field.default is MISSING:
            findings.refuse("E_PARAM", f"{entry.get('type', 'a scenario')} needs {field.key}.", f"Add {field.key}.", at)
    return kind(**values) if len(findings) == before else None


def write_fields(value: Any, *, stated: Collection[str] | None = None) -> dict[str, Any]:
    """Keys and values of a dataclass.

    Parameters
    ----------
    stated : fields that are written although they say their default; None: all
    """
    given = [(field, getattr(value, field.name)) for field in declared(type(value))]
    return {
        field.key: field.type.write(held)
        for field, held in given
        if held is not None and (stated is None or field.name in stated or held != field.default)
    }


def short(value: object) -> str:
    """A value as a message shows it, at most 60 characters."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
