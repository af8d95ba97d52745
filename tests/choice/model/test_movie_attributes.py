"""Attributes of movies as codes."""

import numpy as np
import pandas as pd
import pytest

from recsys.choice.model import movie_attributes
from tests.embeddings.codes import labels

LANGUAGES = pd.DataFrame({"languages": ["Tamil"] * 4 + ["Telugu"] * 4 + ["Tamil|Telugu"] * 2, "genres": ["Drama", "Comedy"] * 5})


def test_a_set_of_languages_is_an_attribute_whatever_its_order():
    features = movie_attributes.learn(LANGUAGES, LANGUAGES.iloc[:0])
    codes = movie_attributes.encode(features, pd.DataFrame({"languages": ["Telugu|Tamil", "Tamil|Telugu", "Tamil"]}))
    assert np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[0], codes[2])


def test_sets_of_what_is_on_offer_are_known_too():
    offers = pd.DataFrame({"languages": ["Hindi|Tamil"]})
    assert "language_set=Hindi+Tamil" in labels(movie_attributes.learn(LANGUAGES, offers))


def test_a_set_that_came_later_counts_as_the_largest_known_part_of_it_and_one_of_strangers_as_nothing():
    features = movie_attributes.learn(LANGUAGES, LANGUAGES.iloc[:0])
    asked = pd.DataFrame({"languages": ["Tamil|Hindi|Telugu", "Bengali", None]})
    by_set = movie_attributes.encode(features, asked)[:, [k for k, label in enumerate(labels(features)) if "set=" in label]]
    assert by_set[0].tolist() == [0.0, 1.0, 0.0]
    assert not by_set[1:].any()


def test_one_language_or_none_makes_no_sets():
    for table in (LANGUAGES.iloc[:4], LANGUAGES[["genres"]]):
        assert not any("set=" in label for label in labels(movie_attributes.learn(table, table.iloc[:0])))


def test_rare_values_have_no_code_where_there_would_be_too_many(monkeypatch: pytest.MonkeyPatch):
    table = pd.DataFrame({"star": [f"s{k // 2}" for k in range(60)] + ["known"] * 6})
    assert movie_attributes.learn(table, table.iloc[:0]).n_codes == 31
    monkeypatch.setattr(movie_attributes, "MOST_CODES", 10)
    assert labels(movie_attributes.learn(table, table.iloc[:0])) == ["star=known"]
