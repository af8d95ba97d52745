"""A projection as the document that the command line prints: same projection, same bytes."""

import json
from dataclasses import asdict
from typing import Any

from recsys.projection.result import Projection

SCHEMA = 1


def as_json(projection: Projection) -> dict[str, Any]:
    """The document of a projection: plain dictionaries, lists, texts and finite numbers; None where a figure is withheld."""
    plain = asdict(projection)
    plain["offers"] = [_listed(offer) for offer in plain["offers"]]
    name, digest = plain.pop("scenario_name"), plain.pop("scenario_hash")
    return {"schema": SCHEMA, "scenario": {"name": name, "hash": digest}, **_listed(plain)}


def as_text(projection: Projection) -> str:
    """The document as one line of JSON.

    Raises
    ------
    ValueError  a figure is not finite, which is a defect
    """
    return json.dumps(as_json(projection), ensure_ascii=False, allow_nan=False)


def _listed(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in entry.items()}
