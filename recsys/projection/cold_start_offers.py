"""Cold-start offers: movies without a history, whose utility comes from attributes and from comparable movies."""

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from recsys.choice.model.parameters import Float32Array
from recsys.choice.model.utility import COMMON_RESIDUAL_SHARE, nearest_nest, offer_utility
from recsys.ids import FloatArray, IntArray
from recsys.projection.context import ProjectionContext, unit
from recsys.projection.economics import OfferTerms
from recsys.scenario.changes import Acquire

N_COMPARABLES = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class Offer:
    """One acquired offer: what it is, what it costs, and how near the catalogue is."""

    row: int
    """In the offers table."""
    movie_id: str
    title: str
    terms: OfferTerms
    nest: int
    hours_per_view: float
    comparables: IntArray
    """Rows of the nearest catalogue movies by content, nearest first."""
    distance: float
    """Cosine distance to the nearest of them."""
    inside: bool
    """Whether the catalogue's movies are as far from one another."""


def resolve_offer(context: ProjectionContext, acquire: Acquire, horizon_months: int) -> Offer:
    """Resolve an acquisition: the offer with the terms of its table row, where the scenario does not override them.

    A licence without a window lasts as long as the horizon.
    """
    row = int(context.offer_ids.rows([acquire.offer])[0])
    cells = context.offers.iloc[row]
    content = context.offer_content[row]
    similarity = context.content_directions @ unit(content[None, :])[0]
    comparables = np.argsort(-similarity, kind="stable")[:N_COMPARABLES]
    distance = 1.0 - float(similarity[comparables[0]])

    def term(name: str, default: float = 0.0) -> float:
        given = getattr(acquire, name)
        return _number(cells.get(name), default) if given is None else float(given)

    return Offer(
        row=row,
        movie_id=acquire.offer,
        title=str(cells["title"]),
        terms=OfferTerms(
            fee=term("fee"),
            royalty_per_view=term("royalty_per_view"),
            dubbing_cost=term("dubbing_cost"),
            marketing_cost=term("marketing_cost"),
            delivery_cost=term("delivery_cost"),
            launch_month=acquire.launch_month,
            window_months=int(term("window_months", max(horizon_months, 1))),
        ),
        nest=int(nearest_nest(context.choice, content[None, :])[0]),
        hours_per_view=_hours_per_view(context, _number(cells.get("runtime_min"), 0.0), comparables),
        comparables=comparables,
        distance=distance,
        inside=distance <= context.choice.support_distance,
    )


def _hours_per_view(context: ProjectionContext, runtime_min: float, comparables: IntArray) -> float:
    """Runtime times the completion of the comparables; their hours where the runtime is not known."""
    hours = context.choice.hours_per_view[comparables]
    if not runtime_min > 0:
        return float(hours.mean())
    if "runtime_min" not in context.movies:
        return runtime_min / 60.0 * context.choice.completion
    runtimes = context.movies["runtime_min"].to_numpy(dtype=np.float64, na_value=np.nan)[comparables] / 60.0
    known = runtimes > 0
    completion = float(np.mean(hours[known] / runtimes[known])) if known.any() else context.choice.completion
    return runtime_min / 60.0 * completion


def _number(value: object, default: float) -> float:
    if value is None or not isinstance(value, int | float | np.integer | np.floating) or np.isnan(value):
        return default
    return float(value)


def utilities(context: ProjectionContext, draw: int, users: Float32Array, offers: tuple[Offer, ...]) -> FloatArray:
    """V of offers for every user, before launch curve, ageing, exposure and unwatched propensity.

    The point draw takes the appeal that attributes predict, corrected by what past arrivals taught; every other one adds how far
    appeal may lie from that.

    Parameters
    ----------
    users : [n_users, dim], in the space of the draw's member

    Returns
    -------
    float64[n_offers, n_users], nats
    """
    rows = [offered.row for offered in offers]
    codes = context.offer_codes[rows]
    everyone = slice(0, context.choice.n_users)
    utility = offer_utility(context.choice, context.choice.draws[draw], codes, everyone, vectors=users)
    shift = context.offer_appeal_shift[rows]
    if draw:
        shift = shift + context.cold_start_residual(
            np.array([appeal_deviation(context, draw, offered.movie_id) for offered in offers])
        )
    return (utility + shift).T


def expected_appeal_shift(context: ProjectionContext, offers: tuple[Offer, ...]) -> FloatArray:
    """By how much each offer's appeal has to be raised at the point estimate for its odds to be the expected ones, nats.

    Odds are the exponential of utility, so that their mean over what is not known of appeal lies above the odds of the mean. With
    this, one run stands in for all draws where thousands of sets of offers are compared.

    Returns
    -------
    float64[n_offers]; 0 where the model has no draws
    """
    drawn = range(1, len(context.choice.draws))
    if not drawn or not offers:
        return np.zeros(len(offers))
    z = np.array([[appeal_deviation(context, draw, offered.movie_id) for offered in offers] for draw in drawn])
    found: FloatArray = np.log(np.mean(np.exp(context.cold_start_residual(z)), axis=0))
    return found


def appeal_deviation(context: ProjectionContext, draw: int, movie_id: str) -> float:
    """Standard deviations by which a draw puts an offer's appeal above what is told of it.

    A part is common to all offers of the draw, the rest is the movie's own.
    """
    common = np.sqrt(COMMON_RESIDUAL_SHARE) * context.choice.draws[draw].cold_appeal_shift
    return float(common + np.sqrt(1.0 - COMMON_RESIDUAL_SHARE) * appeal_residual(draw, len(context.choice.draws), movie_id))


def appeal_residual(draw: int, n_draws: int, movie_id: str) -> float:
    """Standard normal that belongs to a draw and a movie, whatever else is in the scenario.

    A movie's draws, the point left out, are the middles of equal parts of the distribution in an order of its own: loose ones
    would make the ranges of some offers wide and of others narrow by chance.

    Parameters
    ----------
    draw : from 1
    n_draws : the point included
    """
    key = int.from_bytes(hashlib.sha256(movie_id.encode()).digest()[:8], "big")
    order = np.random.default_rng([n_draws, key]).permutation(n_draws - 1)
    return float(ndtri((order[draw - 1] + 0.5) / (n_draws - 1)))
