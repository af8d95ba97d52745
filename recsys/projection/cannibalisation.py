"""Cannibalisation: the hours that every catalogue movie loses to an offer, exactly.

A catalogue movie's views in a counterfactual are Σ_i exp(V_ij/λ) · F_ig, where F gathers a user's months (see
:class:`recsys.projection.outcome.Outcome`), so that one pass over users × movies answers for all offers and all months at once.
"""

from collections.abc import Sequence

import numpy as np

from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray
from recsys.projection.context import ProjectionContext
from recsys.projection.nest_sums import layout, movie_weights, user_weights
from recsys.projection.outcome import Availability, Outcome
from recsys.projection.parallel import PRODUCT_BLOCK, THREADS, map_user_blocks


def hours_lost(
    context: ProjectionContext,
    draw: int,
    *,
    users: Float32Array,
    availability: Availability,
    set_apart: Sequence[int],
    after: Outcome,
    before: Sequence[Outcome],
    threads: int = THREADS,
) -> FloatArray:
    """Hours that catalogue movies lose between pairs of counterfactuals.

    Parameters
    ----------
    users : [n_users, dim], in the space of the draw's member
    availability : of the movies that are not tracked one by one
    set_apart : rows of catalogue movies that are tracked one by one; they get 0 here
    after : the counterfactual with everything
    before : the counterfactuals to compare it with (each without one offer)

    Returns
    -------
    float64[n_before, n_movies], hours over the horizon; positive where the movie has fewer in ``after``
    """
    choice, parameters = context.choice, context.choice.draws[draw]
    lost = np.zeros((len(before), choice.n_movies))
    if not before:
        return lost
    available = choice.available.copy()
    available[list(set_apart)] = False
    columns = layout(choice, available)
    ends = np.append(columns.starts, len(columns.columns))
    place_of = {int(nest): place for place, nest in enumerate(after.tracked_nests)}

    def work(block: slice) -> FloatArray:
        rows = np.arange(choice.n_users)[block]
        weights = movie_weights(choice, parameters, users[block], rows, columns)
        people = user_weights(parameters, rows)
        outside = np.stack([each.outside_occasions[:, block] - after.outside_occasions[:, block] for each in before])
        tracked = np.stack([each.tracked_nest_factor[..., block] - after.tracked_nest_factor[..., block] for each in before])
        outside, tracked = outside * people, tracked * people
        part = np.zeros((len(before), len(columns.columns)))
        for interval, sums in enumerate(availability.intervals):
            nest_sum = sums.nest_sum[block]
            scale = np.where(nest_sum > 0, nest_sum, 1.0) ** (parameters.dissimilarity - 1.0)
            for k, nest in enumerate(columns.nests):
                place = place_of.get(int(nest))
                factor = outside[:, interval] * scale[:, nest] if place is None else tracked[:, interval, place]
                here = slice(ends[k], ends[k + 1])
                views = factor @ weights[:, here]
                if availability.present is not None:
                    views *= availability.present[interval, columns.columns[here]]
                part[:, here] += views
        return part

    total = np.sum(map_user_blocks(choice.n_users, work, block=PRODUCT_BLOCK, threads=threads), axis=0)
    lost[:, columns.columns] = total * choice.hours_per_view[columns.columns]
    return lost
