"""Fees and terms of the offers: an approximate value of each movie to the service, times noise, so that some are bargains.

The value is approximated on the first block of users, with the service's true tastes, but with today's catalogue held fixed and
no feedback. It is *not* the true effect (what an offer adds when the service goes on), only near enough to call for judgement.
"""

from dataclasses import dataclass

import numpy as np

from recsys.ids import FloatArray, IntArray
from recsys.simulation import economics_terms, population
from recsys.simulation.config import ServiceConfig
from recsys.simulation.keyed_rng import choice, normal, stream, uniform
from recsys.simulation.movies import TAMIL_FAMILY_OFFERS, Catalogue
from recsys.simulation.simulator import TIER_CHURN
from recsys.simulation.taste import launch_curve
from recsys.simulation.user_blocks import BlockHistory, hours_per_view

BASE_MONTHS = 12
LATER_SHARE = 0.5
"""Sellers charge half for the months of a window after the first twelve."""
LICENCE_INR_PER_PERSON_YEAR = 0.9
"""What the service paid in the past for a movie of average quality in a language that everybody speaks."""


@dataclass(frozen=True, kw_only=True)
class OfferTerms:
    """Licence terms of the offers, INR."""

    fee: FloatArray
    window_months: IntArray
    dubbing_cost: FloatArray
    marketing_cost: FloatArray
    delivery_cost: FloatArray
    exclusive: IntArray
    start_month: IntArray
    """Months after the end of the history at which the licence can begin; 0 is the next month."""


def offer_terms(config: ServiceConfig, block: BlockHistory) -> OfferTerms:
    """Draw the terms of all offers, priced on the first block of users and scaled to the whole audience."""
    movies = block.inputs.movies
    offer = np.arange(config.n_offers)
    key = stream(config.seed, "asks")
    window = licence_windows(config)
    exclusive = (uniform(key, offer, 1) < 0.4).astype(np.int64)
    value = _offer_value(config, block, window) * config.people_per_user * config.n_users / block.inputs.users.n_users
    dubbed = movies.dubbed[movies.offers].sum(axis=1)
    dubbing = 0.06 * value * dubbed
    marketing = np.where(uniform(key, offer, 2) < 0.6, 0.08 * value, 0.0)
    noise = np.exp(config.fee_noise_sd * normal(key, offer, 3) + 0.1 * exclusive)
    return OfferTerms(
        fee=_round(np.maximum(config.fee_level * value * noise, 100.0)),
        window_months=window,
        dubbing_cost=_round(dubbing),
        marketing_cost=_round(marketing),
        delivery_cost=_round(0.01 * value + 50.0),
        exclusive=exclusive,
        start_month=choice((0.75, 0.15, 0.10), key, offer, 4),
    )


def licence_windows(config: ServiceConfig) -> IntArray:
    """Months for which each offer is licensed; the Tamil family films for two years."""
    months = np.array([12, 18, 24])[choice((0.6, 0.15, 0.25), stream(config.seed, "asks"), np.arange(config.n_offers), 0)]
    months[:TAMIL_FAMILY_OFFERS] = 24
    return months


def licence_fees(config: ServiceConfig, movies: Catalogue) -> FloatArray:
    """Licence fees of the catalogue's movies, INR; NaN where the records do not tell, and for the service's own."""
    number = movies.number
    key = stream(config.seed, "past fees")
    audience = np.array(population.AUDIENCE_SHARES)[movies.language]
    years = (movies.expires - movies.arrives) / 24
    noise = 0.4 * normal(key, number, 0)
    fee = (
        LICENCE_INR_PER_PERSON_YEAR
        * config.people_per_user
        * config.n_users
        * audience
        * years
        * np.exp(0.8 * movies.quality + noise)
    )
    known = (uniform(key, number, 1) < config.licence_share) & (years < 4)
    return np.where(known, _round(fee), np.nan)


def _offer_value(config: ServiceConfig, block: BlockHistory, window: IntArray) -> FloatArray:
    """Value of each offer to the users of the block, float64[n_offers], INR; months after the first year weigh less."""
    inputs, state = block.inputs, block.end
    movies, users, power = inputs.movies, inputs.users, config.dissimilarity
    end = config.n_periods
    rows, columns = np.arange(users.n_users), movies.on_service(end - 1)
    boost = launch_curve(config, (end - movies.arrives[columns]).astype(np.float64))
    x = np.exp((inputs.taste.at(end, rows, columns) + boost) / power)
    x *= np.where(state.watched[:, columns], config.rewatch ** (1 / power), 1.0)
    sums = np.stack([x[:, movies.nest[columns] == nest].sum(axis=1) for nest in range(population.N_NESTS)], axis=1)
    total = (sums**power).sum(axis=1)
    offers = np.arange(movies.offers.start, movies.offers.stop)
    own = sums[:, movies.nest[offers]]
    base = inputs.taste.at(end, rows, offers)
    hours = hours_per_view(movies)
    occasions = users.occasions / 2 * state.active
    month_hours = 2 * occasions * total / (1 + total) * float(hours[columns].mean())
    log_odds = config.churn_intercept + np.array(TIER_CHURN)[users.city_tier] - config.churn_hours_slope * np.log1p(month_hours)
    churn = 1.0 / (1.0 + np.exp(-log_odds))
    stays = 1.0 - churn - config.return_share
    plan = users.plan
    per_view = (
        np.where(plan == 1, economics_terms.ad_hour(), 0.0)[:, None] * hours[offers]
        + np.where(plan == 2, economics_terms.rental(), 0.0)[:, None]
    )
    seen = np.zeros_like(base)
    offer_value = np.zeros(len(offers))
    for period in range(2 * int(window.max(initial=0))):
        left = 1.0 - seen * (1.0 - config.rewatch ** (1 / power))
        added = np.exp((base + launch_curve(config, np.array(float(period)))) / power) * left
        gain = (own + added) ** power - own**power
        after = 1.0 + total[:, None] + gain
        share = added * (own + added) ** (power - 1.0) / after
        more_views = occasions[:, None] * (1.0 - 1.0 / after - (total / (1.0 + total))[:, None])
        fewer_leave = (config.churn_hours_slope * churn * (1 - churn) / (1 + month_hours))[:, None] * more_views * hours[offers]
        rest = (2 * window - period) / 2
        kept_months = fewer_leave * (1.0 - stays[:, None] ** rest) / (1.0 - stays)[:, None]
        value = np.where((plan == 0)[:, None], kept_months * economics_terms.subscriber_month(), more_views * per_view).sum(
            axis=0
        )
        offer_value += value * (period < 2 * window) * (1.0 if period < 2 * BASE_MONTHS else LATER_SHARE)
        seen += (1.0 - seen) * (1.0 - np.exp(-occasions[:, None] * share))
    return offer_value


def _round(amount: FloatArray) -> FloatArray:
    """Two significant figures, as people ask.

    >>> _round(np.array([0.0, 1234.0, 87_654.0])).tolist()
    [0.0, 1200.0, 88000.0]
    """
    scale = 10.0 ** (np.floor(np.log10(np.maximum(amount, 1.0))) - 1)
    return np.asarray(np.round(amount / scale) * scale)
