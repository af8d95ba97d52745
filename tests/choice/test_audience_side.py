"""Who was there, groups of taste, vectors made fit for utilities, and the audience as it stands today."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.attribute_affinity import Affinities
from recsys.choice.estimate.utility_space import SCALINGS, Scaling, as_member, make_space
from recsys.choice.model.parameters import Member
from recsys.choice.model.utility import offer_vectors
from recsys.choice.panel.audience_design import Structure, group_rows, person_rows
from recsys.choice.panel.current_audience import Today, audience, occasions_for
from recsys.choice.panel.exposure_panel import Presence, monthly_views, presence
from recsys.choice.panel.history import read
from recsys.choice.panel.user_clusters import Groups, group_users, regrouped
from recsys.errors import DataError
from tests.choice.models import PLAIN, no_affinities
from tests.choice.nested_logit import choice_shares
from tests.choice.panel.test_history import TWO_MONTHS
from tests.choice.panel.test_history import service as two_months
from tests.choice.services import Service, service
from tests.datasets import assemble


@pytest.fixture(scope="module")
def small() -> Service:
    return service(n_users=120, n_movies=30, months=4, seed=5)


def structure_of(truth: Service) -> Structure:
    return Structure(
        slope=truth.slope,
        dissimilarity=truth.dissimilarity,
        rewatch=truth.rewatch,
        launch=truth.launch,
        nests=truth.nests,
    )


def member_of(truth: Service) -> Member:
    width = truth.content.shape[1]
    return Member(
        users=truth.users.astype(np.float32),
        movies=truth.movies.astype(np.float32),
        cold_map=np.zeros((1 + width, truth.users.shape[1]), np.float32),
    )


def test_exposure_begins_with_the_sign_up_and_ends_with_the_subscription():
    """u signs up on 23 January at noon, 8.5 of 16 days before the month ends, and pays in January only; v is always there.

    The data end on 20 February at noon, after 4.5 of the last 14 days.
    """
    dataset = two_months(TWO_MONTHS)
    dataset = assemble(
        users=pd.DataFrame({"user_id": ["u", "v"], "signup_date": pd.to_datetime(["2024-01-23T12:00", "2023-01-01T00:00"])}),
        movies=dataset.movies,
        events=pd.DataFrame(
            {
                "user_id": ["v", "u", "v"],
                "movie_id": ["a", "b", "a"],
                "timestamp": pd.to_datetime(["2024-01-01T00:00", "2024-01-24T00:00", "2024-02-20T12:00"]),
            }
        ),
        subscriptions=pd.DataFrame({"user_id": ["u", "u"], "month": ["2024-01", "2024-02"], "active": [True, False]}),
    )
    present = presence(dataset, read(dataset))
    assert present.exposure[0] == pytest.approx([0.0, 8.5 / 16, 0.0, 0.0])
    assert present.exposure[1] == pytest.approx([1.0, 1.0, 1.0, 4.5 / 14])
    assert present.here.tolist() == [0.0, 1.0]
    assert present.joined_known


def test_without_sign_up_dates_a_user_counts_from_the_first_view_on():
    present = presence(two_months(TWO_MONTHS), read(two_months(TWO_MONTHS)))
    assert present.exposure[1] == pytest.approx([0.0, 0.0, 13 / 15, 4.5 / 14])
    assert not present.joined_known


def test_few_views_lean_on_the_segment_and_many_do_not():
    """Rates of 1 to 9 a month; a user with 20 months keeps theirs, one with a single month moves towards the mean of 5."""
    rng = np.random.default_rng(0)
    rate = np.concatenate([rng.uniform(1, 9, 400), [9.0, 9.0]])
    exposure = np.ones((402, 40))
    exposure[-1, 2:] = 0
    views = rng.poisson(rate[:, None] / 2 * exposure).astype(float)
    views[-2], views[-1] = 9 / 2, exposure[-1] * 9 / 2
    present = Presence(exposure=exposure, views=views, here=np.ones(402), joined_known=False)
    found = monthly_views(present, np.zeros(402, np.int64))
    assert found[-2] == pytest.approx(9.0, abs=0.3)
    assert 6.0 < found[-1] < 8.5
    assert found[:400] == pytest.approx(rate[:400], abs=2.6)


def test_the_view_that_someone_is_first_seen_with_does_not_count_as_their_pace():
    """One view a month after the first, which everybody has by definition: a pace of 1, not of 1 + 1 / months."""
    rng = np.random.default_rng(1)
    exposure = np.ones((2_000, 4))
    views = rng.poisson(0.5 * exposure).astype(float)
    views[:, 0] += 1
    present = Presence(exposure=exposure, views=views, here=np.ones(2_000), joined_known=False)
    assert monthly_views(present, np.zeros(2_000, np.int64)).mean() == pytest.approx(1.0, abs=0.05)
    known = replace(present, joined_known=True)
    assert monthly_views(known, np.zeros(2_000, np.int64)).mean() == pytest.approx(1.5, abs=0.05)


def test_a_season_that_all_share_is_not_taken_for_activity():
    """The same people watch three times as much in the second half; who came for that half alone is not thought keener."""
    season = np.repeat([0.5, 1.5], 4)
    exposure = np.ones((300, 8))
    exposure[:50, :4] = 0
    views = 4.0 * exposure * season
    present = Presence(exposure=exposure, views=views, here=np.ones(300), joined_known=True)
    found = monthly_views(present, np.zeros(300, np.int64))
    assert found == pytest.approx(np.full(300, found[-1]), rel=0.02)
    gone = replace(present, here=np.concatenate([np.zeros(1), np.ones(299)]))
    assert monthly_views(gone, np.zeros(300, np.int64))[0] == 0.0


def test_groups_gather_users_of_like_taste_and_hold_their_mean():
    rng = np.random.default_rng(0)
    users = (np.repeat(np.eye(2) * 5, 100, axis=0) + 0.1 * rng.normal(size=(200, 2))).astype(np.float32)
    groups = group_users(users, 100, seed=0)
    for group in range(groups.n_groups):
        members = np.flatnonzero(groups.assignment == group)
        assert len(set(members // 100)) == 1
        assert groups.vectors[group] == pytest.approx(users[members].mean(axis=0), abs=1e-5)
    assert regrouped(groups, 2 * users).vectors == pytest.approx(2 * groups.vectors, abs=1e-5)
    assert group_users(users, 10**9, seed=0).n_groups == 1


def test_movies_with_few_views_get_a_vector_from_their_attributes():
    rng = np.random.default_rng(1)
    content = rng.normal(size=(60, 3)).astype(np.float32)
    movies = (content @ rng.normal(size=(3, 4)) + 1.0).astype(np.float32)
    spoilt = movies.copy()
    spoilt[:5] = 0.0
    views = np.where(np.arange(60) < 5, 2, 500)
    space = make_space(np.ones((2, 4), np.float32), spoilt, views, content, Scaling(users=0.0, movies=0.0), no_affinities(2, 60))
    assert space.cold.tolist() == [True] * 5 + [False] * 55
    assert space.movies == pytest.approx(movies, abs=0.02)


def test_scaling_takes_out_length_and_keeps_direction():
    vectors = np.array([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], np.float32)
    views = np.full(3, 100)
    space = make_space(vectors, vectors, views, np.eye(3, dtype=np.float32), SCALINGS[1], no_affinities(3, 3))
    assert np.linalg.norm(space.movies, axis=1) == pytest.approx([5.0, 5.0, 5.0], rel=1e-5)
    assert np.linalg.norm(space.users, axis=1) == pytest.approx([5.0, 5.0 * np.sqrt(0.1), 5.0 * np.sqrt(2)], rel=1e-5)


def test_stress_is_worked_into_the_vectors():
    """u' · v' = (u + g ū) · (v + n v̄): with n = 0 the group's score counts 1 + g times, with g = 0 the nest's 1 + n times."""
    rng = np.random.default_rng(2)
    users, movies = rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(8, 3)).astype(np.float32)
    content = rng.normal(size=(8, 2)).astype(np.float32)
    nests, views = np.arange(8) % 2, np.full(8, 100)
    space = make_space(users, movies, views, content, SCALINGS[0], no_affinities(6, 8))
    groups = Groups(assignment=np.arange(6) % 3, vectors=np.stack([users[k::3].mean(axis=0) for k in range(3)]))
    by_group = as_member(space, groups, nests, content, replace(PLAIN, group=0.5))
    assert by_group.users @ by_group.movies.T == pytest.approx(
        (users + 0.5 * groups.vectors[np.arange(6) % 3]) @ movies.T, abs=1e-5
    )
    by_nest = as_member(space, groups, nests, content, replace(PLAIN, nest=2.0))
    centres = np.stack([movies[nest::2].mean(axis=0) for nest in (0, 1)])[nests]
    assert by_nest.users @ by_nest.movies.T == pytest.approx(users @ (movies + 2.0 * centres).T, abs=1e-4)


def test_affinities_count_with_their_slopes_for_known_movies_and_for_offers_alike():
    """Two values of one attribute; a slope of −2 in units of θ."""
    rng = np.random.default_rng(4)
    users, movies = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(6, 3)).astype(np.float32)
    codes = np.eye(2, dtype=np.float32)[np.arange(6) % 2]
    liked = Affinities(
        names=("genres",),
        users=rng.normal(size=(5, 2)).astype(np.float32),
        movies=codes,
        codes=np.arange(2),
        attribute=np.zeros(2, int),
    )
    groups = Groups(assignment=np.zeros(5, dtype=np.int64), vectors=users[:1])
    space = make_space(users, movies, np.full(6, 100), codes, SCALINGS[0], liked)
    member = as_member(space, groups, np.zeros(6, dtype=np.int64), codes, replace(PLAIN, affinity=np.array([-2.0])))
    extra = -2.0 * liked.users @ codes.T
    assert member.users @ member.movies.T == pytest.approx(users @ movies.T + extra, abs=1e-5)
    told = codes @ space.from_codes[1:] + space.from_codes[0]
    assert member.users @ offer_vectors(member, codes).T == pytest.approx(users @ told.T + extra, abs=1e-5)


def test_person_rows_hold_utilities_availability_and_what_was_watched(small: Service):
    history, structure = read(small.dataset), structure_of(small)
    users, period = np.arange(20), 5
    rows = person_rows(history, structure, member_of(small), users=users, periods=np.full(20, period), views=np.ones(20))
    columns = structure.columns
    age = np.minimum(history.age_months()[period], 6)
    utility = small.slope * small.users[users] @ small.movies.T + small.launch[age] + small.appeal
    middle = (history.edges[period] + history.edges[period + 1]) / 2
    row, movie = history.watched_by(users, np.full(20, middle))
    utility[row, movie] += np.log(small.rewatch)
    with np.errstate(divide="ignore"):
        utility += small.dissimilarity * np.log(history.open_share()[period])
    shares = choice_shares(utility, small.nests, small.dissimilarity)
    expected = (shares / shares.sum(axis=1, keepdims=True)).sum(axis=0)
    assert rows.predicted(small.appeal[columns]) == pytest.approx(expected[columns], rel=1e-4)


def test_group_rows_of_a_single_person_are_that_persons(small: Service):
    """Had each user a group of their own, groups would be persons, but for what was watched within the half-month."""
    history, structure, member = read(small.dataset), structure_of(small), member_of(small)
    alone = Groups(assignment=np.arange(120), vectors=member.users)
    periods = np.array([0])
    views = np.ones((1, 120))
    open_rows = group_rows(history, structure, alone, member.movies, periods=periods, views=views, depleted=False)
    nobody = replace(history, pair_day=np.full(len(history.pair_day), np.inf))
    persons = person_rows(nobody, structure, member, users=np.arange(120), periods=np.zeros(120, np.int64), views=np.ones(120))
    appeal = small.appeal[structure.columns]
    assert open_rows.predicted(appeal) == pytest.approx(persons.predicted(appeal), rel=1e-4)
    used = group_rows(history, structure, alone, member.movies, periods=np.array([7]), views=views)
    fresh = group_rows(history, structure, alone, member.movies, periods=np.array([7]), views=views, depleted=False)
    assert (used.log_worth(appeal) <= fresh.log_worth(appeal) + 1e-6).all()
    assert used.log_worth(appeal).mean() < fresh.log_worth(appeal).mean() - 0.05


def test_todays_appeals_reproduce_todays_shares_and_worth_is_that_of_the_catalogue(small: Service):
    history, structure, member = read(small.dataset), structure_of(small), member_of(small)
    people = audience(history, np.linspace(1, 5, 120), rng=np.random.default_rng(0))
    today = Today(people, member, structure)
    shares = today.predicted(small.appeal)
    assert shares.sum() == pytest.approx(1.0)
    assert not shares[~people.available].any()
    found = today.appeals_for(shares, np.zeros(30))
    gap = (found - small.appeal)[people.available]
    assert gap == pytest.approx(np.full(len(gap), gap.mean()), abs=2e-3)
    worth = today.log_worth(small.appeal, 120)
    utility = small.slope * small.users @ small.movies.T + small.appeal
    row, movie = history.watched_by(np.arange(120), np.full(120, np.inf))
    utility[row, movie] += np.log(small.rewatch)
    utility[:, ~people.available] = -np.inf
    inside = choice_shares(utility, small.nests, small.dissimilarity).sum(axis=1)
    assert worth == pytest.approx(np.log(inside / (1 - inside)), abs=1e-4)


def test_a_movie_that_everybody_has_watched_does_not_run_away_from_what_is_known_of_it(small: Service):
    """Nobody watches twice, and yet a hundredth of a view a month is expected of it: no appeal brings that about."""
    history, structure, member = read(small.dataset), replace(structure_of(small), rewatch=0.0), member_of(small)
    people = audience(history, np.ones(120), rng=np.random.default_rng(0))
    gone = int(np.flatnonzero(people.available)[3])
    pairs = np.unique(np.append(people.seen_user * 30 + people.seen_movie, np.arange(120) * 30 + gone))
    today = Today(replace(people, seen_user=pairs // 30, seen_movie=pairs % 30), member, structure)
    shares = today.predicted(small.appeal)
    assert shares[gone] == 0.0
    shares[gone] = 1e-4
    found = today.appeals_for(shares, small.appeal)
    assert abs(found[gone] - small.appeal[gone]) < 15.0


def test_a_viewer_left_with_what_hardly_anybody_wants_keeps_the_gap_a_number(small: Service):
    """One viewer has watched all but one movie, which is 45 nats less wanted than it was, and so draws beyond float32."""
    history, structure = read(small.dataset), replace(structure_of(small), rewatch=0.0)
    dim = small.movies.shape[1]
    exact = replace_map(member_of(small), np.vstack([np.zeros(dim), np.eye(dim)]))
    people = audience(history, np.full(120, 100.0), rng=np.random.default_rng(0))
    last = int(np.flatnonzero(people.available)[-1])
    left = np.arange(30)[np.arange(30) != last]
    others = people.seen_user != 7
    pairs = np.unique(np.append(people.seen_user[others] * 30 + people.seen_movie[others], 7 * 30 + left))
    today = Today(replace(people, seen_user=pairs // 30, seen_movie=pairs % 30), exact, structure)
    appeal = small.appeal.copy()
    appeal[last] -= 45.0
    assert today.rows.demand_per_factor(appeal[today.columns]).max() > np.finfo(np.float32).max
    gap = today.content_gap(appeal, small.movies.astype(np.float32))
    assert np.isfinite(gap).all()
    assert np.abs(gap).max() < 1e-3


def test_vectors_that_content_tells_exactly_leave_no_gap_for_appeal_to_fill(small: Service):
    """Content is the vector itself: warm and cold are the same. With content that tells nothing they are not."""
    history, structure = read(small.dataset), structure_of(small)
    dim = small.movies.shape[1]
    exact = replace_map(member_of(small), np.vstack([np.zeros(dim), np.eye(dim)]))
    people = audience(history, np.ones(120), rng=np.random.default_rng(0))
    content = small.movies.astype(np.float32)
    here = people.available
    assert Today(people, exact, structure).content_gap(small.appeal, content)[here] == pytest.approx(0.0, abs=1e-3)
    mute = replace_map(exact, np.zeros((1 + dim, dim)))
    gap = Today(people, mute, structure).content_gap(small.appeal, content)[here]
    assert np.abs(gap).mean() > 0.2


def replace_map(member: Member, cold_map: np.ndarray) -> Member:
    return Member(users=member.users, movies=member.movies, cold_map=cold_map.astype(np.float32))


def test_a_sample_of_the_audience_still_tells_everybodys_worth(small: Service, monkeypatch: pytest.MonkeyPatch):
    history, structure, member = read(small.dataset), structure_of(small), member_of(small)
    whole = Today(audience(history, np.ones(120), rng=np.random.default_rng(0)), member, structure)
    monkeypatch.setattr("recsys.choice.panel.current_audience._CELLS", 900)
    people = audience(history, np.ones(120), rng=np.random.default_rng(0))
    assert len(people.rows) < 120
    sampled = Today(people, member, structure)
    assert sampled.log_worth(small.appeal, 120) == pytest.approx(whole.log_worth(small.appeal, 120), abs=1e-5)


def test_occasions_are_views_over_the_share_that_the_service_takes():
    """S = 1 with the constant: half of all occasions, so 6 views are 12 occasions."""
    assert occasions_for(np.array([6.0, 0.0]), np.array([0.5, 9.0]), -0.5).tolist() == [12.0, 0.0]
    assert occasions_for(np.array([1.0]), np.array([-50.0]), 0.0)[0] == pytest.approx(20.0)


def test_where_nobody_has_come_back_half_a_view_is_spread_over_the_audience():
    """20 people with one view in two months each, that they came by: 0.5 / 40 a month each."""
    views = np.zeros((20, 4))
    views[:, 0] = 1.0
    present = Presence(exposure=np.ones((20, 4)), views=views, here=np.ones(20), joined_known=False)
    assert monthly_views(present, np.zeros(20, np.int64)) == pytest.approx(0.5 / 40)


def test_an_audience_of_which_nobody_is_left_is_refused():
    present = Presence(exposure=np.ones((20, 4)), views=np.ones((20, 4)), here=np.zeros(20), joined_known=False)
    with pytest.raises(DataError, match="E_INACTIVE"):
        monthly_views(present, np.zeros(20, np.int64))
