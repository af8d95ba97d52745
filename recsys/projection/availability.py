"""Availability: which catalogue movies are licensed in each month, and their nest sums.

A catalogue in its steady state renews itself: as movies leave, others of equal nest sums arrive, so that today's catalogue stands
for the whole horizon (``renewed``, the assumption of a scenario that says nothing). Or licences end on the dates that the movies
table gives, and nothing takes their place (``lapse``): the lowest availability that the dates allow. A movie counts for the
months of which it has at least half; a movie without a date stays.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import Float32Array
from recsys.ids import IntArray
from recsys.projection import nest_sums
from recsys.projection.context import ProjectionContext
from recsys.projection.outcome import Availability
from recsys.projection.parallel import THREADS
from recsys.scenario.scenario import Licences


def ending(context: ProjectionContext, horizon_months: int) -> NDArray[np.bool_]:
    """Movies on the service today whose licence ends within the horizon, bool[n_movies]."""
    found: NDArray[np.bool_] = context.choice.available & (context.months_left < horizon_months)
    return found


def over_horizon(
    context: ProjectionContext,
    draw: int,
    *,
    users: Float32Array,
    shifted: IntArray,
    set_apart: list[int],
    horizon_months: int,
    licences: Licences,
    threads: int = THREADS,
) -> Availability:
    """Availability over a horizon for an audience, without the movies that are tracked one by one.

    Parameters
    ----------
    users : [n_users, dim], all vectors in the space of the draw's member, shifted ones included
    shifted : rows of the users whose taste has shifted
    set_apart : rows of catalogue movies that are tracked one by one, and left out here
    """
    choice, parameters = context.choice, context.choice.draws[draw]
    leaves = ending(context, horizon_months)
    leaves[set_apart] = False
    if licences == "renewed" or not leaves.any():
        today = context.nest_sums(draw, threads=threads)
        kept = nest_sums.without(choice, parameters, today, users=users, shifted=shifted, set_apart=set_apart, threads=threads)
        return Availability.of(kept, horizon_months)
    stays = choice.available & ~leaves
    stays[set_apart] = False
    last_months = np.unique(context.months_left[leaves])
    joining = [leaves & (context.months_left == month) for month in last_months[::-1]]

    def by_interval() -> tuple[nest_sums.NestSums, ...]:
        return _by_interval(context, draw, users, [stays, *joining], threads)

    if len(shifted):
        intervals = by_interval()
    else:  # the same for every scenario that leaves tastes as they are
        catalogue = "lapse", horizon_months, tuple(set_apart)
        intervals = context.nest_sum_cache.get(catalogue, draw, by_interval)
    month = np.arange(1, horizon_months + 1)
    present = np.logical_or.accumulate([stays, *joining])
    return Availability(
        intervals=intervals,
        interval_of=np.searchsorted(last_months, month, side="left").astype(np.int64),
        present=present[::-1],
    )


def _by_interval(
    context: ProjectionContext, draw: int, users: Float32Array, joining: list[NDArray[np.bool_]], threads: int
) -> tuple[nest_sums.NestSums, ...]:
    """Nest sums of each interval between two ends of licences, the first interval first.

    They are added up from the last interval back to the first, so that sums only grow and nothing is lost to subtraction.

    Parameters
    ----------
    joining : bool[n_movies] each: the movies of the last interval, then those that the one before it has besides, and so on
    """
    choice, parameters = context.choice, context.choice.draws[draw]
    everyone = np.arange(choice.n_users)
    found: list[nest_sums.NestSums] = []
    for movies in joining:
        more = nest_sums.compute(choice, parameters, users, everyone, nest_sums.layout(choice, movies), threads=threads)
        found.append(found[-1] + more if found else more)
    return tuple(found[::-1])
