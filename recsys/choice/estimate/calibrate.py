"""Calibration: from recommenders and history to the choice model that demand is projected with."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.choice.estimate import appeal, estimate_descriptions, parameter_draws
from recsys.choice.estimate.appeal import Appeals
from recsys.choice.estimate.attribute_affinity import Affinities, affinities
from recsys.choice.estimate.choices import Choices
from recsys.choice.estimate.churn import Churn, fit_churn
from recsys.choice.estimate.cold_start_appeal import LEAST_SD, tell_cold
from recsys.choice.estimate.holdout_choices import held_out_choices
from recsys.choice.estimate.outside_share import OutsideShare, constant_for, fit_outside
from recsys.choice.estimate.taste import Explained, Taste, explained, fit_taste
from recsys.choice.estimate.utility_space import SCALINGS, Scaling, Space, as_member, make_space
from recsys.choice.estimate.variance_components import Variances
from recsys.choice.model import movie_attributes
from recsys.choice.model.nests import Nests, candidates, support_distance
from recsys.choice.model.parameters import ChoiceModel, Draw, Estimate, Float32Array, Member
from recsys.choice.model.utility import offer_vectors
from recsys.choice.panel.audience_design import Structure, ages_at_end
from recsys.choice.panel.current_audience import Audience, Today, audience, occasions_for
from recsys.choice.panel.exposure_panel import monthly_views, presence
from recsys.choice.panel.history import History, read
from recsys.choice.panel.user_clusters import Groups, group_users, regrouped
from recsys.choice.panel.view_durations import watching
from recsys.errors import DataError
from recsys.ids import FloatArray, IdMap, IntArray
from recsys.tables.dataset import Dataset
from recsys.tables.split import temporal

Vectors = tuple[Float32Array, Float32Array]
"""(users float32[n_users, dim], movies float32[n_movies, dim]) of one recommender"""
Steps = Callable[[int, int], None]

_TRIAL_CELLS = 1_200_000
_FEWEST_KNOWN = 3
_FEWEST_TO_TRANSLATE = 20
"""Movies known both today and over the whole history before the second says anything of those that have left."""


def calibrate(
    dataset: Dataset,
    members: Sequence[Vectors],
    early_member: Vectors,
    content_vectors: Float32Array,
    *,
    seed: int,
    n_draws: int = 24,
    cutoff: pd.Timestamp | None = None,
    progress: Steps | None = None,
) -> ChoiceModel:
    """Estimate every parameter of demand.

    Parameters
    ----------
    dataset : the tables
    members : vectors of the ensemble; the first is the point model, trained on everyone
    early_member : vectors of a recommender trained on the events before the cutoff only
    content_vectors : float32[n_movies, content_dim], of features alone (what an offer gets too): which movies are alike
    seed : decides every draw
    n_draws : draws of the parameters, the point estimate (draw 0) included
    cutoff : what the early member knows lies before it; by default after 80 % of the events
    progress : told (steps done, steps in all)

    Returns
    -------
    ChoiceModel; its arrays hold what a saved and loaded one holds, bit for bit

    Raises
    ------
    DataError  E_TOO_SMALL: no views, none after the cutoff, or no movie on the service when the data end;
        E_SHAPE: vectors that do not fit the tables
    """
    _check(dataset, members, early_member, content_vectors)
    rng = np.random.default_rng(seed)
    tell = _Told(progress, 6 + n_draws)
    history = read(dataset)
    available = history.available_at_end()
    if not available.any():
        raise DataError.of(
            "E_TOO_SMALL", "no movie is on the service when the data end.", "Check available_until.", table="movies"
        )
    when = cutoff if cutoff is not None else temporal(dataset.events).test["timestamp"].iloc[0]
    cutoff_day = float((pd.Timestamp(when) - history.start) / pd.Timedelta(days=1))
    content = np.ascontiguousarray(content_vectors, dtype=np.float32)
    kinds = _Kinds(dataset, history)
    early = _Early(history, early_member, content, kinds, cutoff_day, seed=seed)
    scaling, nests, like = early.choose(candidates(content, dataset.movies, seed=seed))
    tell()
    taste = early.fit(scaling, nests, rng, like)
    tell()
    views = np.bincount(history.movie, minlength=history.n_movies)
    liked = kinds.affinities(np.inf)
    spaces = [make_space(users, movies, views, kinds.codes, scaling, liked) for users, movies in members]
    groups = group_users(spaces[0].users, history.n_periods * history.n_movies, seed=seed)
    made = [as_member(space, regrouped(groups, space.users), nests.assignment, kinds.codes, taste.stress) for space in spaces]
    structure = _structure(parameter_draws.point(taste, _NO_SHARE), nests)
    settled = early.appeals(scaling, nests, taste, structure, rng=rng)
    told = early.appeals_by_kind(scaling, nests, taste, structure)
    tell()

    present = presence(dataset, history)
    rate = monthly_views(present, _segments(dataset))
    outside = fit_outside(
        history,
        structure,
        made[0],
        content,
        present=present,
        seed=seed,
        rng=rng,
    )
    tell()
    watched = watching(dataset)
    churn = fit_churn(dataset, watched.monthly_hours)
    tell()

    people = audience(history, rate, rng=rng)
    shares = early.shares_today(people, scaling, nests, taste, structure=structure, settled=settled)
    shared = [parameter_draws.point(taste, outside), *parameter_draws.draws(taste, outside, n_draws - 1, rng)]
    turns = parameter_draws.members_of(n_draws, len(made))
    maker = _Maker(history, nests, people, shares, settled, told, kinds, churn, rng)
    tell()
    draws = []
    for number, member in enumerate(turns):
        draws.append(maker.draw(int(member), made[member], shared[number], point=number == 0))
        tell()
    support = support_distance(content)
    estimates: list[Estimate] = [
        *estimate_descriptions.of_outside(outside),
        estimate_descriptions.of_people(draws[0].occasions, rate, outside),
        *estimate_descriptions.of_taste(taste, shared[0], history, liked.names),
        *watched.estimates,
        *churn.estimates,
        *estimate_descriptions.of_cold(maker.residual_sd, draws[0].ageing, maker.ageing_error, support, settled),
    ]
    indptr = np.searchsorted(history.pair_user, np.arange(history.n_users + 1)).astype(np.int64)
    digest = hashlib.sha256(f"{dataset.fingerprint} {seed} {n_draws}".encode())
    for draw in draws:
        digest.update(draw.appeal.tobytes() + draw.occasions.tobytes())
    return ChoiceModel(
        user_ids=IdMap(dataset.users["user_id"]),
        movie_ids=IdMap(dataset.movies["movie_id"]),
        members=tuple(made),
        draws=tuple(draws),
        nests=nests.assignment,
        nest_names=nests.names,
        nest_centroids=nests.centroids,
        features=kinds.features,
        content=content,
        hours_per_view=_single(watched.hours_per_view),
        completion=watched.completion,
        available=available,
        watched_indptr=indptr,
        watched_indices=history.pair_movie,
        cold_appeal_residual_sd=maker.residual_sd,
        support_distance=support,
        estimates=tuple(estimates),
        simulated=dataset.simulated,
        fingerprint=digest.hexdigest(),
    )


class _Kinds:
    """What the tables say of movies, and how much each user watches of what."""

    def __init__(self, dataset: Dataset, history: History) -> None:
        self.history = history
        self.features = movie_attributes.learn(dataset.movies, dataset.offers)
        self.codes = movie_attributes.encode(self.features, dataset.movies)

    def affinities(self, until_day: float) -> Affinities:
        """From the views before a day."""
        known, history = self.history.day < until_day, self.history
        return affinities(self.features, self.codes, history.user[known], history.movie[known], history.n_users)


class _Early:
    """What the recommender of the earlier part tells: tastes, appeals, and what each movie can expect today."""

    def __init__(
        self, history: History, vectors: Vectors, content: Float32Array, kinds: _Kinds, cutoff_day: float, *, seed: int
    ) -> None:
        self.history, self.vectors, self.content, self.kinds = history, vectors, content, kinds
        self.cutoff_day, self.seed = cutoff_day, seed
        self.liked = kinds.affinities(cutoff_day)
        self.views = np.bincount(history.movie[history.day < cutoff_day], minlength=history.n_movies)
        self._spaces: dict[Scaling, tuple[Space, Groups]] = {}

    def choose(self, options: Sequence[Nests]) -> tuple[Scaling, Nests, Explained]:
        """The scaling of vectors, then the nests, that explain a sample of the held-out choices best."""
        tried: dict[tuple[Scaling, int], Explained] = {}

        def trial(scaling: Scaling, option: int) -> tuple[bool, float]:
            if (scaling, option) not in tried:
                last = next(reversed(tried.values()), None)
                tried[scaling, option] = explained(self._choices(scaling, options[option], cells=_TRIAL_CELLS), last)
            found = tried[scaling, option]
            # nests whose movies seem to help each other, λ above 1, are none
            return found.parameters.dissimilarity <= 1.0, found.log_likelihood

        scaling = max(SCALINGS, key=lambda each: trial(each, 0)[1])
        option = max(range(len(options)), key=lambda each: trial(scaling, each))
        return scaling, options[option], tried[scaling, option]

    def fit(self, scaling: Scaling, nests: Nests, rng: np.random.Generator, like: Explained) -> Taste:
        """Parameters of taste from the held-out choices; the search begins with what a sample of them told."""
        return fit_taste(self._choices(scaling, nests), rng=rng, like=like)

    def _choices(self, scaling: Scaling, nests: Nests, *, cells: int | None = None) -> Choices:
        """The held-out choices, or so many of them as fill some cells; every option sees the same ones."""
        space, groups = self._space(scaling)
        limit = {} if cells is None else {"cells": cells}
        same = np.random.default_rng(self.seed)
        choices = held_out_choices(self.history, nests.assignment, space, groups, cutoff_day=self.cutoff_day, rng=same, **limit)
        if not choices.n_choices:
            raise DataError.of(
                "E_TOO_SMALL", "nothing that was watched after the cutoff can be learnt from.", "Import more.", table="events"
            )
        return choices

    def appeals(self, scaling: Scaling, nests: Nests, taste: Taste, structure: Structure, *, rng: np.random.Generator) -> Appeals:
        """Appeals of settled movies."""
        member, mean = self._member(scaling, nests, taste)
        first = appeal.of_groups(self.history, structure, mean, member.movies, self.content, until_day=self.cutoff_day)
        return appeal.of_persons(self.history, structure, member, self.content, first=first, cutoff_day=self.cutoff_day, rng=rng)

    def appeals_by_kind(self, scaling: Scaling, nests: Nests, taste: Taste, structure: Structure) -> Appeals:
        """Appeals of all movies, those long gone too, that go with vectors told from attributes; whole history, by groups."""
        member, mean = self._member(scaling, nests, taste)
        return appeal.of_groups(self.history, structure, mean, offer_vectors(member, self.kinds.codes), self.content)

    def shares_today(
        self, people: Audience, scaling: Scaling, nests: Nests, taste: Taste, *, structure: Structure, settled: Appeals
    ) -> FloatArray:
        """Share of today's views that each movie can expect."""
        member, _ = self._member(scaling, nests, taste)
        fresh = structure.launch[ages_at_end(self.history, len(structure.launch))]
        return Today(people, member, structure).predicted(settled.appeal + fresh)

    def _member(self, scaling: Scaling, nests: Nests, taste: Taste) -> tuple[Member, Groups]:
        space, groups = self._space(scaling)
        member = as_member(space, groups, nests.assignment, self.kinds.codes, taste.stress)
        return member, regrouped(groups, member.users)

    def _space(self, scaling: Scaling) -> tuple[Space, Groups]:
        if scaling not in self._spaces:
            space = make_space(*self.vectors, self.views, self.kinds.codes, scaling, self.liked)
            cells = self.history.n_periods * self.history.n_movies
            self._spaces[scaling] = space, group_users(space.users, cells, seed=self.seed)
        return self._spaces[scaling]


@dataclass(eq=False)
class _Maker:
    """Makes complete draws: the parameters that movies and users have each of their own."""

    history: History
    nests: Nests
    people: Audience
    shares: FloatArray
    settled: Appeals
    told: Appeals
    kinds: _Kinds
    churn: Churn
    rng: np.random.Generator
    residual_sd: float = 1.0
    ageing_error: float | None = None
    variances: Variances | None = None

    def draw(self, number: int, member: Member, shared: parameter_draws.Shared, *, point: bool) -> Draw:
        structure = _structure(shared, self.nests)
        today = Today(self.people, member, structure)
        fresh = shared.launch[ages_at_end(self.history, len(shared.launch))]
        appeals = today.appeals_for(self.shares, self.settled.appeal + fresh)
        available = self.people.available
        # levels are told by the constant alone: settled movies on the service have a mean appeal of 0
        appeals[available] -= (appeals - fresh)[available].mean()
        appeals[~available] -= self.settled.appeal[available].mean()
        if not point:
            noise = self.settled.standard_error * self.rng.standard_normal(len(appeals))
            appeals = appeals + np.where(available, noise - noise[available].mean(), noise)
        cold = self._cold(today, appeals, fresh, point=point)
        log_worth = today.log_worth(appeals, self.history.n_users)
        constant = constant_for(log_worth, self.people.rate, shared.outside_share)
        intercept, slope = (self.churn.intercept, self.churn.slope) if point else self.churn.drawn(self.rng)
        return Draw(
            member=number,
            score_slope=shared.slope,
            dissimilarity=shared.dissimilarity,
            appeal=_single(appeals),
            outside_constant=_single(np.full(self.history.n_users, constant)),
            occasions=_single(occasions_for(self.people.rate, log_worth, constant)),
            launch_curve=_single(shared.launch),
            rewatch=shared.rewatch,
            churn_intercept=_single(intercept),
            churn_hours_slope=slope,
            cold_appeal_coefficients=_single(cold[:-1]),
            ageing=float(cold[-1]),
            cold_appeal_shift=shared.cold_shift,
        )

    def _cold(self, today: Today, appeals: FloatArray, fresh: FloatArray, *, point: bool) -> FloatArray:
        """Coefficients of appeal on attributes, for movies whose vector is told from these too, and of ageing."""
        settled, kinds = self.settled, self.kinds
        here = self.people.available & np.isfinite(settled.own_error)
        if here.sum() < _FEWEST_KNOWN:
            return np.zeros(2 + kinds.codes.shape[1])
        target = appeals - fresh + today.content_gap(appeals, kinds.codes) + settled.own - settled.appeal
        target, error = with_gone(target, settled.own_error, here, self.told)
        use = np.isfinite(error)
        cold = tell_cold(
            kinds.features,
            kinds.codes[use],
            self.history.months_there()[use],
            target[use],
            error[use],
            least_sd=max(settled.content_sd, LEAST_SD),
            variances=self.variances,
        )
        if point:
            self.variances, self.residual_sd, self.ageing_error = cold.variances, cold.residual_sd, cold.ageing_error
            return cold.coefficients
        spread = np.linalg.cholesky(cold.covariance + 1e-12 * np.eye(len(cold.covariance)))
        return np.asarray(cold.coefficients + spread @ self.rng.standard_normal(len(spread)))


def with_gone(target: FloatArray, error: FloatArray, here: NDArray[np.bool_], told: Appeals) -> tuple[FloatArray, FloatArray]:
    """Appeals of today's movies, and of those that have left, from what groups of users watched of both.

    Returns
    -------
    Appeals and their errors, float64[n_movies]; errors are inf where nothing is known
    """
    both = here & np.isfinite(told.own_error)
    gone = ~here & np.isfinite(told.own_error)
    target, error = target.copy(), np.where(here, error, np.inf)
    if both.sum() < _FEWEST_TO_TRANSLATE or not np.ptp(told.own[both]) > 0:
        return target, error
    slope, level = np.polyfit(told.own[both], target[both], 1)
    away = float(np.std(target[both] - level - slope * told.own[both]))
    target[gone] = level + slope * told.own[gone]
    error[gone] = np.hypot(away, slope * told.own_error[gone])
    return target, error


class _Told:
    def __init__(self, progress: Steps | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total)


_NO_SHARE = OutsideShare(value=0.5, standard_error=None, reason="")


def _structure(shared: parameter_draws.Shared, nests: Nests) -> Structure:
    return Structure(
        slope=shared.slope,
        dissimilarity=shared.dissimilarity,
        rewatch=shared.rewatch,
        launch=shared.launch,
        nests=nests.assignment,
    )


def _segments(dataset: Dataset) -> IntArray:
    """int64[n_users]: the plan of each user, 0 for all where there are none."""
    if "plan" not in dataset.users:
        return np.zeros(dataset.n_users, dtype=np.int64)
    return pd.factorize(dataset.users["plan"].fillna("").astype(str))[0].astype(np.int64)


def _single(array: FloatArray) -> FloatArray:
    """The values that float32 can hold, which is how they are stored."""
    out: FloatArray = np.asarray(array, dtype=np.float32).astype(np.float64)
    out.setflags(write=False)
    return out


def _check(dataset: Dataset, members: Sequence[Vectors], early: Vectors, content: Float32Array) -> None:
    for users, movies in [*members, early]:
        if len(users) != dataset.n_users or len(movies) != dataset.n_movies or users.shape[1] != movies.shape[1]:
            raise DataError.of(
                "E_SHAPE",
                f"vectors of shapes {list(users.shape)} and {list(movies.shape)} do not fit {dataset.n_users} users and "
                f"{dataset.n_movies} movies.",
                "Train on the same tables.",
            )
    if not members or len(content) != dataset.n_movies:
        raise DataError.of("E_SHAPE", f"{len(members)} members and {len(content)} content vectors are given.", "Train again.")
