"""Whom an offer takes viewing from: every movie's hours with it and without it, exactly.

A catalogue movie's views in a world are Σ_i exp(V_ij/λ) · F_ig, where F gathers a user's months (see
:class:`recsys.projection.outcome.Outcome`), so that one pass over users × movies answers for all offers and all months at once.
"""

from collections.abc import Sequence

import numpy as np

from recsys.choice.model.parameters import Float32Array
from recsys.ids import FloatArray
from recsys.projection.context import ProjectionContext
from recsys.projection.nest_sums import NestSums, layout, movie_weights, user_weights
from recsys.projection.outcome import Outcome, Shelf
from recsys.projection.parallel import PRODUCT_BLOCK, THREADS, over_users


def hours_lost(
    context: ProjectionContext,
    draw: int,
    *,
    users: Float32Array,
    catalogue: NestSums | Shelf,
    tracked: Sequence[int],
    after: Outcome,
    before: Sequence[Outcome],
    threads: int = THREADS,
) -> FloatArray:
    """Hours that catalogue movies lose between pairs of worlds.

    Parameters
    ----------
    users : [n_users, dim], in the space of the draw's member
    catalogue : nest sums of the movies that are not extras
    tracked : rows of movies that are extras; they get 0 here
    after : the world with everything
    before : the worlds to compare it with (each without one offer)

    Returns
    -------
    float64[n_before, n_movies], hours over the horizon; positive where the movie has fewer in ``after``
    """
    choice, parameters = context.choice, context.choice.draws[draw]
    lost = np.zeros((len(before), choice.n_movies))
    if not before:
        return lost
    available = choice.available.copy()
    available[list(tracked)] = False
    columns = layout(choice, available)
    ends = np.append(columns.starts, len(columns.columns))
    shelf = Shelf.of(catalogue, 0)
    place_of = {int(nest): place for place, nest in enumerate(after.touched)}

    def work(block: slice) -> FloatArray:
        rows = np.arange(choice.n_users)[block]
        weights = movie_weights(choice, parameters, users[block], rows, columns)
        people = user_weights(parameters, rows)
        idle = np.stack([world.idle[:, block] - after.idle[:, block] for world in before]) * people
        touched = np.stack([world.touched_factor[..., block] - after.touched_factor[..., block] for world in before]) * people
        part = np.zeros((len(before), len(columns.columns)))
        for spell, sums in enumerate(shelf.spells):
            worth = sums.worth[block]
            scale = np.where(worth > 0, worth, 1.0) ** (parameters.dissimilarity - 1.0)
            for k, nest in enumerate(columns.nests):
                place = place_of.get(int(nest))
                factor = idle[:, spell] * scale[:, nest] if place is None else touched[:, spell, place]
                here = slice(ends[k], ends[k + 1])
                views = factor @ weights[:, here]
                if shelf.present is not None:
                    views *= shelf.present[spell, columns.columns[here]]
                part[:, here] += views
        return part

    total = np.sum(over_users(choice.n_users, work, block=PRODUCT_BLOCK, threads=threads), axis=0)
    lost[:, columns.columns] = total * choice.hours_per_view[columns.columns]
    return lost
