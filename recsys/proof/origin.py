"""One origin: every movie that arrived after it projected from the tables frozen at it, and compared with what happened."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys.choice.model import ChoiceModel
from recsys.choice.utility import COMMON_RESIDUAL_SHARE
from recsys.embeddings.tower import MovieTower
from recsys.ids import FloatArray, IntArray
from recsys.projection import offers as offering
from recsys.projection.basis import Basis, subscription_state
from recsys.projection.calibration import Calibration
from recsys.proof.arrivals import Arrivals
from recsys.proof.projected import ProjectedViews, project_views
from recsys.proof.record import Arrived, Forecast, Origin, Outcome, forecast
from recsys.proof.rivals import Past, forecasts
from recsys.proof.substitution import substitutions
from recsys.scenario.scenario import Acquire
from recsys.segments.personas import Persona, Personas
from recsys.tables.dataset import Dataset

Steps = Callable[[int, int], None]
_ENDS = (0.1, 0.9)


@dataclass(frozen=True, eq=False, kw_only=True)
class Moment:
    """An origin with all that is looked at from it."""

    at: pd.Timestamp
    dataset: Dataset
    """Whole: outcomes are read from it, and nothing else but attributes"""
    arrivals: Arrivals
    positions: IntArray
    """Of the arrivals to project"""
    days: tuple[int, ...]
    seed: int


def past_basis(frozen: Dataset, choice: ChoiceModel, tower: MovieTower) -> Basis:
    """The basis of tables frozen at an origin, with its offers; everybody is one persona, since none is asked for."""
    subscribed, return_share = subscription_state(frozen.subscriptions, choice.user_ids)
    everyone = Persona(
        name="everyone",
        size=frozen.n_users,
        traits=(),
        favourites=(),
        monthly_active=(),
        monthly_views=(),
        monthly_growth_share=0.0,
    )
    return Basis(
        users=frozen.users,
        movies=frozen.movies,
        offers=frozen.offers,
        offer_content=tower.content(frozen.offers),
        choice=choice,
        personas=Personas(personas=(everyone,), assignment=np.zeros(frozen.n_users, dtype=np.int64), centroids=np.zeros((1, 1))),
        economics=frozen.economics,
        run=f"past-{frozen.fingerprint[:12]}",
        simulated=frozen.simulated,
        fingerprint=f"{frozen.fingerprint}/{choice.fingerprint}",
        weight=np.ones(frozen.n_users),
        subscribed=subscribed,
        return_share=return_share,
        data_end=frozen.events["timestamp"].max(),
        assumed=frozen.assumed,
    )


def look(
    moment: Moment, basis: Basis, tower: MovieTower, calibration: Calibration | None, progress: Steps | None = None
) -> Origin:
    """Project the arrivals of an origin and set them beside their outcomes and the rivals' forecasts.

    Parameters
    ----------
    basis : of :func:`past_basis`; its offers are the arrivals, in the order of the movies table
    calibration : what arrivals before the origin taught; None where they were too few
    progress : told (steps done, steps in all)
    """
    raw = project_views(basis, moment.days, progress=progress)
    tuned = None if calibration is None else _calibrated(basis, raw, calibration)
    # offers follow the order of movies, arrivals that of time
    by_row = moment.positions[np.argsort(moment.arrivals.row[moment.positions])]
    arrived = _arrived(moment, basis, tower, by_row, raw, tuned)
    return Origin(
        date=moment.at.date().isoformat(),
        users=len(basis.users),
        movies=len(basis.movies),
        events=int((moment.dataset.events["timestamp"] < moment.at).sum()),
        residual_sd_nats=basis.choice.cold_appeal_residual_sd,
        seconds=0.0,
        arrivals=tuple(arrived[k] for k in np.argsort(by_row)),
        substitutions=substitutions(moment.dataset, moment.arrivals, by_row, basis, days=min(moment.days)),
    )


def _arrived(  # noqa: PLR0917
    moment: Moment,
    basis: Basis,
    tower: MovieTower,
    positions: IntArray,
    raw: ProjectedViews,
    tuned: ProjectedViews | None,
) -> list[Arrived]:
    """One entry an offer, in the order of the offers table."""
    arrivals = moment.arrivals
    movies = moment.dataset.movies.iloc[arrivals.row[positions]]
    first = int(np.argmin(moment.days))
    actual = arrivals.views[moment.days[first]][positions]
    nats = np.array([raw.appeal_of(views, k, first) for k, views in enumerate(actual)])
    noise, other = _spreads(basis, raw, first)
    fees = movies["licence_fee"].to_numpy(dtype=np.float64) if "licence_fee" in movies else np.full(len(movies), np.nan)
    horizon = 1
    met = [offering.offer(basis, Acquire(offer=name), horizon) for name in basis.offer_ids.ids]
    titles = basis.movies["title"].to_numpy()
    outcomes = [_outcomes(moment, tower, positions, place, raw, tuned) for place in range(len(moment.days))]
    return [
        Arrived(
            movie_id=str(movies["movie_id"].iloc[k]),
            title=str(movies["title"].iloc[k]),
            arrived=str(np.datetime64(int(arrivals.arrived[positions[k]]), "s")),
            inside=met[k].inside,
            fee=float(fees[k]) if np.isfinite(fees[k]) else None,
            comparables=tuple(str(titles[row]) for row in met[k].comparables),
            misjudged_nats=float(nats[k]),
            noise=(float(noise[k, 0]), float(noise[k, 1])),
            other=(float(other[k, 0]), float(other[k, 1])),
            outcomes={str(days): outcomes[place][k] for place, days in enumerate(moment.days) if outcomes[place][k]},
        )
        for k in range(len(positions))
    ]


def _outcomes(  # noqa: PLR0917
    moment: Moment,
    tower: MovieTower,
    positions: IntArray,
    place: int,
    raw: ProjectedViews,
    tuned: ProjectedViews | None,
) -> list[dict[str, Outcome]]:
    """Outcomes over one span of days by unit, one entry an offer; empty where the data end before."""
    days = moment.days[place]
    found: list[dict[str, Outcome]] = [{} for _ in positions]
    for unit, actual in (("views", moment.arrivals.views[days]), ("hours", moment.arrivals.hours[days])):
        known = moment.arrivals.known_at(moment.at, days)
        rivals = _rivals(moment, tower, positions, known[np.isfinite(actual[known])], actual)
        for k, position in enumerate(positions):
            if np.isfinite(actual[position]):
                scale = 1.0 if unit == "views" else raw.hours_per_view[k]
                found[k][unit] = Outcome(
                    actual=float(actual[position]),
                    raw=_forecast(raw, k, place, scale),
                    calibrated=None if tuned is None else _forecast(tuned, k, place, scale),
                    rivals={name: float(said[k]) for name, said in rivals.items() if np.isfinite(said[k])},
                )
    return found


def _forecast(projected: ProjectedViews, k: int, place: int, scale: float) -> Forecast:
    return forecast(projected.draws[k, :, place] * scale)


def _rivals(moment: Moment, tower: MovieTower, positions: IntArray, known: IntArray, actual: FloatArray) -> dict[str, FloatArray]:
    movies = moment.dataset.movies
    before, offers = movies.iloc[moment.arrivals.row[known]], movies.iloc[moment.arrivals.row[positions]]
    if not len(before):
        return {}
    past = Past(
        known=before.reset_index(drop=True),
        known_content=tower.content(before),
        outcome=actual[known],
        offers=offers.reset_index(drop=True),
        offer_content=tower.content(offers),
    )
    return forecasts(past, moment.seed)


def _residuals(basis: Basis, k: int) -> FloatArray:
    """Cold residual of offer ``k`` in each draw but the point, nats, as the projection draws it."""
    draws = basis.choice.draws[1:]
    own = np.array([offering.residual(number, basis.offer_ids.ids[k]) for number in range(1, len(draws) + 1)])
    common = np.array([draw.cold_appeal_shift for draw in draws])
    z = np.sqrt(COMMON_RESIDUAL_SHARE) * common + np.sqrt(1.0 - COMMON_RESIDUAL_SHARE) * own
    residual: FloatArray = basis.choice.cold_appeal_residual_sd * z
    return residual


def _spreads(basis: Basis, raw: ProjectedViews, place: int) -> tuple[FloatArray, FloatArray]:
    """P10 and P90, float64[n_offers, 2], nats: of the cold residual in each offer's draws, and of what else these differ in."""
    residual = np.empty((len(basis.offer_ids), 2))
    rest = np.empty_like(residual)
    for k in range(len(residual)):
        z = _residuals(basis, k)
        residual[k] = np.quantile(z, _ENDS)
        rest[k] = np.quantile(raw.appeal_of(raw.draws[k, 1:, place], k, place) - z, _ENDS)
    return residual, rest


def _calibrated(basis: Basis, raw: ProjectedViews, calibration: Calibration) -> ProjectedViews:
    """What the same draws give once a calibration has corrected the appeal and widened its spread.

    Worked out through the response of views to appeal at the point estimate, instead of projecting everything again: within a few
    per cent of that, as far as the members of the ensemble see the same audience.
    """
    shifts = calibration.shifts(basis.offers)
    draws = np.empty_like(raw.draws)
    for k, shift in enumerate(shifts):
        wider = (calibration.spread_factor - 1.0) * np.append(0.0, _residuals(basis, k))
        for place in range(draws.shape[2]):
            draws[k, :, place] = raw.views_at(raw.appeal_of(raw.draws[k, :, place], k, place) + shift + wider, k, place)
    return replace(raw, draws=draws)
