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
    part_of = np.zeros(choice.n_movies, dtype=np.int64) if availability.part_of is None else availability.part_of

    def work(block: slice) -> FloatArray:
        rows = np.arange(choice.n_users)[block]
        weights = movie_weights(choice, parameters, users[block], rows, columns)
        people = user_weights(parameters, rows)[:, None]
        factor = np.stack([each.part_factor[:, block] - after.part_factor[:, block] for each in before]) * people
        found = np.zeros((len(before), len(columns.columns)))
        for k, nest in enumerate(columns.nests):
            here = slice(ends[k], ends[k + 1])
            by_part = factor[..., nest] @ weights[:, here]
            found[:, here] = np.take_along_axis(by_part, part_of[columns.columns[here]][None, None, :], axis=1)[:, 0]
        return found

    total = np.sum(map_user_blocks(choice.n_users, work, block=PRODUCT_BLOCK, threads=threads), axis=0)
    lost[:, columns.columns] = total * choice.hours_per_view[columns.columns]
    return lost
