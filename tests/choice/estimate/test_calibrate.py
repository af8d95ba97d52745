"""Calibration gives back the parameters of a service whose choices were made with them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.calibrate import calibrate
from recsys.choice.model import movie_attributes, store
from recsys.choice.model.parameters import ChoiceModel
from recsys.choice.model.utility import nearest_nest, offer_appeal, offer_utility
from recsys.errors import DataError
from tests.builders import tiny_dataset
from tests.choice.nested_logit import choice_shares
from tests.choice.services import Service, service
from tests.choice.utilities import catalogue_utility

pytestmark = pytest.mark.slow


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


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    truth = service(n_users=150, n_movies=30, months=4, seed=2)
    users, movies, content = (table.astype(np.float32) for table in (truth.users, truth.movies, truth.content))
    few = [calibrate(truth.dataset, [(users, movies)], (users, movies), content, seed=seed, n_draws=2) for seed in (5, 5, 6)]
    for name, value in vars(few[0].draws[1]).items():
        assert np.array_equal(value, getattr(few[1].draws[1], name)), name
    assert few[0].fingerprint == few[1].fingerprint != few[2].fingerprint


def test_the_point_estimate_stands_by_itself_whatever_draws_follow_it():
    truth = service(n_users=150, n_movies=30, months=4, seed=2)
    users, movies, content = (table.astype(np.float32) for table in (truth.users, truth.movies, truth.content))
    alone, first = (
        calibrate(truth.dataset, [(users, movies)], (users, movies), content, seed=5, n_draws=n).draws[0] for n in (1, 4)
    )
    for name, value in vars(alone).items():
        assert np.array_equal(value, getattr(first, name)), name


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
    model = calibrate(
        bare,
        [(users, movies)],
        (users, movies),
        movies,
        seed=0,
        n_draws=3,
        progress=lambda step: steps.append((step.done, step.total)),
    )
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
