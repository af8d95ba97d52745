"""The same demand, computed the slow way: every movie, every user, every month, from the nested logit itself."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from recsys.choice.model.parameters import ChoiceModel, Draw
from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection.audience_changes import Audience
from recsys.projection.catalogue_changes import Catalogue, tracked_movies
from recsys.projection.context import ProjectionContext
from recsys.projection.outcome import TrackedMovies
from recsys.scenario.scenario import Arrivals
from tests.choice.nested_logit import choice_shares
from tests.choice.utilities import catalogue_utility


@dataclass(frozen=True, eq=False, kw_only=True)
class Slow:
    """Totals of one counterfactual."""

    hours: FloatArray
    revenue: FloatArray
    movie_hours: FloatArray
    """float64[n_movies]"""
    tracked_views: FloatArray
    """float64[n_tracked, horizon]"""


def simulate(  # noqa: PLR0915
    context: ProjectionContext,
    draw: int,
    audience: Audience,
    catalogue: Catalogue,
    *,
    world: list[int],
    horizon: int,
    arrivals: Arrivals = "as_usual",
) -> Slow:
    """One counterfactual of a scenario."""
    choice, parameters = context.choice, context.choice.draws[draw]
    vectors = audiences.user_vectors(choice.members[parameters.member], audience, context.weight)
    people = audiences.people(context, audience, parameters)
    followed = tracked_movies(context, draw, catalogue, vectors, horizon, replenished=arrivals == "as_usual")
    lam, rho = parameters.dissimilarity, parameters.rewatch
    kept = rho ** (1 / lam)
    full = catalogue_utility(choice, parameters, slice(0, choice.n_users), vectors=vectors)
    whole = Stock.of(choice, full, kept, parameters)
    utility = full.copy()
    utility[:, [movie.row for movie in catalogue.changed_movies]] = -np.inf
    nests = np.concatenate([choice.nests, followed.nests[world]])
    hours_each = np.concatenate([choice.hours_per_view, followed.hours_per_view[world]])
    unwatched = followed.unwatched[world].T.copy()
    hours, revenue = np.zeros(horizon), np.zeros(horizon)
    movie_hours, tracked_views = np.zeros(choice.n_movies), np.zeros((len(followed), horizon))
    staying = np.where(people.subscribes, people.subscribed, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_worth_today = np.nan_to_num(whole.power(lam) / whole.worth / (1 + whole.power(lam).sum(axis=1, keepdims=True)))
    rate_today = whole.rate * per_worth_today * people.occasions_today[:, None]
    spent = np.ones_like(rate_today)
    for month in range(horizon):
        here = utility + np.log(_boost(context, parameters, month, lasting=arrivals == "as_usual"))
        stock = Stock.of(choice, here, kept, parameters)
        with np.errstate(divide="ignore", invalid="ignore"):
            of_stock = np.nan_to_num(whole.fresh / stock.fresh, posinf=0.0) * (arrivals == "as_usual")
        arrived, arrived_mean = of_stock * (1 - _left(1.0, rate_today)), of_stock * (1 - _mean_left(1.0, rate_today))
        plain = followed.utility[world].T + followed.curve[world, month]
        spent = (spent**-1.5 + _made_up(followed, month, lam, kept, stock)) ** (-2 / 3)
        per_worth = np.zeros_like(rate_today)
        for _ in range(3000):
            share = _mean_left(spent, stock.rate * per_worth) + arrived_mean
            left = np.divide(stock.worth - stock.fresh * (1 - share), stock.worth, out=np.ones_like(share), where=stock.worth > 0)
            weight = np.exp(plain / lam)
            seen = _mean_of_exponentials(weight * per_worth[:, followed.nests[world]])
            mean_weight = weight * (kept + (1 - kept) * unwatched * seen)
            with np.errstate(divide="ignore"):
                now = np.column_stack([here + lam * np.log(left)[:, choice.nests], lam * np.log(mean_weight)])
            shares = choice_shares(now, nests, lam)
            worth = np.stack([np.exp(now[:, nests == g] / lam).sum(axis=1) for g in range(spent.shape[1])], axis=1)
            won = np.stack([shares[:, nests == g].sum(axis=1) for g in range(spent.shape[1])], axis=1)
            found = np.divide(people.occasions[:, None] * won, worth, out=np.zeros_like(won), where=worth > 0)
            if np.allclose(found, per_worth, rtol=1e-12, atol=0):
                break
            per_worth = found
        else:
            raise AssertionError("the slow engine found no fixed point")
        views = people.occasions[:, None] * shares
        in_nest = np.stack([choice.nests == g for g in range(spent.shape[1])], axis=1).astype(float)
        by_nest = views[:, : choice.n_movies] @ in_nest
        mean_hours = np.nan_to_num(_divide(_weights(here, lam) @ (in_nest * choice.hours_per_view[:, None]), stock.worth))
        each = (by_nest * mean_hours).sum(axis=1) + (views * hours_each)[:, choice.n_movies :].sum(axis=1)
        churn = expit(people.churn_intercept - people.churn_hours_slope * np.log1p(each)) + people.churn_delta
        there = people.weight * staying
        left_before = (1 - staying) * people.return_share
        staying = np.where(people.subscribes, staying * (1 - np.clip(churn, 0, 1)) + left_before, 1.0)
        hours[month] = there @ each
        revenue[month] = there @ (people.per_hour * each + people.per_view * views.sum(axis=1))
        revenue[month] += people.weight @ (people.subscription * staying)
        movie_hours += there @ views[:, : choice.n_movies] * choice.hours_per_view
        tracked_views[world, month] = there @ views[:, choice.n_movies :]
        unwatched *= np.exp(-weight * per_worth[:, followed.nests[world]])
        spent = (_left(spent, stock.rate * per_worth) + arrived) ** (-2 / 3)
    return Slow(hours=hours, revenue=revenue, movie_hours=movie_hours, tracked_views=tracked_views)


def _made_up(followed: TrackedMovies, month: int, lam: float, kept: float, stock: "Stock") -> FloatArray:
    """What of fresh worth comes in a month for changed movies that have aged since the month before."""
    found = np.zeros_like(stock.fresh)
    if followed.replacements is not None:
        for utility, nest, share in zip(
            followed.replacements.utility, followed.replacements.nests, followed.replacements.share, strict=True
        ):
            step = share[month] - (share[month - 1] if month else 0.0)
            found[:, nest] += max(step, 0.0) * (1 - kept) * np.exp(utility / lam)
    return _divide(found, stock.fresh)


@dataclass(frozen=True, eq=False)
class Stock:
    """What nests are worth to users, float64[n_users, n_nests] each."""

    worth: FloatArray
    """Σ exp(V/λ)"""
    fresh: FloatArray
    """what of it goes when everything has been watched"""
    rate: FloatArray
    """fall of the logarithm of ``fresh`` with occasions for each unit of worth, over 3/2"""

    @classmethod
    def of(cls, choice: ChoiceModel, utility: FloatArray, kept: float, parameters: Draw) -> "Stock":
        seen = np.zeros(utility.shape, dtype=bool)
        for user in range(choice.n_users):
            seen[user, choice.watched_indices[choice.watched_indptr[user] : choice.watched_indptr[user + 1]]] = True
        nests = [choice.nests == g for g in range(len(choice.nest_names))]
        weight = _weights(utility, parameters.dissimilarity)
        fresh = np.where(seen, 0.0, weight)
        worth, one, two = (np.stack([each[:, nest].sum(axis=1) for nest in nests], axis=1) for each in (weight, fresh, fresh**2))
        return cls(worth, (1 - kept) * one, parameters.depletion * _divide(two, one) / 1.5)

    def power(self, lam: float) -> FloatArray:
        return np.where(self.worth > 0, self.worth, 0.0) ** lam


def _weights(utility: FloatArray, lam: float) -> FloatArray:
    return np.exp(utility / lam)


def _divide(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _quadrature() -> tuple[FloatArray, FloatArray]:
    """Points of a month and their shares of it: Gauss and Legendre's in parts that are finer where the month begins."""
    edges = np.concatenate([[0.0], np.geomspace(1e-8, 1.0, 17)])
    points, shares = np.polynomial.legendre.leggauss(12)
    length = np.diff(edges)[:, None]
    return (edges[:-1, None] + length * (1 + points) / 2).ravel(), (length * shares / 2).ravel()


_POINTS, _SHARES = _quadrature()


def _left(spent: FloatArray | float, rate: FloatArray) -> FloatArray:
    """What is left of fresh worth, of which ``spent ** −3/2`` was there, at the end of a month."""
    return (spent + rate) ** -1.5


def _mean_left(spent: FloatArray | float, rate: FloatArray) -> FloatArray:
    """The same on average over the month, by quadrature."""
    return sum(share * (spent + rate * point) ** -1.5 for point, share in zip(_POINTS, _SHARES, strict=True))


def _mean_of_exponentials(rate: FloatArray) -> FloatArray:
    """exp(−rate · t) on average over the month, by quadrature."""
    return sum(share * np.exp(-rate * point) for point, share in zip(_POINTS, _SHARES, strict=True))


def _boost(context: ProjectionContext, parameters: Draw, month: int, *, lasting: bool) -> FloatArray:
    """exp of what ageing changes utility by until a month, float64[n_movies]."""
    if lasting:
        return np.ones(context.choice.n_movies)
    curve, last = parameters.launch_curve, len(parameters.launch_curve) - 1
    age = np.minimum(context.choice.months_on_service, last)
    then = [np.exp((curve[np.minimum(age + month + late, last)] - curve[age]) / parameters.dissimilarity) for late in (0, 1)]
    return ((then[0] + then[1]) / 2) ** parameters.dissimilarity
