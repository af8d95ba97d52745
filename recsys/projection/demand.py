"""Demand month by month: a nested logit per user, with a launch curve and movies that are used up as they are watched.

The catalogue is in its steady state: what it loses as movies are watched, new arrivals bring back. Movies whose coming or
going is the question (offers; catalogue movies that are dropped or promoted) are *extras*, followed one by one: each user's
appetite for each extra falls as they watch it.

Appetite within a month. Let u be the share of a user's chance of not having watched the movie when the month begins, and x
the views a month that a full appetite would bring, x = N · P(a) / a. First views come at rate x, so that u·exp(−x) is left
at the month's end and ū = u·(1 − exp(−x))/x on average; the month's appetite is a = ρ + (1 − ρ)·ū. Its solution is found by
Newton's method for all users at once. First views are then u·(1 − exp(−x)) ≤ u: nobody watches a movie for the first time
more than once.

Who leaves watches no more. Subscribers leave at a month's end, the more rarely the more they watched in it, and some of those
who left come back; hours and views of a month are weighted by the chance of being there when it begins, and their unused
occasions count as outside. Nobody new arrives: the audience is today's. A movie used up is used up also for those who might
have left meanwhile.
"""

from collections.abc import Sequence

import numpy as np

from recsys.errors import ScenarioError
from recsys.ids import FloatArray
from recsys.projection.demand_kernel import Months
from recsys.projection.nest_sums import NestSums
from recsys.projection.outcome import Extras, Outcome, People, Shelf
from recsys.projection.parallel import MONTH_BLOCK, THREADS, over_users


def simulate(
    catalogue: NestSums | Shelf,
    *,
    dissimilarity: float,
    rewatch: float,
    people: People,
    extras: Extras,
    worlds: Sequence[Sequence[int]],
    horizon_months: int,
    n_left_out: int = 0,
    careful: bool = True,
    by_user: bool = True,
    threads: int = THREADS,
) -> list[Outcome]:
    """Run several worlds that differ in which extras they have.

    Parameters
    ----------
    catalogue : nest sums of everything that is not an extra, the same throughout or month by month
    dissimilarity : λ in (0, 1]
    rewatch : ρ in [0, 1]
    worlds : for each world, the positions of the extras it has, ascending; the one with most of them first
    n_left_out : first extras that are each left out of the first world, quickly
    careful : whether appetites are found to 1e-6 or so; else to a few thousandths, enough for a draw among many
    by_user : whether to tell what is told user by user

    Returns
    -------
    One outcome a world

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
    shelf = Shelf.of(catalogue, horizon_months)
    chosen = [np.asarray(world, dtype=np.int64) for world in worlds]

    def work(block: slice) -> list[Outcome]:
        engine = Months(shelf, dissimilarity, rewatch, people, extras, horizon_months, careful, by_user, block)
        return [engine.run(world, 0 if k else n_left_out) for k, world in enumerate(chosen)]

    by_block = over_users(len(people.weight), work, block=MONTH_BLOCK, threads=threads)
    return [_joined([blocks[k] for blocks in by_block]) for k in range(len(chosen))]


def _joined(blocks: list[Outcome]) -> Outcome:
    def total(name: str) -> FloatArray:
        summed: FloatArray = np.sum([getattr(block, name) for block in blocks], axis=0)
        return summed

    def side_by_side(name: str) -> FloatArray:
        return np.concatenate([getattr(block, name) for block in blocks], axis=-1)

    return Outcome(
        hours=total("hours"),
        views=total("views"),
        earned=total("earned"),
        extra_views=total("extra_views"),
        outside=total("outside"),
        active_users=float(total("active_users")),
        user_hours=side_by_side("user_hours"),
        user_extra_views=side_by_side("user_extra_views"),
        still_unwatched=side_by_side("still_unwatched"),
        idle=side_by_side("idle"),
        left_out_hours=total("left_out_hours"),
        left_out_earned=total("left_out_earned"),
        left_out_active=total("left_out_active"),
        touched=blocks[0].touched,
        touched_factor=side_by_side("touched_factor"),
    )
