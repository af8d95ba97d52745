"""Small services, audiences and slates for property tests."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, wraps
from typing import Any, ParamSpec

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st

from recsys.choice.model.parameters import ChoiceModel, Draw, Member
from recsys.errors import ScenarioError
from recsys.ids import FloatArray, IdMap, IntArray
from recsys.projection.context import ProjectionContext
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.projection import builders

Asked = ParamSpec("Asked")
EVERYONE = c.Everyone()
seeds = st.integers(0, 10_000)
dissimilarities = st.floats(0.15, 1.0)
horizons = st.integers(1, 6)
offer_ids = st.sampled_from([f"o{k:02d}" for k in range(5)])
slates = st.lists(offer_ids, unique=True, min_size=1, max_size=4).map(tuple)
segments = st.sampled_from(
    [EVERYONE, c.ByPersona(persona="persona 1"), c.ByRule(where="language = 'Hindi'"), c.ByRule(where="city_tier = 2")]
)
audience_changes = st.one_of(
    st.builds(c.ResizeSegment, segment=segments, factor=st.floats(0.6, 1.9)),
    st.builds(c.ScaleActivity, segment=segments, factor=st.floats(0.6, 1.9)),
    st.builds(c.ChangeChurn, segment=segments, delta_share=st.floats(-0.05, 0.05)),
    st.builds(c.ChangePrice, plan=st.sampled_from(["monthly", "rental"]), amount=st.floats(1.0, 300.0)),
    st.builds(c.ContinueDrift, months=st.integers(1, 6)),
    st.builds(
        c.ShiftTaste,
        segment=segments,
        towards=st.sampled_from(
            [c.TowardsAttribute(attribute="genre", value="Comedy"), c.TowardsMovies(movies=("m0003", "m0005"))]
        ),
        strength=st.floats(-2.0, 2.0),
    ),
)


def of_allowed_questions(test: Callable[Asked, None]) -> Callable[Asked, None]:
    """A property of questions that are answered: those that would tell of too few people are refused, and drawn again."""

    @wraps(test)
    def asked(*arguments: Asked.args, **named: Asked.kwargs) -> None:
        try:
            test(*arguments, **named)
        except ScenarioError as refusal:
            if refusal.code != "E_SMALL_SEGMENT":
                raise
            reject()

    return asked


@cache
def context(seed: int, dissimilarity: float = 0.6, rewatch: float = 0.05) -> ProjectionContext:
    """A service of 60 users, 24 movies and 5 offers; movies go on arriving at every second."""
    made = builders.loaded(60, 24, seed=seed, dissimilarity=dissimilarity, rewatch=rewatch, n_draws=3)
    return builders.renewing(made) if seed % 2 else replace(made, recent_arrivals=made.recent_arrivals[:0])


bases = st.builds(context, seeds, dissimilarities)


def buying(offers: tuple[str, ...], *changes: c.Change, horizon: int = 4) -> s.Scenario:
    """A scenario that buys offers after some other changes."""
    return s.Scenario(name="x", changes=(*changes, *(c.Acquire(offer=offer) for offer in offers)), horizon_months=horizon)


def nobody_leaves(made: ProjectionContext) -> ProjectionContext:
    """The context with everybody on the ad-funded plan."""
    return replace(made, users=made.users.assign(plan="ad-funded"))


def with_choice(made: ProjectionContext, change: Callable[[ChoiceModel], ChoiceModel], **other: Any) -> ProjectionContext:
    """The context with another choice model, nothing remembered."""
    return replace(made, choice=change(made.choice), **other)


def with_members(made: ProjectionContext, change: Callable[[Member], Member]) -> ProjectionContext:
    """The context with every member's space changed."""
    return with_choice(made, lambda choice: replace(choice, members=tuple(map(change, choice.members))))


def users_at(made: ProjectionContext, rows: IntArray, weight: FloatArray, ids: list[str] | None = None) -> ProjectionContext:
    """The context with its users taken from these rows, in this order, at these weights."""
    choice = made.choice
    counts = np.diff(choice.watched_indptr)[rows]
    watched = [choice.watched_indices[choice.watched_indptr[row] : choice.watched_indptr[row + 1]] for row in rows]
    names = ids or [str(choice.user_ids.ids[row]) for row in rows]

    def draw(one: Draw) -> Draw:
        per_user = ("outside_constant", "occasions", "churn_intercept")
        return replace(one, **{name: getattr(one, name)[rows] for name in per_user})

    return replace(
        made,
        users=made.users.iloc[rows].reset_index(drop=True).assign(user_id=names),
        weight=weight,
        subscribed=made.subscribed[rows],
        joiners=made.joiners and made.joiners.of(rows),
        personas=replace(made.personas, assignment=made.personas.assignment[rows]),
        choice=replace(
            choice,
            user_ids=IdMap(names),
            members=tuple(replace(member, users=member.users[rows]) for member in choice.members),
            draws=tuple(map(draw, choice.draws)),
            watched_indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            watched_indices=np.concatenate(watched).astype(np.int64),
        ),
    )


def movies_at(made: ProjectionContext, order: IntArray, ids: list[str] | None = None) -> ProjectionContext:
    """The context with its movies in another order."""
    choice = made.choice
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    names = ids or [str(choice.movie_ids.ids[row]) for row in order]
    return replace(
        made,
        movies=made.movies.iloc[order].reset_index(drop=True).assign(movie_id=names),
        choice=replace(
            choice,
            movie_ids=IdMap(names),
            members=tuple(replace(member, movies=member.movies[order]) for member in choice.members),
            draws=tuple(replace(one, appeal=one.appeal[order]) for one in choice.draws),
            nests=choice.nests[order],
            content=choice.content[order],
            hours_per_view=choice.hours_per_view[order],
            available=choice.available[order],
            months_on_service=choice.months_on_service[order],
            watched_indices=place[choice.watched_indices],
        ),
    )
