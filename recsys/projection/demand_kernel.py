"""A block of users, month by month: choices, appetites used up, money earned, and who stays. See :mod:`recsys.projection.demand`
for the model; this is its arithmetic.

With care, everything is float64 and appetites are found to 1e-6 or so. Without, for one draw among many, appetites are found
to a few thousandths and what is held by user and extra is float32, which processors exponentiate several times as fast; sums
over users are float64 all the same.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IntArray
from recsys.projection.leave_one_out import LeaveOut
from recsys.projection.nest_sums import NestSums
from recsys.projection.outcome import Extras, Outcome, People, Shelf
from recsys.projection.retention import Staying

Real = NDArray[np.floating[Any]]
"""float64 with care, else float32."""

_STEP = 1e-4
"""Relative change of appetite, over λ, below which Newton's last step leaves an error of the order of its square."""
_CHORD = 2e-4
"""The same for a step with a slope found elsewhere, whose error falls only in proportion."""
_NEAR = 1e-2
"""Relative change of appetite, over λ, that is let stand where a world is run coarsely."""
_UNDAMPED = 12
_ITERATIONS = 60
_FLOOR = 1e-12
_LEAST_RATE = {True: 1e-8, False: 1e-3}
"""First views a month, with care and without, below which what is left of an appetite on average is taken to be all of it."""


@dataclass(frozen=True, eq=False)
class Base:
    """What a block of users has of the catalogue in a spell. Nests that hold extras are told relative to what the catalogue has
    in them, so that figures keep a size that float32 can hold."""

    rest_worth: Real
    """[n_block]: Σ D^λ of the other nests"""
    rest_hours: Real
    """[n_block]: Σ D^λ · mean hours per view of the other nests"""
    scale: FloatArray
    """[n_touched, n_block]: D of the catalogue, 1 where it has nothing in the nest"""
    held: Real
    """[n_touched, n_block]: D / scale, which is 1 or 0"""
    filled: bool
    """Whether it has something in every nest for everybody."""
    power: Real
    """[n_touched, n_block]: scale^λ"""
    hours: Real
    """[n_touched, n_block]: Σ exp(V/λ) · hours per view, over scale"""
    log_weight: Real
    """[n_extras, n_block]: V/λ of the extras, less ln scale"""


@dataclass(frozen=True, eq=False)
class Shares:
    """One month's choices of a block; axis 0 of the first two is the extra on the service, of the next two the touched nest.
    Weights and worths are relative to the base's scale."""

    weights: Real
    """exp(V/λ)"""
    share: Real
    """Share of all occasions."""
    worth: Real
    """D"""
    factor: Real
    """D^(λ−1) / (1 + S); times a weight it is a share"""
    inside: Real
    """[n_block]: S / (1 + S)"""
    outside: Real
    """[n_block]: 1 / (1 + S)"""


class Months:
    """One block of users: what all worlds share, and a run of each."""

    def __init__(  # noqa: PLR0917
        self,
        shelf: Shelf,
        dissimilarity: float,
        rewatch: float,
        people: People,
        extras: Extras,
        horizon_months: int,
        careful: bool,
        by_user: bool,
        block: slice,
    ) -> None:
        self.horizon, self.lam, self.rho = horizon_months, float(dissimilarity), float(rewatch)
        self.careful, self.by_user = careful, by_user
        self.real: Any = np.float64 if careful else np.float32
        self.shelf, self.extras, self.block = shelf, extras, block
        self.touched, self.nest_of = np.unique(extras.nests, return_inverse=True)
        self.curve = (extras.curve / self.lam).astype(self.real)
        self.hours_per_view = extras.hours_per_view.astype(self.real)
        self.weight = people.weight[block]
        self.occasions = people.occasions[block].astype(self.real)
        self.season = np.ones(horizon_months) if people.season is None else people.season
        self.staying = Staying.of(people, block)
        self.bases: dict[int, Base] = {}
        self.resting: dict[int, Shares] = {}
        self.found: dict[int, tuple[Real, Real]] = {}
        """By month, appetite and slope in the world that was run first: where later searches start."""

    def run(self, world: IntArray, n_left_out: int) -> Outcome:
        """The outcome of a world for this block, and quickly that without each of its first ``n_left_out`` extras."""
        n, n_spells, money = len(self.weight), len(self.shelf.spells), self.staying
        totals, earned = np.zeros((3, self.horizon)), np.zeros((3, self.horizon))
        extra_views = np.zeros((len(self.extras), self.horizon))
        unwatched = self.extras.unwatched[world, self.block].astype(self.real)
        appetite = self.rho + (1.0 - self.rho) * unwatched
        own_views = np.zeros((len(world), n))
        user_hours, idle = np.zeros(n), np.zeros((n_spells, n))
        factors = np.zeros((n_spells, len(self.touched), n))
        there = money.now
        leave_out = LeaveOut(money, self.lam, n_left_out, self.horizon) if n_left_out else None
        for month in range(self.horizon):
            spell, occasions = int(self.shelf.spell_of[month]), self.occasions * self.real(self.season[month])
            base = self._base(spell)
            on = np.isfinite(self.curve[world, month])
            rows: Any = slice(None) if on.all() else np.flatnonzero(on)
            here = world[rows]
            if len(here):
                now, left = self._month(month, base, here, unwatched[rows], appetite, rows, occasions)
            else:
                now, left = self._resting(spell, base), unwatched[rows]
            hours, nest_hours = self._hours(base, now, here, occasions)
            views = occasions * now.inside
            if len(here):
                views_each = occasions * now.share
                extra_views[here, month] = views_each @ (self.weight * there).astype(self.real)
                unwatched[rows] *= left
                if self.by_user:
                    own_views[rows] += views_each
            if leave_out:
                leave_out.month(
                    month,
                    here,
                    weights=now.weights,
                    hours_per_view=self.hours_per_view[here],
                    nests=self.nest_of[here],
                    nest_power=now.factor * now.worth,
                    nest_worth=now.worth,
                    nest_mean_hours=nest_hours / np.where(now.worth > 0, now.worth, 1),
                    scale_power=base.power,
                    outside=now.outside,
                    occasions=occasions,
                    hours=hours,
                )
            weight = self.weight * there
            there = money.after(there, hours)
            used = weight @ views
            totals[:, month] = weight @ hours, used, self.weight @ occasions - used
            earned[:, month] = (
                (self.weight * there) @ money.subscription,
                weight @ (money.per_hour * hours),
                weight @ (money.per_view * views),
            )
            if self.by_user:
                user_hours += weight * hours
                idle[spell] += weight * occasions * now.outside
                factors[spell] += weight * occasions * now.factor
        if not all(np.isfinite(figures).all() for figures in (totals, earned, extra_views)):
            raise ArtefactError.of("E_NONFINITE", "a projected figure is not a finite number.", "Calibrate again.")
        for spell, base in self.bases.items():
            factors[spell] /= base.scale
        return Outcome(
            hours=totals[0],
            views=totals[1],
            earned=earned,
            extra_views=extra_views,
            outside=totals[2],
            active_users=float(self.weight @ there),
            user_hours=user_hours,
            user_extra_views=self._by_extra(world, own_views, 0.0),
            still_unwatched=self._by_extra(world, unwatched, self.extras.unwatched[:, self.block]),
            idle=idle,
            left_out_hours=leave_out.hours if leave_out else np.zeros((0, self.horizon)),
            left_out_earned=leave_out.earned if leave_out else np.zeros((3, 0, self.horizon)),
            left_out_active=leave_out.active_users if leave_out else np.zeros(0),
            touched=self.touched,
            touched_factor=factors,
        )

    def _by_extra(self, world: IntArray, rows: Real, others: FloatArray | float) -> FloatArray:
        """Rows of a world's extras among those of all extras, float64[n_extras, n_block]."""
        spread: FloatArray = np.broadcast_to(others, (len(self.extras), len(self.weight))).astype(np.float64)
        spread[world] = rows
        return spread

    def _resting(self, spell: int, base: Base) -> Shares:
        """Choices of a month without extras, which are the same in all of a spell."""
        if spell not in self.resting:
            none = np.zeros((0, len(self.weight)), dtype=self.real)
            self.resting[spell] = self._shares(base, none, none, self.nest_of[:0])
        return self.resting[spell]

    def _base(self, spell: int) -> Base:
        if spell not in self.bases:
            self.bases[spell] = self._made(self.shelf.spells[spell])
        return self.bases[spell]

    def _made(self, sums: NestSums) -> Base:
        worth, hours = sums.worth[self.block], sums.hours[self.block]
        rest = np.ones(worth.shape[1], dtype=np.bool_)
        rest[self.touched] = False
        power, mean_hours = _power(worth[:, rest], self.lam), _ratio(hours[:, rest], worth[:, rest])
        touched = np.ascontiguousarray(worth[:, self.touched].T)
        held = touched > 0
        scale = np.where(held, touched, 1.0)
        log_scale = np.log(scale)
        log_weight = self.extras.utility[:, self.block] / self.lam
        log_weight -= log_scale[self.nest_of]
        return Base(
            rest_worth=power.sum(axis=1).astype(self.real),
            rest_hours=(power * mean_hours).sum(axis=1).astype(self.real),
            scale=scale,
            held=held.astype(self.real),
            filled=bool(held.all()),
            power=np.exp(self.lam * log_scale).astype(self.real),
            hours=(hours[:, self.touched].T / scale).astype(self.real),
            log_weight=log_weight.astype(self.real),
        )

    def _month(  # noqa: PLR0917
        self, month: int, base: Base, here: IntArray, unwatched: Real, appetite: Real, rows: Any, occasions: Real
    ) -> tuple[Shares, Real]:
        """Choices of a month and the part of ``unwatched`` that is left after it; ``appetite`` is brought up to date."""
        nests = self.nest_of[here]
        log_weight = base.log_weight[here] + self.curve[here, month][:, None]
        full = (1.0 - self.rho) * unwatched
        highest = np.maximum(self.rho + full, _FLOOR)
        guess, slope = self._start(month, here, appetite[rows])
        known = slope is not None
        level = np.minimum(np.maximum(guess, _FLOOR), highest)
        for iteration in range(_ITERATIONS):
            now = self._shares(base, log_weight, level, nests)
            rate = occasions * now.share
            rate /= level
            floored = np.maximum(rate, _LEAST_RATE[self.careful])
            passed = np.exp(-floored)
            mean = (1.0 - passed) / floored
            gap = full * mean
            np.subtract(level, gap, out=gap)
            gap -= self.rho
            chord = known and iteration < 2
            if chord and slope is not None:
                step = gap / slope
            else:
                step, slope = self._newton(gap, level, full * (mean - passed), now=now, nests=nests)
            if iteration >= _UNDAMPED:
                step *= 0.5
            found = level * (1.0 - np.minimum(step, 0.9))
            found = np.minimum(np.maximum(found, _FLOOR), highest)
            largest = np.abs(found / level - 1.0).max()
            if largest <= _NEAR * self.lam and not self.careful:
                left = 1.0 - rate * mean
                break
            level = found
            if largest <= (_CHORD if chord else _STEP) * self.lam:
                now = self._shares(base, log_weight, level, nests)
                left = np.exp(-occasions * now.share / level)
                break
        else:
            raise ArithmeticError("the month's appetite was not found")
        appetite[rows] = found
        if month not in self.found:
            self.found[month] = self._remembered(here, found, np.ones_like(found) if slope is None else slope)
        return now, left

    def _remembered(self, here: IntArray, level: Real, slope: Real) -> tuple[Real, Real]:
        """Appetites and slopes by extra; 1 where an extra is not on the service."""
        both = np.ones((2, len(self.extras), level.shape[1]), dtype=self.real)
        both[0, here], both[1, here] = level, slope
        return both[0], both[1]

    def _newton(self, gap: Real, level: Real, bend: Real, *, now: Shares, nests: IntArray) -> tuple[Real, Real]:
        """Newton's step for the logarithms of all appetites of a user at once, and the slopes of each by itself.

        With B = −∂(full · mean)/∂ln x, the Jacobian of the gaps is diag(a + κB) − B (κqᵀ inside the nest + Pᵀ everywhere) with
        κ = 1/λ − 1: a diagonal and two corrections of rank one, inverted by Sherman and Morrison's formula.
        """
        kappa = 1.0 / self.lam - 1.0
        bend = np.minimum(bend, level)  # so it is at the solution; keeps the steps away from it in bounds
        within = now.weights / np.where(now.worth > 0, now.worth, 1)[nests]
        diagonal = level + kappa * bend
        slope = diagonal - bend * (kappa * within + now.share)
        if len(nests) == 1:
            return gap / slope, slope
        step, pull = gap / diagonal, bend / diagonal
        by_nest = np.zeros((2, *now.factor.shape), dtype=self.real)
        for row, nest in enumerate(nests):
            by_nest[0, nest] += within[row] * step[row]
            by_nest[1, nest] += within[row] * pull[row]
        by_nest *= kappa
        by_nest[0] /= 1.0 - by_nest[1]
        step += pull * by_nest[0][nests]
        pull /= 1.0 - by_nest[1][nests]
        step += pull * ((now.share * step).sum(axis=0) / (1.0 - (now.share * pull).sum(axis=0)))
        return step, slope

    def _start(self, month: int, here: IntArray, appetite: Real) -> tuple[Real, Real | None]:
        """Where to look for the month's appetite, and with which slope: last month's appetite, moved as it moved in the world
        that was run first, with the slope found there."""
        if month not in self.found:
            return appetite, None
        level, slope = self.found[month]
        if month - 1 not in self.found:
            return level[here], slope[here]
        return appetite + level[here] - self.found[month - 1][0][here], slope[here]

    def _shares(self, base: Base, log_weight: Real, level: Real, nests: IntArray) -> Shares:
        """Choices at appetites ``level``, which multiply a movie's odds (power 1/λ inside its nest)."""
        weights = np.log(level)
        weights *= 1.0 / self.lam
        weights += log_weight
        np.exp(weights, out=weights)
        worth = base.held.copy()
        for row, nest in enumerate(nests):
            worth[nest] += weights[row]
        some = worth if base.filled else np.where(worth > 0, worth, 1)
        factor = np.log(some)
        factor *= self.lam
        np.exp(factor, out=factor)
        if not base.filled:
            factor[worth <= 0] = 0.0
        factor *= base.power
        inside = base.rest_worth + factor.sum(axis=0)
        outside = 1.0 / (1.0 + inside)
        factor /= some
        factor *= outside
        return Shares(
            weights=weights,
            share=weights * factor[nests],
            worth=worth,
            factor=factor,
            inside=inside * outside,
            outside=outside,
        )

    def _hours(self, base: Base, now: Shares, here: IntArray, occasions: Real) -> tuple[Real, Real]:
        """Hours watched, [n_block], and Σ exp(V/λ) · hours per view of the touched nests, over scale, [n_touched, n_block]."""
        hours = base.hours.copy()
        for row, nest in enumerate(self.nest_of[here]):
            hours[nest] += now.weights[row] * self.hours_per_view[here[row]]
        watched: Real = occasions * (base.rest_hours * now.outside + (now.factor * hours).sum(axis=0))
        return watched, hours


def _power(worth: FloatArray, exponent: float) -> FloatArray:
    """worth ** exponent, 0 where worth is 0."""
    power: FloatArray = np.exp(exponent * np.log(np.where(worth > 0, worth, 1.0)))
    power[worth <= 0] = 0.0
    return power


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below, 0 where ``below`` is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
