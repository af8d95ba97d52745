"""Features as codes, and the towers that look them up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings import tower
from recsys.embeddings.features import Feature, FeatureSpace
from recsys.embeddings.tower import MovieTower, UserTower
from recsys.errors import ArtefactError
from recsys.ids import IdMap
from tests.embeddings.codes import labels

MOVIES = pd.DataFrame(
    {
        "movie_id": ["a", "b", "c"],
        "title": ["A", "B", "C"],
        "genres": ["Drama|Comedy", "Drama", None],
        "year": [2000.0, 2010.0, np.nan],
    }
)
SPACE = FeatureSpace(
    (Feature(column="genres", names=("Drama", "Comedy")), Feature(column="year", knots=(2000.0, 2004.0, 2020.0)))
)
USERS = FeatureSpace((Feature(column="language", names=("Tamil", "Hindi")),))


@pytest.fixture
def tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = {"movie.id": (3, 4), "user.history": (3, 4), "movie.feature": (5, 4), "user.feature": (2, 4)}
    for name in ("movie", "user"):
        shapes |= {f"{name}.hidden_weights": (4, 6), f"{name}.hidden_bias": (6,)}
        shapes |= {f"{name}.out_weights": (6, 4), f"{name}.out_bias": (4,)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def folder(tensors: dict[str, np.ndarray], tmp_path: Path) -> Path:
    tower.write(tmp_path, tower.describe(SPACE, USERS, IdMap(["a", "b", "c"]), 0.5), tensors)
    return tmp_path


def test_names_share_their_feature_and_numbers_lie_between_knots() -> None:
    """2010 is 6/16 of the way from 2004 to 2020; what is not known has no weight."""
    expected = [[0.5, 0.5, 1, 0, 0], [1, 0, 0, 0.625, 0.375], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(SPACE.encode(MOVIES).toarray(), expected)


def test_numbers_beyond_the_knots_are_those_of_the_last_knot() -> None:
    codes = SPACE.encode(pd.DataFrame({"year": [1900.0, 2050.0]})).toarray()
    np.testing.assert_array_equal(codes, [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1]])


def test_values_and_columns_never_seen_add_nothing() -> None:
    """One genre of two is known: it gets the whole feature."""
    codes = SPACE.encode(pd.DataFrame({"genres": ["Western", "Western|Drama"], "mood": ["grim", "gay"]})).toarray()
    np.testing.assert_array_equal(codes, [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])


def test_learning_keeps_values_that_recur_and_leaves_names_and_dates_out() -> None:
    table = pd.DataFrame(
        {
            "movie_id": list("abcd"),
            "genres": ["Drama|Drama", "Drama|Comedy", "Comedy", "Western"],
            "dubbed": [True, False, True, False],
            "tier": [1, 2, 2, 1],
            "runtime": [90.0, 100.0, np.nan, 110.0],
            "arrived": pd.to_datetime(["2024-01-01"] * 4),
        }
    )
    space = FeatureSpace.learn(table, {"movie_id"}, min_count=2)
    assert {f.column: f.names or f.knots for f in space.features} == {
        "dubbed": ("False", "True"),
        "genres": ("Comedy", "Drama"),
        "tier": ("1", "2"),
    }
    many = FeatureSpace.learn(pd.DataFrame({"runtime": np.arange(60.0, 160.0)}), set(), min_count=2)
    assert many.features[0].knots[0] == 60.0
    assert many.features[0].knots[-1] == 159.0


def test_of_people_neither_the_least_nor_the_greatest_number_leaves_with_the_tower():
    """Ten of a hundred lie outside either end."""
    ages = FeatureSpace.learn(pd.DataFrame({"age": np.arange(100.0)}), set(), min_count=10, beyond=10)
    assert (ages.features[0].knots[0], ages.features[0].knots[-1]) == (10.0, 89.0)


def test_whole_numbers_are_the_same_names_with_a_gap_in_the_column() -> None:
    space = FeatureSpace.learn(pd.DataFrame({"tier": [1, 1, 2, 2]}), set(), min_count=2)
    with_gap = space.encode(pd.DataFrame({"tier": [1.0, np.nan, 2.0]})).toarray()
    np.testing.assert_array_equal(with_gap, [[1, 0], [0, 0], [0, 1]])


def test_features_do_not_depend_on_the_order_of_rows_or_columns() -> None:
    shuffled = MOVIES.iloc[::-1][["year", "genres", "title", "movie_id"]]
    learn = {"left_out": {"movie_id", "title"}, "min_count": 1}
    assert FeatureSpace.learn(MOVIES, **learn) == FeatureSpace.learn(shuffled, **learn)


def test_a_space_survives_json() -> None:
    assert FeatureSpace.from_json(SPACE.as_json()) == SPACE
    assert labels(SPACE) == ["genres=Drama", "genres=Comedy", "year=2000", "year=2004", "year=2020"]


def test_a_movie_vector_is_what_the_docstring_says(folder: Path, tensors: dict[str, np.ndarray]) -> None:
    """Movie b by hand: its id, Drama, and 2010 between two knots; then the dense layers."""
    z = (
        tensors["movie.id"][1]
        + tensors["movie.feature"][0]
        + 0.625 * tensors["movie.feature"][3]
        + 0.375 * tensors["movie.feature"][4]
    )
    hidden = np.maximum(z @ tensors["movie.hidden_weights"] + tensors["movie.hidden_bias"], 0)
    expected = z + hidden @ tensors["movie.out_weights"] + tensors["movie.out_bias"]
    np.testing.assert_allclose(MovieTower.load(folder).encode(MOVIES)[1], expected, rtol=1e-5, atol=1e-6)


def test_a_movie_not_in_training_gets_its_content_vector(folder: Path) -> None:
    offers = MOVIES.assign(movie_id=["x", "y", "z"])
    movie_tower = MovieTower.load(folder)
    np.testing.assert_array_equal(movie_tower.encode(offers), movie_tower.content(MOVIES))
    assert not np.allclose(movie_tower.encode(MOVIES), movie_tower.content(MOVIES))


def test_a_user_vector_is_what_the_docstring_says(folder: Path, tensors: dict[str, np.ndarray]) -> None:
    """Two movies, pooled over √2, and the attribute Hindi."""
    z = (tensors["user.history"][0] + tensors["user.history"][2]) / np.sqrt(2) + tensors["user.feature"][1]
    hidden = np.maximum(z @ tensors["user.hidden_weights"] + tensors["user.hidden_bias"], 0)
    expected = z + hidden @ tensors["user.out_weights"] + tensors["user.out_bias"]
    encoded = UserTower.load(folder).encode([np.array([0, 2])], pd.DataFrame({"language": ["Hindi"]}))
    np.testing.assert_allclose(encoded[0], expected, rtol=1e-5)


def test_a_history_is_a_set(folder: Path) -> None:
    user_tower = UserTower.load(folder)
    once, often = user_tower.encode([np.array([0, 2])]), user_tower.encode([np.array([2, 0, 2, 2])])
    np.testing.assert_array_equal(once, often)


def test_an_empty_history_and_unknown_attributes_still_give_a_vector(folder: Path) -> None:
    encoded = UserTower.load(folder).encode([np.array([], dtype=np.int64)], pd.DataFrame({"language": ["Klingon"]}))
    assert encoded.shape == (1, 4)
    assert np.isfinite(encoded).all()


def test_a_history_of_rows_that_do_not_exist_is_refused(folder: Path) -> None:
    with pytest.raises(ArtefactError) as refused:
        UserTower.load(folder).encode([np.array([3])])
    assert refused.value.code == "E_MOVIE"


@pytest.mark.parametrize("tensor", ["movie.feature", "user.out_weights"])
def test_tensors_that_do_not_fit_the_description_are_refused(tensors: dict[str, np.ndarray], tmp_path: Path, tensor: str) -> None:
    tensors[tensor] = tensors[tensor][:-1]
    tower.write(tmp_path, tower.describe(SPACE, USERS, IdMap(["a", "b", "c"]), 0.5), tensors)
    with pytest.raises(ArtefactError) as refused:
        MovieTower.load(tmp_path)
    assert refused.value.code == "E_MANIFEST"
    assert tensor in str(refused.value)


def test_another_forward_pass_is_refused(tensors: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tower, "FORWARD", 99)
    tower.write(tmp_path, tower.describe(SPACE, USERS, IdMap(["a", "b", "c"]), 0.5), tensors)
    monkeypatch.undo()
    with pytest.raises(ArtefactError) as refused:
        MovieTower.load(tmp_path)
    assert refused.value.code == "E_VERSION"
