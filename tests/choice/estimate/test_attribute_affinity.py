"""Log-lifts of what users watch."""

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.attribute_affinity import estimate_affinities
from recsys.choice.model import movie_attributes
from recsys.embeddings.features import FeatureSpace

LANGUAGES = pd.DataFrame({"languages": ["Tamil"] * 4 + ["Telugu"] * 4 + ["Tamil|Telugu"] * 2, "genres": ["Drama", "Comedy"] * 5})


def liked(user: list[int], movie: list[int], n_users: int, table: pd.DataFrame = LANGUAGES):
    features = movie_attributes.learn(table, table.iloc[:0])
    return estimate_affinities(
        features, movie_attributes.encode(features, table), np.array(user, dtype=int), np.array(movie, dtype=int), n_users
    )


def test_a_dubbed_movie_was_watched_in_the_language_that_its_viewer_watches_otherwise():
    """Two people watch Tamil movies and two Telugu ones; all watch both of those that are dubbed. The dubbed ones are liked as
    their own, and nobody is taken to like the other language for having watched them."""
    user = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3] + [0, 1, 2, 3] * 2
    movie = [0, 1, 2, 1, 2, 3, 4, 5, 6, 5, 6, 7] + [8] * 4 + [9] * 4
    found = liked(user, movie, 4)
    assert found.names == ("genres", "languages")
    scores = found.scores(np.arange(4), np.array([0, 4, 8]))[1]
    own, other, dubbed = scores[:, [0, 1, 2]].T
    tamil = np.array([True, True, False, False])
    own, other = np.where(tamil, own, other), np.where(tamil, other, own)
    assert (own > other + 2.0).all()
    assert dubbed == pytest.approx(np.log(np.exp(own) + np.exp(other)), abs=1e-5)


def test_where_all_watch_alike_nobody_has_an_affinity_and_one_view_says_less_than_many():
    rng = np.random.default_rng(0)
    alike = liked(np.repeat(np.arange(300), 8).tolist(), rng.integers(0, 10, 2400).tolist(), 300)
    assert np.abs(alike.users[:, :2]).max() < 0.2
    loyal = liked([0] * 12 + [1] + [2] * 12, [0, 2, 4, 6] * 3 + [0] + [1, 3, 5, 7] * 3, 3)
    drama = loyal.users[:, 1] if loyal.movies[0, 1] else loyal.users[:, 0]
    assert drama[0] > drama[1] > 0 > drama[2]


def test_what_no_view_tells_is_even():
    nobody = liked([], [], 3)
    assert np.isfinite(nobody.users).all()
    assert np.ptp(nobody.users, axis=0) == pytest.approx(0.0, abs=1e-6)
    assert estimate_affinities(
        FeatureSpace(()), np.zeros((2, 0), np.float32), np.zeros(1, int), np.zeros(1, int), 1
    ).users.shape == (1, 0)
