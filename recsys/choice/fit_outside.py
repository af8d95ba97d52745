"""The outside share: what part of viewing occasions goes to nothing here, from how viewing moves as the catalogue does.

Views alone cannot tell many occasions with few taken from few with many taken, but

    d ln(views of a user) / d ln(S)  =  1 − S / (1 + S)  =  the outside share

so a Poisson regression of a user's views in a half-month on ln S, with effects of users and half-months (activity and season
drop out), tells it (:mod:`recsys.choice.response`). S falls as its user watches, and is computed from estimated appeals; both
would bias the answer. The instrument is the worth of what was *available*, to the user's taste group, with appeals estimated
from other users.

What a movie adds is about λ · outside share of its views. S moves in proportion to λ, so an error in λ is made up for here by an
opposite one in the share: the product is what the data tell.
"""

from dataclasses import dataclass

import numpy as np

from recsys.choice import appeal
from recsys.choice.audience import Structure, group_rows
from recsys.choice.groups import Groups
from recsys.choice.history import History
from recsys.choice.model import Float32Array, Member
from recsys.choice.presence import Presence
from recsys.choice.response import respond
from recsys.choice.viewing import Viewing
from recsys.ids import FloatArray, IntArray

ASSUMED_SHARE, ASSUMED_RANGE = 0.5, (0.3, 0.8)
PLAUSIBLE_RANGE = (0.05, 0.95)
MOST_STANDARD_ERROR = 0.1
_CELLS = 4_000_000
"""Users times movies held at a time."""
_USERS = 20_000
_FEWEST_USERS, _FEWEST_PERIODS = 50, 4


@dataclass(frozen=True, eq=False, kw_only=True)
class OutsideShare:
    """The share with its error; assumed where the data cannot tell."""

    value: float
    standard_error: float | None
    """None: assumed"""
    reason: str
    """In plain words, how it was estimated or why it is assumed."""
    plain: float
    """What it would be without the instrument: how far own depletion and noise bend it. Not finite: no answer."""

    @property
    def estimated(self) -> bool:
        return self.standard_error is not None


def fit_outside(
    history: History,
    structure: Structure,
    groups: Groups,
    member: Member,
    content: Float32Array,
    *,
    appeals: FloatArray,
    present: Presence,
    rng: np.random.Generator,
) -> OutsideShare:
    """Estimate the outside share.

    Parameters
    ----------
    groups : taste groups of all users, in the member's space
    content : float32[n_movies, content_dim], for appeals of movies with few views
    appeals : float64[n_movies], of settled movies
    """
    rows = np.flatnonzero(((present.exposure > 0).sum(axis=1) >= 2) & (present.views.sum(axis=1) > 0))
    if len(rows) > _USERS:
        rows = np.sort(rng.choice(rows, _USERS, replace=False))
    if len(rows) < _FEWEST_USERS or history.n_periods < _FEWEST_PERIODS:
        return _assumed(f"{len(rows)} users over {history.n_periods} half-months are too few to tell")
    movies = member.movies
    half = rng.permutation(history.n_users) % 2
    open_worth = np.empty((2, groups.n_groups, history.n_periods))
    for side in (0, 1):
        others = appeal.of_groups(history, structure, groups, movies, content, users=(half != side).astype(np.float64))
        open_worth[side] = _group_worth(history, structure, groups, movies, others.appeal)
    x = _depleted_worth(history, structure, member, appeals, rows)
    z = open_worth[half[rows], groups.assignment[rows]]
    views, exposure = present.views[rows], present.exposure[rows]
    clusters = np.arange(len(rows)), groups.assignment[rows]
    found = respond(views, exposure, x, z, clusters)
    plain = respond(views, exposure, x, x, clusters).share
    if np.isnan(found.share):
        return _assumed("the catalogue did not change, so viewing could not respond", plain)
    if not found.inside_bounds or not PLAUSIBLE_RANGE[0] < found.share < PLAUSIBLE_RANGE[1]:
        return _assumed("the response of viewing to changes of the catalogue gives no share between 0 and 1", plain)
    if not found.standard_error < MOST_STANDARD_ERROR:
        return _assumed(
            f"the response of viewing to changes of the catalogue is known to ± {found.standard_error:.2f} only", plain
        )
    reason = (
        f"how the views of {len(rows):,} users moved over {history.n_periods} half-months as movies arrived and left, each user "
        "compared with themselves and each half-month with the others"
    )
    return OutsideShare(value=found.share, standard_error=found.standard_error, reason=reason, plain=plain)


def _assumed(reason: str, plain: float = np.nan) -> OutsideShare:
    return OutsideShare(value=ASSUMED_SHARE, standard_error=None, reason=reason, plain=plain)


def _rows(history: History, structure: Structure, groups: Groups, movies: Float32Array) -> Viewing:
    periods = np.arange(history.n_periods)
    views = np.ones((history.n_periods, groups.n_groups))
    return group_rows(history, structure, groups, movies, periods=periods, views=views, depleted=False)


def _group_worth(history: History, structure: Structure, groups: Groups, movies: Float32Array, appeals: FloatArray) -> FloatArray:
    """ln S of what is available, float64[n_groups, n_periods]."""
    worth = _rows(history, structure, groups, movies).log_worth(appeals[structure.columns])
    return worth.reshape(history.n_periods, groups.n_groups).T


def _depleted_worth(history: History, structure: Structure, member: Member, appeals: FloatArray, users: IntArray) -> FloatArray:
    """ln S of users at the start of each half-month, float64[len(users), n_periods]: to their taste, less what they had watched.

    What they watch within the half-month is what is to be explained: taken off too, it would hide what an arrival adds.
    """
    lam, columns, starts = structure.dissimilarity, structure.columns, structure.nest_starts
    nest = np.searchsorted(starts, np.arange(len(columns)), side="right") - 1
    of_nest = np.eye(len(starts), dtype=np.float32)[nest]
    place = np.empty_like(columns)
    place[columns] = np.arange(len(columns))
    ages = np.minimum(history.age_months(), len(structure.launch) - 1)[:, columns]
    level = (appeals[columns] + structure.launch[ages]) / lam
    weight = np.exp(level - level.max()) * history.open_share()[:, columns]
    out = np.empty((len(users), history.n_periods))
    step = max(_CELLS // len(columns), 1)
    for start in range(0, len(users), step):
        some = slice(start, start + step)
        liked = (member.users[users[some]] * np.float32(structure.slope / lam)) @ member.movies[columns].T
        top = liked.max(axis=1)
        liked -= top[:, None]
        np.exp(liked, out=liked)
        row, movie, day = history.pairs_of(users[some])
        column = place[movie]
        cell, used = row * len(starts) + nest[column], structure.fatigue * liked[row, column].astype(np.float64)
        for period in range(history.n_periods):
            sums = (liked @ (of_nest * weight[period, :, None].astype(np.float32))).astype(np.float64)
            seen = day < history.edges[period]
            lost = np.bincount(cell[seen], weights=(used * weight[period, column])[seen], minlength=sums.size)
            left = np.maximum(sums - lost.reshape(sums.shape), 1e-9 * sums)
            with np.errstate(divide="ignore"):
                out[some, period] = np.log((left**lam).sum(axis=1)) + lam * (top + level.max())
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
