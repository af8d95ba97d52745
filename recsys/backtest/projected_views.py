"""Projected views of past arrivals: each simulated as an offer, by itself, from what was known before it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.backtest.appeal_response import STEPS_NATS
from recsys.choice.panel.history import DAYS_PER_MONTH
from recsys.ids import FloatArray
from recsys.progress import Progress, ReportProgress, silent
from recsys.projection.context import ProjectionContext
from recsys.projection.parallel import THREADS
from recsys.projection.question import Question
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario


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
    progress: ReportProgress = silent,
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
    bought = tuple(Acquire(offer=name) for name in context.offer_ids.ids)
    question = Question.of(context, Scenario(name="arrivals", changes=bought, horizon_months=horizon))
    offers, n_draws = question.catalogue.offers, len(context.choice.draws)
    draws = np.empty((len(offers), n_draws, len(days)))
    response = np.empty((len(offers), len(STEPS_NATS), len(days)))
    for number in range(n_draws):
        prepared = question.under(number, threads=threads)
        for k, offered in enumerate(offers):
            alone = prepared.tracking([k])
            if context.season is not None and launched is not None:
                alone = alone.with_season(context.season.ahead(pd.Timestamp(launched[offered.row]), horizon))
            steps = (0.0,) if number else STEPS_NATS
            for place, step in enumerate(steps):
                moved = alone.with_appeal(np.array([step]))
                (outcome,) = moved.simulate([(0,)], precision="coarse", detail="totals", threads=threads)
                views = _within(outcome.tracked_views[0], days)
                if step == 0:
                    draws[k, number] = views
                if len(steps) > 1:
                    response[k, place] = views
        progress(Progress.of(number + 1, n_draws))
    by_row = np.argsort([offered.row for offered in offers])
    hours = np.array([offered.hours_per_view for offered in offers])
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
