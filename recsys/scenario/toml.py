"""Scenario files: TOML in, TOML out."""

from typing import Any

import tomli_w

from recsys import foreign
from recsys.errors import ScenarioError
from recsys.scenario.mapping import as_mapping, from_mapping
from recsys.scenario.scenario import Scenario

MAX_BYTES = 8_000_000


def loads(text: str | bytes) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    ScenarioError  E_TOO_BIG, E_TOO_DEEP, E_TOML: not TOML; E_VERSION, E_PARAM, E_NUMBER, E_RANGE, E_SEGMENT, all findings at once

    Examples
    --------
    >>> loads('schema = 1\\nname = "more Tamil"\\n[[change]]\\ntype = "acquire"\\noffer = "m1"\\nfee = 4_000_000').changes[0].fee
    4000000.0
    """
    try:
        document = foreign.toml(text, number=foreign.decimal, max_bytes=MAX_BYTES)
    except foreign.UnreadableError as error:
        raise error.as_error(ScenarioError, "the scenario", table="scenario") from error
    return from_mapping(document)


def dumps(scenario: Scenario) -> str:
    """The text that :func:`loads` reads back as the same scenario."""
    document: dict[str, Any] = as_mapping(scenario)
    if not document["change"]:
        del document["change"]
    return tomli_w.dumps(document)
