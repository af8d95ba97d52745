"""Nested logit with an outside option in a nest of its own.

For user i, movie j in nest g, utility V and nest dissimilarity λ:

    D_ig = Σ_{j∈g} exp(V_ij / λ)        S_i = Σ_g D_ig^λ        P_ij = exp(V_ij / λ) / D_ig · D_ig^λ / (e^{V_i0} + S_i)

with V_i0 = 0 unless said otherwise. Everything runs through ln D, so utilities of any size, −inf included, are safe; a user's
row of ln D is all that is needed to add a movie to their catalogue or to tell the share of any movie in it.

References
----------
Train (2009), Discrete Choice Methods with Simulation, ch. 4. Small and Rosen (1981) for ln(1 + S) as surplus.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recsys.errors import ScenarioError
from recsys.ids import FloatArray, IntArray

BLOCK_CELLS = 4_000_000
"""Utilities held at a time: 32 MB in float64."""


def check_dissimilarity(dissimilarity: float) -> float:
    """The dissimilarity, if it is one.

    Raises
    ------
    ScenarioError  E_NEST: outside (0, 1], where a better movie could lower the worth of its nest
    """
    if not 0.0 < dissimilarity <= 1.0:
        raise ScenarioError.of(
            "E_NEST",
            f"the nest dissimilarity is {dissimilarity}; allowed is more than 0, up to 1.",
            "Use 1 for movies that compete with all others alike, less for closer substitutes inside a nest.",
        )
    return float(dissimilarity)


def choice_shares(utility: FloatArray, nests: IntArray, dissimilarity: float, *, outside: ArrayLike = 0.0) -> FloatArray:
    """Share of viewing occasions each movie wins, against watching nothing.

    Rows sum to less than 1; the rest is "watched nothing here".

    Parameters
    ----------
    utility : float64[n_users, n_movies], nats; −inf where the movie cannot be watched
    nests : int[n_movies], nest of each movie
    dissimilarity : float in (0, 1]; 1 is the plain logit
    outside : float or float64[n_users], utility of watching nothing

    Returns
    -------
    float64[n_users, n_movies], each in [0, 1]

    Raises
    ------
    ScenarioError  E_NEST: dissimilarity outside (0, 1], or nests that do not fit; E_NUMBER: a utility is NaN or +inf

    Examples
    --------
    >>> choice_shares(np.zeros((1, 3)), np.array([0, 1, 2]), 1.0)
    array([[0.25, 0.25, 0.25]])

    Two clones share what one of them would have: at λ → 0 the pair wins no more than the single movie.

    >>> choice_shares(np.zeros((1, 2)), np.array([0, 0]), 0.01).sum().round(2)
    np.float64(0.5)
    """
    values, groups = _checked(utility, nests)
    check_dissimilarity(dissimilarity)
    away = np.broadcast_to(np.asarray(outside, dtype=np.float64), len(values))

    def work(rows: slice) -> FloatArray:
        sums = _log_nest_sums(values[rows], groups, dissimilarity, _count(groups))
        return shares_given(values[rows], groups, sums, dissimilarity, outside=away[rows])

    return _by_blocks(work, values.shape, values.shape[1])


def log_nest_sums(utility: FloatArray, nests: IntArray, dissimilarity: float, *, n_nests: int | None = None) -> FloatArray:
    """ln D: what each nest holds for each user.

    Parameters
    ----------
    utility : float64[n_users, n_movies], nats; −inf where the movie cannot be watched
    nests : int[n_movies]
    dissimilarity : float in (0, 1]
    n_nests : columns of the result; by default as many as ``nests`` names

    Returns
    -------
    float64[n_users, n_nests]; −inf for a nest without movies

    Raises
    ------
    ScenarioError  E_NEST, E_NUMBER: as :func:`choice_shares`

    Examples
    --------
    >>> np.exp(log_nest_sums(np.log([[1.0, 2.0, 5.0]]), np.array([0, 0, 1]), 1.0))
    array([[3., 5.]])
    """
    values, groups = _checked(utility, nests)
    check_dissimilarity(dissimilarity)
    width = _count(groups) if n_nests is None else n_nests
    if width < _count(groups):
        raise ScenarioError.of("E_NEST", f"nest {groups.max()} is not one of {width}.", "Calibrate again.")
    return _by_blocks(lambda rows: _log_nest_sums(values[rows], groups, dissimilarity, width), values.shape, width)


def nest_sums(utility: FloatArray, nests: IntArray, dissimilarity: float, *, n_nests: int | None = None) -> FloatArray:
    """D, float64[n_users, n_nests]: as :func:`log_nest_sums`, without the logarithm; inf beyond e^709."""
    return np.exp(log_nest_sums(utility, nests, dissimilarity, n_nests=n_nests))


def log_worth(log_sums: FloatArray, dissimilarity: float) -> FloatArray:
    """ln S, the worth of a catalogue to each user, from ln D float64[n_users, n_nests].

    Returns
    -------
    float64[n_users]; −inf for an empty catalogue
    """
    return _log_sum_exp(log_sums * check_dissimilarity(dissimilarity))


def inclusive_value(log_sums: FloatArray, dissimilarity: float, *, outside: ArrayLike = 0.0) -> FloatArray:
    """ln(e^{V_0} + S): a user's expected utility from the best of the catalogue and doing without, up to a constant.

    Differences between two catalogues are the change in surplus, in nats.

    Parameters
    ----------
    log_sums : float64[n_users, n_nests], from :func:`log_nest_sums`
    dissimilarity : float in (0, 1]
    outside : float or float64[n_users], utility of watching nothing

    Returns
    -------
    float64[n_users]

    Examples
    --------
    >>> inclusive_value(np.log([[3.0, 5.0]]), 1.0).round(6) == np.log(1 + 3 + 5).round(6)
    array([ True])
    """
    value: FloatArray = np.logaddexp(np.asarray(outside, dtype=np.float64), log_worth(log_sums, dissimilarity))
    return value


def with_movies(log_sums: FloatArray, utility: FloatArray, nests: IntArray, dissimilarity: float) -> FloatArray:
    """ln D once some movies have joined the catalogue. The sums given stay as they are, so taking them back is exact.

    Parameters
    ----------
    log_sums : float64[n_users, n_nests]
    utility : float64[n_users, n_added], of the movies that join
    nests : int[n_added]

    Returns
    -------
    float64[n_users, n_nests]; only the nests that are joined differ
    """
    values, groups = _checked(utility, nests)
    check_dissimilarity(dissimilarity)
    if len(groups) and groups.max() >= log_sums.shape[1]:
        raise ScenarioError.of("E_NEST", f"nest {groups.max()} is not one of {log_sums.shape[1]}.", "Calibrate again.")
    joined = log_sums.copy()
    for nest in np.unique(groups):
        added = _log_sum_exp(values[:, groups == nest] / dissimilarity)
        joined[:, nest] = np.logaddexp(joined[:, nest], added)
    return joined


def shares_given(
    utility: FloatArray, nests: IntArray, log_sums: FloatArray, dissimilarity: float, *, outside: ArrayLike = 0.0
) -> FloatArray:
    """Shares of some movies of a catalogue whose nest sums are known.

    Parameters
    ----------
    utility : float64[n_users, n_some], of the movies asked about
    nests : int[n_some]
    log_sums : float64[n_users, n_nests], of the whole catalogue, these movies included
    outside : float or float64[n_users], utility of watching nothing

    Returns
    -------
    float64[n_users, n_some]
    """
    inclusive = inclusive_value(log_sums, dissimilarity, outside=outside)
    # ln P = V/λ − ln D + λ ln D − ln(e^{V_0} + S); a nest without movies has no shares to give
    empty = np.isneginf(log_sums)
    of_nest = np.where(empty, -np.inf, (dissimilarity - 1.0) * np.where(empty, 0.0, log_sums)) - inclusive[:, None]
    log_share: FloatArray = utility / dissimilarity
    log_share += of_nest[:, nests]
    np.exp(log_share, out=log_share)
    return log_share


def _log_nest_sums(utility: FloatArray, nests: IntArray, dissimilarity: float, n_nests: int) -> FloatArray:
    out = np.full((len(utility), n_nests), -np.inf)
    for nest in np.unique(nests):
        out[:, nest] = _log_sum_exp(utility[:, nests == nest] / dissimilarity)
    return out


def _log_sum_exp(values: FloatArray) -> FloatArray:
    """ln Σ exp along rows; −inf for a row of −inf or an empty row."""
    top = values.max(axis=1, initial=-np.inf)
    base = np.where(np.isneginf(top), 0.0, top)
    total = np.exp(values - base[:, None]).sum(axis=1)
    with np.errstate(divide="ignore"):
        result: FloatArray = np.log(total) + base
    return result


def _checked(utility: FloatArray, nests: IntArray) -> tuple[FloatArray, IntArray]:
    values = np.asarray(utility, dtype=np.float64)
    groups = np.asarray(nests)
    if values.ndim != 2 or groups.shape != values.shape[1:] or not np.issubdtype(groups.dtype, np.integer) or (groups < 0).any():
        raise ScenarioError.of(
            "E_NEST",
            f"nests are {groups.dtype}{list(groups.shape)} for utilities {list(values.shape)}; one whole number a movie is due.",
            "Give each movie one nest.",
        )
    if np.isnan(values).any() or np.isposinf(values).any():
        raise ScenarioError.of("E_NUMBER", "a utility is NaN or infinite.", "Calibrate again.")
    return values, groups.astype(np.int64, copy=False)


def _count(nests: IntArray) -> int:
    return int(nests.max()) + 1 if len(nests) else 0


def _by_blocks(work: Callable[[slice], NDArray[np.float64]], shape: tuple[int, ...], width: int) -> FloatArray:
    step = max(BLOCK_CELLS // max(shape[1], 1), 1)
    out = np.empty((shape[0], width))
    for start in range(0, shape[0], step):
        rows = slice(start, min(start + step, shape[0]))
        out[rows] = work(rows)
    return out
