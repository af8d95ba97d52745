"""The manifest of a bundle: written, read, and refused.

A manifest carries the SHA-256 of its own bytes (with the digits of that digest set to zero), so a flipped bit in it is found
like one in any other file. Signatures (:mod:`recsys.export.signature`) are of these bytes and lie beside them.
"""

import hashlib
import importlib.resources
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from jsonschema import Draft202012Validator, validators

from recsys import foreign
from recsys.errors import ArtefactError, Finding

SCHEMA = 2
FILE = "manifest.json"
SCHEMA_FILE = "manifest.schema.json"
BLOBS = "blobs"
"""Folder of a channel that holds every file of every version by its checksum."""
CLIENT_VERSION = "0.3.0"
"""Version of ``exports/client`` that reads what this module writes."""
MAX_BYTES = 4 * 1024 * 1024
REMEDY = "Fetch the bundle again from where it was published, or export it again."

VERSION = re.compile(r"[1-9][0-9]{0,9}-[0-9a-f]{12}")
MOST = 2**53 - 1
"""Whole numbers above it are not exact in every language; none of a bundle is as large."""
_DIGEST = re.compile(rb'"digest": "([0-9a-f]{64})"')

Manifest = dict[str, Any]


@lru_cache(maxsize=1)
def schema_text() -> str:
    """The published JSON Schema, as it lies beside every manifest."""
    return importlib.resources.files("recsys.export").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")


def dump(facts: Mapping[str, Any]) -> bytes:
    """The manifest's bytes: sorted keys, one a line, with its digest.

    Raises
    ------
    ArtefactError  E_MANIFEST: the facts do not follow the schema
    """
    text = json.dumps({**facts, "digest": "0" * 64}, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n"
    blank = text.encode()
    content = _DIGEST.sub(b'"digest": "%b"' % hashlib.sha256(blank).hexdigest().encode(), blank)
    load(content)
    return content


def load(content: bytes) -> Manifest:
    """Read a manifest that nobody has changed since it was written.

    Raises
    ------
    ArtefactError
        E_MANIFEST: not a manifest of this format; E_HASH: its bytes are not those that were written;
        E_VERSION: written by a newer program, or meant for newer clients
    """
    check_digest(content)
    document = _parse(content)
    schema = document.get("schema")
    if schema != SCHEMA and type(schema) is int:
        remedy = "Update this program." if schema > SCHEMA else "Export again."
        raise ArtefactError.of("E_VERSION", f"{FILE} has schema {schema}; this program reads {SCHEMA}.", remedy)
    wrong = in_order({_pointer(error.absolute_path) for error in _validator().iter_errors(document)})
    if wrong:
        raise ArtefactError.of("E_MANIFEST", f"{FILE} does not follow its schema at {', '.join(wrong)}.", REMEDY)
    if document["version"] != f"{document['sequence']}-{document['bundle'][:12]}":
        raise ArtefactError.of("E_MANIFEST", f"{FILE}: version, sequence and bundle id disagree.", REMEDY)
    if not all(_fits(name, entry.get("shape"), document) for name, entry in document["files"].items()):
        raise ArtefactError.of("E_MANIFEST", f"{FILE}: counts, width and shapes disagree.", REMEDY)
    if _numbers(document["minimum_client"]) > _numbers(CLIENT_VERSION):
        needed = document["minimum_client"]
        raise ArtefactError.of("E_VERSION", f"The bundle needs client {needed}; this is {CLIENT_VERSION}.", "Update the client.")
    return document


def _fits(name: str, shape: object, document: Manifest) -> bool:
    """Whether a table of vectors has as many rows and columns as the manifest states elsewhere; others have no such shape."""
    of = re.fullmatch(r"(movies|users)\.(?:parquet|safetensors)", name)
    return of is None or shape == [document["counts"][of[1]], document["dim"]]


def address(name: str, sha256: str) -> str:
    """Content address of a file in a channel: the same bytes have one place, and a place never holds others.

    Examples
    --------
    >>> address("tfjs/retrieve/model.json", "ab12")
    'blobs/ab12.json'
    """
    return f"{BLOBS}/{sha256}{PurePosixPath(name).suffix}"


def rollback(version: str, installed: str) -> Finding | None:
    """Refuse a rollback: what is wrong with ``version`` after ``installed``; None where it is the same or newer.

    Raises
    ------
    ArtefactError  E_VERSION: ``installed`` is not a version

    Examples
    --------
    >>> rollback("7-0123456789ab", "8-ba9876543210").code
    'E_ROLLBACK'
    >>> rollback("10-0123456789ab", "9-ba9876543210") is None
    True
    """
    if not VERSION.fullmatch(installed):
        raise ArtefactError.of(
            "E_VERSION",
            f"{installed!r} is not the version of a bundle.",
            "Give it as in manifest.json, for example 7-0123456789ab.",
        )
    if version == installed or sequence_of(version) > sequence_of(installed):
        return None
    return Finding(
        code="E_ROLLBACK",
        message=f"Version {version} is not newer than the installed {installed}.",
        remedy="Keep the installed version; to go back on purpose, export the old run again: it gets a new version.",
    )


def sequence_of(version: str) -> int:
    """The number that versions are compared by."""
    return int(version.partition("-")[0])


def check_digest(content: bytes) -> None:
    """Whether a manifest's bytes are those that were written; nothing in them is read but the digest.

    Raises
    ------
    ArtefactError  E_MANIFEST: no digest, or too large; E_HASH: other bytes
    """
    if len(content) > MAX_BYTES:
        raise ArtefactError.of("E_MANIFEST", f"{FILE} is larger than {MAX_BYTES} bytes.", REMEDY)
    digests = _DIGEST.findall(content)
    if len(digests) != 1:
        raise ArtefactError.of("E_MANIFEST", f"{FILE} carries no digest of its own.", REMEDY)
    blank = _DIGEST.sub(b'"digest": "%b"' % (b"0" * 64), content)
    if hashlib.sha256(blank).hexdigest().encode() != digests[0]:
        raise ArtefactError.of("E_HASH", f"{FILE} is not the file that was written.", REMEDY)


def _parse(content: bytes) -> Manifest:
    try:
        document = parse_json(content)
    except ValueError as error:
        raise ArtefactError.of("E_MANIFEST", f"{FILE} is not JSON.", REMEDY) from error
    if not isinstance(document, dict):
        raise ArtefactError.of("E_MANIFEST", f"{FILE} does not follow its schema at /.", REMEDY)
    return document


def parse_json(content: bytes) -> Any:
    """JSON as every language reads it: UTF-8, not too deep, no NaN, and 1.0 is the whole number 1.

    Raises
    ------
    ValueError: it is not that

    Examples
    --------
    >>> parse_json(b"[1.0, 1.5, true, 9007199254740993]")
    [1, 1.5, True, 9007199254740992.0]
    """
    return foreign.json_value(content, number=_number, whole=_number)


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= MOST else value


def is_natural(value: object) -> bool:
    """Whether a value of :func:`parse_json` is a whole number from 0 that is exact in every language."""
    return type(value) is int and value >= 0


def in_order(names: Iterable[str]) -> list[str]:
    """Sorted as the client sorts: by UTF-16, which differs beyond the 65,536th character."""
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


@lru_cache(maxsize=1)
def _validator() -> Any:
    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _checker, value: type(value) is int)
    return validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, type_checker=whole
    )(parse_json(schema_text().encode()))


def _pointer(path: Any) -> str:
    return "/" + "/".join(str(part) for part in path)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
