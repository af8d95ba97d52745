"""Placebo tests: questions whose answer is known beforehand.

If the model answers them otherwise, its other answers are not to be trusted.

- A movie that nobody can see adds nothing.
- Tastes tell what people watched; once views are dealt out to users at random, they must tell nothing.
- An attribute drawn by lot must not change how well an offer's appeal can be told.
- No attribute may know the outcome: one that ranks movies as their views do was written down after them.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.stats import spearmanr

from recsys.choice.estimate import cold_start_appeal
from recsys.choice.model import movie_attributes
from recsys.ids import IntArray
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario

N_VIEWS = 20_000
"""Views looked at, the latest ones."""
LEAST_VIEWS = 200
FEWEST_MOVIES = 20
STABLE_SHARE = 0.05
KNOWS_TOO_MUCH = 0.9
"""Rank correlation with the number of views from which an attribute is taken to know it."""
_UNSEEN_NATS = -1e4
_ERROR_NATS = 0.1


@dataclass(frozen=True, kw_only=True)
class PlaceboTest:
    """One question, what was found, and whether that is what it has to be."""

    name: str
    asks: str
    found: float
    unit: str
    expected: str
    passed: bool
    detail: str = ""


def run_placebo_tests(context: ProjectionContext, events: pd.DataFrame, *, rng: np.random.Generator) -> tuple[PlaceboTest, ...]:
    """Every placebo that the workspace holds enough for.

    Parameters
    ----------
    events : ``user_index``, ``movie_index`` in the rows of the choice model, in order of time
    """
    user, movie = (events[name].to_numpy(dtype=np.int64) for name in ("user_index", "movie_index"))
    asked = (
        invisible_offer(context),
        shuffled_outcomes(context, user, movie, rng=rng),
        random_attribute(context, rng=rng),
        outcome_leak(context.movies, np.bincount(movie, minlength=context.choice.n_movies)),
    )
    return tuple(placebo for placebo in asked if placebo is not None)


def as_json(found: tuple[PlaceboTest, ...]) -> dict[str, Any]:
    """The document that the command line prints."""
    return {"schema": 1, "passed": all(one.passed for one in found), "placebos": [asdict(one) for one in found]}


def invisible_offer(context: ProjectionContext) -> PlaceboTest | None:
    """An offer that nobody can see, and everything that it seems to add or to get."""
    if not len(context.offers):
        return None
    point = context.choice.draws[0]
    coefficients = point.cold_appeal_coefficients.copy()
    coefficients[0] += _UNSEEN_NATS
    unseen = context.with_choice(replace(context.choice, draws=(replace(point, cold_appeal_coefficients=coefficients),)))
    asked = Scenario(name="placebo", changes=(Acquire(offer=str(context.offer_ids.ids[0])),))
    answer = project(unseen, asked)
    offer = answer.offers[0]
    hours = max(abs(offer.gross_hours.mean), abs(offer.incremental_hours.mean))
    return PlaceboTest(
        name="invisible movie",
        asks="What does a movie add that nobody can see?",
        found=hours,
        unit="hours",
        expected="0",
        passed=bool(hours <= 1e-6 * max(answer.baseline.hours, 1.0)),
    )


def shuffled_outcomes(
    context: ProjectionContext, user: IntArray, movie: IntArray, *, rng: np.random.Generator
) -> PlaceboTest | None:
    """How often taste alone puts what a user watched above what somebody else did, with the users dealt out at random.

    What everybody likes is taken out (a movie's score is taken less its mean over users), and both movies of a pair come from the
    same views, so that by chance it is every second time, exactly.
    """
    if len(user) < LEAST_VIEWS:
        return None
    user, movie = user[-N_VIEWS:], movie[-N_VIEWS:]
    member = context.choice.members[context.choice.draws[0].member]
    users = member.users - member.users.mean(axis=0)
    other = rng.permutation(movie)
    unlike = movie != other

    def skill(who: IntArray) -> float:
        score, rival = (np.einsum("ij,ij->i", users[who], member.movies[which]) for which in (movie, other))
        return float(np.mean((score > rival)[unlike]))

    real, placebo = skill(user), skill(rng.permutation(user))
    chance = float(4.0 * 0.5 / np.sqrt(unlike.sum()))
    return PlaceboTest(
        name="shuffled outcomes",
        asks="How often do tastes tell what was watched, once views are dealt out to users at random?",
        found=placebo,
        unit="share of pairs",
        expected=f"0.5 ± {chance:.3f}, and less than with the views as they are",
        passed=bool(abs(placebo - 0.5) <= chance and real > placebo + chance),
        detail=f"with the views as they are: {real:.3f} (views that the model has learnt from)",
    )


def random_attribute(context: ProjectionContext, *, rng: np.random.Generator) -> PlaceboTest | None:
    """How much further off an offer's appeal seems once an attribute has been drawn by lot."""
    there = context.choice.available
    movies = context.movies[there].reset_index(drop=True)
    if len(movies) < FEWEST_MOVIES:
        return None
    appeal = context.choice.draws[0].appeal[there]
    error = np.full(len(appeal), _ERROR_NATS)

    def residual(table: pd.DataFrame) -> float:
        features = movie_attributes.learn(table, table.iloc[:0])
        codes = movie_attributes.encode(features, table)
        return cold_start_appeal.fit(features, codes, np.zeros(len(table)), appeal, error).residual_sd

    lot = movies.assign(drawn_by_lot=rng.standard_normal(len(movies)))
    change = residual(lot) / residual(movies) - 1.0
    return PlaceboTest(
        name="random attribute",
        asks="By how much does the spread of an offer's appeal change once an attribute has been drawn by lot?",
        found=change,
        unit="share",
        expected=f"0 ± {STABLE_SHARE}",
        passed=bool(abs(change) <= STABLE_SHARE),
    )


def outcome_leak(movies: pd.DataFrame, views: IntArray) -> PlaceboTest | None:
    """The attribute that ranks movies most nearly as their views do.

    Parameters
    ----------
    views : int64[n_movies], of each movie in all of the data
    """
    if len(movies) < FEWEST_MOVIES or np.ptp(views) == 0:
        return None
    correlations = {}
    for name in sorted(movies.columns):
        if not is_numeric_dtype(movies[name]):
            continue
        values = movies[name].to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(values)
        if known.sum() >= FEWEST_MOVIES and np.ptp(values[known]) > 0:
            correlations[name] = abs(float(spearmanr(values[known], views[known]).statistic))
    worst = max(correlations, key=lambda name: (correlations[name], name), default="")
    found = correlations.get(worst, 0.0)
    return PlaceboTest(
        name="leak from the future",
        asks="Does an attribute of movies know how often they came to be watched?",
        found=found,
        unit="rank correlation with views",
        expected=f"below {KNOWS_TOO_MUCH}",
        passed=found < KNOWS_TOO_MUCH,
        detail=f"most of all: {worst}" if worst else "there is no attribute in numbers",
    )
