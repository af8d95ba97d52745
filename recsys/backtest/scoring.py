"""Scores past cutoffs: each arrival's range as a buyer would have seen it, calibrated on earlier arrivals, beside its outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.backtest.appeal_response import AppealResponse
from recsys.backtest.conformal import AppealErrors, fit_calibration
from recsys.backtest.serialization import ArrivalRecord, CutoffResult
from recsys.ids import FloatArray
from recsys.projection.range_calibration import Calibration, MeasuredCoverage
from recsys.projection.uncertainty import quantiles
from recsys.tables.dataset import Dataset

_ENDS = (0.1, 0.9)
_LEAST_VIEWS = 0.5
"""What no view at all counts as, where the appeal behind it is asked for."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A projected figure with its ranges; 80 % of the draws lie from ``p10`` to ``p90``, 90 % from ``p05`` to ``p95``."""

    p05: float
    p10: float
    p50: float
    p90: float
    p95: float


def forecast(draws: FloatArray) -> Forecast:
    """The ranges of a figure over its draws.

    Parameters
    ----------
    draws : float64[n_draws]; the first is the point estimate and no part of the sample, as in every projection
    """
    p05, p10, p50, p90, p95 = (float(value) for value in quantiles(draws, [0.05, 0.1, 0.5, 0.9, 0.95]))
    return Forecast(p05=p05, p10=p10, p50=p50, p90=p90, p95=p95)


@dataclass(frozen=True, kw_only=True)
class ScoredOutcome:
    """One arrival over so many days in one unit."""

    actual: float
    raw: Forecast
    """As projected without calibration"""
    calibrated: Forecast | None
    """As projected with what arrivals before the cutoff had taught; None where these were too few"""
    baselines: Mapping[str, float]
    """Forecasts by name"""

    @property
    def shown(self) -> Forecast:
        """What a buyer would have seen on the day."""
        return self.raw if self.calibrated is None else self.calibrated


@dataclass(frozen=True, kw_only=True)
class ScoredArrival:
    """An arrival with its outcomes by days (as text), then by unit."""

    arrived: ArrivalRecord
    outcomes: Mapping[str, Mapping[str, ScoredOutcome]]


@dataclass(frozen=True, kw_only=True)
class ScoredCutoff:
    """A cutoff with its arrivals scored."""

    cutoff: CutoffResult
    arrivals: tuple[ScoredArrival, ...]


def score_cutoffs(cutoffs: Sequence[CutoffResult], dataset: Dataset, days: int) -> tuple[ScoredCutoff, ...]:
    """Score all cutoffs, in order of time.

    Parameters
    ----------
    dataset : whole; attributes are read from it
    days : outcomes over so many days are learnt from, once they have passed
    """
    found = []
    for number, cutoff in enumerate(cutoffs):
        calibration = learn_calibration(cutoffs[:number], dataset, days, at=pd.Timestamp(cutoff.date))
        shifts = np.zeros(len(cutoff.arrivals))
        if calibration is not None:
            shifts = calibration.shifts(_attributes(cutoff.arrivals, dataset))
        scored = [
            ScoredArrival(arrived=arrived, outcomes=_outcomes(arrived, calibration, float(shift)))
            for arrived, shift in zip(cutoff.arrivals, shifts, strict=True)
        ]
        found.append(ScoredCutoff(cutoff=cutoff, arrivals=tuple(scored)))
    return tuple(found)


def learn_calibration(
    cutoffs: Sequence[CutoffResult],
    dataset: Dataset,
    days: int,
    *,
    at: pd.Timestamp,
    held: Sequence[MeasuredCoverage] = (),
) -> Calibration | None:
    """The calibration learnt from arrivals whose first ``days`` had passed by ``at``; None where they were too few."""
    over = pd.Timedelta(days=days)
    past = [
        [each for each in cutoff.arrivals if str(days) in each.actual and pd.Timestamp(each.arrived) + over <= at]
        for cutoff in cutoffs
    ]
    known = [each for several in past for each in several]
    rows = [appeal_error(each, str(days)) for each in known]
    return fit_calibration(
        AppealErrors(
            attributes=_attributes(known, dataset),
            nats=np.array([row[0] for row in rows]),
            noise=np.array([row[1] for row in rows]).reshape(-1, 2),
            other=np.array([row[2] for row in rows]).reshape(-1, 2),
        ),
        days=days,
        origins=sum(bool(several) for several in past),
        data=dataset.fingerprint,
        held=held,
    )


def appeal_error(arrived: ArrivalRecord, days: str) -> tuple[float, FloatArray, FloatArray]:
    """The appeal that an arrival turned out to have against the projected one, and P10 and P90 of the draws' spread: of the cold
    residual, and of what else they differ in; nats."""
    response = AppealResponse(arrived.response[days])
    nats = float(response.appeal_of(np.array([max(arrived.actual[days]["views"], _LEAST_VIEWS)]))[0])
    noise = np.append(0.0, arrived.noise_nats)
    rest = response.appeal_of(np.asarray(arrived.draws[days])) - noise
    return nats, quantiles(noise, _ENDS), quantiles(rest, _ENDS)


def calibrated_draws(arrived: ArrivalRecord, days: str, calibration: Calibration, shift_nats: float) -> FloatArray:
    """What the same draws give once a calibration has corrected the appeal and widened its spread, float64[n_draws], views.

    Worked out through the response of views to appeal at the point estimate, instead of projecting everything again: within a few
    per cent of that as a rule, as far as the members of the ensemble see the same audience.
    """
    response = AppealResponse(arrived.response[days])
    noise = np.append(0.0, np.asarray(arrived.noise_nats))
    wider = calibration.stretched(noise) - noise
    return response.views_at(response.appeal_of(np.asarray(arrived.draws[days])) + shift_nats + wider)


def _outcomes(arrived: ArrivalRecord, calibration: Calibration | None, shift: float) -> dict[str, dict[str, ScoredOutcome]]:
    found: dict[str, dict[str, ScoredOutcome]] = {}
    for days, by_unit in arrived.actual.items():
        raw = np.asarray(arrived.draws[days])
        tuned = None if calibration is None else calibrated_draws(arrived, days, calibration, shift)
        found[days] = {}
        for unit, actual in by_unit.items():
            scale = 1.0 if unit == "views" else arrived.hours_per_view
            found[days][unit] = ScoredOutcome(
                actual=actual,
                raw=forecast(raw * scale),
                calibrated=None if tuned is None else forecast(tuned * scale),
                baselines=arrived.rivals[days][unit],
            )
    return found


def _attributes(arrived: Sequence[ArrivalRecord], dataset: Dataset) -> pd.DataFrame:
    """Rows of the movies table, as they are today."""
    movies = dataset.movies.set_index(dataset.movies["movie_id"].astype(str))
    return movies.loc[[each.movie_id for each in arrived]].reset_index(drop=True)
