"""The server's answer to a phone's question, and what counts as the same list."""

import json
from pathlib import Path

import numpy as np
import pytest

from recsys.embeddings.features import FeatureSpace
from recsys.embeddings.tower import TOWER_TENSORS
from recsys.export import golden_queries, parity
from recsys.export.parity import Server
from recsys.export.phone_model import PhoneModel
from recsys.export.random_queries import Query
from tests.export import models


def server(dtype: str = "float32") -> Server:
    source = models.source()
    return Server(model=PhoneModel.of(source.tower, source.movies.vectors, dtype), movies=source.movies.ids)  # type: ignore[arg-type]


def test_the_server_answers_as_the_golden_answers_do():
    asked = server("uint8")
    ids = list(asked.movies.ids)
    query = Query(
        history=np.array([4, 9, 30], np.int32), context={"plan": "monthly", "age": 30.0}, excluded=np.array([7], np.int32)
    )
    (expected,) = golden_queries.answers(asked.model, [query])
    found, scores = asked.answer([ids[4], ids[9], ids[30], "gone"], context=query.context, exclude=[ids[7], "gone too"])
    assert found == [ids[row] for row in expected.rows]
    assert np.array_equal(scores, expected.scores)


def test_an_added_movie_with_a_movies_vector_stands_beside_it():
    asked = server()
    history = asked.movies.ids[50:60]
    before, scores = asked.answer(history)
    row = asked.movies.rows([before[3]])[0]
    after, with_it = asked.answer(history, added={"offer": asked.model.movies.decoded[row]})
    assert set(after[3:5]) == {before[3], "offer"}
    assert with_it[3] == with_it[4] == scores[3]
    assert after[5:] == before[4:19]


def test_lists_are_the_same_ties_aside():
    known = (["a", "b", "c"], np.float32([3, 2, 2]))
    assert parity.compare(known, (["a", "c", "b"], [3.0, 2.0, 2.0])).same
    assert not parity.compare(known, (["b", "a", "c"], [3.0, 2.0, 2.0])).same
    assert not parity.compare(known, (["a", "b"], [3.0, 2.0])).same
    assert not parity.compare(known, (["a", "b", "c"], [3.1, 2.0, 2.0])).same
    off = parity.compare(known, (["a", "b", "c"], [3.3, 2.0, 2.0])).max_relative_error
    assert off == pytest.approx(0.1)  # 0.3 of the largest, 3


def test_a_runs_model_is_read_from_its_folder(tmp_path: Path):
    """The tower and the vectors lie where a training leaves them."""
    from recsys.embeddings import store, tower

    source = models.source()
    space = source.tower.space
    dense = {name: getattr(source.tower.dense, name) for name in TOWER_TENSORS}
    movie_space = FeatureSpace(())
    tensors = {
        "movie.id": source.movies.vectors,
        "movie.feature": np.zeros((0, source.movies.dim), np.float32),
        "user.history": source.tower.history_table,
        "user.feature": source.tower.feature_table,
        **{f"{side}.{name}": array for side in ("movie", "user") for name, array in dense.items()},
    }
    description = tower.describe(movie_space, space, source.movies.ids, source.tower.pooling_exponent)
    tower.write(tmp_path / "two_tower", json.loads(json.dumps(description)), tensors)
    store.save_table(source.movies, tmp_path / "two_tower" / "movies")
    read, made = Server.load(tmp_path, "uint8"), server("uint8")
    assert read.answer(["00123"])[0] == made.answer(["00123"])[0]
