"""Projections written by hand, so that what the app says of them can be read off."""

from dataclasses import replace
from typing import Any

from recsys.choice.model.parameters import Estimate
from recsys.projection.result import (
    CannibalisedMovie,
    Effect,
    ExpectedTotals,
    JoinedPersona,
    Meanwhile,
    OfferResult,
    Projection,
    Range,
    RevenueBySource,
    SegmentShare,
)

LAKH, CRORE = 1e5, 1e7


def sure(value: float) -> Range:
    return Range(mean=value, p10=value, p50=value, p90=value)


def around(low: float, mean: float, high: float) -> Range:
    """The median lies elsewhere, so that a figure made from it would show."""
    return Range(mean=mean, p10=low, p50=mean - 0.1 * (high - low), p90=high)


def offer(**changes: Any) -> OfferResult:
    """An offer asked for at 40 lakh whose walk-away price lies round 52 lakh."""
    made = OfferResult(
        movie_id="o1",
        title="Kadalin Kural",
        views=around(20_000, 26_000, 33_000),
        gross_hours=around(30_000, 40_000, 52_000),
        incremental_hours=around(9_000, 14_000, 20_000),
        cannibalised_hours=around(20_000, 26_000, 33_000),
        victims=(CannibalisedMovie(movie_id="m1", hours=6_000.0), CannibalisedMovie(movie_id="m2", hours=2_000.0)),
        cost=42 * LAKH,
        npv=around(-8 * LAKH, 10 * LAKH, 31 * LAKH),
        roi=around(-0.19, 0.24, 0.74),
        max_bid=around(35 * LAKH, 52 * LAKH, 71 * LAKH),
        payback_month=9,
        segments=(
            SegmentShare(name="Tamil family drama", hours=9_000.0, share=0.64),
            SegmentShare(name="Young thrillers", hours=5_000.0, share=0.36),
        ),
        comparables=("m1", "m3"),
        support="inside",
        monthly_hours=tuple(around(700, 1_200, 1_700) for _ in range(12)),
        earned=RevenueBySource(subscriptions=40 * LAKH, advertising=12 * LAKH, rentals=0.0),
        subscribers_kept=240.0,
    )
    return replace(made, **changes)


def projection(**changes: Any) -> Projection:
    """One offer bought; 12 months; ranges known."""
    made = Projection(
        scenario_name="Tamil families",
        scenario_hash="ab" * 32,
        run="run-1",
        currency="INR",
        horizon_months=12,
        hurdle_rate=0.15,
        simulated=True,
        meanwhile=Meanwhile(
            arrivals="as_usual",
            arrivals_last_year=40,
            joining="none",
            joined_a_month=500.0,
            joined=(
                JoinedPersona(name="Tamil family drama", a_month=100.0, standard_error=10.0),
                JoinedPersona(name="Young thrillers", a_month=400.0, standard_error=20.0),
            ),
            joined_from="the last year of the data: sign-up dates of 6,000 users",
        ),
        baseline=ExpectedTotals(hours=1_000_000.0, views=600_000.0, revenue=9 * CRORE, active_users=18_000.0),
        projected=ExpectedTotals(hours=1_014_000.0, views=610_000.0, revenue=9.52 * CRORE, active_users=18_240.0),
        audience_effect=Effect(hours=sure(0.0), value=sure(0.0)),
        acquisition_effect=Effect(hours=around(9_000, 14_000, 20_000), value=around(34 * LAKH, 52 * LAKH, 73 * LAKH)),
        total_effect=Effect(hours=around(9_000, 14_000, 20_000), value=around(34 * LAKH, 52 * LAKH, 73 * LAKH)),
        gross_hours=around(30_000, 40_000, 52_000),
        cannibalised_hours=around(20_000, 26_000, 33_000),
        cost=42 * LAKH,
        fees_saved=0.0,
        npv=around(-8 * LAKH, 10 * LAKH, 31 * LAKH),
        roi=around(-0.19, 0.24, 0.74),
        prob_above_hurdle=0.62,
        payback_month=9,
        monthly_baseline_hours=tuple(83_000.0 for _ in range(12)),
        monthly_projected_hours=tuple(84_200.0 for _ in range(12)),
        monthly_cash=tuple(around(-42 * LAKH, -42 * LAKH + 4 * LAKH * m, -42 * LAKH + 6 * LAKH * m) for m in range(13)),
        offers=(offer(),),
        assumptions=(
            Estimate(name="hurdle rate", value=0.15, unit="share of cost", kind="configured", source="economics.toml"),
            Estimate(name="rewatch rate", value=0.05, unit="share", kind="assumed", source="no repeats in the data"),
        ),
        warnings=(),
        n_draws=24,
    )
    return replace(made, **changes)


def quick() -> Projection:
    """The same from a model of one draw: no ranges, no chance."""
    made = projection()
    middle = {name: sure(getattr(made, name).mean) for name in ("gross_hours", "cannibalised_hours", "npv")}
    effects = {
        name: Effect(hours=sure(getattr(made, name).hours.mean), value=sure(getattr(made, name).value.mean))
        for name in ("acquisition_effect", "total_effect")
    }
    return replace(made, **middle, **effects, roi=sure(0.24), n_draws=1, prob_above_hurdle=None)


def nothing() -> Projection:
    """The empty scenario."""
    made = projection()
    none = Effect(hours=sure(0.0), value=sure(0.0))
    return replace(
        made,
        projected=made.baseline,
        acquisition_effect=none,
        total_effect=none,
        gross_hours=sure(0.0),
        cannibalised_hours=sure(0.0),
        cost=0.0,
        npv=sure(0.0),
        roi=None,
        prob_above_hurdle=None,
        payback_month=None,
        monthly_projected_hours=made.monthly_baseline_hours,
        monthly_cash=tuple(sure(0.0) for _ in range(13)),
        offers=(),
    )
