"""Dimensionality reduction: fits the PCA and t-SNE layouts of :mod:`.maps` offline; the viewer only loads them.

Fixed by convention, so that the same table gives the same map however its space is rotated: each linear axis points to where the
points reach farther (positive third moment), and a neighbourhood map starts from the linear one. Everything runs on one thread
with a seed, so that the same table gives the same bits.
"""

from dataclasses import dataclass

import numpy as np
from openTSNE import TSNE
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from recsys.embeddings.maps import MapLayout, neighbour_median, read_only
from recsys.embeddings.neighbours import nearest, unit_rows
from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.ids import FloatArray

_TREE_BELOW = 3000
"""Points below which openTSNE's tree method is faster than its grid."""


@dataclass(frozen=True, kw_only=True)
class TsneConfig:
    """Settings of t-SNE. The defaults keep 6,000 points within 10 s on one core."""

    perplexity: float = 30.0
    """Neighbours that count, at most a third of the points."""
    early_iterations: int = 150
    iterations: int = 250
    fit_at_most: int = 10_000
    """Above this many points a sample of this size is fitted and the others are placed by :func:`place_vectors`."""
    seed: int = 0


def fit_linear(table: EmbeddingTable) -> MapLayout:
    """PCA layout: the first two principal components of the unit vectors.

    Raises
    ------
    ArtefactError  E_TOO_SMALL: fewer than three rows or two dimensions
    """
    if len(table.ids) < 3 or table.dim < 2:
        raise ArtefactError.of(
            "E_TOO_SMALL", f"a map needs 3 points and 2 dimensions, not {len(table.ids)} and {table.dim}.", "Add data."
        )
    unit = unit_rows(table.vectors).astype(np.float64)
    with threadpool_limits(1), np.errstate(invalid="ignore"):  # more threads would add in another order
        model = PCA(n_components=2, svd_solver="covariance_eigh").fit(unit)
        positions = (unit - model.mean_) @ model.components_.T
    # coinciding points differ in no direction: their share of nothing is none
    first, second = np.nan_to_num(model.explained_variance_ratio_, nan=0.0, posinf=0.0, neginf=0.0)
    signs = np.array([_outward(column) for column in positions.T])
    return MapLayout(
        kind="linear",
        ids=table.ids,
        positions=read_only(positions * signs),
        fitted=len(table.ids),
        explained_share=(float(first), float(second)),
        mean=np.asarray(model.mean_),
        axes=np.asarray(model.components_ * signs[:, None]),
    )


def fit_neighbourhood(table: EmbeddingTable, config: TsneConfig, *, start: MapLayout | None = None) -> MapLayout:
    """t-SNE layout: near points have similar vectors.

    Parameters
    ----------
    table : at least 8 rows
    start : linear map of the same table to start from; made where not given

    Raises
    ------
    ArtefactError  E_TOO_SMALL: fewer than eight rows
    """
    n = len(table.ids)
    if n < 8:
        raise ArtefactError.of("E_TOO_SMALL", f"a neighbourhood map needs 8 points, not {n}.", "Use the linear map.")
    linear = start or fit_linear(table)
    fitted = np.arange(n)
    if n > config.fit_at_most:
        fitted = np.sort(np.random.default_rng(config.seed).choice(n, size=config.fit_at_most, replace=False))
    vectors = table.vectors[fitted]
    begin = linear.positions[fitted].astype(np.float64)
    perplexity = min(config.perplexity, (len(fitted) - 1) / 3)
    k = min(int(3 * perplexity), len(fitted) - 1)
    rows, similarity = nearest(vectors, vectors, k, exclude=np.arange(len(fitted)))
    distances = np.sqrt(np.maximum(2.0 - 2.0 * similarity, 0.0))
    model = TSNE(
        perplexity=perplexity,
        neighbors=PrecomputedNeighbors(rows, distances),
        initialization=begin / (begin[:, 0].std() or 1.0) * 1e-4,
        early_exaggeration_iter=config.early_iterations,
        n_iter=config.iterations,
        negative_gradient_method="bh" if len(fitted) < _TREE_BELOW else "fft",
        n_jobs=1,
        random_state=config.seed,
    ).fit(vectors)
    positions = np.empty((n, 2), dtype=np.float32)
    positions[fitted] = np.asarray(model, dtype=np.float32)
    rest = np.setdiff1d(np.arange(n), fitted)
    if len(rest):
        positions[rest] = neighbour_median(positions[fitted], vectors, table.vectors[rest])
    return MapLayout(kind="neighbourhood", ids=table.ids, positions=read_only(positions), fitted=len(fitted))


def _outward(column: FloatArray) -> float:
    """+1 or -1, so that the axis points to where the points reach farther."""
    spread = float(column.std()) or 1.0
    skew = float(np.mean((column / spread) ** 3))
    if abs(skew) > 1e-9:
        return 1.0 if skew > 0 else -1.0
    return 1.0 if column[int(np.argmax(np.abs(column)))] >= 0 else -1.0
