"""Calibration gives back the parameters of a service whose choices were made with them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.appeal import AppealEstimates, appeals_from_clusters, appeals_from_users
from recsys.choice.estimate.calibrate import calibrate
from recsys.choice.estimate.draws import with_departed
from recsys.choice.estimate.outside_share import OutsideShare, clusters_before_arrivals, estimate_outside_share
from recsys.choice.estimate.scored_choices import ScoredChoices, score_choices
from recsys.choice.estimate.taste import TasteEstimate, fit_mode, fit_taste
from recsys.choice.estimate.taste_parameters import N_AGES
from recsys.choice.estimate.utility_space import SCALINGS, UtilitySpace, build_utility_space, to_member
from recsys.choice.model import movie_attributes, store
from recsys.choice.model.parameters import ChoiceModel, Member
from recsys.choice.model.utility import nearest_nest, offer_appeal, offer_utility
from recsys.choice.panel.audience_design import StructuralParameters
from recsys.choice.panel.exposure_panel import read_exposure
from recsys.choice.panel.history import read_history
from recsys.choice.panel.holdout_choices import read_holdout_choices
from recsys.choice.panel.user_clusters import cluster_users
from recsys.errors import DataError
from recsys.ids import IntArray
from tests.builders import tiny_dataset
from tests.choice.models import PLAIN, no_affinities
from tests.choice.nested_logit import choice_shares
from tests.choice.services import Service, service
from tests.choice.utilities import catalogue_utility

CUTOFF_PERIOD = 16


def space_of(truth: Service) -> UtilitySpace:
    views = np.full(len(truth.movies), 100)
    users, movies = truth.users.astype(np.float32), truth.movies.astype(np.float32)
    return build_utility_space(
        users, movies, views, truth.content.astype(np.float32), SCALINGS[0], no_affinities(*users.shape[:1], *movies.shape[:1])
    )


def scored(truth: Service, space: UtilitySpace, nests: IntArray, *, cells: int = 5_000_000) -> ScoredChoices:
    """Choices after the cutoff with the scores of a space, and clusters of the true tastes."""
    history = read_history(truth.dataset)
    clusters = cluster_users(truth.users.astype(np.float32), history.n_periods * history.n_movies, seed=0)
    cutoff, rng = float(history.edges[CUTOFF_PERIOD]), np.random.default_rng(0)
    choices = read_holdout_choices(history, nests, cutoff_day=cutoff, n_ages=N_AGES, rng=rng, cells=cells)
    return score_choices(choices, space, clusters, nests)


@pytest.fixture(scope="module")
def truth() -> Service:
    return service(n_users=1200, n_movies=150, occasions=10.0, seed=1)


@pytest.fixture(scope="module")
def taste(truth: Service) -> TasteEstimate:
    return fit_taste(scored(truth, space_of(truth), truth.nests), rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def lasting() -> Service:
    """Movies are watched again and again, so that what arrivals add is λ · outside share and nothing else."""
    return service(n_users=1200, n_movies=150, occasions=10.0, rewatch=0.9, seed=1)


@pytest.fixture(scope="module")
def model(lasting: Service) -> ChoiceModel:
    users, movies = lasting.users.astype(np.float32), lasting.movies.astype(np.float32)
    turned = np.linalg.qr(np.random.default_rng(3).normal(size=(users.shape[1],) * 2))[0].astype(np.float32)
    members = [(users, movies), (users @ turned, movies @ turned)]
    return calibrate(lasting.dataset, members, (users, movies), lasting.content.astype(np.float32), seed=3, n_draws=8)


def test_slope_substitution_rewatching_and_launch_are_recovered_within_their_errors(truth: Service, taste: TasteEstimate):
    found, errors = taste.parameters, taste.errors
    lam = found.dissimilarity
    assert lam == pytest.approx(truth.dissimilarity, abs=3 * errors.dissimilarity)
    assert errors.dissimilarity < 0.05
    within = truth.slope / truth.dissimilarity
    assert found.slope + found.cluster_slope == pytest.approx(within, abs=3 * (errors.slope + errors.cluster_slope))
    assert found.seen == pytest.approx(np.log(truth.rewatch) / truth.dissimilarity, abs=3 * errors.seen)
    assert np.abs(found.launch - truth.launch[:-1] / truth.dissimilarity).max() < 3 * errors.launch.max()
    assert found.launch[0] > 3 * errors.launch[0]
    assert taste.log_likelihood > taste.log_likelihood_uniform + 0.5


def test_a_search_that_begins_with_what_other_nests_told_ends_at_the_same_mode(truth: Service):
    space = space_of(truth)

    def put(nests: IntArray, times: float) -> ScoredChoices:
        scaled = replace(space, movies=np.float32(times) * space.movies)
        return scored(truth, scaled, nests, cells=300_000)

    other = fit_mode(put(np.random.default_rng(0).permutation(truth.nests), 5.0))
    choices = put(truth.nests, 1.0)
    begun = other.warm_start(choices)
    appeals = dict(zip(other.movies, other.parameters.appeal, strict=True))
    assert begun.appeal.tolist() == [appeals[movie] for movie in choices.movies]
    assert begun.slope == pytest.approx(5.0 * other.parameters.slope, rel=1e-4)
    afresh, on = fit_mode(choices), fit_mode(choices, other)
    assert on.log_likelihood == pytest.approx(afresh.log_likelihood, abs=2e-4)
    head = on.parameters.layout.structural
    np.testing.assert_allclose(on.parameters.flatten()[head], afresh.parameters.flatten()[head], atol=0.1)
    # what all appeals have in common is held by the prior alone
    centred = [found.parameters.appeal - found.parameters.appeal.mean() for found in (on, afresh)]
    np.testing.assert_allclose(*centred, atol=0.1)


def test_true_scores_need_no_reweighting(taste: TasteEstimate):
    """Nothing about a cluster or a nest is surer than the rest of a score that is exact."""
    assert abs(taste.parameters.nest_slope) < 3 * taste.errors.nest_slope
    assert abs(taste.parameters.cluster_slope) < 3 * taste.errors.cluster_slope


def test_noise_in_the_scores_of_persons_is_made_up_for_by_their_cluster(truth: Service):
    """Tastes blurred by as much as they differ: what the cluster likes is then the surer part."""
    space = space_of(truth)
    noise = 0.7 * np.random.default_rng(1).normal(size=space.users.shape)
    blurred = replace(space, users=(space.users + noise).astype(np.float32))
    found = fit_taste(scored(truth, blurred, truth.nests), rng=np.random.default_rng(0))
    assert found.score_reliability.cluster > 0.5
    assert found.parameters.slope < truth.slope / truth.dissimilarity


def test_appeals_are_recovered_and_few_views_shrink_them(truth: Service):
    history, space = read_history(truth.dataset), space_of(truth)
    content = truth.content.astype(np.float32)
    clusters = cluster_users(space.users, history.n_periods * history.n_movies, seed=0)
    member = to_member(space, clusters, truth.nests, content, PLAIN)
    structure = StructuralParameters(
        slope=truth.slope,
        dissimilarity=truth.dissimilarity,
        rewatch=truth.rewatch,
        launch=truth.launch,
        nests=truth.nests,
    )
    cutoff = float(history.edges[CUTOFF_PERIOD])
    first = appeals_from_clusters(history, structure, clusters, member.movies, content, until_day=cutoff)
    found = appeals_from_users(history, structure, member, content, first=first, cutoff_day=cutoff, rng=np.random.default_rng(0))
    here = history.available_at_end()
    true, estimated = truth.appeal[here], found.appeal[here]
    assert np.corrcoef(true, estimated)[0, 1] > 0.9
    assert np.polyfit(true, estimated, 1)[0] == pytest.approx(1.0, abs=0.15)
    views = np.bincount(history.movie[history.day >= cutoff], minlength=150)
    assert found.standard_error[np.argmax(views)] < found.standard_error[np.argmin(views)]


def outside_of(truth: Service) -> OutsideShare:
    """The outside share of a service, with its true tastes."""
    history = read_history(truth.dataset)
    users, movies = truth.users.astype(np.float32), truth.movies.astype(np.float32)
    return estimate_outside_share(
        history,
        StructuralParameters(
            slope=truth.slope, dissimilarity=truth.dissimilarity, rewatch=truth.rewatch, launch=truth.launch, nests=truth.nests
        ),
        Member(users=users, movies=movies, cold_map=np.zeros((1, users.shape[1]), np.float32)),
        truth.content.astype(np.float32),
        exposure=read_exposure(truth.dataset, history),
        seed=0,
        rng=np.random.default_rng(0),
    )


def test_the_outside_share_is_recovered_from_arrivals_and_expiries():
    """Movies here can be watched again and again, so that only the catalogue moves what it is worth."""
    truth = service(n_users=1200, n_movies=150, rewatch=0.95, churn_hours_slope=0.0, late_share=0.6, seed=4)
    found = outside_of(truth)
    assert found.estimated
    assert found.standard_error is not None
    assert found.value == pytest.approx(truth.outside_share, abs=3 * found.standard_error)
    assert found.standard_error < 0.08


def test_taste_groups_behind_the_outside_share_know_nothing_of_who_watched_an_arrival(truth: Service):
    history, movies = read_history(truth.dataset), truth.movies.astype(np.float32)
    arrived = np.isfinite(history.arrival)
    assert 0.2 < arrived[history.pair_movie].mean() < 0.8
    others = np.where(arrived[history.pair_movie], np.flatnonzero(arrived)[0], history.pair_movie)
    found, same = (
        clusters_before_arrivals(each, movies, 0).assignment for each in (history, replace(history, pair_movie=others))
    )
    np.testing.assert_array_equal(found, same)
    assert len(np.unique(found)) > 20


def test_what_an_arrival_leaves_for_later_counts_as_added():
    """Movies are watched once, and there are few: what was not watched because of an arrival is watched when it is worn out."""
    truth = service(n_users=1200, n_movies=150, rewatch=0.05, occasions=3.0, churn_hours_slope=0.0, late_share=0.6, seed=4)
    found = outside_of(truth)
    assert found.estimated
    assert found.incrementality_error < 0.08
    assert found.incrementality > truth.dissimilarity * truth.outside_share + 2 * found.incrementality_error


def test_a_catalogue_that_never_changed_leaves_the_outside_share_an_assumption():
    truth = service(n_users=200, n_movies=40, months=4, late_share=0.0, rewatch=0.95, seed=2)
    history = read_history(truth.dataset)
    users = truth.users.astype(np.float32)
    found = estimate_outside_share(
        history,
        StructuralParameters(slope=2.0, dissimilarity=0.6, rewatch=1.0, launch=np.zeros(N_AGES), nests=truth.nests),
        Member(users=users, movies=truth.movies.astype(np.float32), cold_map=np.zeros((1, users.shape[1]), np.float32)),
        truth.content.astype(np.float32),
        exposure=read_exposure(truth.dataset, history),
        seed=0,
        rng=np.random.default_rng(0),
    )
    assert not found.estimated
    assert found.value == 0.5
    assert "did not change" in found.reason


def test_calibration_gives_everything_that_a_projection_needs(lasting: Service, model: ChoiceModel):
    assert [draw.member for draw in model.draws] == [0, 1, 1, 1, 1, 1, 1, 1]
    for draw in model.draws:
        assert 0.1 <= draw.dissimilarity <= 1.0
        assert 0.0 <= draw.rewatch <= 1.0
        assert draw.launch_curve[-1] == 0.0
        assert draw.churn_hours_slope >= 0.0
        assert (draw.occasions >= 0).all()
        for value in vars(draw).values():
            assert np.isfinite(value).all()
    names = {estimate.name for estimate in model.estimates}
    assert {"outside_share", "score_slope", "nest_dissimilarity", "rewatch", "churn_hours_slope", "completion"} <= names
    assert {"affinity_to_genres", "affinity_to_languages", "ageing"} <= names
    assert all(estimate.kind in ("estimated", "configured", "assumed") and estimate.source for estimate in model.estimates)
    b = next(estimate for estimate in model.estimates if estimate.name == "churn_hours_slope")
    assert b.standard_error is not None
    assert b.value == pytest.approx(lasting.churn_hours_slope, abs=3 * b.standard_error)


def test_every_draw_predicts_the_level_and_the_mix_of_todays_viewing(model: ChoiceModel):
    """Occasions times inside shares are each user's views a month, whatever the draw; its movies share them alike."""
    by_movie, by_user, shares = [], [], []
    for draw in (model.draws[0], model.draws[1]):
        utility = catalogue_utility(model, draw, slice(None))
        share = choice_shares(utility, model.nests, draw.dissimilarity)
        shares.append(share.sum(axis=1))
        by_movie.append((draw.occasions[:, None] * share).sum(axis=0)[model.available])
        by_user.append(draw.occasions * shares[-1])
    # nobody has more than twenty occasions for one view: where a draw takes less than that, it cannot keep the level
    bounded = np.minimum(*shares) < 0.05 * 1.01
    assert bounded.mean() < 0.05
    assert by_user[1][~bounded] == pytest.approx(by_user[0][~bounded], rel=1e-3)
    assert by_user[1].sum() == pytest.approx(by_user[0].sum(), rel=5e-3)
    assert np.corrcoef(np.log(by_movie[0]), np.log(by_movie[1]))[0, 1] > 0.95


def test_the_outside_share_of_the_point_is_the_estimate(model: ChoiceModel):
    draw = model.draws[0]
    shares = choice_shares(catalogue_utility(model, draw, slice(None)), model.nests, draw.dissimilarity).sum(axis=1)
    views = draw.occasions * shares
    estimate = next(e for e in model.estimates if e.name == "outside_share")
    assert views @ (1 - shares) / views.sum() == pytest.approx(estimate.value, abs=0.01)


def test_attributes_tell_who_would_watch_a_movie_and_some_of_how_many(lasting: Service, model: ChoiceModel):
    """Languages and genres make most of taste, and the budget goes with appeal."""
    draw, member = model.draws[0], model.members[0]
    codes = movie_attributes.encode(model.features, lasting.dataset.movies)
    predicted = offer_utility(model, draw, codes, slice(None))
    known = draw.score_slope * member.users @ member.movies.T
    by_person = np.corrcoef((predicted - predicted.mean(axis=0)).ravel(), (known - known.mean(axis=0)).ravel())[0, 1]
    assert by_person > 0.75
    appeal = offer_appeal(model, draw, codes)
    assert np.corrcoef(appeal, lasting.content[:, -1])[0, 1] > 0.5
    assert np.mean(nearest_nest(model, model.content) == model.nests) == 1.0


def test_movies_that_have_left_are_told_from_what_groups_watched_of_them_and_of_the_others():
    """Clusters see half of every appeal: what is left of the first 20 movies is doubled, with the error that the others show."""
    rng = np.random.default_rng(0)
    appeal, here = rng.normal(size=60), np.arange(60) >= 20
    own = 0.5 * appeal + 0.05 * rng.normal(size=60)
    error = np.where(np.arange(60) == 3, np.inf, 0.01)
    by_attributes = AppealEstimates(
        appeal=own, standard_error=error, unshrunk=own, unshrunk_error=error, prior_sd=1.0, content_sd=0.0, views=1.0
    )
    found, spread = with_departed(np.where(here, appeal, 99.0), np.full(60, 0.1), here, by_attributes)
    gone = ~here & (np.arange(60) != 3)
    assert found[gone] == pytest.approx(appeal[gone], abs=0.4)
    assert spread[gone] == pytest.approx(np.std(found[gone] - appeal[gone]), abs=0.05)
    assert np.array_equal(found[here], appeal[here])
    assert (spread[here] == 0.1).all()
    assert np.isinf(spread[3])


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    truth = service(n_users=150, n_movies=30, months=4, seed=2)
    users, movies, content = (table.astype(np.float32) for table in (truth.users, truth.movies, truth.content))
    few = [calibrate(truth.dataset, [(users, movies)], (users, movies), content, seed=seed, n_draws=2) for seed in (5, 5, 6)]
    for name, value in vars(few[0].draws[1]).items():
        assert np.array_equal(value, getattr(few[1].draws[1], name)), name
    assert few[0].fingerprint == few[1].fingerprint != few[2].fingerprint


def test_a_calibrated_model_is_the_same_after_a_round_trip_through_its_store(model: ChoiceModel, tmp_path: Path):
    store.save(model, tmp_path)
    back = store.load(tmp_path)
    assert back.estimates == model.estimates
    for there, here in zip(back.draws, model.draws, strict=True):
        for name, value in vars(here).items():
            assert np.array_equal(getattr(there, name), value), name
    assert np.array_equal(back.hours_per_view, model.hours_per_view)


def test_a_tiny_service_without_subscriptions_minutes_or_arrivals_is_calibrated_on_labelled_assumptions():
    dataset = tiny_dataset()
    bare = replace(
        dataset,
        subscriptions=None,
        events=dataset.events.drop(columns="minutes"),
        movies=dataset.movies[["movie_id", "title"]],
    )
    rng = np.random.default_rng(0)
    users, movies = rng.normal(size=(bare.n_users, 4)).astype(np.float32), rng.normal(size=(bare.n_movies, 4)).astype(np.float32)
    steps: list[tuple[int, int]] = []
    model = calibrate(bare, [(users, movies)], (users, movies), movies, seed=0, n_draws=3, progress=lambda *s: steps.append(s))
    kinds = {estimate.name: estimate.kind for estimate in model.estimates}
    assert all(
        kinds[name] == "assumed"
        for name in ("outside_share", "nest_dissimilarity", "completion", "hours_per_view", "churn_hours_slope")
    )
    assert steps[-1][0] == steps[-1][1] == len(steps)


def test_vectors_of_other_tables_are_refused():
    dataset = tiny_dataset()
    fine = np.zeros((dataset.n_users, 2), np.float32), np.zeros((dataset.n_movies, 2), np.float32)
    for members, holdout, content in (
        ([(fine[1], fine[1])], fine, fine[1]),
        ([fine], (fine[0], fine[0]), fine[1]),
        ([fine], fine, fine[0]),
        ([], fine, fine[1]),
    ):
        with pytest.raises(DataError, match="E_SHAPE"):
            calibrate(dataset, members, holdout, content, seed=0)


def test_nothing_watched_after_the_cutoff_is_refused():
    dataset = tiny_dataset()
    fine = np.ones((dataset.n_users, 2), np.float32), np.ones((dataset.n_movies, 2), np.float32)
    with pytest.raises(DataError, match="E_TOO_SMALL"):
        calibrate(dataset, [fine], fine, fine[1], seed=0, cutoff=pd.Timestamp("2100-01-01"))
