"""Outside share: the part of viewing occasions that goes to the outside option, from the incrementality of arrivals.

Views alone do not identify the outside share: many occasions of which few are taken give the same views as few of which many are
taken. The incrementality of a movie identifies it. In a nested logit

    added views of a movie / its views  =  λ · (1 − S / (1 + S))  =  λ · outside share

for a movie among many. :mod:`recsys.choice.estimate.regression.iv_poisson` measures the left side without the model: by how much
viewing of the users whose taste an arrival met rose against that of others, for each view that arrivals won in their first
months. The instrument is the share of viewing that arrivals would win in a user's taste cluster, by appeals estimated from other
users. Clusters are made from movies that were there all along: with arrivals in them, users who happened to watch a lot when one
came would be found among those who like such movies.

So whatever λ is taken to be, an offer adds what arrivals of the past added: the share offsets an error in λ.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.choice.estimate.appeal import appeals_from_clusters
from recsys.choice.estimate.regression.iv_poisson import fit_iv_poisson
from recsys.choice.model.parameters import Float32Array, Member, StructuralParameters
from recsys.choice.panel.audience_design import cluster_design
from recsys.choice.panel.exposure_panel import ExposurePanel
from recsys.choice.panel.history import DAYS_PER_MONTH, History
from recsys.choice.panel.user_clusters import UserClusters, cluster_users, recentred
from recsys.ids import FloatArray

ASSUMED_SHARE, ASSUMED_RANGE = 0.5, (0.3, 0.8)
PLAUSIBLE_ADDED = (0.05, 1.0)
OUTSIDE_RANGE = (0.05, 0.95)
MOST_STANDARD_ERROR = 0.1
FRESH_MONTHS = 3.0
"""For how long a movie counts as an arrival: what it took from others is back by then in good part, as within a horizon."""
_USERS = 20_000
_FEWEST_USERS, _FEWEST_PERIODS = 50, 4


@dataclass(frozen=True, eq=False, kw_only=True)
class OutsideShare:
    """Outside share with its standard error; assumed where the data cannot tell."""

    value: float
    standard_error: float | None
    """None: assumed"""
    reason: str
    """In plain words, how it was estimated or why it is assumed."""
    incrementality: float = np.nan
    """Views that each view of an arrival added; NaN where the data cannot tell"""
    incrementality_error: float = np.inf

    @property
    def estimated(self) -> bool:
        return self.standard_error is not None


def estimate_outside_share(
    history: History,
    structure: StructuralParameters,
    member: Member,
    content: Float32Array,
    *,
    exposure: ExposurePanel,
    seed: int,
    rng: np.random.Generator,
) -> OutsideShare:
    """Estimate the outside share by instrumental variables.

    Parameters
    ----------
    content : float32[n_movies, content_dim], for appeals of movies with few views
    seed : of the taste clusters
    """
    rows = np.flatnonzero(((exposure.exposure > 0).sum(axis=1) >= 2) & (exposure.views.sum(axis=1) > 0))
    if len(rows) > _USERS:
        rows = np.sort(rng.choice(rows, _USERS, replace=False))
    if len(rows) < _FEWEST_USERS or history.n_periods < _FEWEST_PERIODS:
        return _assumed(f"{len(rows)} users over {history.n_periods} half-months are too few to tell")
    clusters = recentred(clusters_before_arrivals(history, member.movies, seed), member.users)
    half = rng.permutation(history.n_users) % 2
    fresh = _fresh(history)
    z = np.empty((2, clusters.n_clusters, history.n_periods))
    for side in (0, 1):
        others = appeals_from_clusters(
            history, structure, clusters, member.movies, content, users=(half != side).astype(np.float64)
        )
        z[side] = _share_of_arrivals(history, structure, clusters, member.movies, others.appeal, fresh)
    inside = np.flatnonzero((history.period >= 0) & fresh[np.maximum(history.period, 0), history.movie])
    arrivals = np.zeros_like(exposure.views)
    np.add.at(arrivals, (history.user[inside], history.period[inside]), 1.0)
    error_clusters = np.arange(len(rows)), clusters.assignment[rows]
    instrument = z[half[rows], clusters.assignment[rows]]
    found = fit_iv_poisson(exposure.views[rows], arrivals[rows], exposure.exposure[rows], instrument, error_clusters)
    if not found.instrument_varies:
        return _assumed("the catalogue did not change, so viewing could not respond")
    if not PLAUSIBLE_ADDED[0] < found.coefficient < PLAUSIBLE_ADDED[1]:
        return _assumed("viewing where arrivals were liked gives no share between 0 and 1 that they added")
    if not found.standard_error < MOST_STANDARD_ERROR:
        return _assumed(f"what arrivals added to viewing is known to ± {found.standard_error:.2f} views for each of theirs only")
    added = f"{found.coefficient:.2f} (± {found.standard_error:.2f})"
    reason = (
        f"each view of a movie in its first {FRESH_MONTHS:.0f} months added {added}, "
        f"told from whose taste it met of {len(rows):,} users over {history.n_periods} half-months; divided by nest_dissimilarity"
    )
    lam = structure.dissimilarity
    return OutsideShare(
        value=float(np.clip(found.coefficient / lam, *OUTSIDE_RANGE)),
        standard_error=found.standard_error / lam,
        reason=reason,
        incrementality=found.coefficient,
        incrementality_error=found.standard_error,
    )


def less_what_is_left_for_later(outside: OutsideShare, dissimilarity: float, monthly_loss: float) -> OutsideShare:
    """The outside share at which arrivals add what they added, where what they take from others is left for later.

    Of each view an arrival adds a share a at once; the others it takes from the catalogue, which keeps ``monthly_loss`` of each
    for the months after, and a of that is watched then. Over the ``FRESH_MONTHS`` in which a movie counts as an arrival, half of
    which have passed on average,

        added = a + a · (1 − a) · monthly_loss · FRESH_MONTHS / 2,   outside share = a / λ

    Parameters
    ----------
    dissimilarity : λ of the point estimate
    monthly_loss : share of what people choose from that a month's viewing uses up

    Examples
    --------
    >>> told = OutsideShare(value=0.9, standard_error=0.1, reason="told", incrementality=0.54, incrementality_error=0.06)
    >>> found = less_what_is_left_for_later(told, 0.6, 0.2)
    >>> a = 0.6 * found.value
    >>> round(a, 3), round(a + a * (1 - a) * 0.2 * 1.5, 3)
    (0.465, 0.54)
    """
    later = monthly_loss * FRESH_MONTHS / 2
    if not outside.estimated or later <= 0:
        return outside
    root = np.sqrt((1.0 + later) ** 2 - 4.0 * later * outside.incrementality)
    at_once = (1.0 + later - root) / (2.0 * later)
    assert outside.standard_error is not None
    return replace(
        outside,
        value=float(np.clip(at_once / dissimilarity, *OUTSIDE_RANGE)),
        standard_error=float(outside.standard_error / root),
        reason=f"{outside.reason}; {outside.incrementality - at_once:.2f} of it is watched later, of what arrivals left",
    )


def _assumed(reason: str) -> OutsideShare:
    return OutsideShare(value=ASSUMED_SHARE, standard_error=None, reason=reason)


def clusters_before_arrivals(history: History, movies: Float32Array, seed: int) -> UserClusters:
    """User clusters by the mean vector of what each user watched of the movies that were there before the history."""
    old = np.isneginf(history.arrival)[history.pair_movie]
    user, movie = history.pair_user[old], history.pair_movie[old]
    share = 1.0 / np.bincount(user, minlength=history.n_users)[user]
    watched = sparse.csr_array((share.astype(np.float32), (user, movie)), shape=(history.n_users, history.n_movies))
    return cluster_users(watched @ movies, history.n_periods * history.n_movies, seed=seed)


def _fresh(history: History) -> NDArray[np.bool_]:
    """bool[n_periods, n_movies]: arrived not long before the middle of the half-month, or within it."""
    middle = (history.edges[:-1] + history.edges[1:])[:, None] / 2
    fresh: NDArray[np.bool_] = (middle - history.arrival < FRESH_MONTHS * DAYS_PER_MONTH) & (
        history.arrival < history.edges[1:, None]
    )
    return fresh


def _share_of_arrivals(  # noqa: PLR0917
    history: History,
    structure: StructuralParameters,
    clusters: UserClusters,
    movies: Float32Array,
    appeals: FloatArray,
    fresh: NDArray[np.bool_],
) -> FloatArray:
    """Part of viewing that arrivals would win, had nobody watched anything yet, float64[n_clusters, n_periods]."""
    columns, periods = structure.columns, np.arange(history.n_periods)
    views = np.ones((history.n_periods, clusters.n_clusters))
    rows = cluster_design(history, structure, clusters, movies, periods=periods, views=views, satiated=False)
    shares = rows.predicted_views_by_row(appeals[columns]).reshape(history.n_periods, clusters.n_clusters, len(columns))
    return np.asarray(np.einsum("pgm,pm->gp", shares, fresh[:, columns].astype(np.float32)), dtype=np.float64)


def outside_constant(inclusive: FloatArray, weight: FloatArray, outside_share: float) -> float:
    """Solve for the constant that, added to all utilities, gives viewers this outside share on average.

    Parameters
    ----------
    inclusive : float64[n_users], ln S without the constant
    weight : float64[n_users], views

    Examples
    --------
    >>> round(outside_constant(np.array([1.0, 1.0]), np.ones(2), 0.5), 9)
    -1.0
    """
    used = np.isfinite(inclusive) & (weight > 0)
    if not used.any():
        return 0.0
    value, share = inclusive[used], weight[used] / weight[used].sum()
    low, high = -value.max() - 30.0, -value.min() + 30.0
    for _ in range(80):
        middle = (low + high) / 2
        outside = float(share @ (1.0 / (1.0 + np.exp(np.clip(value + middle, -500, 500)))))
        low, high = (middle, high) if outside > outside_share else (low, middle)
    return float((low + high) / 2)
