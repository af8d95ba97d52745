"""What stays on the service, month by month: licences that end within the horizon.

A catalogue in its steady state renews itself: as movies leave, others of their worth arrive, so that today's catalogue stands
for the whole horizon (``renewed``, the assumption of a scenario that says nothing). Or licences end on the dates that the movies
table gives, and nothing takes their place (``lapse``): the darkest that the dates allow. A movie counts for the months of which
it has at least half; a movie without a date stays.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import Float32Array
from recsys.ids import IntArray
from recsys.projection import nest_sums
from recsys.projection.context import ProjectionContext
from recsys.projection.outcome import Shelf
from recsys.projection.parallel import THREADS
from recsys.scenario.scenario import Licences


def ending(context: ProjectionContext, horizon_months: int) -> NDArray[np.bool_]:
    """bool[n_movies]: on the service today, with a licence that ends within the horizon."""
    found: NDArray[np.bool_] = context.choice.available & (context.months_left < horizon_months)
    return found


def shelf(
    context: ProjectionContext,
    draw: int,
    *,
    users: Float32Array,
    shifted: IntArray,
    tracked: list[int],
    horizon_months: int,
    licences: Licences,
    threads: int = THREADS,
) -> Shelf:
    """The catalogue of a horizon for an audience, extras apart.

    Parameters
    ----------
    users : [n_users, dim], all vectors in the space of the draw's member, moved ones included
    shifted : rows of the users who moved
    tracked : rows of movies that are followed one by one, and left out here
    """
    choice, parameters = context.choice, context.choice.draws[draw]
    leaves = ending(context, horizon_months)
    leaves[tracked] = False
    if licences == "renewed" or not leaves.any():
        baseline = context.sums(draw, threads=threads)
        kept = nest_sums.without(choice, parameters, baseline, users=users, shifted=shifted, tracked=tracked, threads=threads)
        return Shelf.of(kept, horizon_months)
    everyone = np.arange(choice.n_users)

    def sums(movies: NDArray[np.bool_]) -> nest_sums.NestSums:
        return nest_sums.sums(choice, parameters, users, everyone, nest_sums.layout(choice, movies), threads=threads)

    stays = choice.available & ~leaves
    stays[tracked] = False
    lasts = np.unique(context.months_left[leaves])
    # from the last spell back to the first: sums only grow, so that nothing is lost to subtraction
    spells, present = [sums(stays)], [stays]
    for months in lasts[::-1]:
        joins = leaves & (context.months_left == months)
        more = sums(joins)
        spells.append(nest_sums.NestSums(worth=spells[-1].worth + more.worth, hours=spells[-1].hours + more.hours))
        present.append(present[-1] | joins)
    month = np.arange(1, horizon_months + 1)
    return Shelf(
        spells=tuple(spells[::-1]),
        spell_of=np.searchsorted(lasts, month, side="left").astype(np.int64),
        present=np.stack(present[::-1]),
    )
