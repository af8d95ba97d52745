"""The compiled kernel of demand: choices, what is watched used up, money earned and retention of users, month by month.

See :mod:`recsys.projection.demand` for the model; this is its arithmetic, user by user, without anything as large as users times
movies. It is compiled by Numba the first time it is used, and kept on disk.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from recsys.choice.model.parameters import DEPLETION_SHAPE
from recsys.ids import FloatArray, IntArray

_LEAST_LEFT = 1e-15
"""Share of a nest's unwatched worth below which it counts as used up."""
_MOST_PER_WORTH = 1e120
"""Occasions for each unit of worth of a nest in which nothing is left."""
_FARTHEST_ROOT = 1e40
"""Of what is left of a nest, to the power of −1/3: nothing is, and a cube is still a number."""
_STEPS = 600
_SLOW = 8
"""From this step on every fourth is extrapolated by Aitken's rule: where a month uses nearly all up, steps shrink slowly."""
_MOST_RATIO = 0.97
_NEAR = 0.25
"""How far a ratio may be from 1 for its power to be found by series, to 1e-11."""


class Audience(NamedTuple):
    """A block of users, float64[n_block] each."""

    weight: FloatArray
    occasions: FloatArray
    """A month, in this counterfactual's audience."""
    occasions_today: FloatArray
    """A month, in the audience of the data."""
    active: FloatArray
    """Chance of being active as the horizon begins."""
    joining: FloatArray
    """People who join in a month, for each whom the row stands for."""
    stay_odds: FloatArray
    """exp(−a): odds against leaving in a month in which nothing is watched; inf where there is no leaving."""
    churn_delta: FloatArray
    subscription: FloatArray
    per_hour: FloatArray
    per_view: FloatArray


class Constants(NamedTuple):
    """What holds for all users."""

    dissimilarity: float
    watched_share: float
    """ρ^(1/λ): what of exp(V/λ) a movie keeps once it has been watched."""
    churn_hours_slope: float
    return_share: float
    depletion: float
    """φ: what Σ w² is multiplied by."""
    replenished: float
    """1 where movies go on arriving, 0 where nothing does."""
    tolerance: float
    """Relative change of a month's occasions for each unit of worth, below which it counts as found."""
    season: FloatArray
    """float64[horizon]"""


class Catalogue(NamedTuple):
    """Nest sums of a block of users. ``part`` is a set of movies that come, age and go together."""

    nest_sum: FloatArray
    """float64[n_parts, n_block, n_nests]: Σ exp(V/λ), what has been watched counting for less"""
    hours: FloatArray
    """the same, Σ exp(V/λ) · hours per view"""
    unwatched: FloatArray
    """the same, Σ exp(V/λ) over what has not been watched"""
    squares: FloatArray
    """the same, Σ exp(2V/λ) over what has not been watched"""
    factor: FloatArray
    """float64[n_parts, horizon]: what exp(V/λ) of a part's movies is multiplied by in each month"""


class Tracked(NamedTuple):
    """Movies that are followed one by one."""

    weight: FloatArray
    """float64[n_block, n_tracked]: exp(V/λ)"""
    unwatched: FloatArray
    """float64[n_block, n_tracked]: chance of not having watched the movie as the horizon begins"""
    curve: FloatArray
    """float64[n_tracked, horizon]: what the weight is multiplied by in each month; 0 off the service"""
    hours_per_view: FloatArray
    nests: IntArray


class Replacements(NamedTuple):
    """What arrivals make up for as tracked movies of today's catalogue age."""

    weight: FloatArray
    """float64[n_block, n_changed]: exp(V/λ); 0 where the movie has been watched"""
    nests: IntArray
    share: FloatArray
    """float64[n_changed, horizon]: made up for by the middle of each month"""


class Found(NamedTuple):
    """Totals of a block and, where asked for, figures user by user."""

    totals: FloatArray
    """float64[6, horizon]: hours, views, occasions outside; earned from subscriptions, advertising, rentals"""
    tracked_views: FloatArray
    """float64[n_tracked, horizon]"""
    active_users: FloatArray
    """float64[1], weighted, at the horizon's end"""
    left_out_hours: FloatArray
    """float64[n_left_out, horizon]"""
    left_out_earned: FloatArray
    """float64[3, n_left_out, horizon]"""
    left_out_active: FloatArray
    """float64[n_left_out]"""
    user_hours: FloatArray
    user_tracked_views: FloatArray
    """float64[n_block, n_tracked]"""
    still_unwatched: FloatArray
    """float64[n_block, n_tracked]"""
    outside_occasions: FloatArray
    """float64[n_block]"""
    part_factor: FloatArray
    """float64[n_parts, n_block, n_nests]: Σ over months of weight · active · occasions · factor · share left ·
    D^(λ−1) / (1 + S)"""
    left: FloatArray
    """float64[n_block, n_nests]: share of the unwatched worth that is left at the horizon's end, 1 being today's"""


def _can_be_kept() -> bool:
    """Whether there is a folder to keep compiled code in: beside this file, else in the user's cache. Without one it is compiled
    anew by each process."""
    try:
        njit(cache=True)(_can_be_kept)
    except RuntimeError:
        return False
    return True


_KEPT = _can_be_kept()


@njit(cache=_KEPT, nogil=True, error_model="numpy")
def _power_of_ratio(above, below, exponent):  # type: ignore[no-untyped-def]
    """(above / below) ** exponent where the two are within ``_NEAR``, by series that compile to vector instructions."""
    t = (above - below) / (above + below)
    s = t * t
    x = exponent * 2.0 * t * (1.0 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9)))))
    return 1.0 + x * (1.0 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720 + x * (1 / 5040 + x / 40320)))))))


@njit(cache=_KEPT, nogil=True, error_model="numpy")
def _inverse_cube_root(x):  # type: ignore[no-untyped-def]
    """x ** (−1/3) for x from 1 to 1.5, by Newton's method without a division."""
    s = 1.0 - (x - 1.0) * (1 / 3 - (x - 1.0) * (2 / 9))
    for _ in range(4):
        s *= (4.0 - x * s * s * s) * (1 / 3)
    return s


@njit(cache=_KEPT, nogil=True, error_model="numpy")
def _mean_unwatched(rate):  # type: ignore[no-untyped-def]
    """(1 − exp(−x)) / x: mean share not yet watched in a month in which first views come at rate x."""
    if rate < 1e-3:
        return 1.0 - rate / 2 * (1.0 - rate / 3 * (1.0 - rate / 4))
    return -np.expm1(-rate) / rate


@njit(cache=_KEPT, nogil=True, error_model="numpy")
def _after_month(audience, constants, i, active, lapsed, hours):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Chances of being active and of having left after a month in which so many hours were watched."""
    leaving = 1.0 / (1.0 + audience.stay_odds[i] * np.exp(constants.churn_hours_slope * np.log1p(hours)))
    leaving = min(max(leaving + audience.churn_delta[i], 0.0), 1.0)
    going, coming = active * leaving, lapsed * constants.return_share
    return active + coming - going + audience.joining[i], lapsed + going - coming


@njit(cache=_KEPT, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def run(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0915, PLR0917
    audience, constants, today, catalogue, tracked, replacements, positions, n_left_out, by_user
):
    """Simulate one counterfactual of a block of users.

    Parameters
    ----------
    today : Catalogue of one part: everything on the service today, for which arrivals make up
    catalogue : Catalogue of what is not tracked one by one
    positions : int64, of the tracked movies that the counterfactual has
    n_left_out : how many of the first tracked movies are each left out, by an estimate
    by_user : whether figures are told user by user
    """
    lam, kept, faster = constants.dissimilarity, constants.watched_share, constants.depletion / DEPLETION_SHAPE
    season = constants.season
    n_parts, n, n_nests = catalogue.nest_sum.shape
    horizon, n_tracked, n_here = len(season), tracked.weight.shape[1], len(positions)

    totals = np.zeros((6, horizon))
    tracked_views = np.zeros((n_tracked, horizon))
    active_total = np.zeros(1)
    left_out_hours = np.zeros((n_left_out, horizon))
    left_out_earned = np.zeros((3, n_left_out, horizon))
    left_out_active = np.zeros(n_left_out)
    rows = n if by_user else 0
    user_hours, outside_occasions = np.zeros(rows), np.zeros(rows)
    user_tracked_views, still_unwatched = np.zeros((rows, n_tracked)), np.zeros((rows, n_tracked))
    part_factor, left_at_end = np.zeros((n_parts, rows, n_nests)), np.zeros((rows, n_nests))

    fixed, worth, mean_hours, first_rate = np.empty(n_nests), np.empty(n_nests), np.empty(n_nests), np.empty(n_nests)
    rising = np.empty(n_nests)
    root, risen, arriving, arrived_mean = np.empty(n_nests), np.empty(n_nests), np.zeros(n_nests), np.zeros(n_nests)
    today_rate, today_worth, of_worth = np.zeros(n_nests), np.zeros(n_nests), np.zeros(n_nests)
    share, nest_sum, power, per_worth = np.empty(n_nests), np.empty(n_nests), np.empty(n_nests), np.empty(n_nests)
    reference, nest_hours, catalogue_part = np.empty(n_nests), np.empty(n_nests), np.empty(n_nests)
    unwatched, weight_now, own = np.empty(n_tracked), np.zeros(n_tracked), np.zeros(n_tracked)
    emptied = np.zeros(n_nests, dtype=np.bool_)
    left_active, left_lapsed, left_worth = np.empty(n_left_out), np.empty(n_left_out), np.empty(n_left_out)
    own_worth, falls, stays = np.empty(n_left_out), np.empty(n_nests), np.empty(n_nests)
    is_here = np.zeros(n_tracked, dtype=np.bool_)
    for p in range(n_here):
        is_here[positions[p]] = True

    for i in range(n):
        # What arrivals make up for: with everything as it is today, as much as is used up.
        inside = 0.0
        for g in range(n_nests):
            d = today.nest_sum[0, i, g]
            power[g] = np.exp(lam * np.log(d)) if d > 0 else 0.0
            inside += power[g]
        for g in range(n_nests):
            d, u = today.nest_sum[0, i, g], today.unwatched[0, i, g]
            per_worth[g] = power[g] / d / (1.0 + inside) if d > 0 else 0.0
            today_rate[g] = today.squares[0, i, g] / u * per_worth[g] * faster if u > 0 else 0.0
            today_worth[g] = (1.0 - kept) * u
            per_worth[g] *= audience.occasions[i] * (season[0] if horizon else 1.0)
            root[g] = 1.0
            reference[g] = 0.0
            emptied[g] = False
        for k in range(n_tracked):
            unwatched[k] = tracked.unwatched[i, k]
            own[k] = 0.0
        weight, active = audience.weight[i], audience.active[i]
        lapsed = 1.0 - active
        for k in range(n_left_out):
            left_active[k], left_lapsed[k], left_worth[k], own_worth[k] = active, lapsed, 0.0, 0.0

        for month in range(horizon):
            occasions = audience.occasions[i] * season[month]
            occasions_today = audience.occasions_today[i] * season[month]
            if month == 0 or n_parts > 1:
                for g in range(n_nests):
                    d, h, u, s = 0.0, 0.0, 0.0, 0.0
                    for c in range(n_parts):
                        f = catalogue.factor[c, month]
                        d += f * catalogue.nest_sum[c, i, g]
                        h += f * catalogue.hours[c, i, g]
                        u += f * catalogue.unwatched[c, i, g]
                        s += f * f * catalogue.squares[c, i, g]
                    if d > 0 and u > 0:
                        worth[g], first_rate[g] = (1.0 - kept) * u, s / u * faster
                        fixed[g], mean_hours[g] = d - worth[g], h / d
                    elif d > 0:
                        worth[g], first_rate[g], fixed[g], mean_hours[g] = 0.0, 0.0, d, h / d
                    else:  # nothing left of it but what arrives
                        if not emptied[g]:
                            emptied[g], root[g] = True, 1.0 / np.cbrt(_LEAST_LEFT)
                        full, whole = today.unwatched[0, i, g], today.nest_sum[0, i, g]
                        worth[g], fixed[g] = constants.replenished * today_worth[g], 0.0
                        first_rate[g] = today.squares[0, i, g] / full * faster if full > 0 else 0.0
                        mean_hours[g] = today.hours[0, i, g] / whole if whole > 0 else 0.0
                    fixed[g] = max(fixed[g], 0.0)
                    of_worth[g] = constants.replenished * today_worth[g] / worth[g] if worth[g] > 0 else 0.0
            if constants.replenished > 0 and (month == 0 or n_parts > 1 or season[month] != season[month - 1]):
                for g in range(n_nests):
                    end = np.sqrt(1.0 + today_rate[g] * occasions_today)
                    inverse = 1.0 / end
                    arriving[g] = of_worth[g] * (1.0 - inverse * inverse * inverse)
                    arrived_mean[g] = of_worth[g] * (1.0 - 2.0 * inverse / (1.0 + end))

            for r in range(len(replacements.nests)):
                g = replacements.nests[r]
                new = replacements.share[r, month] - (replacements.share[r, month - 1] if month else 0.0)
                new *= (1.0 - kept) * replacements.weight[i, r]
                if new > 0 and worth[g] > 0:
                    root[g] = 1.0 / np.cbrt(1.0 / (root[g] * root[g] * root[g]) + new / worth[g])

            for p in range(n_here):
                k = positions[p]
                weight_now[k] = tracked.weight[i, k] * tracked.curve[k, month]

            total = 0.0
            for step in range(_STEPS):
                for g in range(n_nests):
                    end = np.sqrt(root[g] * root[g] + first_rate[g] * per_worth[g])
                    share[g] = 2.0 / (root[g] * end * (root[g] + end)) + arrived_mean[g]
                    catalogue_part[g] = fixed[g] + worth[g] * share[g]
                    nest_sum[g] = catalogue_part[g]
                if n_here:
                    for p in range(n_here):
                        k = positions[p]
                        g = tracked.nests[k]
                        w = weight_now[k]
                        own[k] = w * (kept + (1.0 - kept) * unwatched[k] * _mean_unwatched(w * per_worth[g]))
                        nest_sum[g] += own[k]
                far = 0
                for g in range(n_nests):
                    far += abs(nest_sum[g] - reference[g]) > _NEAR * reference[g]
                if far == 0:
                    for g in range(n_nests):
                        power[g] *= _power_of_ratio(nest_sum[g], max(reference[g], 1e-300), lam)
                else:
                    for g in range(n_nests):
                        power[g] = np.exp(lam * np.log(nest_sum[g])) if nest_sum[g] > 0 else 0.0
                total = 0.0
                for g in range(n_nests):
                    total += power[g]
                    reference[g] = nest_sum[g]
                change = 0.0
                scale = occasions / (1.0 + total)
                for g in range(n_nests):
                    found = min(scale * power[g] / max(nest_sum[g], 1e-300), _MOST_PER_WORTH)
                    change = max(change, abs(found - per_worth[g]) - constants.tolerance * found)
                    rising[g] = found - per_worth[g]
                    per_worth[g] = found
                if change <= 0.0:
                    break
                if step >= _SLOW and step % 4 == 3:
                    for g in range(n_nests):
                        if 0.0 < rising[g] < _MOST_RATIO * risen[g]:
                            per_worth[g] += rising[g] * (rising[g] / (risen[g] - rising[g]))
                elif step >= _SLOW:
                    for g in range(n_nests):
                        risen[g] = rising[g]
            outside = 1.0 / (1.0 + total)

            hours = 0.0
            for g in range(n_nests):
                nest_hours[g] = catalogue_part[g] * mean_hours[g]
            for p in range(n_here):
                k = positions[p]
                nest_hours[tracked.nests[k]] += own[k] * tracked.hours_per_view[k]
            for g in range(n_nests):
                hours += per_worth[g] * nest_hours[g]
            views = occasions * total * outside

            if n_left_out:
                # By how much of its worth each nest falls for each per cent more occasions, and how much of a fall is left later.
                used, kept_on = 0.0, 0.0
                for g in range(n_nests):
                    start, use = root[g] * root[g], first_rate[g] * per_worth[g]
                    falls[g] = DEPLETION_SHAPE * use / (start + use) * worth[g] * share[g] / max(catalogue_part[g], 1e-300)
                    left = 1.0 / ((start + use) * np.sqrt(start + use))
                    stays[g] = start / (start + use) * left / (left + arriving[g])
                    used += power[g] * falls[g]
                    kept_on += power[g] * stays[g]
                for k in range(n_left_out):
                    g = tracked.nests[k]
                    others = max(total - power[g], 1e-300)
                    rest, rest_hours = nest_sum[g], nest_hours[g]
                    if is_here[k] and weight_now[k] > 0:
                        rest -= own[k]
                        rest_hours -= own[k] * tracked.hours_per_view[k]
                        if rest <= 1e-14 * nest_sum[g]:
                            rest, rest_hours = 0.0, 0.0
                    in_nest = catalogue_part[g] / rest if rest > 0 else 0.0
                    power_now, more, more_own = 0.0, 0.0, 0.0
                    for _ in range(2):  # the second time with what this month's occasions use up
                        fallen = left_worth[k] - (used - power[g] * falls[g]) / others * more / 2
                        fallen_own = (own_worth[k] - falls[g] * more_own / 2) * in_nest
                        power_now = np.exp(lam * (np.log(rest) + fallen_own)) if rest > 0 else 0.0
                        rest_total = (total - power[g]) * (1.0 + lam * fallen) + power_now
                        more = np.log((1.0 + total) / (1.0 + rest_total))
                        more_own = more + (lam - 1.0) * (np.log(rest / nest_sum[g]) + fallen_own) if rest > 0 else 0.0
                    scale = occasions / (1.0 + rest_total)
                    watched = (hours - per_worth[g] * nest_hours[g]) * (1.0 + lam * fallen) * (1.0 + total) / (1.0 + rest_total)
                    if rest > 0:
                        watched += scale * power_now * rest_hours / rest
                    seen = scale * rest_total
                    left_worth[k] -= (used - power[g] * falls[g]) / others * more
                    left_worth[k] *= (kept_on - power[g] * stays[g]) / others
                    own_worth[k] = (own_worth[k] - falls[g] * more_own) * stays[g]
                    there = weight * left_active[k]
                    left_active[k], left_lapsed[k] = _after_month(audience, constants, i, left_active[k], left_lapsed[k], watched)
                    left_out_hours[k, month] += there * watched
                    left_out_earned[0, k, month] += weight * left_active[k] * audience.subscription[i]
                    left_out_earned[1, k, month] += there * audience.per_hour[i] * watched
                    left_out_earned[2, k, month] += there * audience.per_view[i] * seen

            before = weight * active
            totals[0, month] += before * hours
            totals[1, month] += before * views
            totals[2, month] += weight * (active + lapsed) * occasions - before * views
            totals[4, month] += before * audience.per_hour[i] * hours
            totals[5, month] += before * audience.per_view[i] * views
            for p in range(n_here):
                k = positions[p]
                x = weight_now[k] * per_worth[tracked.nests[k]]
                each = own[k] * per_worth[tracked.nests[k]]
                tracked_views[k, month] += before * each
                unwatched[k] *= np.exp(-x)
                if by_user:
                    user_tracked_views[i, k] += each
            if by_user:
                user_hours[i] += before * hours
                outside_occasions[i] += before * occasions * outside
                for g in range(n_nests):
                    whole = fixed[g] + worth[g]
                    left = catalogue_part[g] / whole if whole > 0 else 0.0
                    for c in range(n_parts):
                        part_factor[c, i, g] += before * per_worth[g] * left * catalogue.factor[c, month]
            most = 0.0
            for g in range(n_nests):
                end = min(np.sqrt(root[g] * root[g] + first_rate[g] * per_worth[g]), _FARTHEST_ROOT)
                root[g] = end
                risen[g] = arriving[g] * end * end * end
                most = max(most, risen[g])
            if most <= 0.5:
                for g in range(n_nests):
                    root[g] *= _inverse_cube_root(1.0 + risen[g])
            else:
                for g in range(n_nests):
                    root[g] /= np.cbrt(1.0 + risen[g])

            active, lapsed = _after_month(audience, constants, i, active, lapsed, hours)
            totals[3, month] += weight * active * audience.subscription[i]

        active_total[0] += weight * active
        for k in range(n_left_out):
            left_out_active[k] += weight * left_active[k]
        if by_user:
            for k in range(n_tracked):
                still_unwatched[i, k] = unwatched[k]
            for g in range(n_nests):
                left_at_end[i, g] = 1.0 / (root[g] * root[g] * root[g])
    return (
        totals,
        tracked_views,
        active_total,
        left_out_hours,
        left_out_earned,
        left_out_active,
        user_hours,
        user_tracked_views,
        still_unwatched,
        outside_occasions,
        part_factor,
        left_at_end,
    )
