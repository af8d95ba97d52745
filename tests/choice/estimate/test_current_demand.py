"""Demand of the current audience, and the appeals that reproduce it."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate.current_demand import CurrentDemand, user_constants, viewing_occasions
from recsys.choice.model.parameters import Member
from recsys.choice.panel.current_audience import read_audience
from recsys.choice.panel.history import read_history
from tests.choice.nested_logit import choice_shares
from tests.choice.services import Service, member_of, service, structure_of


@pytest.fixture(scope="module")
def small() -> Service:
    return service(n_users=120, n_movies=30, months=4, seed=5)


def test_todays_appeals_reproduce_todays_shares_and_worth_is_that_of_the_catalogue(small: Service):
    history, structure, member = read_history(small.dataset), structure_of(small), member_of(small)
    audience = read_audience(history, np.linspace(1, 5, 120), rng=np.random.default_rng(0))
    demand = CurrentDemand(audience, member, structure)
    shares = demand.predicted_shares(small.appeal)
    assert shares.sum() == pytest.approx(1.0)
    assert not shares[~audience.available].any()
    found = demand.invert_shares(shares, np.zeros(30))
    gap = (found - small.appeal)[audience.available]
    assert gap == pytest.approx(np.full(len(gap), gap.mean()), abs=2e-3)
    worth = demand.inclusive_values(small.appeal)
    utility = small.slope * small.users @ small.movies.T + small.appeal
    row, movie = history.watched_by(np.arange(120), np.full(120, np.inf))
    utility[row, movie] += np.log(small.rewatch)
    utility[:, ~audience.available] = -np.inf
    inside = choice_shares(utility, small.nests, small.dissimilarity).sum(axis=1)
    assert worth == pytest.approx(np.log(inside / (1 - inside)), abs=1e-4)


def test_a_movie_that_everybody_has_watched_does_not_run_away_from_what_is_known_of_it(small: Service):
    """Nobody watches twice, and yet a hundredth of a view a month is expected of it: no appeal brings that about."""
    history, structure, member = read_history(small.dataset), replace(structure_of(small), rewatch=0.0), member_of(small)
    audience = read_audience(history, np.ones(120), rng=np.random.default_rng(0))
    gone = int(np.flatnonzero(audience.available)[3])
    pairs = np.unique(np.append(audience.seen_user * 30 + audience.seen_movie, np.arange(120) * 30 + gone))
    demand = CurrentDemand(replace(audience, seen_user=pairs // 30, seen_movie=pairs % 30), member, structure)
    shares = demand.predicted_shares(small.appeal)
    assert shares[gone] == 0.0
    shares[gone] = 1e-4
    found = demand.invert_shares(shares, small.appeal)
    assert abs(found[gone] - small.appeal[gone]) < 15.0


def test_a_viewer_left_with_what_hardly_anybody_wants_keeps_the_gap_a_number(small: Service):
    """One viewer has watched all but one movie, which is 45 nats less wanted than it was, and so draws beyond float32."""
    history, structure = read_history(small.dataset), replace(structure_of(small), rewatch=0.0)
    dim = small.movies.shape[1]
    exact = replace_map(member_of(small), np.vstack([np.zeros(dim), np.eye(dim)]))
    audience = read_audience(history, np.full(120, 100.0), rng=np.random.default_rng(0))
    last = int(np.flatnonzero(audience.available)[-1])
    left = np.arange(30)[np.arange(30) != last]
    others = audience.seen_user != 7
    pairs = np.unique(np.append(audience.seen_user[others] * 30 + audience.seen_movie[others], 7 * 30 + left))
    demand = CurrentDemand(replace(audience, seen_user=pairs // 30, seen_movie=pairs % 30), exact, structure)
    appeal = small.appeal.copy()
    appeal[last] -= 45.0
    assert demand.design.demand_per_factor(appeal[demand.columns]).max() > np.finfo(np.float32).max
    gap = demand.cold_vector_offset(appeal, small.movies.astype(np.float32))
    assert np.isfinite(gap).all()
    assert np.abs(gap).max() < 1e-3


def test_vectors_that_content_tells_exactly_leave_no_gap_for_appeal_to_fill(small: Service):
    """Content is the vector itself: warm and cold are the same. With content that tells nothing they are not."""
    history, structure = read_history(small.dataset), structure_of(small)
    dim = small.movies.shape[1]
    exact = replace_map(member_of(small), np.vstack([np.zeros(dim), np.eye(dim)]))
    audience = read_audience(history, np.ones(120), rng=np.random.default_rng(0))
    content = small.movies.astype(np.float32)
    here = audience.available
    assert CurrentDemand(audience, exact, structure).cold_vector_offset(small.appeal, content)[here] == pytest.approx(
        0.0, abs=1e-3
    )
    mute = replace_map(exact, np.zeros((1 + dim, dim)))
    gap = CurrentDemand(audience, mute, structure).cold_vector_offset(small.appeal, content)[here]
    assert np.abs(gap).mean() > 0.2


def replace_map(member: Member, cold_map: np.ndarray) -> Member:
    return Member(users=member.users, movies=member.movies, cold_map=cold_map.astype(np.float32))


def test_a_sample_of_the_audience_still_tells_everybodys_worth(small: Service):
    history, structure, member = read_history(small.dataset), structure_of(small), member_of(small)
    whole = CurrentDemand(read_audience(history, np.ones(120), rng=np.random.default_rng(0)), member, structure)
    audience = read_audience(history, np.ones(120), rng=np.random.default_rng(0), cells=900)
    assert len(audience.sample) < 120
    sampled = CurrentDemand(audience, member, structure)
    assert sampled.inclusive_values(small.appeal, cells=225) == pytest.approx(whole.inclusive_values(small.appeal), abs=1e-5)


def test_occasions_are_views_over_the_share_that_the_service_takes():
    """S = 1 with the constant: half of all occasions, so 6 views are 12 occasions."""
    assert viewing_occasions(np.array([6.0, 0.0]), np.array([0.5, 9.0]), np.full(2, -0.5)).tolist() == [12.0, 0.0]
    assert viewing_occasions(np.array([1.0]), np.array([-50.0]), np.zeros(1))[0] == pytest.approx(20.0)


def test_nobody_watches_less_than_they_do_because_the_model_does_not_see_why():
    """A user whom the constant of all leaves a hundredth of their occasions gets one that leaves them a twentieth."""
    inclusive, rate = np.array([0.0, np.log(1 / 99)]), np.array([3.0, 2.0])
    constant = user_constants(inclusive, 0.0)
    inside = 1 / (1 + np.exp(-(inclusive + constant)))
    assert inside == pytest.approx([0.5, 0.05])
    assert viewing_occasions(rate, inclusive, constant) * inside == pytest.approx(rate)
