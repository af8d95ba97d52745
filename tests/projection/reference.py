"""The same demand, computed the slow way: every movie, every user, every month, from the nested logit itself."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from recsys.ids import FloatArray
from recsys.projection import audience_changes as audiences
from recsys.projection.audience_changes import Audience
from recsys.projection.catalogue_changes import Catalogue, tracked_movies
from recsys.projection.context import ProjectionContext
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


def simulate(
    context: ProjectionContext, draw: int, audience: Audience, catalogue: Catalogue, *, world: list[int], horizon: int
) -> Slow:
    """One counterfactual of a scenario."""
    choice, parameters = context.choice, context.choice.draws[draw]
    vectors = audiences.user_vectors(choice.members[parameters.member], audience, context.weight)
    people = audiences.people(context, audience, parameters)
    followed = tracked_movies(context, draw, catalogue, vectors, horizon)
    utility = catalogue_utility(choice, parameters, slice(0, choice.n_users), vectors=vectors)
    utility[:, [movie.row for movie in catalogue.changed_movies]] = -np.inf
    nests = np.concatenate([choice.nests, followed.nests[world]])
    hours_each = np.concatenate([choice.hours_per_view, followed.hours_per_view[world]])
    unwatched = followed.unwatched[world].T.copy()
    rho = parameters.rewatch
    hours, revenue = np.zeros(horizon), np.zeros(horizon)
    movie_hours, tracked_views = np.zeros(choice.n_movies), np.zeros((len(followed), horizon))
    staying = np.where(people.subscribes, people.subscribed, 1.0)
    for month in range(horizon):
        plain = followed.utility[world].T + followed.curve[world, month]
        propensity = rho + (1 - rho) * unwatched
        for _ in range(600):
            with np.errstate(divide="ignore"):
                shares = choice_shares(np.column_stack([utility, plain + np.log(propensity)]), nests, parameters.dissimilarity)
            own = shares[:, choice.n_movies :]
            rate = np.maximum(people.occasions[:, None] * own / np.maximum(propensity, 1e-12), 1e-12)
            fixed = rho + (1 - rho) * unwatched * -np.expm1(-rate) / rate
            if np.abs(fixed - propensity).max(initial=0) < 1e-11:
                break
            propensity += 0.8 * parameters.dissimilarity * (fixed - propensity)
        else:
            raise AssertionError("the slow engine found no propensity")
        views = people.occasions[:, None] * shares
        each = (views * hours_each).sum(axis=1)
        churn = expit(people.churn_intercept - people.churn_hours_slope * np.log1p(each)) + people.churn_delta
        there = people.weight * staying
        left = (1 - staying) * people.return_share
        staying = np.where(people.subscribes, staying * (1 - np.clip(churn, 0, 1)) + left, 1.0)
        hours[month] = there @ each
        revenue[month] = there @ (people.per_hour * each + people.per_view * views.sum(axis=1))
        revenue[month] += people.weight @ (people.subscription * staying)
        movie_hours += there @ views[:, : choice.n_movies] * choice.hours_per_view
        tracked_views[world, month] = there @ views[:, choice.n_movies :]
        unwatched *= np.exp(-rate)
    return Slow(hours=hours, revenue=revenue, movie_hours=movie_hours, tracked_views=tracked_views)
