"""Exposure: which movies each user is shown in a half-month.

Where everything is shown, choices tell tastes. Where the famous is shown more often than the rest, much is watched because it
was there to be seen: exposure is confounded with taste, as it is wherever a recommender has favourites. Fame comes half from
what everybody likes about a movie and half from nothing that anybody could know.
"""

import numpy as np

from recsys.ids import FloatArray, IntArray
from recsys.simulation.config import ServiceConfig
from recsys.simulation.keyed_rng import normal, stream, uniform
from recsys.simulation.movies import Catalogue
from recsys.simulation.state import BlockInputs, BoolArray

_PERIODS = 4096


def fame(config: ServiceConfig, movies: Catalogue) -> FloatArray:
    """Fame of each movie, float64[n_movies], in standard deviations; the service shows the famous more often."""
    spread = max(float(np.hypot(config.quality_sd, config.star_sd)), 1e-9)
    luck = normal(stream(config.seed, "fame"), movies.number)
    return np.asarray((np.clip(movies.quality / spread, -3.0, 3.0) + luck) / np.sqrt(2.0))


def considered(inputs: BlockInputs, rows: IntArray, columns: IntArray, period: int) -> BoolArray:
    """Consideration sets: which movies these users are shown.

    Parameters
    ----------
    rows : int64[n]
    columns : int64[k] for all rows alike, or int64[n, k]

    Returns
    -------
    bool[n, k]; all True where everything is shown
    """
    config = inputs.config
    shape = (len(rows), columns.shape[-1])
    if config.considered_share >= 1.0:
        return np.ones(shape, dtype=np.bool_)
    known = fame(config, inputs.movies)
    level = np.log(config.considered_share / (1.0 - config.considered_share))
    shown = 1.0 / (1.0 + np.exp(-(level + config.fame_slope * known[columns])))
    key = stream(config.seed, "shown")
    place = inputs.movies.number[columns] * _PERIODS + period
    drawn = uniform(key, inputs.users.number[rows][:, None], place)
    return np.asarray(np.broadcast_to(drawn < shown, shape))
