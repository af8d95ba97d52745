"""Availability: which catalogue movies are on the service in each month, how they age, and their nest sums.

Licences are renewed or replaced by as good (``renewed``, the assumption of a scenario that says nothing); or they end on the
dates that the movies table gives, and nothing takes their place (``lapse``). A movie counts for the months of which it has at
least half; one without a date stays.

Where movies go on arriving as they did, today's mix of old and new stays as it is. Where nothing else arrives, what came lately
loses its launch boost as it ages.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import Draw, Float32Array
from recsys.ids import FloatArray, IntArray
from recsys.projection import nest_sums
from recsys.projection.context import NO_END, ProjectionContext
from recsys.projection.nest_sums import NestSums
from recsys.projection.outcome import Availability
from recsys.projection.parallel import THREADS
from recsys.scenario.scenario import Arrivals, Licences


def ending(context: ProjectionContext, horizon_months: int) -> NDArray[np.bool_]:
    """Movies on the service today whose licence ends within the horizon, bool[n_movies]."""
    found: NDArray[np.bool_] = context.choice.available & (context.months_left < horizon_months)
    return found


def replenished(context: ProjectionContext, arrivals: Arrivals) -> bool:
    """Whether movies go on arriving: a service to which none came in a year has no pace to go on at."""
    return arrivals == "as_usual" and context.arrivals_last_year > 0


def over_horizon(
    context: ProjectionContext,
    draw: int,
    *,
    users: Float32Array,
    shifted: IntArray,
    set_apart: list[int],
    horizon_months: int,
    licences: Licences,
    arrivals: Arrivals,
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
    renewing = replenished(context, arrivals)
    baseline = context.nest_sums(draw, threads=threads)

    def changed(movies: list[int]) -> NestSums:
        return nest_sums.without(choice, parameters, baseline, users=users, shifted=shifted, set_apart=movies, threads=threads)

    today = changed([])
    last_age = max(len(parameters.launch_curve) - 1, 0)
    age = np.full(choice.n_movies, last_age) if renewing else np.minimum(choice.months_on_service, last_age)
    left = np.where((licences == "lapse") & (context.months_left < horizon_months), context.months_left, NO_END)
    kept = choice.available.copy()
    kept[set_apart] = False
    kinds, part_of = np.unique(np.column_stack([age, left])[kept], axis=0, return_inverse=True)
    if len(kinds) <= 1 and (len(kinds) == 0 or kinds[0].tolist() == [last_age, NO_END]):
        kept_sums = changed(set_apart) if set_apart else today
        return Availability(parts=(kept_sums,), factor=np.ones((1, horizon_months)), today=today, replenished=renewing)
    place = np.full(choice.n_movies, -1, dtype=np.int64)
    place[kept] = part_of.ravel()

    def by_part() -> tuple[NestSums, ...]:
        everyone = np.arange(choice.n_users)
        layouts = [nest_sums.layout(choice, place == part) for part in range(len(kinds))]
        return tuple(nest_sums.compute(choice, parameters, users, everyone, each, threads=threads) for each in layouts)

    if len(shifted):
        parts = by_part()
    else:  # the same for every scenario that leaves tastes as they are
        ends = horizon_months if licences == "lapse" else None
        parts = context.nest_sum_cache.get((renewing, ends, tuple(set_apart)), draw, by_part)
    factor = np.array([ageing(parameters, int(months), horizon_months) for months, _ in kinds])
    factor *= np.arange(horizon_months) < kinds[:, 1:]
    return Availability(parts=parts, factor=factor, today=today, replenished=renewing, part_of=place)


def ageing(parameters: Draw, age: int, horizon_months: int) -> FloatArray:
    """What exp(V/λ) of movies of an age (whole months today) is multiplied by in each month, float64[horizon_months].

    In the middle of a month half of them are a month older than in the middle of the month before, counted in whole months.
    """
    boost = np.exp(parameters.launch_curve / parameters.dissimilarity)
    if not len(boost):
        return np.ones(horizon_months)
    last = len(boost) - 1
    later = age + np.arange(horizon_months + 1)
    reached = boost[np.minimum(later, last)]
    factor: FloatArray = (reached[:-1] + reached[1:]) / 2 / boost[min(age, last)]
    return factor
