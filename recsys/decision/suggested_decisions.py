"""Suggested decisions: up to three, computed from the workspace as it is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from recsys.decision.slate_value import SlateValuer, fixed_cost, longest_licence, slate_valuer
from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection.catalogue_changes import licence_fee
from recsys.projection.context import ProjectionContext
from recsys.projection.nest_sums import layout, movie_weights, user_weights
from recsys.projection.parallel import PRODUCT_BLOCK, map_user_blocks
from recsys.projection.project import project
from recsys.scenario.changes import Acquire, ContinueDrift, Drop
from recsys.scenario.scenario import Scenario
from recsys.tables.economics_config import Origin

Kind = Literal["buy", "renew", "audience", "takes from others"]

N_DECISIONS = 3
EXPIRY_DAYS = 92
N_EXPIRING = 5
"""Expiring movies, most watched first, whose loss is worked out."""
GROWTH_MONTHS = 12
MOST_GROWTH_SHARE = 0.1
"""A month. Faster growth is a service that is filling up, or a log that begins; it is not carried on for a year."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with its unit and origin."""

    name: str
    value: float
    unit: str
    """``currency`` amounts are in the workspace's currency."""
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class SuggestedDecision:
    """Something to decide, with what it rests on and the scenario that shows it."""

    kind: Kind
    subject: str
    """Id of the movie or offer, or name of the persona."""
    title: str
    verdict: str
    """``buy``, ``renew``, ``let go``, ``serve`` or ``beware``"""
    figures: tuple[Figure, ...]
    scenario: Scenario


def suggest_decisions(context: ProjectionContext) -> tuple[SuggestedDecision, ...]:
    """Up to three decisions of different kinds; fewer where the workspace does not hold what they need.

    The best offer against its walk-away price; a licence about to expire; the audience that grows fastest; an offer that looks
    popular but mostly takes from others. In this order, the first three that there are.
    """
    alone = slate_valuer(context) if len(context.offers) else None
    found = [
        _best_offer(context, alone) if alone else None,
        _expiring(context),
        _growing(context),
        _takes_from_others(context, alone) if alone else None,
    ]
    return tuple(decision for decision in found if decision is not None)[:N_DECISIONS]


def _buying(context: ProjectionContext, offer: str) -> Scenario:
    return Scenario(
        name=f"Buy {context.title(offer)}", changes=(Acquire(offer=offer),), horizon_months=longest_licence(context, [offer])
    )


def _best_offer(context: ProjectionContext, alone: SlateValuer) -> SuggestedDecision | None:
    """The offer of greatest net present value by itself, against its walk-away price over its licence."""
    known = [k for k, offer in enumerate(alone.offers) if offer.inside and fixed_cost(offer) > 0]
    if not known:
        return None
    offer = alone.offers[max(known, key=lambda k: (alone.npv([k]), -k))]
    scenario = _buying(context, offer.movie_id)
    best = project(context, scenario, draws="all").offers[0]
    return SuggestedDecision(
        kind="buy",
        subject=best.movie_id,
        title=best.title,
        verdict="buy" if offer.terms.fee <= best.max_bid.mean else "let go",
        figures=(
            Figure(name="fee asked", value=offer.terms.fee, unit="currency", origin="configured"),
            Figure(name="walk-away price", value=best.max_bid.mean, unit="currency", origin="estimated"),
            Figure(name="net present value", value=best.npv.mean, unit="currency", origin="estimated"),
            Figure(name="viewing hours it adds", value=best.incremental_hours.mean, unit="hours", origin="estimated"),
            Figure(name="viewing hours it gets", value=best.gross_hours.mean, unit="hours", origin="estimated"),
        ),
        scenario=scenario,
    )


def _expiring(context: ProjectionContext) -> SuggestedDecision | None:
    """Of the licences that end soonest, the most watched: what the service loses without it, against its fee."""
    column = next((name for name in ("licence_until", "available_until") if name in context.movies), None)
    if column is None or context.data_end is None:
        return None
    until = pd.to_datetime(context.movies[column], utc=True)
    now = pd.to_datetime(context.data_end, utc=True)
    soon = ((until > now) & (until <= now + pd.Timedelta(days=EXPIRY_DAYS))).to_numpy() & context.choice.available
    if not soon.any():
        return None
    hours = monthly_hours(context)
    rows = sorted(np.flatnonzero(soon), key=lambda row: (-hours[row], row))[:N_EXPIRING]
    asked = {row: _dropping(context, str(context.choice.movie_ids.ids[row])) for row in rows}
    near = {row: project(context, scenario).npv.mean for row, scenario in asked.items()}
    worst = min(rows, key=lambda row: (near[row], row))
    loss = project(context, asked[worst], draws="all")
    effect = loss.acquisition_effect
    fee = licence_fee(context, worst)
    movie = str(context.choice.movie_ids.ids[worst])
    figures = [
        Figure(name="days left", value=float((until.iloc[worst] - now).days), unit="days", origin="configured"),
        Figure(name="viewing hours it gets a month", value=float(hours[worst]), unit="hours", origin="estimated"),
        Figure(name="viewing hours lost without it", value=-effect.hours.mean, unit="hours", origin="estimated"),
        Figure(name="revenue lost without it", value=-effect.value.mean, unit="currency", origin="estimated"),
    ]
    if fee > 0:
        figures.append(Figure(name="licence fee", value=fee, unit="currency", origin="configured"))
    return SuggestedDecision(
        kind="renew",
        subject=movie,
        title=context.title(movie),
        verdict="renew" if loss.npv.mean < 0 else "let go",
        figures=tuple(figures),
        scenario=asked[worst],
    )


def _dropping(context: ProjectionContext, movie: str) -> Scenario:
    return Scenario(name=f"Let {context.title(movie)} go", changes=(Drop(movie=movie),))


def monthly_hours(context: ProjectionContext) -> FloatArray:
    """Hours a month of every movie on the service today, for today's users, float64[n_movies]; 0 for the others."""
    choice, parameters = context.choice, context.choice.draws[0]
    sums, users = context.nest_sums(0), choice.members[parameters.member].users
    columns = layout(choice, choice.available)
    people = audiences.people(context, audiences.current(context), parameters)
    active = people.weight * people.occasions * np.where(people.subscribes, people.subscribed, 1.0)

    def work(block: slice) -> FloatArray:
        nest_sum = np.where(sums.nest_sum[block] > 0, sums.nest_sum[block], 1.0)
        power = np.where(sums.nest_sum[block] > 0, nest_sum**parameters.dissimilarity, 0.0)
        factor = power / nest_sum * (active[block] / (1.0 + power.sum(axis=1)))[:, None]
        rows = np.arange(choice.n_users)[block]
        factor *= user_weights(parameters, rows)[:, None]
        weights = movie_weights(choice, parameters, users[block], rows, columns)
        views: FloatArray = np.einsum("ij,ij->j", weights, factor[:, choice.nests[columns.columns]])
        return views

    hours = np.zeros(choice.n_movies)
    total = np.sum(map_user_blocks(choice.n_users, work, block=PRODUCT_BLOCK), axis=0)
    hours[columns.columns] = total * choice.hours_per_view[columns.columns]
    return hours


def _growing(context: ProjectionContext) -> SuggestedDecision | None:
    """The persona that grows fastest within reason, and the part of its occasions that the catalogue wins, against everyone's."""
    personas = context.personas.personas
    today = audiences.people(context, audiences.current(context), context.choice.draws[0])
    served_today = today.occasions * np.where(today.subscribes, today.subscribed, 1.0)
    occasions = np.bincount(context.persona_of, weights=served_today, minlength=len(personas))
    growing = [
        k for k, each in enumerate(personas) if 0 < each.monthly_growth_share <= MOST_GROWTH_SHARE and occasions[k] > 0
    ]  # of a persona whose every subscription has lapsed no occasion is served
    if not growing:
        return None
    k = max(growing, key=lambda k: (personas[k].monthly_growth_share, personas[k].size, -k))
    fastest = personas[k]
    served, everyone = _share_served(context, k)
    grown = (1.0 + fastest.monthly_growth_share) ** GROWTH_MONTHS
    people = float(context.weight[context.persona_of == k].sum())
    return SuggestedDecision(
        kind="audience",
        subject=fastest.name,
        title=fastest.name,
        verdict="serve" if served < everyone else "keep",
        figures=(
            Figure(name="growth a month", value=fastest.monthly_growth_share, unit="share", origin="estimated"),
            Figure(name="users today", value=people, unit="users", origin="estimated"),
            Figure(name=f"users in {GROWTH_MONTHS} months", value=people * grown, unit="users", origin="estimated"),
            Figure(name="occasions that find something here", value=served, unit="share", origin="estimated"),
            Figure(name="the same over all users", value=everyone, unit="share", origin="estimated"),
        ),
        scenario=Scenario(name=f"{fastest.name} goes on growing", changes=(ContinueDrift(months=GROWTH_MONTHS),)),
    )


def _share_served(context: ProjectionContext, persona: int) -> tuple[float, float]:
    """Share of viewing occasions that the catalogue wins: a persona's, and everyone's."""
    parameters = context.choice.draws[0]
    sums = context.nest_sums(0)
    power = np.where(sums.nest_sum > 0, sums.nest_sum, 0.0) ** parameters.dissimilarity
    inside = power.sum(axis=1) / (1.0 + power.sum(axis=1))
    people = audiences.people(context, audiences.current(context), parameters)
    occasions = people.weight * people.occasions * np.where(people.subscribes, people.subscribed, 1.0)
    own = occasions * (context.persona_of == persona)
    return float(inside @ own / own.sum()), float(inside @ occasions / occasions.sum())


def _takes_from_others(context: ProjectionContext, alone: SlateValuer) -> SuggestedDecision | None:
    """Of the offers that get more viewing than half of the others, the one that adds least of what it gets."""
    if len(alone.offers) < 2:
        return None
    ran = [alone.of([k]) for k in range(len(alone.offers))]
    median = float(np.median([one.gross_hours for one in ran]))
    popular = [k for k, one in enumerate(ran) if one.gross_hours >= median > 0]
    if not popular:
        return None
    least = min(popular, key=lambda k: (ran[k].incremental_hours / ran[k].gross_hours, k))
    offer, rank = alone.offers[least], 1 + sum(one.gross_hours > ran[least].gross_hours for one in ran)
    scenario = _buying(context, offer.movie_id)
    worst = project(context, scenario, draws="all").offers[0]
    taken = worst.cannibalised_hours.mean / worst.gross_hours.mean
    return SuggestedDecision(
        kind="takes from others",
        subject=offer.movie_id,
        title=offer.title,
        verdict="beware",
        figures=(
            Figure(name="rank by viewing hours", value=float(rank), unit=f"of {len(ran)} offers", origin="estimated"),
            Figure(name="viewing hours it gets", value=worst.gross_hours.mean, unit="hours", origin="estimated"),
            Figure(name="viewing hours it adds", value=worst.incremental_hours.mean, unit="hours", origin="estimated"),
            Figure(name="part that it takes from others", value=taken, unit="share", origin="estimated"),
        ),
        scenario=scenario,
    )
