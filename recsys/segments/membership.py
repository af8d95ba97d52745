"""Segment membership as a mask over users; segments smaller than the privacy floor are refused.

Masks combine with ``&``, ``|`` and ``~``. In a rule, ``persona`` can stand beside attributes (:func:`with_personas`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.errors import ScenarioError
from recsys.ids import IdMap
from recsys.segments.attribute_rules import Mask, by_rule, nearest_names
from recsys.segments.personas import Personas

PRIVACY_FLOOR = 20
"""Users below which a segment says too much about each of them."""

__all__ = ["PRIVACY_FLOOR", "Mask", "by_persona", "by_rule", "by_users", "check_floor", "with_personas"]


def by_persona(personas: Personas, name: str) -> Mask:
    """Users of one persona, bool[n_users].

    Raises
    ------
    ScenarioError  E_SEGMENT: no such persona, with the nearest names
    """
    names = [persona.name for persona in personas.personas]
    if name not in names:
        raise ScenarioError.of("E_SEGMENT", f"there is no persona {name!r}.", f"Did you mean {nearest_names(name, names)}?")
    return np.asarray(personas.assignment == names.index(name))


def by_users(users: IdMap, ids: Sequence[str]) -> Mask:
    """Users by their ids (a selection drawn on the map), bool[n_users]; naming one twice changes nothing.

    Raises
    ------
    ScenarioError  E_SEGMENT: an id that is not known, with up to five of them
    """
    rows = users.rows_or_missing(ids)
    if (rows < 0).any():
        unknown = [ids[k] for k in np.flatnonzero(rows < 0)[:5]]
        raise ScenarioError.of(
            "E_SEGMENT", f"{int((rows < 0).sum())} users are not known here: {unknown}.", "Draw the selection again on this data."
        )
    mask = np.zeros(len(users), dtype=bool)
    mask[rows] = True
    return mask


def with_personas(users: pd.DataFrame, personas: Personas) -> pd.DataFrame:
    """The users table with the column ``persona``, so that rules can speak of it; an attribute of that name is kept instead."""
    if "persona" in users.columns:
        return users
    names = np.array([persona.name for persona in personas.personas], dtype=object)
    return users.assign(persona=names[personas.assignment])


def check_floor(mask: Mask, what: str = "this segment", *, floor: int = PRIVACY_FLOOR) -> None:
    """Refuse a segment of too few users, and one that leaves out too few: everyone less it would tell of them.

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT: fewer than ``floor`` users in it or out of it; how many is not said
    """
    inside = int(mask.sum())
    if inside < floor:
        raise ScenarioError.of("E_SMALL_SEGMENT", f"{what} has fewer than {floor} users, too few to look at.", "Widen it.")
    if 0 < mask.size - inside < floor:
        raise ScenarioError.of(
            "E_SMALL_SEGMENT", f"{what} leaves out fewer than {floor} users, too few to look at.", "Narrow it, or take everyone."
        )
