"""Demand month by month: a nested logit per user, with a launch curve and movies that are used up as they are watched.

The catalogue is in its steady state: what it loses as movies are watched, new arrivals bring back. Movies whose coming or
going is the question (offers; catalogue movies that are dropped or promoted) are *tracked movies*, simulated one by one: each
user's propensity to watch each of them falls as they watch it.

Unwatched propensity within a month. Let u be the share of a user's chance of not having watched the movie when the month begins,
and x the views a month that a propensity of 1 would bring, x = N · P(a) / a. First views come at rate x, so that u·exp(−x) is
left at the month's end and ū = u·(1 − exp(−x))/x on average; the month's propensity is a = ρ + (1 − ρ)·ū. Its solution is found
by Newton's method for all users at once. First views are then u·(1 − exp(−x)) ≤ u: nobody watches a movie for the first time
more than once.

Who leaves watches no more. Subscribers leave at a month's end, the more rarely the more they watched in it, and some of those
who left come back; hours and views of a month are weighted by the chance of being active when it begins, and the unused
occasions of those who are not count as outside. Nobody new arrives: the audience is today's. A movie used up is used up also for
those who might have left meanwhile.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from recsys.errors import ScenarioError
from recsys.ids import FloatArray
from recsys.projection.demand_kernel import DemandKernel
from recsys.projection.nest_sums import NestSums
from recsys.projection.outcome import Availability, Outcome, People, TrackedMovies
from recsys.projection.parallel import MONTH_BLOCK, THREADS, map_user_blocks
from recsys.projection.unwatched_propensity import Start

Precision = Literal["exact", "coarse"]
"""Whether unwatched propensities are found to 1e-6 or so; or to a few thousandths, enough for a draw among many."""
Detail = Literal["by_user", "totals"]
"""Whether an outcome tells what can be told user by user; or totals only, those fields being 0."""


def simulate(
    catalogue: NestSums | Availability,
    *,
    dissimilarity: float,
    rewatch: float,
    people: People,
    tracked_movies: TrackedMovies,
    counterfactuals: Sequence[Sequence[int]],
    horizon_months: int,
    n_left_out: int = 0,
    precision: Precision = "exact",
    detail: Detail = "by_user",
    threads: int = THREADS,
) -> list[Outcome]:
    """Simulate demand in several counterfactuals, which differ in the tracked movies that they have.

    Parameters
    ----------
    catalogue : nest sums of everything that is not tracked, the same throughout or month by month
    dissimilarity : λ in (0, 1]
    rewatch : ρ in [0, 1]
    counterfactuals : for each, the positions of the tracked movies that it has, ascending; the one with most of them first
    n_left_out : how many of the first tracked movies are each left out of the first counterfactual, by an estimate

    Returns
    -------
    One outcome a counterfactual

    Raises
    ------
    ScenarioError  E_NEST: dissimilarity outside (0, 1]
    ArtefactError  E_NONFINITE: utilities too large to be exponentiated

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 4
    """
    if not 0 < dissimilarity <= 1:
        raise ScenarioError.of("E_NEST", f"the nest dissimilarity is {dissimilarity}; allowed: above 0 to 1.", "Calibrate again.")
    availability = Availability.of(catalogue, horizon_months)
    chosen = [np.asarray(positions, dtype=np.int64) for positions in counterfactuals]

    def work(block: slice) -> list[Outcome]:
        kernel = DemandKernel(
            block,
            availability=availability,
            dissimilarity=dissimilarity,
            rewatch=rewatch,
            people=people,
            tracked_movies=tracked_movies,
            horizon_months=horizon_months,
            exact=precision == "exact",
            by_user=detail == "by_user",
        )
        outcomes, starts = [], dict[int, Start]()
        for k, positions in enumerate(chosen):
            outcome, starts = kernel.run(positions, starts, 0 if k else n_left_out)
            outcomes.append(outcome)
        return outcomes

    by_block = map_user_blocks(len(people.weight), work, block=MONTH_BLOCK, threads=threads)
    return [_joined([blocks[k] for blocks in by_block]) for k in range(len(chosen))]


def _joined(blocks: list[Outcome]) -> Outcome:
    """The outcome of all users from those of their blocks."""

    def total(name: str) -> FloatArray:
        summed: FloatArray = np.sum([getattr(block, name) for block in blocks], axis=0)
        return summed

    def side_by_side(name: str) -> FloatArray:
        return np.concatenate([getattr(block, name) for block in blocks], axis=-1)

    return Outcome(
        hours=total("hours"),
        views=total("views"),
        earned=total("earned"),
        tracked_views=total("tracked_views"),
        outside=total("outside"),
        active_users=float(total("active_users")),
        user_hours=side_by_side("user_hours"),
        user_tracked_views=side_by_side("user_tracked_views"),
        still_unwatched=side_by_side("still_unwatched"),
        outside_occasions=side_by_side("outside_occasions"),
        left_out_hours=total("left_out_hours"),
        left_out_earned=total("left_out_earned"),
        left_out_active=total("left_out_active"),
        tracked_nests=blocks[0].tracked_nests,
        tracked_nest_factor=side_by_side("tracked_nest_factor"),
    )
