"""Hashes of a scenario: of all that it says, of the question it asks, and of the demand that the question is about."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from recsys.scenario.changes import Change
from recsys.scenario.fields import declared
from recsys.scenario.mapping import as_mapping
from recsys.scenario.scenario import Scenario


def content_hash(scenario: Scenario) -> str:
    """SHA-256 over everything that a scenario says, its name included, however its numbers were spelled.

    Examples
    --------
    >>> from recsys.scenario import toml
    >>> text = 'schema = 1\\nname = "x"\\n[[change]]\\ntype = "resize_segment"\\nsegment = {{ all = true }}\\nfactor = {}'
    >>> content_hash(toml.loads(text.format("1.20"))) == content_hash(toml.loads(text.format("12e-1")))
    True
    """
    return _hash(as_mapping(scenario))


def question_hash(scenario: Scenario) -> str:
    """SHA-256 over what a scenario asks: everything but its name. The key of answers."""
    return _hash({**as_mapping(scenario), "name": "?"})


def demand_hash(scenario: Scenario) -> str:
    """SHA-256 over what decides who watches what and when: everything but the name and what is paid for offers. The key of draws.

    Examples
    --------
    >>> from recsys.scenario.changes import Acquire
    >>> asked = Scenario(name="x", changes=(Acquire(offer="a", fee=1e6),))
    >>> cheaper = Scenario(name="y", changes=(Acquire(offer="a", fee=1e5, royalty_per_view=2.0),))
    >>> demand_hash(asked) == demand_hash(cheaper)
    True
    >>> demand_hash(asked) == demand_hash(Scenario(name="x", changes=(Acquire(offer="a", launch_month=3),)))
    False
    """
    document = as_mapping(scenario)
    unpaid = [_unpaid(type(change), entry) for change, entry in zip(scenario.changes, document["change"], strict=True)]
    return _hash({**document, "name": "?", "change": unpaid})


def _unpaid(kind: type[Change], entry: Mapping[str, Any]) -> dict[str, Any]:
    paid = {field.key for field in declared(kind) if field.type.paid}
    return {key: value for key, value in entry.items() if key not in paid}


def _hash(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, default=_number, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
