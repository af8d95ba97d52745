"""A scenario simulated under every draw of the parameters: demand and revenue, before anything is paid.

What is paid depends on fees and other terms of the deal, which do not change demand: a scenario whose terms alone change is
answered from the same draws (:func:`recsys.projection.project.assemble`).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recsys.ids import FloatArray
from recsys.progress import Progress, ReportProgress, silent
from recsys.projection import counterfactuals
from recsys.projection.catalogue_changes import Catalogue
from recsys.projection.context import ProjectionContext
from recsys.projection.counterfactuals import Counterfactuals
from recsys.projection.outcome import Outcome
from recsys.projection.parallel import THREADS, map_parallel, one_blas_thread
from recsys.projection.question import Question
from recsys.scenario.mapping import check
from recsys.scenario.scenario import Scenario

FEW_USERS = 40_000
"""Up to so many, draws run side by side; beyond, the users of one draw do."""

Draws = Literal["point", "all"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Totals:
    """Totals of one counterfactual under one draw."""

    hours: FloatArray
    """float64[horizon]"""
    views: float
    revenue: FloatArray
    """float64[horizon], not discounted"""
    active_users: float
    """At the horizon's end."""

    @classmethod
    def of(cls, outcome: Outcome) -> "Totals":
        """What is kept of an outcome."""
        return cls(
            hours=outcome.hours,
            views=float(outcome.views.sum()),
            revenue=outcome.revenue,
            active_users=outcome.active_users,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class IncrementalByOffer:
    """What each offer adds under one draw: everything less everything without it."""

    hours: FloatArray
    """float64[n_offers, horizon]"""
    earned: FloatArray
    """float64[3, n_offers, horizon], not discounted: from subscriptions, advertising, rentals"""
    active_users: FloatArray
    """float64[n_offers], at the horizon's end"""

    @classmethod
    def simulated(cls, found: Counterfactuals) -> "IncrementalByOffer":
        """From counterfactuals without each offer."""
        n_offers, horizon = len(found.without_offer), len(found.projected.hours)
        hours = np.array([outcome.hours for outcome in found.without_offer]).reshape(n_offers, horizon)
        earned = np.array([[outcome.earned[source] for outcome in found.without_offer] for source in range(3)])
        active_users = np.array([outcome.active_users for outcome in found.without_offer])
        return cls._of(found.projected, hours, earned.reshape(3, n_offers, horizon), active_users)

    @classmethod
    def estimated(cls, found: Counterfactuals) -> "IncrementalByOffer":
        """From the estimate beside the counterfactual with everything."""
        projected = found.projected
        return cls._of(projected, projected.left_out_hours, projected.left_out_earned, projected.left_out_active)

    @classmethod
    def _of(cls, projected: Outcome, hours: FloatArray, earned: FloatArray, active_users: FloatArray) -> "IncrementalByOffer":
        return cls(
            hours=projected.hours - hours,
            earned=projected.earned[:, None, :] - earned,
            active_users=projected.active_users - active_users,
        )

    def corrected(
        self, simulated: "IncrementalByOffer", estimated: "IncrementalByOffer", size: FloatArray
    ) -> "IncrementalByOffer":
        """Estimated figures of a draw, plus the error of the estimate at the point, in proportion to the offer's hours.

        Parameters
        ----------
        simulated, estimated : at the point estimate
        size : float64[n_offers], an offer's hours in the draw over those at the point
        """
        return IncrementalByOffer(
            hours=self.hours + size[:, None] * (simulated.hours - estimated.hours),
            earned=self.earned + size[None, :, None] * (simulated.earned - estimated.earned),
            active_users=self.active_users + size * (simulated.active_users - estimated.active_users),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedDraw:
    """A scenario under one draw; offers along the first axis where there are several, months along the last."""

    baseline: Totals
    audience_only: Totals
    projected: Totals
    views: FloatArray
    """float64[n_offers, horizon]"""
    gross_hours: FloatArray
    """float64[n_offers]"""
    incremental: IncrementalByOffer

    @classmethod
    def of(cls, catalogue: Catalogue, found: Counterfactuals, incremental: IncrementalByOffer) -> "SimulatedDraw":
        """What is kept of the counterfactuals of one draw."""
        views = found.projected.tracked_views[: len(catalogue.offers)]
        hours_per_view = np.array([offer.hours_per_view for offer in catalogue.offers])
        return cls(
            baseline=Totals.of(found.baseline),
            audience_only=Totals.of(found.audience_only),
            projected=Totals.of(found.projected),
            views=views,
            gross_hours=views.sum(axis=1) * hours_per_view,
            incremental=incremental,
        )

    @property
    def acquisition_hours(self) -> float:
        """What the catalogue changes add, over the horizon."""
        return float(np.sum(self.projected.hours - self.audience_only.hours))

    @property
    def audience_hours(self) -> float:
        """What the audience changes add, over the horizon."""
        return float(np.sum(self.audience_only.hours - self.baseline.hours))


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedDraws:
    """A scenario under every draw, the point estimate first, and what is told at the point estimate alone."""

    draws: tuple[SimulatedDraw, ...]
    hours_lost: FloatArray
    """float64[n_offers, n_movies], hours that catalogue movies lose to each offer"""
    tracked_hours_lost: FloatArray
    """float64[n_offers, n_tracked], hours that the scenario's other tracked movies lose to each offer"""
    by_persona: FloatArray
    """float64[n_offers, n_personas], incremental hours"""


def simulate_draws(
    context: ProjectionContext,
    scenario: Scenario,
    *,
    draws: Draws = "point",
    threads: int = THREADS,
    progress: ReportProgress = silent,
) -> SimulatedDraws:
    """Simulate a scenario.

    Leave-one-out counterfactuals of several offers are simulated at the point estimate only. Under the other draws they are
    estimated, and corrected by the error that the estimate has at the point.

    Parameters
    ----------
    draws : ``point`` for the point estimate alone

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    check(scenario)
    question = Question.of(context, scenario)
    catalogue = question.catalogue
    n_draws = len(context.choice.draws) if draws == "all" else 1
    with one_blas_thread():
        estimates = draws == "all" and not catalogue.is_one_offer
        point = counterfactuals.simulate(question, 0, leave_one_out="both" if estimates else "simulated", threads=threads)
        point_simulated = IncrementalByOffer.simulated(point)
        found = [SimulatedDraw.of(catalogue, point, point_simulated)]
        progress(Progress.of(1, n_draws))
        if draws == "all":
            by_draw = context.choice.n_users <= FEW_USERS
            outer, inner = (threads, 1) if by_draw else (1, threads)
            done = [1]

            def simulated(draw: int) -> SimulatedDraw:
                outcomes = counterfactuals.simulate(question, draw, leave_one_out="estimated", threads=inner)
                added = (IncrementalByOffer.estimated if estimates else IncrementalByOffer.simulated)(outcomes)
                result = SimulatedDraw.of(catalogue, outcomes, added)
                done[0] += 1
                progress(Progress.of(done[0], n_draws))
                if not estimates:
                    return result
                size = _ratio(result.gross_hours, found[0].gross_hours)
                return replace(result, incremental=added.corrected(point_simulated, IncrementalByOffer.estimated(point), size))

            found += map_parallel(range(1, n_draws), simulated, threads=outer)
        return SimulatedDraws(
            draws=tuple(found),
            hours_lost=point.question.hours_lost(after=point.projected, before=point.without_offer, threads=threads),
            tracked_hours_lost=_tracked_hours_lost(context, catalogue, point),
            by_persona=_by_persona(context, point),
        )


def refuse(context: ProjectionContext, scenario: Scenario) -> None:
    """Refuse a scenario that cannot be simulated, without simulating anything.

    Raises
    ------
    ScenarioError  as :func:`recsys.projection.project.project`
    """
    check(scenario)
    Question.of(context, scenario)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below, 0 where ``below`` is not above 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _tracked_hours_lost(context: ProjectionContext, catalogue: Catalogue, point: Counterfactuals) -> FloatArray:
    hours_per_view = np.array(catalogue.hours_per_view(context))
    found = np.zeros((len(catalogue.offers), len(hours_per_view)))
    for k, without in enumerate(point.without_offer):
        found[k] = (without.tracked_views - point.projected.tracked_views).sum(axis=1) * hours_per_view
        found[k, k] = 0.0
    return found


def _by_persona(context: ProjectionContext, point: Counterfactuals) -> FloatArray:
    n_personas = len(context.personas.personas)
    found = np.zeros((len(point.without_offer), n_personas))
    for k, without in enumerate(point.without_offer):
        added = point.projected.user_hours - without.user_hours
        found[k] = np.bincount(context.persona_of, weights=added, minlength=n_personas)
    return found
