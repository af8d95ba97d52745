"""A scenario's changes to the audience, applied in order.

Weights, occasions and churn belong to users and are the same in every draw. A shift of taste is stated once and carried out in
the space of each ensemble member, since a direction only means something inside one space.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from recsys.choice.model.parameters import Draw, Float32Array, Member
from recsys.errors import Finding, ScenarioError
from recsys.ids import FloatArray, IntArray
from recsys.projection.context import ProjectionContext, unit
from recsys.projection.economics import earnings
from recsys.projection.outcome import People
from recsys.projection.unknown_movie_errors import unknown_movie
from recsys.scenario.changes import (
    AudienceChange,
    ByPersona,
    ByRule,
    ByUsers,
    ChangeChurn,
    ChangePrice,
    ContinueDrift,
    Direction,
    Everyone,
    KindRegistry,
    ResizeSegment,
    ScaleActivity,
    Segment,
    ShiftTaste,
    TowardsMovies,
)
from recsys.scenario.scenario import Joining
from recsys.segments import disclosure
from recsys.segments.attribute_rules import Mask, by_rule, nearest_names
from recsys.segments.membership import PRIVACY_FLOOR, by_persona, by_users, check_floor, with_personas
from recsys.segments.personas import Persona
from recsys.tables import lists


@dataclass(frozen=True, eq=False, kw_only=True)
class Shift:
    """A shift of taste, ready to be carried out in any member's space."""

    rows: IntArray
    towards: IntArray
    """Movie rows that the direction leads to."""
    away_from: IntArray | None
    """Movie rows that it leads from; None: from where the segment is."""
    strength: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Audience:
    """An audience, relative to the one of the data; arrays are float64[n_users]."""

    weight: FloatArray
    activity: FloatArray
    """Factor on occasions."""
    churn_delta: FloatArray
    """Share a month."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """New price by plan, currency."""
    shifts: tuple[Shift, ...] = ()

    @property
    def shifted_rows(self) -> IntArray:
        """Users whose taste has moved, ascending."""
        if not self.shifts:
            return np.zeros(0, dtype=np.int64)
        rows: IntArray = np.unique(np.concatenate([shift.rows for shift in self.shifts]))
        return rows


def current(context: ProjectionContext) -> Audience:
    """The audience of the data."""
    n_users = context.choice.n_users
    return Audience(weight=context.weight, activity=np.ones(n_users), churn_delta=np.zeros(n_users))


def changed(context: ProjectionContext, changes: tuple[AudienceChange, ...]) -> Audience:
    """Today's audience after a scenario's changes, in their order.

    Raises
    ------
    ScenarioError  E_SEGMENT, E_MOVIE, E_PARAM (an unknown plan, an unknown attribute), E_SMALL_SEGMENT (fewer users than the
        privacy floor in a segment, out of it, or told of by the changes together); all findings at once
    """
    audience = current(context)
    findings: list[Finding] = []
    for change in changes:
        try:
            audience = EFFECTS[type(change)](context, audience, change)
        except ScenarioError as error:
            findings.extend(error.findings)
    if findings:
        raise ScenarioError(findings)
    if any(not isinstance(getattr(change, "segment", Everyone()), Everyone) for change in changes):
        disclosure.check(_treatments(context, audience), "these changes together")
    return audience


def _treatments(context: ProjectionContext, audience: Audience) -> FloatArray:
    """How much each user differs from today, float64[n_users, n]: two changes of opposite sign may leave a single one."""
    weight = np.divide(audience.weight, context.weight, out=np.ones(len(context.weight)), where=context.weight > 0)
    moved = [np.isin(np.arange(len(weight)), shift.rows) * shift.strength for shift in audience.shifts]
    held = [getattr(audience, each.name) for each in fields(Audience) if each.name not in ("weight", "activity")]
    arrays = [array for array in held if isinstance(array, np.ndarray)]
    return np.column_stack([weight, audience.activity, weight * audience.activity, *arrays, *moved])


def members_of(context: ProjectionContext, segment: Segment) -> Mask:
    """Users of a segment, bool[n_users]. Everyone is never too few.

    Raises
    ------
    ScenarioError  E_SEGMENT: not known; E_SMALL_SEGMENT: fewer users than the privacy floor in it or out of it
    """
    found = _mask(context, segment)
    if not isinstance(segment, Everyone):
        check_floor(found)
    return found


def _mask(context: ProjectionContext, segment: Segment) -> Mask:
    match segment:
        case ByPersona(persona=name):
            return by_persona(context.personas, name)
        case ByRule(where=where):
            return by_rule(with_personas(context.users, context.personas), where, fewest=PRIVACY_FLOOR)
        case ByUsers(users=users):
            return by_users(context.choice.user_ids, users)
        case Everyone():
            return np.ones(context.choice.n_users, dtype=np.bool_)


NEVER_LEAVES = -30.0
"""Log-odds at which nobody leaves by themselves."""
EFFECTS = KindRegistry("effect")
"""What a kind of change to the audience does: ``(context, audience, change)`` gives the audience after it."""


@EFFECTS.register(ResizeSegment)
def _resized(context: ProjectionContext, audience: Audience, change: ResizeSegment) -> Audience:
    members = members_of(context, change.segment)
    return replace(audience, weight=np.where(members, audience.weight * change.factor, audience.weight))


@EFFECTS.register(ScaleActivity)
def _scaled(context: ProjectionContext, audience: Audience, change: ScaleActivity) -> Audience:
    members = members_of(context, change.segment)
    return replace(audience, activity=np.where(members, audience.activity * change.factor, audience.activity))


@EFFECTS.register(ChangeChurn)
def _churning(context: ProjectionContext, audience: Audience, change: ChangeChurn) -> Audience:
    return replace(audience, churn_delta=audience.churn_delta + members_of(context, change.segment) * change.delta_share)


@EFFECTS.register(ShiftTaste)
def _moved(context: ProjectionContext, audience: Audience, change: ShiftTaste) -> Audience:
    members = members_of(context, change.segment)
    towards, away_from = _ends(context, change.towards)
    shift = Shift(rows=np.flatnonzero(members), towards=towards, away_from=away_from, strength=change.strength)
    return replace(audience, shifts=(*audience.shifts, shift)) if change.strength else audience


@EFFECTS.register(ChangePrice)
def _repriced(context: ProjectionContext, audience: Audience, change: ChangePrice) -> Audience:
    priced = [plan.name for plan in context.economics.plans if plan.kind != "avod"]
    if change.plan not in priced:
        raise ScenarioError.of(
            "E_PARAM",
            f"there is no plan {change.plan!r} that has a price.",
            f"Did you mean {nearest_names(change.plan, priced)}?",
        )
    return replace(audience, prices={**audience.prices, change.plan: change.amount})


@EFFECTS.register(ContinueDrift)
def _drifted(context: ProjectionContext, audience: Audience, change: ContinueDrift) -> Audience:
    personas = context.personas.personas
    size = np.array([(1.0 + persona.monthly_growth_share) ** change.months for persona in personas])
    views = np.array([(1.0 + activity_trend_share(persona)) ** change.months for persona in personas])
    return replace(
        audience,
        weight=audience.weight * size[context.persona_of],
        activity=audience.activity * views[context.persona_of],
    )


def _ends(context: ProjectionContext, direction: Direction) -> tuple[IntArray, IntArray | None]:
    """Movie rows that a direction leads to, and from."""
    if isinstance(direction, TowardsMovies):
        rows = context.choice.movie_ids.rows_or_missing(direction.movies)
        missing = [name for name, row in zip(direction.movies, rows, strict=True) if row < 0]
        if missing:
            known = context.choice.movie_ids.ids
            raise ScenarioError([unknown_movie(name, known, "catalogue movie", "towards") for name in missing[:5]])
        return rows, None
    column = {"genre": "genres", "language": "languages"}.get(direction.attribute, direction.attribute)
    known = [str(name) for name in context.movies.columns if name not in ("movie_id", "title")]
    if column not in known:
        raise ScenarioError.of(
            "E_PARAM",
            f"movies have no attribute {direction.attribute!r}.",
            f"Did you mean {nearest_names(direction.attribute, known)}?",
        )
    having = lists.having(context.movies[column], direction.value)
    if not having.any() or having.all():
        values = list(lists.masks(context.movies[column]))
        raise ScenarioError.of(
            "E_PARAM",
            f"{'no movie has' if not having.any() else 'every movie has'} {direction.attribute} {direction.value!r}.",
            f"Did you mean {nearest_names(direction.value, values)}?",
        )
    return np.flatnonzero(having), np.flatnonzero(~having)


def activity_trend_share(persona: Persona) -> float:
    """Monthly trend of a persona's views for each of its active users, as a share; 0 where fewer than three months are known.

    The slope of a straight line through the logarithms. The first and the last month are left out where there are more than
    four, since they may be cut: a user sees less in half a month.
    """
    active = dict(persona.monthly_active)
    listed = persona.monthly_views[1:-1] if len(persona.monthly_views) > 4 else persona.monthly_views
    known = [(views, active[month]) for month, views in listed if views > 0 and active.get(month, 0) > 0]
    if len(known) < 3:
        return 0.0
    level = np.log([views / users for views, users in known])
    slope = np.polyfit(np.arange(len(level)), level, 1)[0]
    return float(np.expm1(slope))


def user_vectors(member: Member, audience: Audience, weight: FloatArray) -> Float32Array:
    """Users' vectors in a member's space after the audience's shifts of taste; the member's own where there are none.

    Parameters
    ----------
    weight : float64[n_users], of the data: how much each user counts in the segment's mean and spread
    """
    users = member.users
    for shift in audience.shifts:
        moved = _shifted(member, users[shift.rows], weight[shift.rows], shift)
        users = users.copy()
        users[shift.rows] = moved
    return users


def _shifted(member: Member, users: Float32Array, weight: FloatArray, shift: Shift) -> Float32Array:
    """Move vectors by ``strength`` standard deviations of the segment along the direction, and give them back their norms."""
    here = users.astype(np.float64)
    share = weight / weight.sum()
    if shift.away_from is None:
        origin = share @ unit(here)
    else:
        origin = unit(member.movies[shift.away_from].astype(np.float64)).mean(axis=0)
    direction = unit(member.movies[shift.towards].astype(np.float64)).mean(axis=0) - origin
    length = np.linalg.norm(direction)
    if length == 0:
        return users
    direction /= length
    along = here @ direction
    spread = np.sqrt(share @ (along - share @ along) ** 2)
    norms = np.linalg.norm(here, axis=1, keepdims=True)
    moved = here + shift.strength * spread * direction
    given_back: Float32Array = (unit(moved) * norms).astype(users.dtype)
    return given_back


def people(
    context: ProjectionContext,
    audience: Audience,
    draw: Draw,
    horizon_months: int | None = None,
    *,
    joining: Joining = "none",
) -> People:
    """An audience under one draw of the parameters, with what each user earns under their plan.

    Parameters
    ----------
    horizon_months : months from the end of the data on that are looked at; their season counts. None knows no season
    """
    plans = context.economics.plans
    earning = np.array([earnings(plan, audience.prices.get(plan.name)) for plan in plans])
    subscription, per_hour, per_view = earning[context.plan_of].T
    stated = [-1.0 if plan.monthly_churn is None else plan.monthly_churn.value for plan in plans]
    churn = np.array(stated)[context.plan_of]  # below 0 where the plan states none
    return People(
        weight=audience.weight,
        occasions=draw.occasions * audience.activity,
        occasions_today=draw.occasions,
        joining=context.joining if joining == "as_usual" else np.zeros(len(audience.weight)),
        churn_intercept=np.where(churn >= 0, NEVER_LEAVES, draw.churn_intercept),
        churn_delta=audience.churn_delta + np.maximum(churn, 0.0),
        churn_hours_slope=draw.churn_hours_slope,
        subscription=subscription,
        per_hour=per_hour,
        per_view=per_view,
        subscribes=np.array([plan.kind == "svod" for plan in plans], dtype=np.bool_)[context.plan_of],
        subscribed=context.subscribed,
        return_share=context.return_share,
        season=None if horizon_months is None else context.season_ahead(horizon_months),
    )


def same(one: Audience, other: Audience) -> bool:
    """Whether two audiences are equal in everything that they hold; those with shifted tastes count as different."""

    def equal(held: Any, there: Any) -> bool:
        return np.array_equal(held, there) if isinstance(held, np.ndarray) else held == there

    if one.shifts or other.shifts:
        return False
    return all(equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(Audience))
