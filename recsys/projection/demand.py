"""Demand month by month: a nested logit per user, with a launch curve and movies that are used up as they are watched.

The catalogue is in its steady state: what it loses as movies are watched, new arrivals bring back. Movies whose coming or
going is the question (offers; catalogue movies that are dropped or promoted) are *extras*, followed one by one: each user's
appetite for each extra falls as they watch it.

Appetite within a month. Let u be the share of a user's chance of not having watched the movie when the month begins, and x
the views a month that a full appetite would bring, x = N · P(a) / a. First views come at rate x, so that u·exp(−x) is left
at the month's end and ū = u·(1 − exp(−x))/x on average; the month's appetite is a = ρ + (1 − ρ)·ū. Its solution is found by
Newton's method for all users at once. First views are then u·(1 − exp(−x)) ≤ u: nobody watches a movie for the first time
more than once.

Who leaves watches no more. Subscribers leave at a month's end, the more rarely the more they watched in it, and some of those
who left come back; hours and views of a month are weighted by the chance of being there when it begins, and their unused
occasions count as outside. Nobody new arrives: the audience is today's. A movie used up is used up also for those who might
have left meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recsys.errors import ArtefactError, ScenarioError
from recsys.ids import FloatArray, IntArray
from recsys.projection.blocks import THREADS, month_block, over_users
from recsys.projection.nests import NestSums

_STEP = 5e-4
"""Relative change of appetite, over λ, below which Newton's last step leaves an error of the order of its square."""
_NEAR = 1e-2
"""Relative change of appetite, over λ, that is let stand where a world is run coarsely."""
_UNDAMPED = 12
_ITERATIONS = 60
_FLOOR = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class People:
    """The audience of one world, float64[n_users] each; money per user, currency."""

    weight: FloatArray
    """Real users that a row stands for."""
    occasions: FloatArray
    """A month."""
    churn_intercept: FloatArray
    churn_delta: FloatArray
    """Share added to monthly churn."""
    churn_hours_slope: float
    subscription: FloatArray
    """A month while subscribed (price times margin)."""
    per_hour: FloatArray
    """Advertising."""
    per_view: FloatArray
    """Rentals."""
    subscribes: NDArray[np.bool_]
    """Whether the user's plan can be left."""
    subscribed: FloatArray
    """Chance of being subscribed as the horizon begins; counts where ``subscribes``."""
    return_share: float
    """Share of those who left that come back in a month."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Extras:
    """Movies that are followed one by one; axis 0 is the extra, in the order of ids."""

    utility: FloatArray
    """float64[n_extras, n_users], nats, before launch curve and appetite; −inf where nobody can see it."""
    unwatched: FloatArray
    """float64[n_extras, n_users]: 1 where the user has not watched it yet, else 0."""
    hours_per_view: FloatArray
    nests: IntArray
    curve: FloatArray
    """float64[n_extras, horizon]: γ of each month, −inf in months off the service."""

    def __len__(self) -> int:
        return len(self.nests)


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What happens in one world; totals are weighted sums over users."""

    hours: FloatArray
    """float64[horizon], all movies"""
    views: FloatArray
    """float64[horizon], all movies"""
    revenue: FloatArray
    """float64[horizon], not discounted"""
    extra_views: FloatArray
    """float64[n_extras, horizon]"""
    outside: FloatArray
    """float64[horizon]: occasions that go to nothing here, those of users who left included"""
    active_users: float
    """At the horizon's end."""
    user_hours: FloatArray
    """float64[n_users], weighted, over the horizon"""
    user_extra_views: FloatArray
    """float64[n_extras, n_users], of one person who stays, over the horizon"""
    still_unwatched: FloatArray
    """float64[n_extras, n_users], at the horizon's end"""
    idle: FloatArray
    """float64[n_users]: Σ over months of weight · chance of being there · occasions / (1 + S). Times D^(λ−1)
    and exp(V/λ) it gives the views of a catalogue movie in a nest without extras."""
    touched: IntArray
    """Nests that hold extras, ascending."""
    touched_factor: FloatArray
    """float64[n_touched, n_users]: Σ over months of weight · chance of being there · occasions · D^(λ−1) / (1 + S); times
    exp(V/λ) it gives the views of a catalogue movie in these nests."""


def simulate(
    catalogue: NestSums,
    *,
    dissimilarity: float,
    rewatch: float,
    people: People,
    extras: Extras,
    worlds: Sequence[Sequence[int]],
    horizon_months: int,
    careful: bool = True,
    threads: int = THREADS,
) -> list[Outcome]:
    """Run several worlds that differ in which extras they have.

    Parameters
    ----------
    catalogue : nest sums of everything that is not an extra
    dissimilarity : λ in (0, 1]
    rewatch : ρ in [0, 1]
    worlds : for each world, the positions of the extras it has, ascending; the one with most of them first
    careful : whether appetites are found to 1e-6 or so; else to a few thousandths, enough for a draw among many

    Returns
    -------
    One outcome a world

    Raises
    ------
    ScenarioError  E_NEST: dissimilarity outside (0, 1]
    ArtefactError  E_NONFINITE: utilities too large to be exponentiated

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 4
    """
    if not 0 < dissimilarity <= 1:
        raise ScenarioError.of("E_NEST", f"the nest dissimilarity is {dissimilarity}; allowed: above 0 to 1.", "Calibrate again.")
    chosen = [np.asarray(world, dtype=np.int64) for world in worlds]

    def work(block: slice) -> list[Outcome]:
        engine = _Engine(catalogue, dissimilarity, rewatch, people, extras, horizon_months, careful, block)
        return [engine.run(world) for world in chosen]

    n_users = len(catalogue.worth)
    block = month_block(n_users)
    by_block = over_users(n_users, work, block=block, threads=threads if n_users > 8 * block else 1)
    return [_joined([blocks[k] for blocks in by_block]) for k in range(len(chosen))]


def _joined(blocks: list[Outcome]) -> Outcome:
    def total(name: str) -> FloatArray:
        summed: FloatArray = np.sum([getattr(block, name) for block in blocks], axis=0)
        return summed

    def side_by_side(name: str) -> FloatArray:
        return np.concatenate([getattr(block, name) for block in blocks], axis=-1)

    return Outcome(
        hours=total("hours"),
        views=total("views"),
        revenue=total("revenue"),
        extra_views=total("extra_views"),
        outside=total("outside"),
        active_users=float(total("active_users")),
        user_hours=side_by_side("user_hours"),
        user_extra_views=side_by_side("user_extra_views"),
        still_unwatched=side_by_side("still_unwatched"),
        idle=side_by_side("idle"),
        touched=blocks[0].touched,
        touched_factor=side_by_side("touched_factor"),
    )


@dataclass(frozen=True, eq=False)
class _Shares:
    """One month's choices of a block; axis 0 of the first three is the extra on the service."""

    weights: FloatArray
    """exp(V/λ)"""
    share: FloatArray
    """Share of all occasions."""
    some: FloatArray
    """[n_touched, n_block]: D, 1 where it is 0"""
    factor: FloatArray
    """[n_touched, n_block]: D^(λ−1) / (1 + S)"""
    inside: FloatArray
    """S / (1 + S)"""
    outside: FloatArray
    """1 / (1 + S)"""


class _Engine:
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

    def run(self, world: IntArray) -> Outcome:
        """The outcome of a world for this block."""
        people, extras, block, n = self.people, self.extras, self.block, len(self.weight)
        totals = np.zeros((4, self.horizon))
        extra_views = np.zeros((len(extras), self.horizon))
        user_hours, idle = np.zeros(n), np.zeros(n)
        user_extra_views = np.zeros((len(extras), n))
        unwatched = extras.unwatched[:, block].astype(np.float64)
        appetite = self.rho + (1.0 - self.rho) * unwatched
        touched_factor = np.zeros((len(self.touched), n))
        staying = np.where(people.subscribes[block], people.subscribed[block], 1.0)
        resting: tuple[_Shares, FloatArray] | None = None
        for month in range(self.horizon):
            here = world[np.isfinite(extras.curve[world, month])]
            if len(here):
                now, left = self._month(month, here, unwatched[here], appetite)
                unwatched[here] *= left
                views_each = self.occasions * now.share
                user_extra_views[here] += views_each
                extra_views[here, month] = views_each @ (self.weight * staying)
                hours = self._hours(now, here)
            else:
                if resting is None:
                    now = self._shares(np.zeros((0, n)), np.ones((0, n)), self.nest_of[here])
                    resting = now, self._hours(now, here)
                now, hours = resting
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
            touched=self.touched,
            touched_factor=touched_factor,
        )

    def _who_stays(self, staying: FloatArray, hours: FloatArray) -> FloatArray:
        """Chance of being subscribed after a month with so many hours, float64[n_block]; 1 where there is no leaving."""
        people, block = self.people, self.block
        churn = expit(people.churn_intercept[block] - people.churn_hours_slope * np.log1p(hours)) + people.churn_delta[block]
        after = staying * (1.0 - np.clip(churn, 0.0, 1.0)) + (1.0 - staying) * people.return_share
        return np.where(people.subscribes[block], after, 1.0)

    def _month(self, month: int, here: IntArray, unwatched: FloatArray, appetite: FloatArray) -> tuple[_Shares, FloatArray]:
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
        self, gap: FloatArray, level: FloatArray, bend: FloatArray, *, now: _Shares, share: FloatArray, nests: IntArray
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

    def _shares(self, log_weight: FloatArray, level: FloatArray, nests: IntArray) -> _Shares:
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
        return _Shares(weights=weights, share=weights, some=some, factor=factor, inside=inside * outside, outside=outside)

    def _hours(self, now: _Shares, here: IntArray) -> FloatArray:
        """Hours each user watches in the month, float64[n_block]."""
        hours = self.base_hours.copy()
        for row, nest in enumerate(self.nest_of[here]):
            hours[nest] += now.weights[row] * self.extras.hours_per_view[here[row]]
        watched: FloatArray = self.occasions * (self.rest_hours * now.outside + (now.factor * hours).sum(axis=0))
        return watched


def _power(worth: FloatArray, exponent: float) -> FloatArray:
    """worth ** exponent, 0 where worth is 0."""
    power: FloatArray = np.exp(exponent * np.log(_never_zero(worth)))
    power[worth <= 0] = 0.0
    return power


def _never_zero(worth: FloatArray) -> FloatArray:
    return np.where(worth > 0, worth, 1.0)
