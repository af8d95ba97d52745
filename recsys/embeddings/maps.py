"""Two-dimensional layouts of an embedding table.

Two kinds. ``linear`` is a principal-component map: its axes mean something and can be named. ``neighbourhood`` is a t-SNE map
(openTSNE): who is near whom is kept, distances across the map mean nothing. Both are of unit vectors, so that near means similar
taste and not similar popularity. Distances that decide anything are measured in embedding space (:mod:`.neighbours`).

They are fitted offline (:mod:`.map_fitting`) and saved with a run; here they are loaded, get new points, and are turned onto the
map of the run before, so that people keep their bearings.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from recsys.embeddings.axes import AxisEnd, AxisName
from recsys.embeddings.neighbours import AnyFloats, nearest, unit_rows
from recsys.embeddings.store import load_arrays, save_arrays
from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IdMap

MapKind = Literal["linear", "neighbourhood"]
Positions = NDArray[np.float32]

_PLACE_NEIGHBOURS = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class MapLayout:
    """Positions of a table's ids. Arrays are read-only."""

    kind: MapKind
    ids: IdMap
    positions: Positions
    """float32[n, 2], in the order of ``ids``."""
    fitted: int
    """Points that the map was fitted to; the others were placed by their neighbours."""
    explained_share: tuple[float, float] | None = None
    """linear: share of the variance along each axis."""
    axis_names: tuple[AxisName, ...] = ()
    """linear: what each axis is about."""
    mean: FloatArray | None = None
    """linear: float64[dim], taken from a unit vector before it is projected."""
    axes: FloatArray | None = None
    """linear: float64[2, dim]."""
    aligned_to: str | None = None
    """Run whose map this one was turned onto."""


def place_vectors(flat: MapLayout, table: EmbeddingTable, vectors: AnyFloats) -> Positions:
    """Positions of new vectors on a map: the same for a vector alone as in a batch.

    On a linear map they are projected. On a neighbourhood map each goes to the coordinate-wise median of its ten nearest
    neighbours, which is where openTSNE's own transform starts from.

    Parameters
    ----------
    flat : a map of ``table``
    table : the vectors that the map was made of
    vectors : float[m, dim], in the same space

    Returns
    -------
    float32[m, 2]

    Raises
    ------
    ArtefactError  E_MIX: the map is of other ids than the table
    """
    if flat.ids != table.ids:
        raise ArtefactError.of("E_MIX", "the map and the vectors are of different runs.", "Load both from one run.")
    if flat.kind == "neighbourhood":
        return neighbour_median(flat.positions, table.vectors, vectors)
    if flat.mean is None or flat.axes is None:
        raise ArtefactError.of("E_MANIFEST", "the linear map has no axes.", "Train again.")
    centred = unit_rows(vectors).astype(np.float64) - flat.mean
    return read_only(np.stack([(centred * axis).sum(axis=1) for axis in flat.axes], axis=1))


def align(flat: MapLayout, last: MapLayout, *, run: str | None = None) -> MapLayout:
    """Procrustes alignment of a retrained map with the previous one, so that users recognise it.

    A linear map keeps its axes: they are at most swapped and flipped. A neighbourhood map is rotated or mirrored (orthogonal
    Procrustes on the ids that both hold) and moved; nothing is stretched.

    Parameters
    ----------
    flat, last : maps of one kind
    run : id of the last map's run, kept in ``aligned_to``

    Raises
    ------
    ArtefactError  E_MIX: the maps are of different kinds
    """
    if flat.kind != last.kind:
        raise ArtefactError.of("E_MIX", f"a {flat.kind} map cannot be aligned to a {last.kind} one.", "Align like to like.")
    theirs = last.ids.rows_or_missing(flat.ids.ids)
    both = theirs >= 0
    if both.sum() < 3:
        return flat
    ours, old = flat.positions[both].astype(np.float64), last.positions[theirs[both]].astype(np.float64)
    ours_mean, old_mean = ours.mean(axis=0), old.mean(axis=0)
    if flat.kind == "neighbourhood":
        turn, _ = orthogonal_procrustes(ours - ours_mean, old - old_mean)
        turned = (flat.positions - ours_mean) @ turn + old_mean
        return replace(flat, positions=read_only(turned), aligned_to=run)
    turn = _signed_swap((ours - ours_mean).T @ (old - old_mean))
    order = np.abs(turn).argmax(axis=0)
    signs = turn.sum(axis=0)
    names = tuple(_flipped(flat.axis_names[k], signs[j]) for j, k in enumerate(order)) if flat.axis_names else ()
    share = flat.explained_share
    return replace(
        flat,
        positions=read_only(flat.positions.astype(np.float64) @ turn),
        axes=None if flat.axes is None else turn.T @ flat.axes,
        explained_share=None if share is None else (share[order[0]], share[order[1]]),
        axis_names=names,
        aligned_to=run,
    )


def save_map(flat: MapLayout, stem: Path) -> None:
    """Write a map as ``stem.safetensors`` and ``stem.json``."""
    arrays: dict[str, NDArray[Any]] = {"positions": flat.positions}
    if flat.mean is not None and flat.axes is not None:
        arrays |= {"mean": flat.mean, "axes": flat.axes}
    ends = [[[e.attribute, e.value, e.correlation] if e else None for e in (name.low, name.high)] for name in flat.axis_names]
    facts = {
        "map": flat.kind,
        "ids": list(flat.ids.ids),
        "fitted": flat.fitted,
        "explained_share": flat.explained_share,
        "axis_names": ends,
        "aligned_to": flat.aligned_to,
    }
    save_arrays(stem, arrays, facts, kind="map")


def load_map(stem: Path, *, mapped: bool = True) -> MapLayout:
    """Read a map.

    Raises
    ------
    ArtefactError  as :func:`recsys.embeddings.store.load_arrays`
    """
    arrays, facts = load_arrays(stem, kind="map", mapped=mapped)
    try:
        ids = IdMap(facts["ids"])
        share = facts["explained_share"]
        names = tuple(AxisName(low=_end(low), high=_end(high)) for low, high in facts["axis_names"])
        flat = MapLayout(
            kind=facts["map"],
            ids=ids,
            positions=arrays["positions"],
            fitted=facts["fitted"],
            explained_share=None if share is None else (share[0], share[1]),
            axis_names=names,
            mean=arrays.get("mean"),
            axes=arrays.get("axes"),
            aligned_to=facts["aligned_to"],
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ArtefactError.of("E_MANIFEST", f"{stem.name}: the JSON is incomplete ({error!r}).", "Train again.") from error
    if flat.positions.shape != (len(ids), 2) or flat.kind not in ("linear", "neighbourhood"):
        raise ArtefactError.of("E_MANIFEST", f"{stem.name}: not a map of {len(ids)} ids.", "Train again.")
    return flat


def neighbour_median(positions: Positions, reference: AnyFloats, vectors: AnyFloats) -> Positions:
    """Coordinate-wise median of the positions of each vector's nearest neighbours in embedding space, float32[m, 2]."""
    rows, _ = nearest(reference, vectors, min(_PLACE_NEIGHBOURS, len(reference)))
    return np.asarray(np.median(positions[rows], axis=1), dtype=np.float32)


def _signed_swap(cross: FloatArray) -> FloatArray:
    """The 2×2 matrix of one ±1 a row and column that turns the new axes nearest to the old ones."""
    straight, crossed = abs(cross[0, 0]) + abs(cross[1, 1]), abs(cross[0, 1]) + abs(cross[1, 0])
    pattern = np.eye(2) if straight >= crossed else np.eye(2)[::-1]
    return np.asarray(pattern * np.where(cross < 0, -1.0, 1.0))


def _flipped(name: AxisName, sign: float) -> AxisName:
    if sign > 0:
        return name
    low, high = (None if e is None else replace(e, correlation=-e.correlation) for e in (name.high, name.low))
    return AxisName(low=low, high=high)


def _end(stored: tuple[str, str, float] | None) -> AxisEnd | None:
    return None if stored is None else AxisEnd(attribute=stored[0], value=stored[1], correlation=stored[2])


def read_only(positions: AnyFloats) -> Positions:
    """Positions as a map holds them: float32, contiguous, read-only."""
    fixed = np.ascontiguousarray(positions, dtype=np.float32)
    fixed.setflags(write=False)
    return fixed
