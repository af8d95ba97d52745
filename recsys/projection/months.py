"""A block of users, month by month: choices, appetites used up, money earned, and who stays. See :mod:`recsys.projection.demand`
for the model; this is its arithmetic.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IntArray
from recsys.projection.leave_out import LeaveOut
from recsys.projection.nests import NestSums
from recsys.projection.outcome import Extras, Outcome, People

_STEP = 5e-4
"""Relative change of appetite, over λ, below which Newton's last step leaves an error of the order of its square."""
_NEAR = 1e-2
"""Relative change of appetite, over λ, that is let stand where a world is run coarsely."""
_UNDAMPED = 12
_ITERATIONS = 60
_FLOOR = 1e-12


@dataclass(frozen=True, eq=False)
class Shares:
    """One month's choices of a block; axis 0 of the first three is the extra on the service."""

    weights: FloatArray
    """exp(V/λ)"""
    share: FloatArray
    """Share of all occasions."""
    worth: FloatArray
    """[n_touched, n_block]: D"""
    some: FloatArray
    """[n_touched, n_block]: D, 1 where it is 0"""
    factor: FloatArray
    """[n_touched, n_block]: D^(λ−1) / (1 + S)"""
    inside: FloatArray
    """S / (1 + S)"""
    outside: FloatArray
    """1 / (1 + S)"""


class Months:
    """One block of users: what all worlds share, and a run of each."""

    def __init__(  # noqa: PLR0917
        self,
        catalogue: NestSums,
        dissimilarity: float,
        rewatch: float,
        people: People,
        extras: Extras,
        horizon_months: int,
        careful: bool,
        block: slice,
    ) -> None:
        self.horizon, self.lam, self.rho = horizon_months, dissimilarity, rewatch
        self.people, self.extras, self.block, self.careful = people, extras, block, careful
        self.touched, self.nest_of = np.unique(extras.nests, return_inverse=True)
        worth, hours = catalogue.worth[block], catalogue.hours[block]
        rest = np.ones(worth.shape[1], dtype=np.bool_)
        rest[self.touched] = False
        power = _power(worth[:, rest], dissimilarity)
        self.rest_worth = power.sum(axis=1)
        self.rest_hours = (power / _never_zero(worth[:, rest]) * hours[:, rest]).sum(axis=1)
        self.base_worth = np.ascontiguousarray(worth[:, self.touched].T)
        self.base_filled = bool((self.base_worth > 0).all())
        self.base_hours = np.ascontiguousarray(hours[:, self.touched].T)
        self.log_weight = extras.utility[:, block] / dissimilarity
        self.occasions, self.weight = people.occasions[block], people.weight[block]
        self.found: dict[int, tuple[FloatArray, FloatArray]] = {}
        """By month, appetite and slope in the world that was run first: where later searches start."""

    def run(self, world: IntArray, n_left_out: int) -> Outcome:
        """The outcome of a world for this block, and quickly that without each of its first ``n_left_out`` extras."""
        people, extras, block, n = self.people, self.extras, self.block, len(self.weight)
        totals = np.zeros((4, self.horizon))
        extra_views = np.zeros((len(extras), self.horizon))
        user_hours, idle = np.zeros(n), np.zeros(n)
        user_extra_views = np.zeros((len(extras), n))
        unwatched = extras.unwatched[:, block].astype(np.float64)
        appetite = self.rho + (1.0 - self.rho) * unwatched
        touched_factor = np.zeros((len(self.touched), n))
        staying = np.where(people.subscribes[block], people.subscribed[block], 1.0)
        resting: tuple[Shares, FloatArray, FloatArray] | None = None
        leave_out = LeaveOut(people, extras, block, n_left_out, self.horizon) if n_left_out else None
        for month in range(self.horizon):
            here = world[np.isfinite(extras.curve[world, month])]
            if len(here):
                now, left = self._month(month, here, unwatched[here], appetite)
                unwatched[here] *= left
                views_each = self.occasions * now.share
                user_extra_views[here] += views_each
                extra_views[here, month] = views_each @ (self.weight * staying)
                nest_hours, hours = self._hours(now, here)
            else:
                if resting is None:
                    now = self._shares(np.zeros((0, n)), np.ones((0, n)), self.nest_of[here])
                    resting = now, *self._hours(now, here)
                now, nest_hours, hours = resting
            if leave_out:
                leave_out.month(
                    month,
                    here,
                    exponent=self.lam,
                    weights=now.weights,
                    nest_worth=now.worth,
                    nest_hours=nest_hours,
                    nest_of=self.nest_of,
                    inside=now.inside,
                    hours=hours,
                    who_stays=self._who_stays,
                )
            views = self.occasions * now.inside
            there = self.weight * staying
            used = there * views
            earned = there * (people.per_hour[block] * hours + people.per_view[block] * views)
            staying = self._who_stays(staying, hours)
            earned += self.weight * staying * people.subscription[block]
            totals[:, month] = there @ hours, used.sum(), earned.sum(), (self.weight * self.occasions - used).sum()
            user_hours += there * hours
            idle += there * self.occasions * now.outside
            touched_factor += there * self.occasions * now.factor
        if not (np.isfinite(totals).all() and np.isfinite(extra_views).all()):
            raise ArtefactError.of("E_NONFINITE", "a projected figure is not a finite number.", "Calibrate again.")
        return Outcome(
            hours=totals[0],
            views=totals[1],
            revenue=totals[2],
            extra_views=extra_views,
            outside=totals[3],
            active_users=float(self.weight @ staying),
            user_hours=user_hours,
            user_extra_views=user_extra_views,
            still_unwatched=unwatched,
            idle=idle,
            left_out_hours=leave_out.hours if leave_out else np.zeros((0, self.horizon)),
            left_out_revenue=leave_out.revenue if leave_out else np.zeros((0, self.horizon)),
            touched=self.touched,
            touched_factor=touched_factor,
        )

    def _who_stays(self, staying: FloatArray, hours: FloatArray) -> FloatArray:
        """Chance of being subscribed after a month with so many hours, float64[n_block]; 1 where there is no leaving."""
        people, block = self.people, self.block
        churn = expit(people.churn_intercept[block] - people.churn_hours_slope * np.log1p(hours)) + people.churn_delta[block]
        after = staying * (1.0 - np.clip(churn, 0.0, 1.0)) + (1.0 - staying) * people.return_share
        return np.where(people.subscribes[block], after, 1.0)

    def _month(self, month: int, here: IntArray, unwatched: FloatArray, appetite: FloatArray) -> tuple[Shares, FloatArray]:
        """Choices of a month and the part of ``unwatched`` that is left after it; ``appetite`` is brought up to date."""
        log_weight = self.log_weight[here] + self.extras.curve[here, month][:, None] / self.lam
        full = (1.0 - self.rho) * unwatched
        highest = np.maximum(self.rho + full, _FLOOR)
        nests = self.nest_of[here]
        guess, slope = self._start(month, here, appetite)
        known = slope is not None
        level = np.clip(guess, _FLOOR, highest)
        for iteration in range(_ITERATIONS):
            now = self._shares(log_weight, level, nests)
            share = now.weights * now.factor[nests]
            rate = np.maximum(self.occasions * share / level, _FLOOR)
            mean = -np.expm1(-rate) / rate
            gap = level - self.rho - full * mean
            if slope is not None and (known and iteration < 2):
                step = gap / slope
            else:
                step, slope = self._newton(gap, level, full * (mean - np.exp(-rate)), now=now, share=share, nests=nests)
            if iteration >= _UNDAMPED:
                step *= 0.5
            found = np.clip(level * (1.0 - np.minimum(step, 0.9)), _FLOOR, highest)
            largest = np.abs(found / level - 1.0).max()
            if largest <= _NEAR * self.lam and not self.careful:
                break
            level = found
            if largest <= _STEP * self.lam:
                now = self._shares(log_weight, level, nests)
                share = now.weights * now.factor[nests]
                break
        else:
            raise ArithmeticError("the month's appetite was not found")
        appetite[here] = found
        if month not in self.found:
            slopes = np.ones_like(appetite)
            slopes[here] = slope
            self.found[month] = appetite.copy(), slopes
        return replace(now, share=share), np.exp(-self.occasions * share / level)

    def _newton(
        self, gap: FloatArray, level: FloatArray, bend: FloatArray, *, now: Shares, share: FloatArray, nests: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Newton's step for the logarithms of all appetites of a user at once, and the slopes of each by itself.

        With B = −∂(full · mean)/∂ln x, the Jacobian of the gaps is diag(a + κB) − B (κqᵀ inside the nest + Pᵀ everywhere) with
        κ = 1/λ − 1: a diagonal and two corrections of rank one, inverted by Sherman and Morrison's formula.
        """
        kappa = 1.0 / self.lam - 1.0
        bend = np.minimum(bend, level)  # so it is at the solution; keeps the steps away from it in bounds
        within = now.weights / now.some[nests]
        diagonal = level + kappa * bend
        slope = diagonal - bend * (kappa * within + share)
        step, pull = gap / diagonal, bend / diagonal
        if len(nests) == 1:
            return gap / slope, slope
        by_nest = np.zeros((2, *now.factor.shape))
        for row, nest in enumerate(nests):
            by_nest[0, nest] += within[row] * step[row]
            by_nest[1, nest] += within[row] * pull[row]
        by_nest *= kappa
        by_nest[0] /= 1.0 - by_nest[1]
        step += pull * by_nest[0][nests]
        pull /= 1.0 - by_nest[1][nests]
        step += pull * ((share * step).sum(axis=0) / (1.0 - (share * pull).sum(axis=0)))
        return step, slope

    def _start(self, month: int, here: IntArray, appetite: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Where to look for the month's appetite, and with which slope: last month's appetite, moved as it moved in the world
        that was run first, with the slope found there."""
        if month not in self.found:
            return appetite[here], None
        level, slope = self.found[month]
        if month - 1 not in self.found:
            return level[here], slope[here]
        return appetite[here] + level[here] - self.found[month - 1][0][here], slope[here]

    def _shares(self, log_weight: FloatArray, level: FloatArray, nests: IntArray) -> Shares:
        """Choices at appetites ``level``, which multiply a movie's odds (power 1/λ inside its nest)."""
        weights = np.log(level)
        weights /= self.lam
        weights += log_weight
        np.exp(weights, out=weights)
        worth = self.base_worth.copy()
        for row, nest in enumerate(nests):
            worth[nest] += weights[row]
        some = worth if self.base_filled else _never_zero(worth)
        factor = np.log(some)
        factor *= self.lam
        np.exp(factor, out=factor)
        if not self.base_filled:
            factor[worth <= 0] = 0.0
        inside = self.rest_worth + factor.sum(axis=0)
        outside = 1.0 / (1.0 + inside)
        factor /= some
        factor *= outside
        return Shares(
            weights=weights, share=weights, worth=worth, some=some, factor=factor, inside=inside * outside, outside=outside
        )

    def _hours(self, now: Shares, here: IntArray) -> tuple[FloatArray, FloatArray]:
        """Nest sums of exp(V/λ) · hours per view, float64[n_touched, n_block], and hours watched, float64[n_block]."""
        hours = self.base_hours.copy()
        for row, nest in enumerate(self.nest_of[here]):
            hours[nest] += now.weights[row] * self.extras.hours_per_view[here[row]]
        watched: FloatArray = self.occasions * (self.rest_hours * now.outside + (now.factor * hours).sum(axis=0))
        return hours, watched


def _power(worth: FloatArray, exponent: float) -> FloatArray:
    """worth ** exponent, 0 where worth is 0."""
    power: FloatArray = np.exp(exponent * np.log(_never_zero(worth)))
    power[worth <= 0] = 0.0
    return power


def _never_zero(worth: FloatArray) -> FloatArray:
    return np.where(worth > 0, worth, 1.0)
