"""How each persona moves from month to month: how many of it watch, how much they watch, and what."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.embeddings.neighbours import unit_rows
from recsys.embeddings.table import EmbeddingTable
from recsys.ids import FloatArray, IntArray
from recsys.segments.months import Trend, count_by_month, month_index, trend
from recsys.segments.personas import Personas


@dataclass(frozen=True, eq=False, kw_only=True)
class PersonaDrift:
    """Monthly movement of one persona. The trends are straight lines; they know no season."""

    active: Trend
    """Users of it with at least one view in a month."""
    views_per_active: Trend
    """Views of such a user in a month."""
    taste: FloatArray
    """float64[dim]: movement a month of the mean unit vector of what it watches, in the ``mf`` movies' space. What arrives and
    leaves moves it too, not taste alone."""
    taste_standard_error: FloatArray
    """float64[dim], of ``taste``; infinite where there are fewer than three whole months."""

    @property
    def taste_signal(self) -> float:
        """Length of ``taste`` in its own standard errors; about 1 is what chance gives."""
        error = float(np.sqrt(np.square(self.taste_standard_error).mean()))
        size = float(np.sqrt(np.square(self.taste).mean()))
        return size / error if np.isfinite(error) and error > 0 else 0.0


def measure_drift(events: pd.DataFrame, personas: Personas, movies: EmbeddingTable) -> tuple[PersonaDrift, ...]:
    """Drift of each persona, in their order.

    Parameters
    ----------
    events : ``user_index``, ``movie_index``, ``timestamp``
    movies : ``mf`` movie vectors, in the rows of the movies table
    """
    n_groups = len(personas.personas)
    monthly = count_by_month(events, personas.assignment, n_groups)
    month, _, _ = month_index(events["timestamp"])
    group = personas.assignment[events["user_index"].to_numpy()]
    tastes = _monthly_tastes(unit_rows(movies.vectors), events["movie_index"].to_numpy(), month, group, monthly.views.shape)
    found = []
    for k in range(n_groups):
        active, views = monthly.active[k].astype(np.float64), monthly.views[k].astype(np.float64)
        taste, error = _slope(tastes[k], np.where(monthly.whole, views, 0.0))
        found.append(
            PersonaDrift(
                active=trend(active, monthly.whole),
                views_per_active=_ratio_trend(views, active, monthly.whole & (active > 0)),
                taste=taste,
                taste_standard_error=error,
            )
        )
    return tuple(found)


def _ratio_trend(views: FloatArray, active: FloatArray, usable: NDArray[np.bool_]) -> Trend:
    return trend(np.divide(views, active, out=np.zeros_like(views), where=active > 0), usable)


def _monthly_tastes(
    unit: NDArray[np.float32],
    movie: IntArray,
    month: IntArray,
    group: IntArray,
    shape: tuple[int, ...],
) -> FloatArray:
    """Mean unit vector of what each group watched in each month, float64[n_groups, n_months, dim]; 0 where nothing."""
    n_groups, n_months = shape
    cells = sparse.coo_array((np.ones(len(movie)), (group * n_months + month, movie)), shape=(n_groups * n_months, len(unit)))
    views = cells.tocsr()
    total = np.asarray(views.sum(axis=1)).reshape(-1, 1)
    watched = views @ unit.astype(np.float64)
    mean = np.divide(watched, total, out=np.zeros_like(watched), where=total > 0)
    return np.asarray(mean.reshape(n_groups, n_months, -1))


def _slope(series: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted least-squares slope of float64[n_months, dim] on the month, with its standard error; both float64[dim]."""
    used = weight > 0
    dim = series.shape[1]
    if used.sum() < 3:
        return np.zeros(dim), np.full(dim, np.inf)
    w, y, x = weight[used][:, None], series[used], np.flatnonzero(used).astype(np.float64)[:, None]
    centred = x - (w * x).sum() / w.sum()
    spread = (w * centred**2).sum()
    slope = (w * centred * y).sum(axis=0) / spread
    residual = y - (w * y).sum(axis=0) / w.sum() - slope * centred
    variance = (w * residual**2).sum(axis=0) / (len(y) - 2) / spread
    return slope, np.sqrt(variance)
