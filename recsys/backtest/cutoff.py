"""Evaluation of one cutoff: movies that arrived after it, projected from the tables frozen at it and compared with outcomes."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys.backtest.arrivals import Arrivals
from recsys.backtest.baselines import KnownArrivals, baseline_forecasts
from recsys.backtest.projected_views import ProjectedViews, project_views
from recsys.backtest.serialization import ArrivalRecord, CutoffResult
from recsys.backtest.substitution import measure_substitutions
from recsys.backtest.viewing import forecast_viewing
from recsys.choice.model.parameters import ChoiceModel
from recsys.embeddings.tower import MovieTower
from recsys.ids import FloatArray, IntArray
from recsys.progress import ReportProgress, silent
from recsys.projection import cold_start_offers as offering
from recsys.projection.context import ProjectionContext, context_of
from recsys.scenario.changes import Acquire
from recsys.segments.personas import Persona, Personas
from recsys.tables.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class CutoffInputs:
    """A cutoff with the arrivals to project from it."""

    at: pd.Timestamp
    dataset: Dataset
    """Whole: outcomes are read from it, and nothing else but attributes"""
    arrivals: Arrivals
    positions: IntArray
    """Of the arrivals to project"""
    days: tuple[int, ...]
    seed: int


def past_context(frozen: Dataset, choice: ChoiceModel, tower: MovieTower) -> ProjectionContext:
    """The context of tables frozen at a cutoff, with its offers; everybody is one persona, since none is asked for."""
    everyone = Persona(
        name="everyone",
        size=frozen.n_users,
        traits=(),
        favourites=(),
        monthly_active=(),
        monthly_views=(),
        monthly_growth_share=0.0,
    )
    personas = Personas(personas=(everyone,), assignment=np.zeros(frozen.n_users, dtype=np.int64), centroids=np.zeros((1, 1)))
    run, fingerprint = f"past-{frozen.fingerprint[:12]}", f"{frozen.fingerprint}/{choice.fingerprint}"
    context = context_of(frozen, choice, tower, personas, run=run, fingerprint=fingerprint)
    return replace(context, weight=np.ones(frozen.n_users))


def evaluate_cutoff(
    moment: CutoffInputs, context: ProjectionContext, tower: MovieTower, progress: ReportProgress = silent
) -> CutoffResult:
    """Project the arrivals of a cutoff and set them beside their outcomes and the baselines' forecasts.

    Parameters
    ----------
    context : of :func:`past_context`; its offers are the arrivals, in the order of the movies table
    progress : told after each step
    """
    # offers follow the order of movies, arrivals that of time
    positions = moment.positions[np.argsort(moment.arrivals.row[moment.positions])]
    launched = moment.arrivals.arrived[positions].astype("datetime64[s]")
    projected = project_views(context, moment.days, launched=launched, progress=progress)
    arrived = _arrival_records(moment, context, tower, positions, projected)
    return CutoffResult(
        date=moment.at.date().isoformat(),
        users=len(context.users),
        movies=len(context.movies),
        events=int((moment.dataset.events["timestamp"] < moment.at).sum()),
        seconds=0.0,
        arrivals=tuple(arrived[k] for k in np.argsort(positions)),
        substitutions=measure_substitutions(moment.dataset, moment.arrivals, positions, context, days=min(moment.days)),
        viewing=forecast_viewing(moment.dataset, moment.at, context),
    )


def _arrival_records(
    moment: CutoffInputs, context: ProjectionContext, tower: MovieTower, positions: IntArray, projected: ProjectedViews
) -> list[ArrivalRecord]:
    """One entry an offer, in the order of the offers table."""
    movies = moment.dataset.movies.iloc[moment.arrivals.row[positions]]
    fees = movies["licence_fee"].to_numpy(dtype=np.float64) if "licence_fee" in movies else np.full(len(movies), np.nan)
    titles = context.movies["title"].to_numpy()
    actual = {str(days): _actual(moment.arrivals, days) for days in moment.days}
    rivals = {
        str(days): {
            unit: _baseline_forecasts(moment, tower, positions, days, values) for unit, values in actual[str(days)].items()
        }
        for days in moment.days
    }
    found = []
    for k, position in enumerate(positions):
        met = offering.resolve_offer(context, Acquire(offer=context.offer_ids.ids[k]), 1)
        spans = [
            (place, str(days)) for place, days in enumerate(moment.days) if np.isfinite(actual[str(days)]["views"][position])
        ]
        known = {days: {unit: each for unit, each in actual[days].items() if np.isfinite(each[position])} for _, days in spans}
        found.append(
            ArrivalRecord(
                movie_id=str(movies["movie_id"].iloc[k]),
                title=str(movies["title"].iloc[k]),
                arrived=str(np.datetime64(int(moment.arrivals.arrived[position]), "s")),
                inside=met.inside,
                fee=float(fees[k]) if np.isfinite(fees[k]) else None,
                comparables=tuple(str(titles[row]) for row in met.comparables),
                hours_per_view=float(projected.hours_per_view[k]),
                draws={days: tuple(map(float, projected.draws[k, :, place])) for place, days in spans},
                response={days: tuple(map(float, projected.response[k, :, place])) for place, days in spans},
                noise_nats=tuple(map(float, appeal_residuals(context, k))),
                actual={days: {unit: float(each[position]) for unit, each in units.items()} for days, units in known.items()},
                rivals={
                    days: {unit: {name: float(said[k]) for name, said in rivals[days][unit].items()} for unit in units}
                    for days, units in known.items()
                },
            )
        )
    return found


def _actual(arrivals: Arrivals, days: int) -> dict[str, FloatArray]:
    """Outcomes of all arrivals by unit; hours only where minutes are logged."""
    found = {"views": arrivals.views[days]}
    if np.isfinite(arrivals.hours[days]).any():
        found["hours"] = arrivals.hours[days]
    return found


def _baseline_forecasts(
    moment: CutoffInputs, tower: MovieTower, positions: IntArray, days: int, actual: FloatArray
) -> dict[str, FloatArray]:
    known = moment.arrivals.known_at(moment.at, days)
    movies = moment.dataset.movies
    before, offers = movies.iloc[moment.arrivals.row[known]], movies.iloc[moment.arrivals.row[positions]]
    if not len(before):
        return {}
    past = KnownArrivals(
        known=before.reset_index(drop=True),
        known_content=tower.content(before),
        outcome=actual[known],
        offers=offers.reset_index(drop=True),
        offer_content=tower.content(offers),
    )
    return baseline_forecasts(past, moment.seed)


def appeal_residuals(context: ProjectionContext, k: int) -> FloatArray:
    """Cold residual of offer ``k`` in each draw but the point, nats, as the projection draws it."""
    name = context.offer_ids.ids[k]
    z = np.array([offering.appeal_deviation(context, number, name) for number in range(1, len(context.choice.draws))])
    return context.cold_start_residual(z)
