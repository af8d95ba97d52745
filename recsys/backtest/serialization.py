"""What is kept of a cutoff: each arrival's projection, draw by draw, beside its outcomes and baselines; as JSON and back.

Everything here was known at the cutoff, but for the outcomes. Ranges and calibrations are worked out from it afterwards
(:mod:`recsys.backtest.scoring`), so that they can be worked out again without training again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from recsys.errors import ArtefactError

Figures = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class ArrivalRecord:
    """Projection and outcome of one arrival, treated as an offer.

    Mappings go by days (as text); where the data end before them, these are missing.
    """

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
    hours_per_view: float
    draws: Mapping[str, Figures]
    """Projected views, the point estimate first"""
    response: Mapping[str, Figures]
    """Views at the point estimate at each of ``recsys.backtest.appeal_response.STEPS_NATS``"""
    noise_nats: Figures
    """Cold residual of each draw but the point"""
    actual: Mapping[str, Mapping[str, float]]
    """By unit: ``views``, and ``hours`` where minutes are logged"""
    rivals: Mapping[str, Mapping[str, Mapping[str, float]]]
    """By unit and name; empty where too few outcomes were known"""


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
class ViewingForecast:
    """Hours of the whole service, left as it is, in one month of 30.4 days after a cutoff."""

    month: int
    """From 1"""
    projected: float
    actual: float
    rivals: Mapping[str, float]
    """By name; missing where the history is too short for one"""


@dataclass(frozen=True, kw_only=True)
class CutoffResult:
    """Projections and outcomes of all arrivals after one cutoff. Field names are those of ``origins.json``."""

    date: str
    """ISO 8601: the tables were frozen at its beginning"""
    users: int
    movies: int
    events: int
    seconds: float
    arrivals: tuple[ArrivalRecord, ...]
    """In order of arrival"""
    substitutions: tuple[Substitution, ...] = field(default=())
    viewing: tuple[ViewingForecast, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> "CutoffResult":
        """Inverse of :meth:`as_json`.

        Raises
        ------
        ArtefactError  E_FORMAT: not what ``as_json`` writes
        """
        try:
            return cls(
                **{
                    **document,
                    "arrivals": tuple(_arrival_record(each) for each in document["arrivals"]),
                    "substitutions": tuple(Substitution(**each) for each in document["substitutions"]),
                    "viewing": tuple(ViewingForecast(**each) for each in document.get("viewing", ())),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError.of(
                "E_FORMAT", f"an origin cannot be read ({error!r}).", "Run `recsys backtest` again."
            ) from error


def _arrival_record(document: Mapping[str, Any]) -> ArrivalRecord:
    by_days = {name: {days: tuple(values) for days, values in document[name].items()} for name in ("draws", "response")}
    tuples = {name: tuple(document[name]) for name in ("comparables", "noise_nats")}
    return ArrivalRecord(**{**document, **tuples, **by_days})
