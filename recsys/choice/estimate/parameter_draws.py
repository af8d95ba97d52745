"""Draws of the parameters that all movies share, from the estimated distribution of each or the range it is assumed in.

A Latin hypercube: each parameter's draws lie evenly over its distribution, so that two dozen say what a hundred loose ones would.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, qmc

from recsys.choice.estimate.outside_share import ASSUMED_RANGE, OutsideShare
from recsys.choice.estimate.taste.taste_estimate import ASSUMED_DISSIMILARITY_RANGE, DISSIMILARITY_RANGE, TasteEstimate
from recsys.choice.model.parameters import StructuralParameters
from recsys.ids import FloatArray, IntArray

_FARTHEST = 3.0
"""Standard errors of the scale of tastes that a draw lies from the estimate, at most."""
ASSUMED_REWATCH, ASSUMED_REWATCH_RANGE = 0.05, (0.02, 0.12)


@dataclass(frozen=True, eq=False, kw_only=True)
class SharedParameters:
    """One draw of the parameters that all movies share."""

    structure: StructuralParameters
    outside_share: float
    cold_appeal_shift: float
    """Standard normal"""


def point_structure(taste: TasteEstimate, nests: IntArray) -> StructuralParameters:
    """Structural parameters at their point estimates."""
    return _structure(taste, taste.parameters.flatten(), ASSUMED_REWATCH, nests)


def point_parameters(structure: StructuralParameters, outside: OutsideShare) -> SharedParameters:
    """Shared parameters at their point estimates."""
    return _shared(structure, outside.value, 0.0)


def sample(
    taste: TasteEstimate, outside: OutsideShare, nests: IntArray, n_draws: int, rng: np.random.Generator
) -> list[SharedParameters]:
    """Sample the shared parameters by Latin hypercube.

    Parameters
    ----------
    nests : int64[n_movies], the same in every draw
    """
    if n_draws == 0:
        return []
    layout, k = taste.layout, len(taste.covariance)
    even = np.clip(qmc.LatinHypercube(d=k + 4, rng=rng).random(n_draws), 1e-4, 1.0 - 1e-4)
    quantile, (for_outside, for_rewatch, for_shift, for_dissimilarity) = even[:, :k], even[:, k:].T
    values, directions = np.linalg.eigh(taste.covariance)
    spread = directions * np.sqrt(np.clip(values, 0.0, None))
    flat = taste.parameters.flatten()
    moved = np.tile(flat, (n_draws, 1))
    moved[:, layout.structural] += norm.ppf(quantile) @ spread.T
    if not taste.dissimilarity_estimated:
        low, high = ASSUMED_DISSIMILARITY_RANGE
        moved[:, layout.dissimilarity] = low + for_dissimilarity * (high - low)
    low, high = ASSUMED_RANGE
    outside_shares = low + for_outside * (high - low)
    if outside.standard_error is not None:
        # the data identify the product of λ and the outside share, so where one is larger the other is smaller
        ratio = taste.dissimilarity / np.clip(moved[:, layout.dissimilarity], *DISSIMILARITY_RANGE)
        outside_shares = (outside.value + outside.standard_error * norm.ppf(for_outside)) * ratio
    low, high = np.log(ASSUMED_REWATCH_RANGE)
    rewatch = np.exp(low + for_rewatch * (high - low))
    shift = norm.ppf(for_shift)
    return [
        _shared(_structure(taste, moved[row], float(rewatch[row]), nests), float(outside_shares[row]), float(shift[row]))
        for row in range(n_draws)
    ]


def member_of_draws(n_draws: int, n_members: int) -> IntArray:
    """Assign a member to each draw: the first to the point estimate, the others in turn.

    Examples
    --------
    >>> member_of_draws(5, 3).tolist(), member_of_draws(3, 1).tolist()
    ([0, 1, 2, 1, 2], [0, 0, 0])
    """
    turns = np.arange(n_draws)
    return np.where(turns == 0, 0, 1 + (turns - 1) % max(n_members - 1, 1)) if n_members > 1 else np.zeros(n_draws, np.int64)


def _shared(structure: StructuralParameters, outside_share: float, shift: float) -> SharedParameters:
    return SharedParameters(structure=structure, outside_share=float(np.clip(outside_share, 0.05, 0.95)), cold_appeal_shift=shift)


def _structure(taste: TasteEstimate, flat: FloatArray, assumed_rewatch: float, nests: IntArray) -> StructuralParameters:
    """Parameters in nats, kept where choice theory and the error of the scale of tastes allow them."""
    drawn = taste.layout.unflatten(flat)
    lam = float(np.clip(drawn.dissimilarity, *DISSIMILARITY_RANGE))
    estimate = taste.parameters.slope
    # a draw's slope scales all tastes, of which more may be known than of the slope by itself
    farthest = _FARTHEST * taste.scale_error
    low, high = max(0.25, 1.0 - farthest), min(4.0, 1.0 + farthest)
    slope = float(np.clip(drawn.slope, low * estimate, high * estimate)) if estimate > 0 else 0.0
    rewatch = float(np.clip(np.exp(drawn.seen * lam), 1e-4, 1.0)) if taste.rewatches else assumed_rewatch
    curve = np.append(drawn.launch * lam, 0.0) if taste.launch_estimated else np.zeros(len(drawn.launch) + 1)
    return StructuralParameters(slope=slope * lam, dissimilarity=lam, rewatch=rewatch, launch=curve, nests=nests)
