"""Who was there, clusters of taste, vectors made fit for utilities, and the audience as it stands today."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.attribute_affinity import AttributeAffinities
from recsys.choice.estimate.current_demand import CurrentDemand, viewing_occasions
from recsys.choice.estimate.utility_space import SCALINGS, LengthScaling, build_utility_space, to_member
from recsys.choice.model.parameters import Member
from recsys.choice.model.utility import offer_vectors
from recsys.choice.panel.audience_design import StructuralParameters, cluster_design, user_design
from recsys.choice.panel.current_audience import read_audience
from recsys.choice.panel.exposure_panel import ExposurePanel, monthly_view_rates, read_exposure
from recsys.choice.panel.history import read_history
from recsys.choice.panel.user_clusters import UserClusters, cluster_users, recentred
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


def structure_of(truth: Service) -> StructuralParameters:
    return StructuralParameters(
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
    panel = read_exposure(dataset, read_history(dataset))
    assert panel.exposure[0] == pytest.approx([0.0, 8.5 / 16, 0.0, 0.0])
    assert panel.exposure[1] == pytest.approx([1.0, 1.0, 1.0, 4.5 / 14])
    assert panel.active.tolist() == [0.0, 1.0]
    assert panel.signup_known


def test_without_sign_up_dates_a_user_counts_from_the_first_view_on():
    panel = read_exposure(two_months(TWO_MONTHS), read_history(two_months(TWO_MONTHS)))
    assert panel.exposure[1] == pytest.approx([0.0, 0.0, 13 / 15, 4.5 / 14])
    assert not panel.signup_known


def test_few_views_lean_on_the_segment_and_many_do_not():
    """Rates of 1 to 9 a month; a user with 20 months keeps theirs, one with a single month moves towards the mean of 5."""
    rng = np.random.default_rng(0)
    rate = np.concatenate([rng.uniform(1, 9, 400), [9.0, 9.0]])
    exposure = np.ones((402, 40))
    exposure[-1, 2:] = 0
    views = rng.poisson(rate[:, None] / 2 * exposure).astype(float)
    views[-2], views[-1] = 9 / 2, exposure[-1] * 9 / 2
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(402), signup_known=False)
    found = monthly_view_rates(panel, np.zeros(402, np.int64))
    assert found[-2] == pytest.approx(9.0, abs=0.3)
    assert 6.0 < found[-1] < 8.5
    assert found[:400] == pytest.approx(rate[:400], abs=2.6)


def test_the_view_that_someone_is_first_seen_with_does_not_count_as_their_pace():
    """One view a month after the first, which everybody has by definition: a pace of 1, not of 1 + 1 / months."""
    rng = np.random.default_rng(1)
    exposure = np.ones((2_000, 4))
    views = rng.poisson(0.5 * exposure).astype(float)
    views[:, 0] += 1
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(2_000), signup_known=False)
    assert monthly_view_rates(panel, np.zeros(2_000, np.int64)).mean() == pytest.approx(1.0, abs=0.05)
    known = replace(panel, signup_known=True)
    assert monthly_view_rates(known, np.zeros(2_000, np.int64)).mean() == pytest.approx(1.5, abs=0.05)


def test_a_season_that_all_share_is_not_taken_for_activity():
    """The same people watch three times as much in the second half; who came for that half alone is not thought keener."""
    season = np.repeat([0.5, 1.5], 4)
    exposure = np.ones((300, 8))
    exposure[:50, :4] = 0
    views = 4.0 * exposure * season
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(300), signup_known=True)
    found = monthly_view_rates(panel, np.zeros(300, np.int64))
    assert found == pytest.approx(np.full(300, found[-1]), rel=0.02)
    gone = replace(panel, active=np.concatenate([np.zeros(1), np.ones(299)]))
    assert monthly_view_rates(gone, np.zeros(300, np.int64))[0] == 0.0


def test_groups_gather_users_of_like_taste_and_hold_their_mean():
    rng = np.random.default_rng(0)
    users = (np.repeat(np.eye(2) * 5, 100, axis=0) + 0.1 * rng.normal(size=(200, 2))).astype(np.float32)
    clusters = cluster_users(users, 100, seed=0)
    for cluster in range(clusters.n_clusters):
        members = np.flatnonzero(clusters.assignment == cluster)
        assert len(set(members // 100)) == 1
        assert clusters.centroids[cluster] == pytest.approx(users[members].mean(axis=0), abs=1e-5)
    assert recentred(clusters, 2 * users).centroids == pytest.approx(2 * clusters.centroids, abs=1e-5)
    assert cluster_users(users, 10**9, seed=0).n_clusters == 1


def test_movies_with_few_views_get_a_vector_from_their_attributes():
    rng = np.random.default_rng(1)
    content = rng.normal(size=(60, 3)).astype(np.float32)
    movies = (content @ rng.normal(size=(3, 4)) + 1.0).astype(np.float32)
    spoilt = movies.copy()
    spoilt[:5] = 0.0
    views = np.where(np.arange(60) < 5, 2, 500)
    space = build_utility_space(
        np.ones((2, 4), np.float32), spoilt, views, content, LengthScaling(users=0.0, movies=0.0), no_affinities(2, 60)
    )
    assert space.cold.tolist() == [True] * 5 + [False] * 55
    assert space.movies == pytest.approx(movies, abs=0.02)


def test_scaling_takes_out_length_and_keeps_direction():
    vectors = np.array([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], np.float32)
    views = np.full(3, 100)
    space = build_utility_space(vectors, vectors, views, np.eye(3, dtype=np.float32), SCALINGS[1], no_affinities(3, 3))
    assert np.linalg.norm(space.movies, axis=1) == pytest.approx([5.0, 5.0, 5.0], rel=1e-5)
    assert np.linalg.norm(space.users, axis=1) == pytest.approx([5.0, 5.0 * np.sqrt(0.1), 5.0 * np.sqrt(2)], rel=1e-5)


def test_stress_is_worked_into_the_vectors():
    """u' · v' = (u + g ū) · (v + n v̄): with n = 0 the cluster's score counts 1 + g times, with g = 0 the nest's 1 + n times."""
    rng = np.random.default_rng(2)
    users, movies = rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(8, 3)).astype(np.float32)
    content = rng.normal(size=(8, 2)).astype(np.float32)
    nests, views = np.arange(8) % 2, np.full(8, 100)
    space = build_utility_space(users, movies, views, content, SCALINGS[0], no_affinities(6, 8))
    clusters = UserClusters(assignment=np.arange(6) % 3, centroids=np.stack([users[k::3].mean(axis=0) for k in range(3)]))
    by_cluster = to_member(space, clusters, nests, content, replace(PLAIN, cluster=0.5))
    assert by_cluster.users @ by_cluster.movies.T == pytest.approx(
        (users + 0.5 * clusters.centroids[np.arange(6) % 3]) @ movies.T, abs=1e-5
    )
    by_nest = to_member(space, clusters, nests, content, replace(PLAIN, nest=2.0))
    centres = np.stack([movies[nest::2].mean(axis=0) for nest in (0, 1)])[nests]
    assert by_nest.users @ by_nest.movies.T == pytest.approx(users @ (movies + 2.0 * centres).T, abs=1e-4)


def test_affinities_count_with_their_slopes_for_known_movies_and_for_offers_alike():
    """Two values of one attribute; a slope of −2 in units of θ."""
    rng = np.random.default_rng(4)
    users, movies = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(6, 3)).astype(np.float32)
    codes = np.eye(2, dtype=np.float32)[np.arange(6) % 2]
    liked = AttributeAffinities(
        names=("genres",),
        users=rng.normal(size=(5, 2)).astype(np.float32),
        movies=codes,
        codes=np.arange(2),
        attribute=np.zeros(2, int),
    )
    clusters = UserClusters(assignment=np.zeros(5, dtype=np.int64), centroids=users[:1])
    space = build_utility_space(users, movies, np.full(6, 100), codes, SCALINGS[0], liked)
    member = to_member(space, clusters, np.zeros(6, dtype=np.int64), codes, replace(PLAIN, affinity=np.array([-2.0])))
    extra = -2.0 * liked.users @ codes.T
    assert member.users @ member.movies.T == pytest.approx(users @ movies.T + extra, abs=1e-5)
    predicted = codes @ space.from_codes[1:] + space.from_codes[0]
    assert member.users @ offer_vectors(member, codes).T == pytest.approx(users @ predicted.T + extra, abs=1e-5)


def test_user_designs_hold_utilities_availability_and_what_was_watched(small: Service):
    history, structure = read_history(small.dataset), structure_of(small)
    users, period = np.arange(20), 5
    rows = user_design(history, structure, member_of(small), users=users, periods=np.full(20, period), views=np.ones(20))
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
    assert rows.predicted_views(small.appeal[columns]) == pytest.approx(expected[columns], rel=1e-4)


def test_cluster_designs_of_a_single_user_are_that_users(small: Service):
    """Had each user a cluster of their own, clusters would be persons, but for what was watched within the half-month."""
    history, structure, member = read_history(small.dataset), structure_of(small), member_of(small)
    alone = UserClusters(assignment=np.arange(120), centroids=member.users)
    periods = np.array([0])
    views = np.ones((1, 120))
    open_rows = cluster_design(history, structure, alone, member.movies, periods=periods, views=views, satiated=False)
    nobody = replace(history, pair_day=np.full(len(history.pair_day), np.inf))
    persons = user_design(nobody, structure, member, users=np.arange(120), periods=np.zeros(120, np.int64), views=np.ones(120))
    appeal = small.appeal[structure.columns]
    assert open_rows.predicted_views(appeal) == pytest.approx(persons.predicted_views(appeal), rel=1e-4)
    used = cluster_design(history, structure, alone, member.movies, periods=np.array([7]), views=views)
    fresh = cluster_design(history, structure, alone, member.movies, periods=np.array([7]), views=views, satiated=False)
    assert (used.inclusive_values(appeal) <= fresh.inclusive_values(appeal) + 1e-6).all()
    assert used.inclusive_values(appeal).mean() < fresh.inclusive_values(appeal).mean() - 0.05


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
    assert viewing_occasions(np.array([6.0, 0.0]), np.array([0.5, 9.0]), -0.5).tolist() == [12.0, 0.0]
    assert viewing_occasions(np.array([1.0]), np.array([-50.0]), 0.0)[0] == pytest.approx(20.0)


def test_where_nobody_has_come_back_half_a_view_is_spread_over_the_audience():
    """20 people with one view in two months each, that they came by: 0.5 / 40 a month each."""
    views = np.zeros((20, 4))
    views[:, 0] = 1.0
    panel = ExposurePanel(exposure=np.ones((20, 4)), views=views, active=np.ones(20), signup_known=False)
    assert monthly_view_rates(panel, np.zeros(20, np.int64)) == pytest.approx(0.5 / 40)


def test_an_audience_of_which_nobody_is_left_is_refused():
    panel = ExposurePanel(exposure=np.ones((20, 4)), views=np.ones((20, 4)), active=np.zeros(20), signup_known=False)
    with pytest.raises(DataError, match="E_INACTIVE"):
        monthly_view_rates(panel, np.zeros(20, np.int64))
