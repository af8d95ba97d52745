"""Vectors made fit for utilities."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate.attribute_affinity import AttributeAffinities
from recsys.choice.estimate.utility_space import SCALINGS, LengthScaling, build_utility_space, to_member
from recsys.choice.model.utility import offer_vectors
from recsys.choice.panel.user_clusters import UserClusters
from tests.choice.models import PLAIN, no_affinities


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


def test_reliability_is_worked_into_the_vectors():
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
