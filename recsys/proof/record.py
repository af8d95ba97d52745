"""What is kept of an origin: each arrival's projections, outcomes and rivals, as JSON and back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recsys.errors import ArtefactError
from recsys.ids import FloatArray


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
    sample = draws[1:] if len(draws) > 1 else draws
    p05, p10, p50, p90, p95 = (float(value) for value in np.quantile(sample, [0.05, 0.1, 0.5, 0.9, 0.95]))
    return Forecast(p05=p05, p10=p10, p50=p50, p90=p90, p95=p95)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One arrival over so many days in one unit."""

    actual: float
    raw: Forecast
    """As projected without calibration"""
    calibrated: Forecast | None
    """As projected with what arrivals before the origin taught; None where these were too few"""
    rivals: Mapping[str, float]
    """By name; empty where too few outcomes were known"""

    @property
    def shown(self) -> Forecast:
        """What a buyer would have seen on the day."""
        return self.raw if self.calibrated is None else self.calibrated


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One arrival, treated as an offer."""

    movie_id: str
    title: str
    arrived: str
    """ISO 8601"""
    inside: bool
    """Whether the catalogue's movies are as far from one another as it is from the nearest"""
    fee: float | None
    """Licence fee, where the tables know it"""
    comparables: tuple[str, ...]
    """Titles of the nearest catalogue movies of the day"""
    misjudged_nats: float
    """Appeal that it turned out to have, against the projected one, before any correction"""
    noise: tuple[float, float]
    """P10 and P90 of the draws' cold residual, nats"""
    other: tuple[float, float]
    """P10 and P90 of what else the draws differ in, nats"""
    outcomes: Mapping[str, Mapping[str, Outcome]]
    """By days (as text), then by unit: ``views``, and ``hours`` where minutes are logged"""


@dataclass(frozen=True, kw_only=True)
class Substitution:
    """Close substitutes round one launch or expiry; views over the same days before and after."""

    movie_id: str
    kind: str
    """``launch`` or ``expiry``"""
    views: float
    """Of the movie itself, after its launch or before its expiry"""
    measured: float
    """Views that the substitutes lost (launch) or gained (expiry), the change of all other movies allowed for"""
    projected: float
    """The same as the model has it, for as many views of the movie itself"""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Everything found at one origin."""

    date: str
    """ISO 8601: the tables were frozen at its beginning"""
    users: int
    movies: int
    events: int
    residual_sd_nats: float
    """Spread of cold appeal that the calibration of the day gave"""
    seconds: float
    arrivals: tuple[Arrived, ...]
    substitutions: tuple[Substitution, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> "Origin":
        """Inverse of :meth:`as_json`.

        Raises
        ------
        ArtefactError  E_FORMAT: not what ``as_json`` writes
        """
        try:
            return cls(
                **{
                    **document,
                    "arrivals": tuple(_arrived(each) for each in document["arrivals"]),
                    "substitutions": tuple(Substitution(**each) for each in document["substitutions"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError.of(
                "E_FORMAT", f"an origin cannot be read ({error!r}).", "Run `recsys backtest` again."
            ) from error


def _arrived(document: Mapping[str, Any]) -> Arrived:
    outcomes = {
        days: {unit: _outcome(outcome) for unit, outcome in by_unit.items()} for days, by_unit in document["outcomes"].items()
    }
    tuples = {name: tuple(document[name]) for name in ("comparables", "noise", "other")}
    return Arrived(**{**document, **tuples, "outcomes": outcomes})


def _outcome(document: Mapping[str, Any]) -> Outcome:
    calibrated = document["calibrated"]
    return Outcome(
        actual=document["actual"],
        raw=Forecast(**document["raw"]),
        calibrated=None if calibrated is None else Forecast(**calibrated),
        rivals=document["rivals"],
    )
