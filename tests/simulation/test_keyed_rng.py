"""Random numbers depend on what they are for, and on nothing else."""

import numpy as np
import pytest

from recsys.simulation import keyed_rng


def test_a_draw_is_the_same_alone_and_in_a_crowd_and_in_any_order():
    key = keyed_rng.stream(7, "test")
    crowd = keyed_rng.uniform(key, np.arange(1000), 5)
    assert keyed_rng.uniform(key, 321, 5) == crowd[321]
    np.testing.assert_array_equal(keyed_rng.uniform(key, np.arange(1000)[::-1], 5), crowd[::-1])


def test_streams_of_other_names_and_seeds_are_unrelated():
    users = np.arange(100_000)
    one, other, seed = (keyed_rng.uniform(keyed_rng.stream(*of), users) for of in ((7, "a"), (7, "b"), (8, "a")))
    # The correlation of 100,000 independent pairs has a standard deviation of 1/√100,000 = 0.003.
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.015
    assert abs(np.corrcoef(one, seed)[0, 1]) < 0.015


@pytest.mark.parametrize("counters", [(np.arange(200_000),), (np.arange(400)[:, None], np.arange(500))])
def test_uniform_draws_fill_every_hundredth_equally(counters):
    drawn = keyed_rng.uniform(keyed_rng.stream(1, "fill"), *counters).ravel()
    counts = np.histogram(drawn, bins=100, range=(0, 1))[0]
    # χ² with 99 degrees of freedom: mean 99, standard deviation 14.
    assert abs(((counts - 2000) ** 2 / 2000).sum() - 99) < 5 * 14
    assert drawn.min() > 0
    assert drawn.max() < 1


def test_neighbouring_counters_are_not_correlated():
    drawn = keyed_rng.uniform(keyed_rng.stream(1, "pairs"), np.arange(1000)[:, None], np.arange(200))
    assert abs(np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]) < 0.012
    assert abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 0.012


def test_normal_and_exponential_have_their_moments():
    normal = keyed_rng.normal(keyed_rng.stream(2, "n"), np.arange(200_000))
    exponential = keyed_rng.exponential(keyed_rng.stream(2, "e"), np.arange(200_000))
    assert [normal.mean(), normal.std()] == pytest.approx([0, 1], abs=0.01)
    assert [exponential.mean(), exponential.std()] == pytest.approx([1, 1], abs=0.015)


def test_a_choice_follows_its_shares_row_by_row():
    shares = np.array([[1.0, 3.0], [1.0, 0.0]])[np.arange(20_000) % 2]
    drawn = keyed_rng.choice(shares, keyed_rng.stream(3, "c"), np.arange(20_000))
    assert drawn[::2].mean() == pytest.approx(0.75, abs=0.02)
    assert not drawn[1::2].any()
