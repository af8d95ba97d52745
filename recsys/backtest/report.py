"""The report of a backtest, all cutoffs together: scores against the baselines, coverage, the worst misses, substitution."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recsys.backtest import accuracy, viewing
from recsys.backtest.baselines import BASELINES
from recsys.backtest.scoring import ScoredArrival, ScoredCutoff, ScoredOutcome
from recsys.backtest.serialization import ArrivalRecord, Substitution
from recsys.backtest.slate_regret import BUDGET_SHARE, regret
from recsys.ids import FloatArray

SCHEMA = 1
OURS, UNCALIBRATED = "projection", "projection_uncalibrated"
_PROMISES = ((0.8, "p10", "p90"), (0.9, "p05", "p95"))
N_MISSES = 10
_FEWEST_FOR_SCORES = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class _Cell:
    """Everything over one span of days in one unit; arrays are float64[n], or by name."""

    arrived: list[ArrivalRecord]
    outcomes: list[ScoredOutcome]
    cutoff: list[int]

    @property
    def actual(self) -> FloatArray:
        return np.array([outcome.actual for outcome in self.outcomes])

    def forecasts(self) -> dict[str, FloatArray]:
        """By name; baselines only where they said something, NaN elsewhere."""
        found = {
            OURS: np.array([outcome.shown.p50 for outcome in self.outcomes]),
            UNCALIBRATED: np.array([outcome.raw.p50 for outcome in self.outcomes]),
        }
        for name in BASELINES:
            found[name] = np.array([outcome.baselines.get(name, np.nan) for outcome in self.outcomes])
        return found


def totals(cutoffs: Sequence[ScoredCutoff], days: Sequence[int], seed: int) -> dict[str, dict[str, Any]]:
    """Scores by days and unit; a cell without enough outcomes is left out."""
    found: dict[str, dict[str, Any]] = {}
    for span in days:
        for unit in ("views", "hours"):
            cell = _cell(cutoffs, span, unit)
            if len(cell.outcomes) >= _FEWEST_FOR_SCORES and cell.actual.sum() > 0:
                found.setdefault(str(span), {})[unit] = _scores(cell, np.random.default_rng([seed, span]))
    return found


def _cell(cutoffs: Sequence[ScoredCutoff], span: int, unit: str) -> _Cell:
    rows = [
        (each.arrived, each.outcomes[str(span)][unit], number)
        for number, cutoff in enumerate(cutoffs)
        for each in cutoff.arrivals
        if unit in each.outcomes.get(str(span), {})
    ]
    return _Cell(arrived=[row[0] for row in rows], outcomes=[row[1] for row in rows], cutoff=[row[2] for row in rows])


def _scores(cell: _Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Scores of everybody on the arrivals that everybody had learnt enough to speak about, and coverage on all.

    A baseline needs some known outcomes before it says anything, and so does the calibration; where no moment had enough for one,
    the projection is compared as it is.
    """
    actual, said = cell.actual, cell.forecasts()
    shared = np.all([np.isfinite(values) for values in said.values()], axis=0)
    calibrated = np.array([outcome.calibrated is not None for outcome in cell.outcomes])
    if (shared & calibrated).sum() >= _FEWEST_FOR_SCORES:
        shared &= calibrated
    compared: dict[str, Any] = {}
    against: dict[str, Any] = {}
    if shared.sum() >= _FEWEST_FOR_SCORES and actual[shared].sum() > 0:
        for name, values in said.items():
            compared[name] = {
                "wape": accuracy.wape(values[shared], actual[shared]),
                "spearman": accuracy.spearman(values[shared], actual[shared]),
                "bias": accuracy.bias(values[shared], actual[shared]),
                "regret": _regret(cell, values, shared),
            }
            if name != OURS:
                against[name] = accuracy.paired_bootstrap(said[OURS][shared], values[shared], actual[shared], rng)
    return {
        "arrivals": len(actual),
        "compared_on": int(shared.sum()),
        "compared_calibrated": bool((shared & calibrated).any()),
        "actual_total": float(actual.sum()),
        "scores": compared,
        "against": against,
        "coverage": list(_coverage(cell, rng)),
    }


def _regret(cell: _Cell, values: FloatArray, shared: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Share of what the best slates of all cutoffs would have won that the forecast's slates did not."""
    won = best = 0.0
    cutoff = np.array(cell.cutoff)
    for number in np.unique(cutoff[shared]):
        here = np.flatnonzero(shared & (cutoff == number))
        one, other = regret(values[here], cell.actual[here], fees_of([cell.arrived[k] for k in here]))
        won, best = won + one, best + other
    return 1.0 - won / best if best > 0 else 0.0


def fees_of(arrived: Sequence[ArrivalRecord]) -> FloatArray:
    """Fees as the tables know them; equal fees where any is missing."""
    known = [each.fee for each in arrived]
    if any(fee is None or fee <= 0 for fee in known):
        return np.ones(len(arrived))
    return np.array(known, dtype=np.float64)


def _coverage(cell: _Cell, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """How often ranges held and how wide they were: without calibration, and where there was one."""
    for kind in ("raw", "calibrated"):
        ranges = [getattr(outcome, kind) for outcome in cell.outcomes]
        there = np.array([each is not None for each in ranges])
        if not there.any():
            continue
        actual = cell.actual[there]
        kept = [each for each in ranges if each is not None]
        for promised, low_name, high_name in _PROMISES:
            low = np.array([getattr(each, low_name) for each in kept])
            high = np.array([getattr(each, high_name) for each in kept])
            inside = ((low <= actual) & (actual <= high)).astype(np.float64)
            from_, until = accuracy.bootstrap_interval(inside, rng)
            yield {
                "ranges": kind,
                "promised": promised,
                "measured": float(inside.mean()),
                "low": from_,
                "high": until,
                "arrivals": len(actual),
                "median_width": float(np.median(high - low)),
                "median_times": float(np.median(high / np.maximum(low, 1e-9))),
            }


def misses(cutoffs: Sequence[ScoredCutoff], span: int, unit: str = "views") -> list[dict[str, Any]]:
    """The arrivals where the middle of the range was farthest off, in units; with what is known of why."""
    cell = _cell(cutoffs, span, unit)
    off = [abs(outcome.actual - outcome.shown.p50) for outcome in cell.outcomes]
    worst = np.argsort(-np.array(off), kind="stable")[:N_MISSES]
    return [
        {
            "movie_id": cell.arrived[k].movie_id,
            "title": cell.arrived[k].title,
            "arrived": cell.arrived[k].arrived,
            "actual": cell.outcomes[k].actual,
            **{name: getattr(cell.outcomes[k].shown, name) for name in ("p10", "p50", "p90")},
            "inside_support": cell.arrived[k].inside,
            "comparables": list(cell.arrived[k].comparables),
            "nearest_rival": _nearest_baseline(cell.outcomes[k]),
        }
        for k in worst
    ]


def _nearest_baseline(outcome: ScoredOutcome) -> dict[str, Any] | None:
    if not outcome.baselines:
        return None
    name = min(outcome.baselines, key=lambda baseline: abs(outcome.baselines[baseline] - outcome.actual))
    return {"name": name, "value": outcome.baselines[name]}


def substitution(cutoffs: Sequence[ScoredCutoff], seed: int) -> dict[str, Any]:
    """Views that close substitutes lost or gained for each view of the movie itself: measured, with its error, and projected."""
    found: dict[str, Any] = {}
    for kind in ("launch", "expiry"):
        rows = [each for cutoff in cutoffs for each in cutoff.cutoff.substitutions if each.kind == kind]
        if len(rows) >= _FEWEST_FOR_SCORES:
            found[kind] = _per_view(rows, np.random.default_rng([seed, len(kind)]))
    return found


def _per_view(rows: list[Substitution], rng: np.random.Generator) -> dict[str, Any]:
    views, measured, projected = (np.array([getattr(row, name) for row in rows]) for name in ("views", "measured", "projected"))
    pick = rng.integers(0, len(rows), (accuracy.RESAMPLES, len(rows)))
    resampled = measured[pick].sum(axis=1) / views[pick].sum(axis=1)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return {
        "movies": len(rows),
        "views": float(views.sum()),
        "measured": float(measured.sum() / views.sum()),
        "low": float(low),
        "high": float(high),
        "standard_error": float(resampled.std()),
        "projected": float(projected.sum() / views.sum()),
    }


def arrival_entries(cutoffs: Sequence[ScoredCutoff]) -> list[dict[str, Any]]:
    """Each arrival with what was projected and what happened."""
    return [_arrival_entry(each, cutoff.cutoff.date) for cutoff in cutoffs for each in cutoff.arrivals]


def _arrival_entry(each: ScoredArrival, date: str) -> dict[str, Any]:
    arrived = each.arrived
    return {
        "movie_id": arrived.movie_id,
        "title": arrived.title,
        "origin": date,
        "arrived": arrived.arrived,
        "inside_support": arrived.inside,
        "days": {days: {unit: _shown(outcome) for unit, outcome in units.items()} for days, units in each.outcomes.items()},
    }


def _shown(outcome: ScoredOutcome) -> dict[str, Any]:
    return {
        **asdict(outcome.shown),
        "calibrated": outcome.calibrated is not None,
        "uncalibrated": asdict(outcome.raw),
        "actual": outcome.actual,
        "rivals": dict(outcome.baselines),
    }


def document(cutoffs: Sequence[ScoredCutoff], *, days: Sequence[int], seed: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The document of ``recsys backtest --json``.

    Parameters
    ----------
    facts : what the caller knows beside: data, settings, notes, calibration
    """
    return {
        "schema": SCHEMA,
        **facts,
        "days": list(days),
        "budget_share": BUDGET_SHARE,
        "origins": [
            {
                "date": each.cutoff.date,
                "users": each.cutoff.users,
                "movies": each.cutoff.movies,
                "events": each.cutoff.events,
                "arrivals": len(each.arrivals),
                "seconds": each.cutoff.seconds,
            }
            for each in cutoffs
        ],
        "arrivals": arrival_entries(cutoffs),
        "totals": totals(cutoffs, days, seed),
        "misses": {str(span): misses(cutoffs, span) for span in days},
        "substitution": substitution(cutoffs, seed),
        "viewing": viewing.document([each.cutoff for each in cutoffs]),
    }
