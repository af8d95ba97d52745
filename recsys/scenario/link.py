"""A scenario in a link: what ``/scenario?s=…`` carries, so that a colleague opens the very same question.

A scenario that lists users by id has no link: addresses lie in histories, logs and mails.

The parameter is ``<version>.<base64url of deflated JSON>``. It is read as untrusted text: length, inflated size and every
value are bounded.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from recsys import foreign
from recsys.errors import ScenarioError
from recsys.scenario.changes import KINDS
from recsys.scenario.fields import declared
from recsys.scenario.mapping import as_mapping, from_mapping
from recsys.scenario.scenario import Scenario

VERSION = 1
MAX_LENGTH = 4_000
"""Characters of the parameter; a link stays below what browsers and mail programs carry."""
_MAX_INFLATED = 200_000
_REMEDY = "Ask for the scenario's file instead of its link."


def encode(scenario: Scenario) -> str:
    """The parameter that :func:`decode` turns back into the same scenario.

    Raises
    ------
    ScenarioError  E_PARAM: the scenario lists users by id, or is too long for a link

    Examples
    --------
    >>> decode(encode(Scenario(name="as it is"))) == Scenario(name="as it is")
    True
    """
    if scenario.lists_people:
        raise _lists_people("Save it and share the saved one's address, or describe its users by a rule.")
    return pack(as_mapping(scenario))


def decode(parameter: str) -> Scenario:
    """Read the parameter of a link.

    Raises
    ------
    ScenarioError  E_PARAM: too long, not a scenario, or one that lists users by id; E_VERSION: made by a newer version;
        else as a scenario file
    """
    document = unpack(parameter)
    scaled = {field.key for kind in KINDS.values() for field in declared(kind) if field.type.scale != 1}
    for entry in document.get("change", []) if isinstance(document.get("change"), list) else []:
        for key in scaled if isinstance(entry, dict) else ():
            if isinstance(entry.get(key), str):
                entry[key] = _text_as_number(entry[key])
    scenario = from_mapping(document)
    if scenario.lists_people:
        raise _lists_people("Ask for a rule, or for a saved scenario.")
    return scenario


def pack(document: Mapping[str, Any]) -> str:
    """A document as a parameter of a link.

    Raises
    ------
    ScenarioError  E_PARAM: it is too long for one
    """
    text = json.dumps(document, default=_decimal_as_text, ensure_ascii=False, separators=(",", ":"))
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).rstrip(b"=").decode()
    parameter = f"{VERSION}.{packed}"
    if len(parameter) > MAX_LENGTH:
        raise ScenarioError.of(
            "E_PARAM",
            f"a link to this has {len(parameter)} characters; at most {MAX_LENGTH}.",
            "Save it and share the saved one's address.",
        )
    return parameter


def unpack(parameter: str) -> dict[str, Any]:
    """The document of a parameter that :func:`pack` made; numbers with a point as decimals.

    Raises
    ------
    ScenarioError  E_PARAM: too long, or not a document; E_VERSION: made by a newer version
    """
    if len(parameter) > MAX_LENGTH:
        raise ScenarioError.of("E_PARAM", f"the link has {len(parameter)} characters; at most {MAX_LENGTH}.", _REMEDY)
    version, _, packed = parameter.partition(".")
    if not (version.isascii() and version.isdigit()):
        raise _unreadable()
    if int(version) != VERSION:
        raise ScenarioError.of("E_VERSION", f"the link is of version {version}; this one reads {VERSION}.", _REMEDY)
    document = _document(packed)
    if not isinstance(document, dict):
        raise _unreadable()
    return document


def _document(packed: str) -> Any:
    try:
        deflated = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj()
        text = inflater.decompress(deflated, _MAX_INFLATED)
        if inflater.unconsumed_tail or not inflater.eof:
            raise _unreadable()
        return foreign.json_value(text, number=foreign.decimal, constant=foreign.decimal)
    except foreign.UnreadableError as error:
        raise _unreadable() if error.code == "E_JSON" else error.as_error(ScenarioError, "the link") from error
    except (ValueError, zlib.error) as error:
        raise _unreadable() from error


def _lists_people(remedy: str) -> ScenarioError:
    return ScenarioError.of("E_PARAM", "a link does not list people.", remedy)


def _decimal_as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _text_as_number(text: str) -> Decimal | float:
    try:
        return foreign.decimal(text)
    except foreign.UnreadableError as error:
        raise error.as_error(ScenarioError, "the link") from error


def _unreadable() -> ScenarioError:
    return ScenarioError.of("E_PARAM", "the link does not hold a scenario; it may have been cut off.", _REMEDY)
