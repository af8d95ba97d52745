"""The outside share: what part of viewing occasions goes to nothing here, from how viewing moves as the catalogue does.

Views alone cannot tell many occasions with few taken from few with many taken, but

    d ln(views of a user) / d ln(S)  =  1 − S / (1 + S)  =  the outside share

so it is the slope of a Poisson regression of a user's views in a half-month on ln S, with effects of users and half-months
(activity and season drop out). S falls as its user watches, and is computed from estimated appeals; both would bias the slope.
The instrument is the worth of what was *available*, to the user's taste group, with appeals estimated from other users.
"""

from dataclasses import dataclass

import numpy as np

from recsys.choice import appeal
from recsys.choice.audience import Structure, group_rows
from recsys.choice.groups import Groups
from recsys.choice.history import History
from recsys.choice.model import Float32Array
from recsys.choice.presence import Presence
from recsys.choice.slope import Slope, poisson_slope
from recsys.choice.viewing import Viewing
from recsys.ids import FloatArray

ASSUMED_SHARE, ASSUMED_RANGE = 0.5, (0.3, 0.8)
PLAUSIBLE_RANGE = (0.05, 0.95)
MOST_STANDARD_ERROR = 0.1
_USERS = 20_000


@dataclass(frozen=True, eq=False, kw_only=True)
class OutsideShare:
    """The share with its error; assumed where the data cannot tell."""

    value: float
    standard_error: float | None
    """None: assumed"""
    reason: str
    """In plain words, why it is estimated or assumed."""
    slope: Slope | None
    plain_slope: float
    """Without the instrument: how far own depletion and noise bend it."""
    cells: int

    @property
    def estimated(self) -> bool:
        return self.standard_error is not None


def fit_outside(
    history: History,
    structure: Structure,
    groups: Groups,
    movies: Float32Array,
    content: Float32Array,
    *,
    appeals: FloatArray,
    present: Presence,
    rng: np.random.Generator,
) -> OutsideShare:
    """Estimate the outside share.

    Parameters
    ----------
    groups, movies : taste groups of all users, and movie vectors of the same member
    appeals : float64[n_movies], settled appeals
    """
    rows = np.flatnonzero((present.exposure > 0).sum(axis=1) >= 2)
    rows = rows[present.views[rows].sum(axis=1) > 0]
    if len(rows) > _USERS:
        rows = np.sort(rng.choice(rows, _USERS, replace=False))
    if len(rows) < 50 or history.n_periods < 4:
        return _assumed(None, np.nan, f"{len(rows)} users over {history.n_periods} half-months are too few to tell", 0)
    half = rng.permutation(history.n_users) % 2
    depleted = _depleted_worth(history, structure, groups, movies, appeals)
    open_worth = np.empty((2, groups.n_groups, history.n_periods))
    for side in (0, 1):
        others = appeal.of_groups(history, structure, groups, movies, content, users=(half != side).astype(np.float64))
        open_worth[side] = _group_worth(history, structure, groups, movies, others.appeal)
    x = depleted[rows]
    z = open_worth[half[rows], groups.assignment[rows]]
    weight = present.exposure[rows] * np.isfinite(x) * np.isfinite(z)
    views = present.views[rows] * (weight > 0)
    x, z = np.where(weight > 0, x, 0.0), np.where(weight > 0, z, 0.0)
    by_user, by_group = np.arange(len(rows))[None], groups.assignment[rows][None]
    slope = poisson_slope(views[None], weight[None], x[None], z[None], by_user)
    wider = poisson_slope(views[None], weight[None], x[None], z[None], by_group)
    plain = poisson_slope(views[None], weight[None], x[None], x[None], by_user).value
    error = max(slope.standard_error, wider.standard_error)
    cells = int((weight > 0).sum())
    if not np.isfinite(slope.value):
        return _assumed(None, plain, "the catalogue did not change, so viewing could not respond", cells)
    if not PLAUSIBLE_RANGE[0] < slope.value < PLAUSIBLE_RANGE[1]:
        return _assumed(slope, plain, f"the response to changes of the catalogue, {slope.value:.2f}, is not a share", cells)
    if not error < MOST_STANDARD_ERROR:
        return _assumed(slope, plain, f"the response to changes of the catalogue is known to ± {error:.2f} only", cells)
    reason = (
        f"how the views of {len(rows):,} users moved in {history.n_periods} half-months as movies arrived and left "
        "(users and half-months compared with themselves; worth of the catalogue told from other users' views)"
    )
    return OutsideShare(value=slope.value, standard_error=error, reason=reason, slope=slope, plain_slope=plain, cells=cells)


def _assumed(slope: Slope | None, plain: float, reason: str, cells: int) -> OutsideShare:
    return OutsideShare(value=ASSUMED_SHARE, standard_error=None, reason=reason, slope=slope, plain_slope=plain, cells=cells)


def _rows(history: History, structure: Structure, groups: Groups, movies: Float32Array) -> Viewing:
    periods = np.arange(history.n_periods)
    views = np.ones((history.n_periods, groups.n_groups))
    return group_rows(history, structure, groups, movies, periods=periods, views=views, depleted=False)


def _group_worth(history: History, structure: Structure, groups: Groups, movies: Float32Array, appeals: FloatArray) -> FloatArray:
    """ln S of what is available, float64[n_groups, n_periods]."""
    worth = _rows(history, structure, groups, movies).log_worth(appeals[structure.columns])
    return worth.reshape(history.n_periods, groups.n_groups).T


def _depleted_worth(
    history: History, structure: Structure, groups: Groups, movies: Float32Array, appeals: FloatArray
) -> FloatArray:
    """ln S of each user in each half-month, float64[n_users, n_periods]: to the taste of their group, less what they have
    watched."""
    lam, size, columns = structure.dissimilarity, groups.n_groups, structure.columns
    rows = _rows(history, structure, groups, movies)
    ordered = appeals[columns]
    scaled = np.exp((ordered - ordered.max()) / lam).astype(np.float32)
    place = np.empty_like(columns)
    place[columns] = np.arange(len(columns))
    nest = np.searchsorted(structure.nest_starts, np.arange(len(columns)), side="right") - 1
    n_nests = len(structure.nest_starts)
    column, group = place[history.pair_movie], groups.assignment[history.pair_user]
    cell = history.pair_user * n_nests + nest[column]
    middle = (history.edges[:-1] + history.edges[1:]) / 2
    out = np.empty((history.n_users, history.n_periods))
    for period in range(history.n_periods):
        here = slice(period * size, (period + 1) * size)
        each = rows.factor[here] * scaled
        sums = np.add.reduceat(each, structure.nest_starts, axis=1).astype(np.float64)[groups.assignment]
        seen = history.pair_day < middle[period]
        used = each[group[seen], column[seen]].astype(np.float64)
        lost = np.bincount(cell[seen], weights=used, minlength=sums.size).reshape(sums.shape)
        left = np.maximum(sums - structure.fatigue * lost, 1e-9 * sums)
        with np.errstate(divide="ignore"):
            worth = np.log((left**lam).sum(axis=1))
        out[:, period] = worth + lam * rows.log_scale[here][groups.assignment] + ordered.max()
    return out


def constant_for(log_worth: FloatArray, weight: FloatArray, outside_share: float) -> float:
    """The constant that, added to all utilities, gives viewers this outside share on average.

    Parameters
    ----------
    log_worth : float64[n_users], ln S without the constant
    weight : float64[n_users], views

    Examples
    --------
    >>> round(constant_for(np.array([1.0, 1.0]), np.ones(2), 0.5), 9)
    -1.0
    """
    used = np.isfinite(log_worth) & (weight > 0)
    if not used.any():
        return 0.0
    worth, share = log_worth[used], weight[used] / weight[used].sum()
    low, high = -worth.max() - 30.0, -worth.min() + 30.0
    for _ in range(80):
        middle = (low + high) / 2
        outside = float(share @ (1.0 / (1.0 + np.exp(np.clip(worth + middle, -500, 500)))))
        low, high = (middle, high) if outside > outside_share else (low, middle)
    return float((low + high) / 2)
