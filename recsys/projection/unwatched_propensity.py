"""Unwatched propensities of a month, solved by Newton's method.

A user's propensity a to watch a tracked movie lies between ρ (watched already) and 1 (not watched). Within a month it solves

    a = ρ + (1 − ρ) · u · (1 − exp(−x)) / x,    x = N · P(a) / a,

see :mod:`recsys.projection.demand`. P, the share of occasions, depends on the propensities of all movies on the service: one
system of equations for each user, solved for all users of a block at once, in ln a. Each iteration

1. evaluates the shares at the present propensities and from them the *gap*, left side less right side;
2. takes Newton's step, with the exact inverse of the Jacobian (:func:`_newton_step`). In the first two iterations of a month that
   has been solved before for another counterfactual, the slopes found then are used instead (a chord step), which is cheaper;
3. stops when the relative change is small against λ.

Where a search begins is an argument, and what it found is returned: nothing is remembered here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.ids import IntArray
from recsys.projection.block_catalogue import BlockCatalogue, Real, Shares

_NEWTON_CHANGE = 1e-4
"""Relative change, over λ, below which Newton's last step leaves an error of the order of its square."""
_CHORD_CHANGE = 2e-4
"""The same for a chord step, whose error falls only in proportion."""
_COARSE_CHANGE = 1e-2
"""The same where propensities are found coarsely; the step is then not even taken."""
_CHORD_STEPS = 2
_DAMPED_FROM = 12
"""Iteration from which steps are halved."""
_ITERATIONS = 60
_FLOOR = 1e-12
_LEAST_RATE = {True: 1e-8, False: 1e-3}
"""First views a month, exactly and coarsely, below which the month's mean propensity is taken to be the one it begins with."""


@dataclass(frozen=True, eq=False)
class Start:
    """What was found for a month: where the search for the same month in another counterfactual begins."""

    propensity: Real
    """[n_tracked, n_block]; 1 where a movie was not on the service"""
    slope: Real
    """[n_tracked, n_block]: ∂gap/∂ln a of each movie by itself; 1 where a movie was not on the service"""


@dataclass(frozen=True, eq=False)
class Solution:
    """A month's propensities, [n_here, n_block] of the tracked movies on the service, and the choices that follow."""

    propensity: Real
    slope: Real
    unwatched_left: Real
    """Share of the chance of not having watched the movie that is left after the month."""
    shares: Shares

    def as_start(self, here: IntArray, n_tracked: int) -> Start:
        """The solution told of all tracked movies."""
        both = np.ones((2, n_tracked, self.propensity.shape[1]), dtype=self.propensity.dtype)
        both[0, here], both[1, here] = self.propensity, self.slope
        return Start(propensity=both[0], slope=both[1])


def starting_point(starts: Mapping[int, Start], month: int, here: IntArray, last_month: Real) -> tuple[Real, Real | None]:
    """Where the search for a month's propensities begins, and the slopes of its chord steps (None: Newton's from the first).

    Last month's propensities, moved as they moved in the counterfactual that was solved first.

    Parameters
    ----------
    starts : by month, as found in the counterfactuals before
    here : positions of the tracked movies on the service
    last_month : [n_here, n_block], their propensities a month ago
    """
    if month not in starts:
        return last_month, None
    found = starts[month]
    if month - 1 not in starts:
        return found.propensity[here], found.slope[here]
    return last_month + found.propensity[here] - starts[month - 1].propensity[here], found.slope[here]


def solve(
    catalogue: BlockCatalogue,
    *,
    log_weight: Real,
    nests: IntArray,
    unwatched: Real,
    occasions: Real,
    rewatch: float,
    start: tuple[Real, Real | None],
    exact: bool,
) -> Solution:
    """Solve a month's unwatched propensities for a block of users.

    Parameters
    ----------
    log_weight : [n_here, n_block], V/λ of the tracked movies on the service, over the catalogue's scale
    nests : int64[n_here], places of their nests
    unwatched : [n_here, n_block], u as the month begins
    occasions : [n_block], N
    rewatch : ρ
    start : of :func:`starting_point`
    exact : to 1e-6 or so; else to a few thousandths
    """
    lam = catalogue.dissimilarity
    full = (1.0 - rewatch) * unwatched
    highest = np.maximum(rewatch + full, _FLOOR)
    guess, slope = start
    n_chord_steps = 0 if slope is None else _CHORD_STEPS
    propensity = np.minimum(np.maximum(guess, _FLOOR), highest)
    for iteration in range(_ITERATIONS):
        now = catalogue.shares(log_weight, propensity, nests)
        rate = occasions * now.share
        rate /= propensity
        floored = np.maximum(rate, _LEAST_RATE[exact])
        passed = np.exp(-floored)
        mean = (1.0 - passed) / floored
        gap = full * mean
        np.subtract(propensity, gap, out=gap)
        gap -= rewatch
        if slope is not None and iteration < n_chord_steps:
            step, close = gap / slope, _CHORD_CHANGE
        else:
            step, slope = _newton_step(gap, propensity, full * (mean - passed), now=now, nests=nests, dissimilarity=lam)
            close = _NEWTON_CHANGE
        if iteration >= _DAMPED_FROM:
            step *= 0.5
        found = propensity * (1.0 - np.minimum(step, 0.9))
        found = np.minimum(np.maximum(found, _FLOOR), highest)
        change = np.abs(found / propensity - 1.0).max()
        if change <= _COARSE_CHANGE * lam and not exact:
            return Solution(propensity=found, slope=slope, unwatched_left=1.0 - rate * mean, shares=now)
        propensity = found
        if change <= close * lam:
            now = catalogue.shares(log_weight, propensity, nests)
            left = np.exp(-occasions * now.share / propensity)
            return Solution(propensity=propensity, slope=slope, unwatched_left=left, shares=now)
    raise ArithmeticError("the month's unwatched propensity was not found")


def _newton_step(
    gap: Real, propensity: Real, bend: Real, *, now: Shares, nests: IntArray, dissimilarity: float
) -> tuple[Real, Real]:
    """Newton's step in ln a for all movies of a user at once, and the slope of each gap in its own ln a; [n_here, n_block].

    With B = −∂(right side)/∂ln x, x_j ∝ P_j/a_j and κ = 1/λ − 1, the Jacobian of the gaps is

        diag(a + κB) − B (κqᵀ inside the nest + Pᵀ everywhere),

    where q is a movie's share inside its nest: a diagonal with two corrections of rank one, inverted one after the other by
    Sherman and Morrison's formula, first nest by nest (``by_nest``), then over all movies.

    Parameters
    ----------
    gap : left side less right side
    bend : B

    References
    ----------
    Golub and Van Loan (2013), Matrix Computations, 2.1.4
    """
    kappa = 1.0 / dissimilarity - 1.0
    bend = np.minimum(bend, propensity)  # so it is at the solution; keeps the steps away from it in bounds
    within = now.weights / np.where(now.nest_sum > 0, now.nest_sum, 1)[nests]
    diagonal = propensity + kappa * bend
    slope = diagonal - bend * (kappa * within + now.share)
    if len(nests) == 1:
        return gap / slope, slope
    step, pull = gap / diagonal, bend / diagonal
    by_nest = np.zeros((2, *now.factor.shape), dtype=propensity.dtype)
    for row, nest in enumerate(nests):
        by_nest[0, nest] += within[row] * step[row]
        by_nest[1, nest] += within[row] * pull[row]
    by_nest *= kappa
    by_nest[0] /= 1.0 - by_nest[1]
    step += pull * by_nest[0][nests]
    pull /= 1.0 - by_nest[1][nests]
    step += pull * ((now.share * step).sum(axis=0) / (1.0 - (now.share * pull).sum(axis=0)))
    return step, slope
