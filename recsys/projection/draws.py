"""A scenario simulated under every draw of the model: demand and revenue, before anything is paid.

What is paid depends on fees and other terms of the deal, which nobody watches by: a scenario whose terms alone change is answered
from the same draws (:func:`recsys.projection.project.assemble`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection import catalogue_changes as catalogues
from recsys.projection import counterfactuals
from recsys.projection.cannibalisation import hours_lost
from recsys.projection.catalogue_changes import Catalogue
from recsys.projection.context import ProjectionContext
from recsys.projection.outcome import Outcome
from recsys.projection.parallel import THREADS, one_blas_thread, side_by_side
from recsys.scenario.mapping import check
from recsys.scenario.scenario import Scenario

FEW_USERS = 40_000
"""Up to so many, draws run side by side; beyond, the users of one draw do."""

Draws = Literal["point", "all"]
Progress = Callable[[int, int], None]
"""Draws simulated, and how many there are."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Totals:
    """One world under one draw."""

    hours: FloatArray
    """float64[horizon]"""
    views: float
    revenue: FloatArray
    """float64[horizon], not discounted"""
    active_users: float
    """At the horizon's end."""

    @classmethod
    def of(cls, outcome: Outcome) -> "Totals":
        """What is kept of a world."""
        return cls(
            hours=outcome.hours,
            views=float(outcome.views.sum()),
            revenue=outcome.revenue,
            active_users=outcome.active_users,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Simulated:
    """A scenario under one draw; offers along the first axis where there are several, months along the last."""

    today: Totals
    audience: Totals
    both: Totals
    views: FloatArray
    """float64[n_offers, horizon]"""
    gross_hours: FloatArray
    """float64[n_offers]"""
    incremental: FloatArray
    """float64[n_offers, horizon], hours, leave-one-out"""
    earned: FloatArray
    """float64[3, n_offers, horizon], leave-one-out, not discounted: from subscriptions, advertising, rentals"""
    kept: FloatArray
    """float64[n_offers], active users at the horizon's end, leave-one-out"""

    @property
    def acquisition_hours(self) -> float:
        """What the catalogue changes add, over the horizon."""
        return float(np.sum(self.both.hours - self.audience.hours))

    @property
    def audience_hours(self) -> float:
        """What the audience changes add, over the horizon."""
        return float(np.sum(self.audience.hours - self.today.hours))


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """A scenario under every draw, the point estimate first, and what is told at the point estimate alone."""

    draws: tuple[Simulated, ...]
    lost: FloatArray
    """float64[n_offers, n_movies], hours that catalogue movies lose to each offer"""
    extra_lost: FloatArray
    """float64[n_offers, n_extras], hours that the scenario's other extras lose to each offer"""
    by_persona: FloatArray
    """float64[n_offers, n_personas], incremental hours"""


def simulate_draws(
    context: ProjectionContext,
    scenario: Scenario,
    *,
    draws: Draws = "point",
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Drawn:
    """Simulate a scenario.

    Parameters
    ----------
    draws : ``point`` for the point estimate alone

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    check(scenario)
    audience = audiences.changed(context, scenario.audience)
    horizon = scenario.horizon_months
    catalogue = catalogues.changed(context, scenario.catalogue, horizon)
    n_draws = len(context.choice.draws) if draws == "all" else 1
    told = progress or _silent
    with one_blas_thread():
        lasting = scenario.licences
        alone = len(catalogue.offers) == 1 and not catalogue.tracked
        quickly = draws == "all" and not alone
        point = counterfactuals.run(context, 0, audience, catalogue, horizon, quick=quickly, licences=lasting, threads=threads)
        found = [_simulated(catalogue, point)]
        told(1, n_draws)
        if draws == "all":
            quick = _simulated(catalogue, replace(point, without=())) if quickly else found[0]
            by_draw = context.choice.n_users <= FEW_USERS
            outer, inner = (threads, 1) if by_draw else (1, threads)
            done = [1]

            def drawn(draw: int) -> Simulated:
                world = counterfactuals.run(
                    context, draw, audience, catalogue, horizon, whole=False, licences=lasting, threads=inner
                )
                simulated = _simulated(catalogue, world)
                done[0] += 1
                told(done[0], n_draws)
                return _corrected(simulated, found[0], quick) if quickly else simulated

            found += side_by_side(range(1, n_draws), drawn, threads=outer)
        return Drawn(
            draws=tuple(found),
            lost=_lost(context, catalogue, point, threads),
            extra_lost=_extra_lost(context, catalogue, point),
            by_persona=_by_persona(context, point),
        )


def refuse(context: ProjectionContext, scenario: Scenario) -> None:
    """Refuse a scenario that cannot be simulated, without simulating anything.

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    check(scenario)
    audiences.changed(context, scenario.audience)
    catalogues.changed(context, scenario.catalogue, scenario.horizon_months)


def _silent(done: int, of: int) -> None:
    """Nobody wants to know."""


def _simulated(catalogue: Catalogue, found: counterfactuals.Worlds) -> Simulated:
    n_offers = len(catalogue.offers)
    both, views = found.both, found.both.extra_views[:n_offers]
    hours_per_view = np.array([offer.hours_per_view for offer in catalogue.offers])
    hours, earned, active = both.left_out_hours, both.left_out_earned, both.left_out_active
    if found.without:
        hours = np.array([world.hours for world in found.without])
        earned = np.stack([world.earned for world in found.without], axis=1)
        active = np.array([world.active_users for world in found.without])
    return Simulated(
        today=Totals.of(found.today),
        audience=Totals.of(found.audience),
        both=Totals.of(both),
        views=views,
        gross_hours=views.sum(axis=1) * hours_per_view,
        incremental=both.hours - hours,
        earned=both.earned[:, None, :] - earned,
        kept=both.active_users - active,
    )


def _corrected(draw: Simulated, whole: Simulated, quick: Simulated) -> Simulated:
    """A draw's leave-one-out figures, plus what the quick way misses at the point, in proportion to the offer's hours."""
    size = np.divide(draw.gross_hours, whole.gross_hours, out=np.zeros_like(draw.gross_hours), where=whole.gross_hours > 0)
    return replace(
        draw,
        incremental=draw.incremental + size[:, None] * (whole.incremental - quick.incremental),
        earned=draw.earned + size[None, :, None] * (whole.earned - quick.earned),
        kept=draw.kept + size * (whole.kept - quick.kept),
    )


def _lost(context: ProjectionContext, catalogue: Catalogue, point: counterfactuals.Worlds, threads: int) -> FloatArray:
    return hours_lost(
        context,
        0,
        users=point.users,
        catalogue=point.shelf,
        tracked=[movie.row for movie in catalogue.tracked],
        after=point.both,
        before=point.without,
        threads=threads,
    )


def _extra_lost(context: ProjectionContext, catalogue: Catalogue, point: counterfactuals.Worlds) -> FloatArray:
    hours_per_view = np.array(catalogue.hours_per_view(context))
    found = np.zeros((len(catalogue.offers), len(hours_per_view)))
    for k, without in enumerate(point.without):
        found[k] = (without.extra_views - point.both.extra_views).sum(axis=1) * hours_per_view
        found[k, k] = 0.0
    return found


def _by_persona(context: ProjectionContext, point: counterfactuals.Worlds) -> FloatArray:
    n_personas = len(context.personas.personas)
    found = np.zeros((len(point.without), n_personas))
    for k, without in enumerate(point.without):
        found[k] = np.bincount(context.persona_of, weights=point.both.user_hours - without.user_hours, minlength=n_personas)
    return found
