"""Neighbours are exact, and the same alone as in a batch; directions have names."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.embeddings.axes import attribute_masks, name_axes
from recsys.embeddings.neighbours import nearest, unit_rows
from tests.effort import examples


def brute_force(catalogue: np.ndarray, query: np.ndarray, k: int) -> list[int]:
    similarity = (unit_rows(catalogue).astype(float) * unit_rows(query[None])[0].astype(float)).sum(axis=1)
    return sorted(range(len(catalogue)), key=lambda row: (-similarity[row], row))[:k]


@examples(60)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(1, 60),
    m=st.integers(1, 20),
    dim=st.integers(1, 9),
    distinct=st.integers(1, 60),
)
def test_neighbours_equal_brute_force_and_do_not_depend_on_the_batch(seed: int, n: int, m: int, dim: int, distinct: int):
    """``distinct`` rows repeated: many exact ties, which are settled by row order."""
    rng = np.random.default_rng(seed)
    catalogue = rng.normal(size=(distinct, dim)).astype(np.float32)[rng.integers(0, distinct, n)]
    queries = rng.normal(size=(m, dim)).astype(np.float32)
    queries[0] = 0
    k = int(rng.integers(1, n + 1))
    rows, similarity = nearest(catalogue, queries, k)
    for row in range(m):
        assert rows[row].tolist() == brute_force(catalogue, queries[row], k)
        alone_rows, alone = nearest(catalogue, queries[row : row + 1], k)
        assert alone.tobytes() == similarity[row].tobytes()
        assert alone_rows[0].tolist() == rows[row].tolist()


def test_a_rotation_of_the_space_keeps_the_neighbours():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 6))
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    itself = np.arange(50)
    rows, similarity = nearest(vectors, vectors, 5, exclude=itself)
    turned_rows, turned = nearest(vectors @ turn, vectors @ turn, 5, exclude=itself)
    assert (rows == turned_rows).all()
    assert np.abs(similarity - turned).max() < 1e-6
    assert not (rows == itself[:, None]).any()


MOVIES = pd.DataFrame(
    {
        "movie_id": list("abcd"),
        "title": list("ABCD"),
        "languages": ["Tamil", "Tamil|Hindi", "Hindi", None],
        "year": [2001, 2001, 2002, 2003],
    }
)


def test_values_joined_by_a_bar_count_one_by_one():
    masks = attribute_masks(MOVIES, min_rows=1)
    assert masks["languages", "Tamil"].tolist() == [True, True, False, False]
    assert masks["languages", "Hindi"].tolist() == [False, True, True, False]
    assert masks["year", "2003"].tolist() == [False, False, False, True]
    assert not any(column in ("movie_id", "title") for column, _ in masks)


def test_many_numbers_are_put_into_bands_and_missing_ones_into_none():
    """Open at either end: the youngest and the oldest are not told."""
    frame = pd.DataFrame({"age": [*range(20, 60), None], "score": [0.5] * 41, "zip": [f"z{k}" for k in range(41)]})
    masks = attribute_masks(frame)
    assert {key: int(mask.sum()) for key, mask in masks.items()} == {
        ("age", "below 30"): 10,
        ("age", "30–40"): 10,
        ("age", "40–50"): 10,
        ("age", "from 50"): 10,
        ("score", "0.5"): 41,
    }


def test_an_axis_is_named_by_what_lies_at_its_ends():
    frame = pd.DataFrame({"languages": ["Tamil"] * 20 + ["Hindi"] * 20})
    positions = np.stack([np.repeat([-1.0, 1.0], 20), np.zeros(40)], axis=1)
    first, second = name_axes(positions, frame)
    assert first.label == "Tamil ↔ Hindi"
    assert first.high.correlation == pytest.approx(1.0)
    assert second.label == ""
