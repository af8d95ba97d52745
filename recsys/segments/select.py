"""Who is in a segment, as a mask over users; segments smaller than the privacy floor are refused.

Masks combine with ``&``, ``|`` and ``~``. In a rule, ``persona`` can stand beside attributes (:func:`with_personas`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import ScenarioError
from recsys.ids import IdMap
from recsys.segments.personas import Personas
from recsys.segments.rules import Mask, by_rule, nearest_names

PRIVACY_FLOOR = 20
"""Users below which a segment says too much about each of them."""

__all__ = ["PRIVACY_FLOOR", "Mask", "by_persona", "by_rule", "by_users", "check_floor", "with_personas", "within"]


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


def within(positions: NDArray[np.float32], polygon: NDArray[np.float64]) -> Mask:
    """Points of a map inside a polygon (even-odd rule), bool[n].

    Parameters
    ----------
    positions : float32[n, 2]
    polygon : float64[n_corners, 2], at least three; the last side closes it

    Raises
    ------
    ScenarioError  E_PARAM: fewer than three corners, or a corner that is not finite

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    >>> within(np.array([[1.0, 1.0], [3.0, 1.0]], dtype=np.float32), square)
    array([ True, False])
    """
    if polygon.ndim != 2 or polygon.shape[1] != 2 or len(polygon) < 3 or not np.isfinite(polygon).all():
        raise ScenarioError.of("E_PARAM", "a drawn selection needs at least three corners.", "Draw it again.")
    x, y = positions[:, 0].astype(np.float64), positions[:, 1].astype(np.float64)
    inside = np.zeros(len(positions), dtype=bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def check_floor(mask: Mask, what: str = "this segment", *, floor: int = PRIVACY_FLOOR) -> None:
    """Refuse a segment of too few users.

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT: fewer than ``floor`` users; how many is not said
    """
    if int(mask.sum()) < floor:
        raise ScenarioError.of("E_SMALL_SEGMENT", f"{what} has fewer than {floor} users, too few to look at.", "Widen it.")
