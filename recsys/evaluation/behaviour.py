"""Behavioural checks that no accuracy metric covers; a broken recommender fails each of them.

A check asks for scores and lists only, so that every recommender can be held against it, and says what it found, what it asked
for, and why it matters. A check that cannot be made on a data set (no languages, say) is neither passed nor failed.

References
----------
Tagliabue, Greco, Roy, Yu, Chia, Bianchi, Cassani (2022), Beyond NDCG: behavioral testing of recommender systems with RecList.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse

from recsys.evaluation.beyond_accuracy import CatalogueProfile
from recsys.evaluation.evaluate import Evaluation
from recsys.evaluation.ranking import Scorer, as_matrix, holds
from recsys.evaluation.resampling import Resamples
from recsys.ids import FloatArray, IntArray

PLACES = 10
"""Length of the lists that are looked at."""
_MOVIES, _USERS = 400, 400
"""Sampled to look at how scores go together."""
_FEWEST_VIEWERS = 5
_FEWEST_VIEWS = 5
_LANGUAGE_SHARE = 0.8
"""Of what somebody watched (so many movies at least) in one language, to count as watching in it."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """Result of one check."""

    check: str
    passed: bool | None
    """None where it could not be made; ``says`` tells why"""
    value: float | None
    asked: str
    """What the value has to be."""
    says: str
    """What is looked at, and why it matters."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckedRecommender:
    """A recommender under test: its training views, scores and lists."""

    scorer: Scorer
    evaluation: Evaluation
    popular: Evaluation
    """popularity, on the same users"""
    relevant: sparse.csr_array
    profile: CatalogueProfile
    resamples: Resamples
    seed: int


def behaviour_checks(case: CheckedRecommender) -> list[dict[str, Any]]:
    """Run every check.

    Returns
    -------
    JSON rows: ``check``, ``passed`` (true, false, or null where it could not be made), ``value``, ``asked``, ``says``
    """
    checks: Sequence[Callable[[CheckedRecommender], Check]] = (
        similar_movies_near,
        language_respected,
        not_only_popular,
        own_taste_followed,
    )
    return [asdict(check(case)) for check in checks]


def similar_movies_near(case: CheckedRecommender) -> Check:
    """Movies alike in attributes are liked by the same people: their scores rise and fall together over users.

    For each of a sample of movies, the one nearest to it in attributes is held against one drawn by lot. Where both go along
    with the movie equally well (as with a recommender that shows everyone the same), half a point is given.
    """
    asked, least = "at least 60% of movies", 0.6
    says = "A movie's scores over users go more with those of the movie most like it in attributes than with one drawn by lot."
    rng = np.random.default_rng(case.seed)
    known = np.diff(case.profile.unit.indptr) > 0
    viewers = np.bincount(case.profile.seen.indices, minlength=case.profile.seen.shape[1])
    movies = np.flatnonzero(known & (viewers >= _FEWEST_VIEWERS))
    users = case.evaluation.user_rows
    if len(movies) < 3 or len(users) < 3:
        return _unmade("similar_movies_near", asked, "Fewer than 3 movies have attributes and viewers.")
    movies = rng.choice(movies, min(_MOVIES, len(movies)), replace=False)
    users = rng.choice(users, min(_USERS, len(users)), replace=False)
    unit = case.profile.unit[movies]
    alike = (unit @ unit.T).toarray() + 1e-9 * rng.random((len(movies), len(movies)))  # equally near ones by lot
    np.fill_diagonal(alike, -np.inf)
    near = alike.argmax(axis=1)
    other = (np.arange(len(movies)) + rng.integers(1, len(movies), len(movies))) % len(movies)
    together = _correlation(np.asarray(case.scorer.score(users), dtype=np.float64)[:, movies])
    each = np.arange(len(movies))
    ahead = together[each, near] - together[each, other]
    differ = near != other
    value = float(np.where(ahead > 0, 1.0, np.where(ahead < 0, 0.0, 0.5))[differ].mean())
    return Check(check="similar_movies_near", passed=value >= least, value=value, asked=asked, says=says)


def language_respected(case: CheckedRecommender) -> Check:
    """Who watches in one language is shown movies in it: at least three quarters as large a share as they watched.

    A dubbed movie is in each of its languages, whole: to somebody who watches in Tamil a Hindi movie dubbed into Tamil is one to
    watch. Counted by halves, hardly anybody with more than two views would watch in one language, and whoever seems to with two
    goes on otherwise.
    """
    asked, least = "at least 75% of the share that they watched", 0.75
    says = "People who watch mostly in one language are shown movies in that language, dubbed ones too."
    taste = case.profile.tastes.get("languages")
    if taste is None or len(taste.names) < 2:
        return _unmade("language_respected", asked, "Movies have no languages, or all the same one.")
    users = case.evaluation.user_rows
    spoken = taste.of_movies.toarray() > 0
    watched = sparse.csr_array(case.profile.seen[users]) > 0
    told = watched @ spoken.any(axis=1).astype(np.int64)
    own = (watched @ spoken.astype(np.int64)) / np.maximum(told, 1)[:, None]
    loyal = np.flatnonzero((told >= _FEWEST_VIEWS) & (own.max(axis=1) >= _LANGUAGE_SHARE))
    if not len(loyal):
        return _unmade("language_respected", asked, f"Nobody watched {_FEWEST_VIEWS} movies or more, mostly in one language.")
    language = own[loyal].argmax(axis=1)
    shown = case.evaluation.shown[loyal, :PLACES]
    listed = np.where(shown >= 0, spoken[np.maximum(shown, 0), language[:, None]], np.nan)
    value = float(np.nanmean(listed) / own[loyal].max(axis=1).mean())
    return Check(check="language_respected", passed=value >= least, value=value, asked=asked, says=says)


def not_only_popular(case: CheckedRecommender) -> Check:
    """Lists are neither the popular list over again nor the same list for everyone."""
    asked, most = "at most 60% of places", 0.6
    says = (
        "Lists are not the most popular movies over again, nor those of somebody else: a model that fell back on popularity, old "
        "or recent, is caught here."
    )
    shown, n_movies = case.evaluation.shown[:, :PLACES], case.evaluation.n_movies
    others = (shown[_others(case)], case.popular.shown[:, :PLACES])
    rows, filled = np.arange(len(shown)), max(int((shown >= 0).sum()), 1)
    value = max(float(holds(as_matrix(lists, n_movies), rows, shown).sum() / filled) for lists in others)
    return Check(check="not_only_popular", passed=value <= most, value=value, asked=asked, says=says)


def own_taste_followed(case: CheckedRecommender) -> Check:
    """A list serves its user better than the list of somebody drawn by lot would, by more than it does with popularity.

    Popular lists differ between users in what they had watched already, which favours one's own list a little; hence the excess.
    """
    asked = "more than 0 movies a list, beyond chance"
    says = "What people watched later is in their own list more often than in a list made for somebody else."
    users = case.evaluation.user_rows
    if len(users) < 3:
        return _unmade("own_taste_followed", asked, "Fewer than 3 users can be judged.")
    other = _others(case)
    gain = _swapped(case.evaluation, other, case.relevant) - _swapped(case.popular, other, case.relevant)
    low, _ = case.resamples.interval(gain)
    return Check(check="own_taste_followed", passed=low > 0, value=float(gain.mean()), asked=asked, says=says)


def _others(case: CheckedRecommender) -> IntArray:
    """For each judged user the place of another, the same distance on for all."""
    n = len(case.evaluation.user_rows)
    step = int(np.random.default_rng(case.seed).integers(1, max(n, 2)))
    return (np.arange(n) + step) % n


def _swapped(evaluation: Evaluation, other: IntArray, relevant: sparse.csr_array) -> FloatArray:
    """How many more wanted movies each user's own list holds than the list of another."""
    shown, users = evaluation.shown[:, :PLACES], evaluation.user_rows
    own, lent = (holds(relevant, users, lists).sum(axis=1) for lists in (shown, shown[other]))
    gain: FloatArray = (own - lent).astype(np.float64)
    return gain


def _correlation(scores: FloatArray) -> FloatArray:
    """Correlation over users of every two movies' scores, each user's mean taken off first; 0 where constant."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    centred -= centred.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    flat = length <= 1e-9 * max(float(np.abs(scores).max()), 1e-300) * np.sqrt(len(scores))
    unit = np.where(flat, 0.0, centred / np.where(flat, 1.0, length))
    together: FloatArray = unit.T @ unit
    return together


def _unmade(check: str, asked: str, why: str) -> Check:
    return Check(check=check, passed=None, value=None, asked=asked, says=f"Could not be looked at: {why}")
