"""Each arrival projected as an offer, by itself, with today's machinery from what was known then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.backtest.appeal_response import STEPS_NATS
from recsys.choice.panel.history import DAYS_PER_MONTH
from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection import catalogue_changes as catalogues
from recsys.projection.context import ProjectionContext
from recsys.projection.demand import simulate
from recsys.projection.outcome import Extras
from recsys.projection.parallel import THREADS
from recsys.scenario.changes import Acquire

Steps = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class ProjectedViews:
    """Views of offers from their launch on, each offer by itself in the catalogue of the day; axis 0 is the offer in the order
    of the offers table, the last axis the days asked for."""

    draws: FloatArray
    """float64[n_offers, n_draws, n_days]; draw 0 is the point estimate"""
    response: FloatArray
    """float64[n_offers, len(STEPS_NATS), n_days]: views at the point estimate if the appeal were so much higher"""
    hours_per_view: FloatArray
    """float64[n_offers]"""


def project_views(
    context: ProjectionContext,
    days: Sequence[int],
    *,
    launched: NDArray[np.datetime64] | None = None,
    progress: Steps | None = None,
    threads: int = THREADS,
) -> ProjectedViews:
    """Project every offer of a context over its first days on the service.

    Parameters
    ----------
    days : how many each time; the views of a month are spread evenly over its days
    launched : when each offer begins, which decides the season of its months; None: all of them when the data end
    progress : told (draws done, draws in all)
    """
    horizon = max(1, int(np.ceil(max(days) / DAYS_PER_MONTH - 1e-9)))
    audience = audiences.today(context)
    catalogue = catalogues.changed(context, tuple(Acquire(offer=name) for name in context.offer_ids.ids), horizon)
    n_offers, n_draws = len(catalogue.offers), len(context.choice.draws)
    draws = np.empty((n_offers, n_draws, len(days)))
    response = np.empty((n_offers, len(STEPS_NATS), len(days)))
    for number, parameters in enumerate(context.choice.draws):
        users = context.choice.members[parameters.member].users
        everything = catalogues.extras(context, number, catalogue, users, horizon)
        sums = context.sums(number, threads=threads)
        people = audiences.people(context, audience, parameters, horizon)
        for k, offered in enumerate(catalogue.offers):
            if context.season is not None and launched is not None:
                people = replace(people, season=context.season.ahead(pd.Timestamp(launched[offered.row]), horizon))
            alone = _alone(everything, k)
            steps = (0.0,) if number else STEPS_NATS
            for place, step in enumerate(steps):
                found = simulate(
                    sums,
                    dissimilarity=parameters.dissimilarity,
                    rewatch=parameters.rewatch,
                    people=people,
                    extras=alone if step == 0 else replace(alone, utility=alone.utility + step),
                    worlds=[(0,)],
                    horizon_months=horizon,
                    careful=False,
                    threads=threads,
                )[0]
                views = _within(found.extra_views[0], days)
                if step == 0:
                    draws[k, number] = views
                if len(steps) > 1:
                    response[k, place] = views
        if progress:
            progress(number + 1, n_draws)
    by_row = np.argsort([offered.row for offered in catalogue.offers])
    hours = np.array([offered.hours_per_view for offered in catalogue.offers])
    return ProjectedViews(draws=draws[by_row], response=response[by_row], hours_per_view=hours[by_row])


def _within(monthly: FloatArray, days: Sequence[int]) -> FloatArray:
    """Views within so many days each, from views by month.

    Examples
    --------
    >>> _within(np.array([30.4375, 60.875]), [28, 30.4375 + 10])
    array([28.     , 50.4375])
    """
    ends = np.arange(len(monthly) + 1) * DAYS_PER_MONTH
    return np.interp(np.asarray(days, dtype=np.float64), ends, np.concatenate([[0.0], np.cumsum(monthly)]))


def _alone(extras: Extras, k: int) -> Extras:
    one = slice(k, k + 1)
    return Extras(
        utility=extras.utility[one],
        unwatched=extras.unwatched[one],
        hours_per_view=extras.hours_per_view[one],
        nests=extras.nests[one],
        curve=extras.curve[one],
    )
