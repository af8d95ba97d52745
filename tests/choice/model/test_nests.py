"""Nests of the catalogue."""

import numpy as np
import pandas as pd
import pytest

from recsys.choice.model.nests import candidate_nests, support_distance

KINDS = pd.DataFrame(
    {
        "movie_id": [f"m{k}" for k in range(40)],
        "title": [f"t{k}" for k in range(40)],
        "languages": ["Tamil", "Hindi"] * 20,
        "genres": ["Drama|Family", "Comedy"] * 20,
    }
)


def test_nests_are_movies_whose_content_points_the_same_way_and_are_named_for_them():
    rng = np.random.default_rng(0)
    centre = np.where(np.arange(40)[:, None] % 2 == 0, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    content = (centre * rng.uniform(1, 9, (40, 1)) + 0.01 * rng.normal(size=(40, 3))).astype(np.float32)
    options = candidate_nests(content, KINDS, seed=0)
    assert len(options) >= 2
    for nests in options:
        for nest in range(len(nests)):
            assert len({k % 2 for k in np.flatnonzero(nests.assignment == nest)}) == 1
        assert all(name.startswith(("Tamil Drama", "Tamil Family", "Hindi Comedy")) for name in nests.names)
        assert len(set(nests.names)) == len(nests)
        assert np.linalg.norm(nests.centroids, axis=1) == pytest.approx(1.0, abs=1e-5)
        assert (np.diff(np.bincount(nests.assignment)) <= 0).all()
        unit = content / np.linalg.norm(content, axis=1, keepdims=True)
        assert np.array_equal(np.argmax(unit @ nests.centroids.T, axis=1), nests.assignment)


def test_nests_that_begin_with_the_languages_are_offered():
    """Content tells language weakly and something else strongly: only the start from languages keeps them apart."""
    rng = np.random.default_rng(1)
    language = np.where(np.arange(40) % 2 == 0, 1.0, -1.0)
    content = np.column_stack([language, 3.0 * rng.normal(size=40), 0.1 * rng.normal(size=40)]).astype(np.float32)
    options = candidate_nests(content, KINDS, seed=0)
    assert any(len(nests) == 2 and np.array_equal(nests.assignment % 2, nests.assignment) for nests in options)


def test_movies_that_cannot_be_told_apart_are_one_nest_with_a_name_all_the_same():
    (nests,) = candidate_nests(np.ones((40, 2), np.float32), KINDS[["movie_id", "title"]], seed=0)
    assert nests.names == ("Group 1",)
    assert not nests.assignment.any()


def test_support_is_the_distance_that_99_in_100_movies_keep_to_their_nearest():
    angles = np.deg2rad([0.0, 10.0, 20.0, 30.0])
    content = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert support_distance(content) == pytest.approx(1 - np.cos(np.deg2rad(10)), abs=1e-6)
    assert support_distance(content[:1]) == 0.0
