"""Descriptions of the estimates that a run is built on: value, unit, origin and source in words that a buyer can read."""

import math
from collections.abc import Sequence

import numpy as np

from recsys.choice.estimate.appeal import AppealEstimates
from recsys.choice.estimate.depletion import ASSUMED_RANGE as ASSUMED_DEPLETION_RANGE
from recsys.choice.estimate.depletion import MONTHS, Turnover
from recsys.choice.estimate.draws import PointDraw
from recsys.choice.estimate.outside_share import ASSUMED_RANGE, OutsideShare
from recsys.choice.estimate.parameter_draws import ASSUMED_REWATCH, ASSUMED_REWATCH_RANGE
from recsys.choice.estimate.taste.posterior_mode import MIN_ARRIVALS
from recsys.choice.estimate.taste.taste_estimate import ASSUMED_DISSIMILARITY_RANGE, TasteEstimate
from recsys.choice.model.parameters import Estimate, StructuralParameters
from recsys.choice.panel.history import History
from recsys.ids import FloatArray


def describe_taste(
    taste: TasteEstimate, structure: StructuralParameters, history: History, affinities: Sequence[str]
) -> list[Estimate]:
    """Describe slope, dissimilarity of nests, affinity slopes, rewatching and the launch curve."""
    errors = taste.errors
    held_out = f"{taste.n_choices:,} later choices of {taste.n_users:,} users, among what was there for them at that moment"
    lam = structure.dissimilarity
    low, high = ASSUMED_DISSIMILARITY_RANGE
    gain = taste.log_likelihood - taste.log_likelihood_uniform
    out = [
        Estimate(
            name="score_slope",
            value=structure.slope,
            unit="nats for each unit of score",
            kind="estimated",
            source=f"{held_out}; knowing tastes makes a choice {math.exp(gain):,.0f} times as likely as drawing lots",
            standard_error=errors.slope * lam,
        ),
        Estimate(
            name="nest_dissimilarity",
            value=lam,
            unit="1: all movies compete alike; lower: movies of a kind replace each other more",
            kind="estimated" if taste.dissimilarity_found is None else "assumed",
            source=(
                held_out
                if taste.dissimilarity_found is None
                else "{} tell {:.1f} ± {:.1f}, which says too little; {:g} to {:g} in the ranges".format(
                    held_out, *taste.dissimilarity_found, low, high
                )
            ),
            standard_error=errors.dissimilarity if taste.dissimilarity_found is None else None,
        ),
    ]
    for name, slope, error in zip(affinities, taste.parameters.affinity_slopes, errors.affinity_slopes, strict=True):
        out.append(
            Estimate(
                name=f"affinity_to_{name}",
                value=float(slope) * lam,
                unit="nats for each nat by which somebody watches more of a kind than others do",
                kind="estimated",
                source=held_out,
                standard_error=float(error) * lam,
            )
        )
    if taste.rewatches:
        out.append(
            Estimate(
                name="rewatch",
                value=structure.rewatch,
                unit="share of its pull that a movie keeps once watched",
                kind="estimated",
                source=f"second views among {held_out}",
                standard_error=structure.rewatch * errors.seen * lam,
            )
        )
    else:
        low, high = ASSUMED_REWATCH_RANGE
        out.append(
            Estimate(
                name="rewatch",
                value=ASSUMED_REWATCH,
                unit="share of its pull that a movie keeps once watched",
                kind="assumed",
                source=f"the data hold one view of a movie by a user at most; {low:.0%} to {high:.0%} in the ranges",
            )
        )
    when = "arrivals told from first views, since no dates are given" if history.arrivals_inferred else "by arrival date"
    for month, value in enumerate(structure.launch[:-1]):
        out.append(
            Estimate(
                name=f"launch_boost_month_{month + 1}",
                value=float(value),
                unit="nats, against a movie that has settled",
                kind="estimated" if taste.launch_estimated else "assumed",
                source=(
                    f"{taste.n_arrivals} movies that arrived lately ({when}), followed in {held_out}"
                    if taste.launch_estimated
                    else f"none: fewer than {MIN_ARRIVALS} movies arrived lately"
                ),
                standard_error=float(errors.launch[month]) * lam if taste.launch_estimated else None,
            )
        )
    return out


def describe_depletion(draws: Sequence[float], turnover: Turnover) -> Estimate:
    """Describe how much faster what people like is used up than their predicted tastes say.

    Parameters
    ----------
    draws : of the factor, the point estimate first
    """
    low, high = ASSUMED_DEPLETION_RANGE
    told = (
        f"{turnover.fresh:.0%} of the views of the last months went to movies of their first {MONTHS} months, which took what "
        "others lost to age, to ends of licences and to having been watched"
        if turnover.known
        else f"too few movies arrived of late to tell; {low:g} to {high:g} in the ranges"
    )
    return Estimate(
        name="depletion",
        value=draws[0],
        unit="times as fast as predicted tastes are used up",
        kind="estimated" if turnover.known else "assumed",
        source=told,
        standard_error=float(np.std(draws[1:], ddof=1)) if turnover.known and len(draws) > 2 else None,
    )


def describe_outside_share(outside: OutsideShare) -> list[Estimate]:
    """Describe the outside share and the incrementality that it was found from."""
    low, high = ASSUMED_RANGE
    share = Estimate(
        name="outside_share",
        value=outside.value,
        unit="share of viewing occasions that go to nothing here",
        kind="estimated" if outside.estimated else "assumed",
        source=outside.reason if outside.estimated else f"{outside.reason}; {low:.0%} to {high:.0%} in the ranges",
        standard_error=outside.standard_error,
    )
    if not outside.estimated:
        return [share]
    added = Estimate(
        name="added_by_arrivals",
        value=outside.incrementality,
        unit="views added for each view of an arrival",
        kind="estimated",
        source="how viewing moved where arrivals were liked, against where they were not; no model of choice is in it",
        standard_error=outside.incrementality_error,
    )
    return [share, added]


def describe_occasions(occasions: FloatArray, rate: FloatArray, outside: OutsideShare) -> Estimate:
    """Describe viewing occasions, which rest on the outside share."""
    watching = rate > 0
    return Estimate(
        name="occasions",
        value=float(occasions[watching].mean()) if watching.any() else 0.0,
        unit="viewing occasions a month of a user",
        kind="estimated" if outside.estimated else "assumed",
        source=(
            f"{float(rate[watching].mean()) if watching.any() else 0.0:.1f} views a month of late, few views leaning on the "
            "user's plan, and the outside share"
        ),
    )


def describe_cold_start(point: PointDraw, support: float, appeals: AppealEstimates) -> list[Estimate]:
    """Describe the residual spread of cold-start appeal, ageing and the support of the catalogue."""
    return [
        Estimate(
            name="cold_appeal_residual_sd",
            value=point.residual_sd,
            unit="nats",
            kind="estimated",
            source=(f"what attributes leave unsaid of the appeal of the catalogue's movies ({appeals.views:,.0f} views)"),
        ),
        Estimate(
            name="ageing",
            value=point.draw.ageing,
            unit="nats of appeal for each unit of ln(1 + months on the service)",
            kind="estimated" if point.ageing_error is not None else "assumed",
            source=(
                "movies that have been there longer against those that came lately, attributes and the launch curve apart"
                if point.ageing_error is not None
                else "none: movies have been there for too much alike to tell"
            ),
            standard_error=point.ageing_error,
        ),
        Estimate(
            name="support_distance",
            value=support,
            unit="cosine distance",
            kind="estimated",
            source="99 of 100 catalogue movies lie closer than this to their nearest neighbour",
        ),
    ]
