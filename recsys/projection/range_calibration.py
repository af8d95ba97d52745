"""Calibration of offers' appeal and ranges, learnt from past arrivals.

The time machine (``recsys backtest``) projects every past arrival from what was known before it, and reads from its actual views
the appeal that it turned out to have. Two things come of that, both in nats of appeal, so that they hold for any horizon:

- a **correction** of the appeal that content tells, by the attributes of the offer;
- two **factors** on the spread of cold appeal, above the middle and below it, so that one past arrival in ten lies above P90 and
  one below P10: hits are farther out than failures.

``backtest/calibration.json`` of a workspace holds them with the fingerprint of the tables they were learnt on. They are used for
these tables only; for others the projection is left as it is, and says that its ranges are not calibrated.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys import foreign
from recsys.choice.model.parameters import Estimate, Float32Array
from recsys.embeddings.features import FeatureSpace
from recsys.errors import ArtefactError
from recsys.ids import FloatArray

SCHEMA = 5
"""A new number too where offers are projected in another way: what the last one taught is wrong of it."""
FILE = "calibration.json"
RANGES = "calibration of offers' ranges"
"""Name of the estimate that says how well ranges held."""
_REMEDY = "Run `recsys backtest` again."


@dataclass(frozen=True, kw_only=True)
class MeasuredCoverage:
    """How often intervals held, out of sample."""

    promised: float
    measured: float
    arrivals: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """A calibration; what it does to an offer depends on the offer's attributes alone."""

    features: FeatureSpace
    weights: FloatArray
    """float64[features.n_codes], nats"""
    shift_nats: float
    """Added to every offer's appeal"""
    factor_above: float
    """On the spread of cold appeal, for offers that turn out better than told"""
    factor_below: float
    """The same for those that turn out worse"""
    arrivals: int
    """Past arrivals that it was learnt from"""
    origins: int
    days: int
    """From the first so many days of each"""
    data: str
    """Fingerprint of the tables"""
    held: tuple[MeasuredCoverage, ...] = ()
    """Coverage of ranges calibrated on earlier arrivals only; empty where there were too few to tell"""

    def shifts(self, offers: pd.DataFrame) -> FloatArray:
        """Correction of each offer's appeal, float64[n_offers], nats."""
        shifts: FloatArray = self.shift_nats + attribute_codes(self.features, offers).astype(np.float64) @ self.weights
        return shifts

    def stretched(self, residual_nats: FloatArray) -> FloatArray:
        """Cold residuals as wide as past arrivals showed them, each side by its own factor."""
        stretched: FloatArray = residual_nats * np.where(residual_nats > 0, self.factor_above, self.factor_below)
        return stretched

    def as_json(self) -> dict[str, Any]:
        """The document of ``calibration.json``."""
        return {
            "schema": SCHEMA,
            "data": self.data,
            "days": self.days,
            "origins": self.origins,
            "arrivals": self.arrivals,
            "shift_nats": self.shift_nats,
            "factor_above": self.factor_above,
            "factor_below": self.factor_below,
            "features": self.features.as_json(),
            "weights_nats": [float(weight) for weight in self.weights],
            "held": [asdict(each) for each in self.held],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Calibration":
        """Inverse of :meth:`as_json`.

        Raises
        ------
        ArtefactError  E_VERSION: written by a newer version; E_FORMAT: not what ``as_json`` writes
        """
        try:
            if document["schema"] != SCHEMA:
                raise ArtefactError.of("E_VERSION", f"the calibration has schema {document['schema']}, not {SCHEMA}.", _REMEDY)
            made = cls(
                features=FeatureSpace.from_json(document["features"]),
                weights=np.asarray(document["weights_nats"], dtype=np.float64),
                shift_nats=float(document["shift_nats"]),
                factor_above=float(document["factor_above"]),
                factor_below=float(document["factor_below"]),
                arrivals=int(document["arrivals"]),
                origins=int(document["origins"]),
                days=int(document["days"]),
                data=str(document["data"]),
                held=tuple(MeasuredCoverage(**each) for each in document["held"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError.of("E_FORMAT", f"the calibration cannot be read ({error!r}).", _REMEDY) from error
        factors = made.factor_above, made.factor_below
        finite = np.isfinite([made.shift_nats, *factors, *made.weights]).all()
        if not (finite and min(factors) > 0 and made.weights.shape == (made.features.n_codes,)):
            raise ArtefactError.of("E_FORMAT", "the calibration's figures do not fit together.", _REMEDY)
        return made


def attribute_codes(features: FeatureSpace, movies: pd.DataFrame) -> Float32Array:
    """Attributes as a regression takes them, float32[n_movies, features.n_codes]: 1 for every value that a movie has.

    Unlike in a tower, a set of values is no mean of them: that a movie has many genres says something too, and on MovieTweetings
    the sum ranks arrivals better. Numbers are shared between their two knots.

    Examples
    --------
    >>> from recsys.embeddings.features import Feature
    >>> genres = FeatureSpace((Feature(column="genres", names=("Action", "Drama")),))
    >>> attribute_codes(genres, pd.DataFrame({"genres": ["Action|Drama", "Horror"]}))
    array([[1., 1.],
           [0., 0.]], dtype=float32)
    """
    codes = features.encode(movies)
    named = np.repeat([bool(each.names) for each in features.features], [each.n_codes for each in features.features])
    if features.n_codes:
        codes.data[named[codes.indices]] = 1.0
    dense: Float32Array = codes.toarray().astype(np.float32)
    return dense


def load_calibration(folder: Path, data: str) -> Calibration | None:
    """The calibration of a backtest's folder; None where there is none for these tables and this version.

    Raises
    ------
    ArtefactError  as :meth:`Calibration.from_json`
    """
    try:
        document = foreign.json_file(folder / FILE)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ArtefactError.of("E_FORMAT", f"{FILE} is not JSON ({error}).", _REMEDY) from error
    if isinstance(document, dict) and document.get("schema") in range(1, SCHEMA):
        return None
    made = Calibration.from_json(document)
    return made if made.data == data else None


def calibration_estimates(calibration: Calibration | None) -> tuple[Estimate, ...]:
    """How far ranges of offers can be trusted, as an assumption that goes with every projection."""
    if calibration is None:
        why = "ranges of offers are not calibrated: no backtest of these tables has been run"
        return (Estimate(name=RANGES, value=0.8, unit="share of offers between P10 and P90", kind="assumed", source=why),)
    source = (
        f"backtest: {calibration.arrivals:,} past arrivals at {calibration.origins} moments, projected from what was known then "
        f"and compared with their first {calibration.days} days"
    )
    eight = next((each for each in calibration.held if each.promised == 0.8), None)
    if eight is None:
        source += "; too few of them to tell how often the calibrated ranges hold"
    else:
        source += f"; measured on {eight.arrivals:,} of them with ranges calibrated on earlier ones only"
    return (
        Estimate(
            name=RANGES,
            value=0.8 if eight is None else eight.measured,
            unit="share of past arrivals between P10 and P90 (promised: 0.8)",
            kind="assumed" if eight is None else "estimated",
            source=source,
            standard_error=None if eight is None else float(np.sqrt(eight.measured * (1 - eight.measured) / eight.arrivals)),
        ),
        *(
            Estimate(
                name=f"spread of offers' appeal {side} the middle",
                value=factor,
                unit="times cold_appeal_residual_sd",
                kind="estimated",
                source=source.split(";", maxsplit=1)[0],
            )
            for side, factor in (("above", calibration.factor_above), ("below", calibration.factor_below))
        ),
        Estimate(
            name="correction of offers' appeal",
            value=calibration.shift_nats,
            unit="nats, before what single attributes add",
            kind="estimated",
            source=source.split(";", maxsplit=1)[0],
        ),
    )
