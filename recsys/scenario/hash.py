"""A scenario's content hash: the key under which its projection is kept."""

import hashlib
import json
from decimal import Decimal

from recsys.scenario.mapping import as_mapping
from recsys.scenario.scenario import Scenario


def content_hash(scenario: Scenario) -> str:
    """SHA-256 over everything that a scenario says, however its numbers were spelled.

    Examples
    --------
    >>> from recsys.scenario import toml
    >>> text = 'schema = 1\\nname = "x"\\n[[change]]\\ntype = "resize_segment"\\nsegment = {{ all = true }}\\nfactor = {}'
    >>> content_hash(toml.loads(text.format("1.20"))) == content_hash(toml.loads(text.format("12e-1")))
    True
    """
    text = json.dumps(as_mapping(scenario), default=_number, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
