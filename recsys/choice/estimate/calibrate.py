"""Calibration: from recommenders and history to the choice model that demand is projected with.

Each step makes one frozen result from those before it:

    ObservedPanel → UtilitySpecification → TasteEstimate → MovieAppeals → OutsideShare → DrawInputs → PointDraw → ChoiceModel
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.choice.estimate import estimate_descriptions, parameter_draws
from recsys.choice.estimate.activity import estimate_activity
from recsys.choice.estimate.churn import fit_churn
from recsys.choice.estimate.current_demand import CurrentDemand
from recsys.choice.estimate.depletion import measure_turnover
from recsys.choice.estimate.draws import DrawInputs, point_draw, random_draw, single
from recsys.choice.estimate.holdout_recommender import (
    HoldoutMember,
    MovieAppeals,
    UtilitySpecification,
    affinities_before,
    estimate_appeals,
    estimate_taste,
    holdout_member,
    scaled_spaces,
    select_specification,
)
from recsys.choice.estimate.outside_share import estimate_outside_share, less_what_is_left_for_later
from recsys.choice.estimate.taste.taste_estimate import TasteEstimate
from recsys.choice.estimate.utility_space import Vectors, build_utility_space, to_member
from recsys.choice.model.nests import candidate_nests, support_distance
from recsys.choice.model.parameters import ChoiceModel, Estimate, Float32Array, Member, StructuralParameters
from recsys.choice.panel.audience_design import launch_at_end
from recsys.choice.panel.current_audience import CurrentAudience, read_audience
from recsys.choice.panel.exposure_panel import read_exposure
from recsys.choice.panel.history import whole_months
from recsys.choice.panel.observed_panel import ObservedPanel, observe
from recsys.choice.panel.seasonality import half_month_factors, season_of
from recsys.choice.panel.user_clusters import cluster_users, recentred
from recsys.choice.panel.view_durations import estimate_durations
from recsys.errors import DataError
from recsys.ids import FloatArray, IdMap, IntArray
from recsys.progress import Progress, ReportProgress, silent
from recsys.tables.dataset import Dataset

_LEAST_CHANCE = 1e-6
"""Of still being there; who is less likely to be counts for nothing."""


def calibrate(
    dataset: Dataset,
    members: Sequence[Vectors],
    holdout_vectors: Vectors,
    content_vectors: Float32Array,
    *,
    seed: int,
    n_draws: int = 24,
    cutoff: pd.Timestamp | None = None,
    progress: ReportProgress = silent,
) -> ChoiceModel:
    """Estimate every parameter of demand.

    Parameters
    ----------
    dataset : the tables
    members : vectors of the ensemble; the first is the point model, trained on everyone
    holdout_vectors : vectors of a recommender trained on the events before the cutoff only
    content_vectors : float32[n_movies, content_dim], of features alone (what an offer gets too): which movies are alike
    seed : decides every draw
    n_draws : draws of the parameters, the point estimate (draw 0) included
    cutoff : what the early member knows lies before it; by default after 80 % of the events
    progress : told after each step

    Returns
    -------
    ChoiceModel; its arrays hold what a saved and loaded one holds, bit for bit

    Raises
    ------
    DataError  E_TOO_SMALL: no views, none after the cutoff, or no movie on the service when the data end;
        E_SHAPE: vectors that do not fit the tables
    """
    _check(dataset, members, holdout_vectors, content_vectors)
    rng = np.random.default_rng(seed)
    step = _reporter(progress, 6 + n_draws)

    panel = observe(dataset, content_vectors, cutoff)
    spaces = scaled_spaces(panel, holdout_vectors, seed=seed)
    specification = select_specification(panel, spaces, candidate_nests(panel.content, dataset.movies, seed=seed), seed=seed)
    step()
    taste = estimate_taste(panel, specification, seed=seed, rng=rng)
    step()
    ensemble = _ensemble(panel, members, specification, taste, seed=seed)
    structure = parameter_draws.point_structure(taste, specification.nests.assignment)
    holdout = holdout_member(panel, specification, taste)
    appeals = estimate_appeals(panel, holdout, structure, rng=rng)
    step()
    exposure = read_exposure(dataset, panel.history)
    factors = half_month_factors(panel.history, season_of(dataset))
    activity = estimate_activity(exposure, _plans(dataset), factors=factors, rng=rng)
    outside = estimate_outside_share(panel.history, structure, ensemble[0], panel.content, exposure=exposure, seed=seed, rng=rng)
    step()
    durations = estimate_durations(dataset)
    hours_per_view = float(durations.hours_per_view[panel.history.movie].mean())
    can_be_left = _can_be_left(dataset)
    still_there = None if dataset.subscriptions is not None else single(np.where(can_be_left, activity.still_there, 1.0))
    rate_if_there = np.where(can_be_left, activity.rate_while_subscribed, activity.rate)
    if still_there is not None:
        rate_if_there = rate_if_there / np.maximum(still_there, _LEAST_CHANCE)
    churn = fit_churn(dataset, durations.monthly_hours, activity, rate_if_there * hours_per_view)
    step()
    audience = read_audience(panel.history, activity.rate, rng=rng)
    shares = _expected_shares(panel, audience, holdout, structure, appeals)
    turnover = measure_turnover(panel.history)
    inputs = DrawInputs(
        panel=panel,
        audience=audience,
        rate_if_there=rate_if_there,
        expected_shares=shares,
        appeals=appeals,
        churn=churn,
        turnover=turnover,
    )
    first = point_draw(inputs, ensemble[0], parameter_draws.point_parameters(structure, outside))
    outside = less_what_is_left_for_later(outside, structure.dissimilarity, first.monthly_loss)
    shared = parameter_draws.sample(taste, outside, structure.nests, n_draws - 1, rng)
    step()
    point = point_draw(inputs, ensemble[0], parameter_draws.point_parameters(structure, outside))
    step()
    draws = [point.draw]
    for member, each in zip(parameter_draws.member_of_draws(n_draws, len(ensemble))[1:].tolist(), shared, strict=True):
        draws.append(random_draw(inputs, member, ensemble[member], each, point.variances, rng))
        step()

    support = support_distance(panel.content)
    estimates: list[Estimate] = [
        *estimate_descriptions.describe_outside_share(outside),
        estimate_descriptions.describe_occasions(point.draw.occasions, rate_if_there, outside),
        *estimate_descriptions.describe_taste(taste, structure, panel.history, specification.scaled.space.affinity.names),
        *durations.estimates,
        estimate_descriptions.describe_depletion([draw.depletion for draw in draws], turnover),
        *churn.estimates,
        *estimate_descriptions.describe_cold_start(point, support, appeals.established),
    ]
    digest = hashlib.sha256(f"{dataset.fingerprint} {seed} {n_draws}".encode())
    for draw in draws:
        digest.update(draw.appeal.tobytes() + draw.occasions.tobytes())
    history, nests = panel.history, specification.nests
    return ChoiceModel(
        user_ids=IdMap(dataset.users["user_id"]),
        movie_ids=IdMap(dataset.movies["movie_id"]),
        members=ensemble,
        draws=tuple(draws),
        nests=nests.assignment,
        nest_names=nests.names,
        nest_centroids=nests.centroids,
        features=panel.features,
        content=panel.content,
        hours_per_view=single(durations.hours_per_view),
        completion=durations.completion,
        available=panel.available,
        months_on_service=whole_months(history.end - history.arrival),
        watched_indptr=np.searchsorted(history.pair_user, np.arange(history.n_users + 1)).astype(np.int64),
        watched_indices=history.pair_movie,
        cold_appeal_residual_sd=point.residual_sd,
        support_distance=support,
        estimates=tuple(estimates),
        still_there=still_there,
        simulated=dataset.simulated,
        fingerprint=digest.hexdigest(),
    )


def _ensemble(
    panel: ObservedPanel, members: Sequence[Vectors], specification: UtilitySpecification, taste: TasteEstimate, *, seed: int
) -> tuple[Member, ...]:
    """The members in the spaces that one slope does for; user clusters are those of the first."""
    history, codes = panel.history, panel.codes
    views = np.bincount(history.movie, minlength=history.n_movies)
    affinity = affinities_before(panel, np.inf)
    scaling = specification.scaled.scaling
    spaces = [build_utility_space(users, movies, views, codes, scaling, affinity) for users, movies in members]
    clusters = cluster_users(spaces[0].users, history.n_periods * history.n_movies, seed=seed)
    nests = specification.nests.assignment
    return tuple(to_member(space, recentred(clusters, space.users), nests, codes, taste.score_reliability) for space in spaces)


def _expected_shares(
    panel: ObservedPanel,
    audience: CurrentAudience,
    holdout: HoldoutMember,
    structure: StructuralParameters,
    appeals: MovieAppeals,
) -> FloatArray:
    """Share of today's views that each movie can expect, float64[n_movies]."""
    appeal = appeals.established.appeal + launch_at_end(panel.history, structure)
    return CurrentDemand(audience, holdout.member, structure).predicted_shares(appeal)


def _reporter(progress: ReportProgress, total: int) -> Callable[[], None]:
    """Tells of one more step done at each call."""
    done = count(1)

    def step() -> None:
        progress(Progress.of(next(done), total))

    return step


def _plans(dataset: Dataset) -> IntArray:
    """int64[n_users]: the plan of each user, 0 for all where there are none."""
    if "plan" not in dataset.users:
        return np.zeros(dataset.n_users, dtype=np.int64)
    return pd.factorize(dataset.users["plan"].fillna("").astype(str))[0].astype(np.int64)


def _can_be_left(dataset: Dataset) -> NDArray[np.bool_]:
    """bool[n_users]: whether each user's plan is one that is subscribed to; who has left it may come back."""
    kinds, economics = {plan.name: plan.kind for plan in dataset.economics.plans}, dataset.economics
    if "plan" not in dataset.users:
        return np.full(dataset.n_users, kinds[economics.default_plan] == "svod")
    plans = dataset.users["plan"].astype(object)
    return np.array([kinds.get(plan, kinds[economics.default_plan]) == "svod" for plan in plans], dtype=np.bool_)


def _check(dataset: Dataset, members: Sequence[Vectors], holdout: Vectors, content: Float32Array) -> None:
    for users, movies in [*members, holdout]:
        if len(users) != dataset.n_users or len(movies) != dataset.n_movies or users.shape[1] != movies.shape[1]:
            raise DataError.of(
                "E_SHAPE",
                f"vectors of shapes {list(users.shape)} and {list(movies.shape)} do not fit {dataset.n_users} users and "
                f"{dataset.n_movies} movies.",
                "Train on the same tables.",
            )
    if not members or len(content) != dataset.n_movies:
        raise DataError.of("E_SHAPE", f"{len(members)} members and {len(content)} content vectors are given.", "Train again.")
