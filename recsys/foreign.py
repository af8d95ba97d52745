"""Bounded parsing of foreign TOML and JSON into plain values: texts are measured before they are parsed.

A parser believes its text: brackets in brackets exhaust the stack, a name of ten thousand parts takes it minutes, a number of
five thousand digits cannot even be shown. So the text is measured first, by its punctuation outside of quotes and comments and in
one pass, and what no honest file holds is refused with its code. Every file, link and stored document comes in here.
"""

import json
import math
import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from recsys.errors import RecsysError

MAX_DEPTH = 32
"""Brackets in brackets, and parts of a dotted name."""
MAX_DIGITS = 100
"""Characters of a number."""
MAX_NAMES = 50_000
"""Names, and lists or tables, in a TOML file."""
MAX_NAME = 200
"""Characters of a name."""
MAX_VALUES = 500_000
"""Commas, and lines, in a TOML file: the ids of a selection are the longest list there is."""
MAX_JSON_BYTES = 256 * 1024 * 1024
"""Of a document that the program has written itself."""

# Possessive throughout, and open at the end: a quote that is never closed takes the rest, once.
_JSON_QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_TOML_QUOTED = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|\'\'\'(?:[^\']++|\'(?!\'\'))*+(?:\'\'\')?'
    r'|"(?:[^"\\\n]++|\\.)*+"?|\'[^\'\n]*+\'?|#[^\n]*+',
    re.DOTALL,
)
_LONG_NUMBER = re.compile(rf"(?<![A-Za-z0-9_.+-])[+-]?[0-9][A-Za-z0-9_.+-]{{{MAX_DIGITS},}}")
_LONG_NAME = re.compile(rf"(?:\.[^.,=\n\[{{]*+){{{MAX_DEPTH},}}")
_SMALLEST_EXPONENT = -400
"""Below it a number is 0 to every computer."""


E = TypeVar("E", bound=RecsysError)


class UnreadableError(ValueError):
    """A text that is refused before or while it is parsed: a stable code, why, and what to do."""

    def __init__(self, code: str, why: str, remedy: str) -> None:
        super().__init__(why)
        self.code, self.why, self.remedy = code, why, remedy

    def as_error(self, kind: type[E], what: str, **place: Any) -> E:
        """Convert to an error of a kind, which names ``what`` was refused."""
        return kind.of(self.code, f"{what} {self.why}.", self.remedy, **place)


def toml(content: str | bytes, *, number: Callable[[str], Any] = float, max_bytes: int) -> dict[str, Any]:
    """Parse a TOML file into tables of values.

    Parameters
    ----------
    number : what a number with a point or an exponent becomes

    Raises
    ------
    UnreadableError  E_TOO_BIG, E_ENCODING, E_TOO_DEEP, E_NUMBER: a number longer than any; E_TOML

    Examples
    --------
    >>> toml("fee = 4_000_000", max_bytes=1_000)
    {'fee': 4000000}
    """
    text = _decoded(content, max_bytes).removeprefix("\ufeff")
    bare = _TOML_QUOTED.sub('""', text)
    _check_shape(bare)
    if _LONG_NAME.search(bare):
        raise _too_deep("dots in a name")
    names, values = max(bare.count("="), bare.count("[") + bare.count("{")), max(bare.count(","), bare.count("\n"))
    if names > MAX_NAMES or values > MAX_VALUES:
        raise UnreadableError("E_TOO_BIG", "holds more names or values than are read", f"At most {MAX_NAMES} and {MAX_VALUES}.")
    try:
        document = tomllib.loads(text, parse_float=number)
    except ValueError as error:
        raise UnreadableError("E_TOML", f"is not TOML: {error}", "Correct the line that is named.") from error
    if (longest := _longest_name(document)) > MAX_NAME:
        raise UnreadableError("E_TOO_BIG", f"holds a name of {longest} characters", f"At most {MAX_NAME} are read.")
    return document


def json_value(
    content: str | bytes,
    *,
    number: Callable[[str], Any] = float,
    whole: Callable[[str], Any] = int,
    constant: Callable[[str], Any] | None = None,
    max_bytes: int = MAX_JSON_BYTES,
) -> Any:
    """Parse a JSON text.

    Parameters
    ----------
    number : what a number with a point or an exponent becomes
    whole : what a number without becomes
    constant : what NaN and Infinity become, which are not JSON; refused where None

    Raises
    ------
    UnreadableError  E_TOO_BIG, E_ENCODING, E_TOO_DEEP, E_NUMBER: a number longer than any; E_JSON

    Examples
    --------
    >>> json_value(b'{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    text = _decoded(content, max_bytes)
    _check_shape(_JSON_QUOTED.sub('""', text))
    try:
        return json.loads(text, parse_float=number, parse_int=whole, parse_constant=constant or _refuse)
    except ValueError as error:
        raise UnreadableError("E_JSON", f"is not JSON: {error}", "Fetch it again from where it came.") from error


def json_file(path: Path) -> Any:
    """Parse a JSON file.

    Raises
    ------
    OSError: it cannot be read
    UnreadableError  as :func:`json_value`
    """
    with path.open("rb") as file:
        return json_value(file.read(MAX_JSON_BYTES + 1))


def decimal(text: str) -> Decimal | float:
    """A number as it is written, so that the same digits can be written again; infinity, 0 or NaN where a computer has no more.

    Raises
    ------
    UnreadableError  E_NUMBER: not a number

    Examples
    --------
    >>> decimal("1.20"), decimal("1e9999999999"), decimal("-1e-9999999999"), decimal("sNaN")
    (Decimal('1.20'), inf, -0.0, nan)
    """
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise UnreadableError("E_NUMBER", "holds what is not a number", "Give a number.") from error
    if value.is_nan():
        return math.nan
    read = float(value)
    return value if math.isfinite(read) and value.adjusted() >= _SMALLEST_EXPONENT else read


def _decoded(content: str | bytes, max_bytes: int) -> str:
    if len(content) > max_bytes:
        raise UnreadableError("E_TOO_BIG", f"is longer than {max_bytes} bytes", f"At most {max_bytes} are read.")
    try:
        return content if isinstance(content, str) else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError("E_ENCODING", f"is not UTF-8 ({error})", "Save it as UTF-8.") from error


def _check_shape(bare: str) -> None:
    """Refuse what is nested too deep or holds a number too long; ``bare`` is the text without what is in quotes."""
    if _LONG_NUMBER.search(bare):
        raise UnreadableError("E_NUMBER", f"holds a number of more than {MAX_DIGITS} characters", "Write it shorter.")
    signs = np.frombuffer(re.sub(r"[^][{}]+", "", bare).encode(), dtype=np.uint8)
    opened = (signs == ord("[")) | (signs == ord("{"))
    if signs.size and np.where(opened, 1, -1).cumsum().max() > MAX_DEPTH:
        raise _too_deep("brackets in brackets")


def _too_deep(what: str) -> UnreadableError:
    return UnreadableError("E_TOO_DEEP", f"has more than {MAX_DEPTH} {what}", "Write it flatter.")


def _longest_name(value: object) -> int:
    if isinstance(value, dict):
        return max((max(len(name), _longest_name(inner)) for name, inner in value.items()), default=0)
    return max(map(_longest_name, value), default=0) if isinstance(value, list) else 0


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
