"""Who is in a selection of users, as shares of the whole; no part that is told, nor what is left over, is below the floor."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.ids import IntArray
from recsys.presentation.tables.attributes import choices, shown
from recsys.presentation.tables.colouring import label
from recsys.presentation.text.numbers import percent
from recsys.projection.context import ProjectionContext
from recsys.segments.membership import PRIVACY_FLOOR, check_floor

_TOP_MOVIES = 8
_REST = "others"
_SMOOTHING = 20.0
"""Views added to both sides, so that a rare movie does not lead a list by chance."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Group:
    """What can be said of a selection that is large enough."""

    size: int
    share: float
    traits: pd.DataFrame
    """Attribute, value, share here, share of all, how many times as often; strongest first."""
    personas: pd.DataFrame
    favourites: pd.DataFrame
    """Movies that this selection watches more than others do."""


def group(context: ProjectionContext, seen: tuple[IntArray, IntArray], rows: IntArray) -> Group:
    """Describe the users in ``rows``.

    Parameters
    ----------
    seen : user row and movie row of every view
    rows : int64[k], users of the selection

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT: fewer users than the privacy floor
    """
    mask = np.zeros(context.choice.n_users, dtype=np.bool_)
    mask[rows] = True
    check_floor(mask, "this selection")
    return Group(
        size=int(mask.sum()),
        share=float(mask.mean()),
        traits=_traits(context.users, mask),
        personas=_personas(context, mask),
        favourites=_favourites(context, seen, mask),
    )


def _traits(users: pd.DataFrame, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pd.DataFrame:
    rows = []
    for column, values in choices(users).items():
        having = [(users[column] == value).fillna(False).to_numpy(dtype=bool) for value in values]
        told = _told(np.array([has[mask].sum() for has in having]), int(mask.sum()))
        for value, has, tell in zip(values, having, told, strict=True):
            here, overall = float(has[mask].mean()), float(has.mean())
            if overall and tell:
                rows.append((label(column), shown(value), here, overall, here / overall))
    ranked = sorted(rows, key=lambda row: -abs(row[2] - row[3]))[:12]
    return pd.DataFrame(
        {
            "attribute": [row[0] for row in ranked],
            "value": [row[1] for row in ranked],
            "here": [percent(row[2]) for row in ranked],
            "of all": [percent(row[3]) for row in ranked],
            "times as often": [f"{row[4]:.1f}×" for row in ranked],
        }
    )


def _personas(context: ProjectionContext, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pd.DataFrame:
    names = [persona.name for persona in context.personas.personas]
    counts = np.bincount(context.persona_of[mask], minlength=len(names))
    told = _told(counts, int(counts.sum()))
    order = [k for k in np.argsort(-counts, kind="stable") if counts[k] and told[k]]
    rest = int(counts[~told].sum())
    shares = [*counts[order], *([rest] if rest else [])]
    return pd.DataFrame(
        {
            "persona": [*(names[k] for k in order), *([_REST] if rest else [])],
            "here": [percent(share / counts.sum()) for share in shares],
        }
    )


def _told(counts: IntArray, size: int) -> NDArray[np.bool_]:
    """Which parts of a selection may be told: those of nobody, and of the others as many as leave nobody or enough people over.

    Examples
    --------
    >>> _told(np.array([50, 25, 5, 0]), 80), _told(np.array([50, 25, 5, 20]), 100)
    (array([ True, False, False,  True]), array([ True,  True, False, False]))
    """
    told: NDArray[np.bool_] = counts >= PRIVACY_FLOOR
    for part in np.argsort(counts, kind="stable"):
        if not 0 < size - counts[told].sum() < PRIVACY_FLOOR:
            break
        told[part] = False
    told |= counts == 0
    return told


def _favourites(
    context: ProjectionContext, seen: tuple[IntArray, IntArray], mask: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> pd.DataFrame:
    who, what = seen
    n_movies = context.choice.n_movies
    overall = np.bincount(what, minlength=n_movies) + _SMOOTHING
    here = np.bincount(what[mask[who]], minlength=n_movies) + _SMOOTHING * mask.mean()
    lift = (here / here.sum()) / (overall / overall.sum())
    top = np.argsort(-lift, kind="stable")[:_TOP_MOVIES]
    titles = context.movies["title"].astype(str).to_numpy()
    return pd.DataFrame({"movie": titles[top], "times as often": [f"{lift[row]:.1f}×" for row in top]})
