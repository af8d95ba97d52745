"""The counterfactuals of a scenario under one draw: the baseline, the changed audience alone, everything, and leave-one-out.

Revenue and hours belong to a counterfactual. Every effect is a difference of two of them, scenario − baseline, so that effects
add up. For rentals a counterfactual earns on all its rentals: an offer whose rentals only replace other rentals adds nothing.
"""

from dataclasses import dataclass
from typing import Literal

from recsys.projection.outcome import Outcome
from recsys.projection.parallel import THREADS
from recsys.projection.question import PreparedQuestion, Question

LeaveOneOut = Literal["simulated", "estimated", "both"]
"""How the counterfactuals without one offer are found. ``simulated``: each by itself, to full precision and user by user.
``estimated``: in passing while everything is simulated, to the precision of a draw among
many, in totals. ``both`` tells how far the estimate is off."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Counterfactuals:
    """Outcomes of a scenario's counterfactuals under one draw."""

    baseline: Outcome
    """Today's audience, today's catalogue."""
    audience_only: Outcome
    """The changed audience, today's catalogue."""
    projected: Outcome
    """The changed audience, the changed catalogue."""
    without_offer: tuple[Outcome, ...]
    """As ``projected`` without one offer, in the order of the catalogue's offers; empty where they were only estimated."""
    question: PreparedQuestion
    """Of the changed audience."""


def simulate(
    question: Question, draw: int, *, leave_one_out: LeaveOneOut = "simulated", threads: int = THREADS
) -> Counterfactuals:
    """Simulate all counterfactuals of a scenario under one draw."""
    catalogue = question.catalogue
    exactly = leave_one_out != "estimated"
    without_offer = []
    if exactly and not catalogue.is_one_offer:
        without_offer = [catalogue.after_without(offer) for offer in range(len(catalogue.offers))]
    estimated = leave_one_out == "both" or (leave_one_out == "estimated" and not catalogue.is_one_offer)

    def outcomes(prepared: PreparedQuestion, counterfactuals: list[tuple[int, ...]], n_left_out: int = 0) -> list[Outcome]:
        return prepared.simulate(
            counterfactuals,
            n_left_out=n_left_out,
            precision="exact" if exactly else "coarse",
            detail="by_user" if exactly else "totals",
            threads=threads,
        )

    prepared = question.under(draw, threads=threads)
    n_left_out = len(catalogue.offers) if estimated else 0
    projected, *left_out, audience_only = outcomes(prepared, [catalogue.after, *without_offer, catalogue.before], n_left_out)
    baseline = audience_only
    if question.changes_audience:
        (baseline,) = outcomes(question.for_todays_audience().under(draw, threads=threads), [catalogue.before])
    return Counterfactuals(
        baseline=baseline,
        audience_only=audience_only,
        projected=projected,
        without_offer=(audience_only,) if catalogue.is_one_offer else tuple(left_out),
        question=prepared,
    )
