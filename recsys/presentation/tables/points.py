"""Points of a map: where each movie or user lies, what is drawn of them, and which lie in a selection.

What is drawn goes to whoever opens the page. Of people it holds where they lie, coarsely, and a token that means nothing
elsewhere: no id, and not their row either, since rows follow ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.embeddings.maps import MapLayout

MAX_POINTS = 10_000
"""What a browser draws without stuttering; above it a sample is drawn, and said to be one."""
_SAMPLE_SEED = 20_240
_GRID = 400
"""Steps in which the places of people are told, across the map."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Points:
    """Points of one map."""

    frame: pd.DataFrame
    """What is drawn: ``token``, ``kind`` (``movie``, ``offer``, ``user``), ``x``, ``y``; of movies ``id`` and ``title`` too.
    Its index is the row of the table."""
    positions: NDArray[np.float32]
    """float32[n, 2]: where all of them lie, drawn or not."""
    tokens: NDArray[np.int64]
    """int64[n]: by what each is known to the browser."""
    x_title: str
    y_title: str
    axes_mean_something: bool
    named: bool
    """Whether a point says its name when pointed at: movies do, people do not."""

    @property
    def total(self) -> int:
        return len(self.positions)

    @property
    def is_sample(self) -> bool:
        return len(self.frame) < self.total


def people_of(flat: MapLayout) -> Points:
    """The points of a map of people, in an order and under tokens that are drawn afresh each time."""
    low, high = flat.positions.min(axis=0), flat.positions.max(axis=0)
    step = np.where(high > low, (high - low) / _GRID, 1.0)
    positions = (low + np.round((flat.positions - low) / step) * step).astype(np.float32)
    tokens = np.random.default_rng().permutation(len(positions)).astype(np.int64)
    rows = _drawn(len(positions))
    rows = rows[np.argsort(tokens[rows])]
    frame = pd.DataFrame({"token": tokens[rows], "kind": "user"}, index=rows)
    return _points(flat, frame, positions, tokens, named=False)


def points_of(
    flat: MapLayout,
    names: Sequence[str],
    kinds: Sequence[str],
    extra: NDArray[np.float32] | None,
    ids: Sequence[str],
) -> Points:
    """The points of a map of movies.

    Parameters
    ----------
    flat : the map; its rows come first
    names : title of each point (with ``extra``'s)
    kinds : kind of each point
    extra : float32[m, 2], points placed on the map that it was not made of (offers); None for none
    ids : id of each point
    """
    positions = flat.positions if extra is None else np.concatenate([flat.positions, extra])
    rows = _drawn(len(positions))
    told = {"id": ids, "title": names, "kind": kinds}
    frame = pd.DataFrame({"token": rows, **{name: [all_of[row] for row in rows] for name, all_of in told.items()}}, index=rows)
    return _points(flat, frame, positions, np.arange(len(positions), dtype=np.int64), named=True)


def _drawn(n_points: int) -> NDArray[np.int64]:
    """Rows that are drawn, ascending."""
    if n_points <= MAX_POINTS:
        return np.arange(n_points, dtype=np.int64)
    return np.sort(np.random.default_rng(_SAMPLE_SEED).choice(n_points, MAX_POINTS, replace=False)).astype(np.int64)


def _points(
    flat: MapLayout, frame: pd.DataFrame, positions: NDArray[np.float32], tokens: NDArray[np.int64], *, named: bool
) -> Points:
    linear = flat.kind == "linear"
    titles = [name.label for name in flat.axis_names] if linear and flat.axis_names else ["", ""]
    return Points(
        frame=frame.assign(x=positions[frame.index, 0].astype(float), y=positions[frame.index, 1].astype(float)),
        positions=positions,
        tokens=tokens,
        x_title=titles[0] or ("first main difference" if linear else ""),
        y_title=titles[1] or ("second main difference" if linear else ""),
        axes_mean_something=linear,
        named=named,
    )


def inside(points: Points, selection: Mapping[str, Any], *, box: str, pick: str) -> NDArray[np.int64]:
    """Rows in what was drawn or clicked: all that lie in the box, also those not drawn; else the clicked ones.

    Parameters
    ----------
    selection : what the chart reports: ``{box: {"x": [low, high], "y": [low, high]}, pick: [{"token": 3}, …]}``

    Returns
    -------
    int64[k], ascending
    """
    drawn = selection.get(box) or {}
    if "x" in drawn and "y" in drawn:
        (x_low, x_high), (y_low, y_high) = sorted(map(float, drawn["x"])), sorted(map(float, drawn["y"]))
        x, y = points.positions.T
        return np.flatnonzero((x >= x_low) & (x <= x_high) & (y >= y_low) & (y <= y_high)).astype(np.int64)
    clicked = [int(entry["token"]) for entry in selection.get(pick) or () if isinstance(entry, Mapping) and "token" in entry]
    return np.flatnonzero(np.isin(points.tokens, clicked)).astype(np.int64)


def search(ids: Sequence[str], names: Sequence[str], wanted: str, *, at_most: int = 50) -> tuple[int, ...]:
    """Rows whose id or title holds what is looked for, whole matches first.

    Examples
    --------
    >>> search(["m1", "m2"], ["Kadal Kaatru", "Kaatru"], "kaatru")
    (1, 0)
    """
    text = wanted.strip().casefold()
    if not text:
        return ()
    folded = [name.casefold() for name in names]
    hits = [row for row, name in enumerate(folded) if text in name or text == ids[row].casefold()]
    ranked = sorted(hits, key=lambda row: (text not in (folded[row], ids[row].casefold()), not folded[row].startswith(text), row))
    return tuple(ranked[:at_most])
