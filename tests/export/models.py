"""Small two-tower models that nobody trained, and bundles of them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings.features import FeatureSpace
from recsys.embeddings.table import EmbeddingTable
from recsys.embeddings.tower import TOWER_TENSORS, UserTower
from recsys.export import bundle, golden_queries, tfjs
from recsys.export.bundle_source import Source
from recsys.export.golden_queries import Answer
from recsys.export.phone_model import PhoneModel
from recsys.export.random_queries import Query
from recsys.ids import IdMap


def features(n_users: int, rng: np.random.Generator) -> FeatureSpace:
    """A set of names, a set that can hold two, and a number."""
    table = pd.DataFrame(
        {
            "age": rng.integers(13, 80, n_users).astype(float),
            "languages": rng.choice(["Tamil", "Telugu", "Tamil|Hindi", "ಕನ್ನಡ"], n_users),
            "plan": rng.choice(["monthly", "ad-funded", "rental"], n_users),
        }
    )
    return FeatureSpace.learn(table, frozenset(), min_count=1)


def user_tower(n_movies: int, dim: int, rng: np.random.Generator, *, hidden: int = 24) -> UserTower:
    """Random weights of a trained tower's size."""
    space = features(200, rng)
    shapes = {
        "user.history": (n_movies, dim),
        "user.feature": (space.n_codes, dim),
        "user.hidden_weights": (dim, hidden),
        "user.hidden_bias": (hidden,),
        "user.out_weights": (hidden, dim),
        "user.out_bias": (dim,),
    }
    assert set(TOWER_TENSORS) == {name.removeprefix("user.") for name in list(shapes)[2:]}
    tensors = {name: (rng.normal(size=shape) * 0.3).astype(np.float32) for name, shape in shapes.items()}
    return UserTower.of({"user_features": space.as_json(), "pooling_exponent": 0.5}, tensors)


def source(*, n_movies: int = 300, dim: int = 16, n_users: int = 12, seed: int = 0, run: str = "run-1") -> Source:
    """A catalogue with ids and titles of every kind, one vector a movie, and a tower that speaks of it."""
    rng = np.random.default_rng([seed, n_movies, dim])
    ids = [f"tt{7 * row:07d}" for row in range(n_movies)]
    ids[:3] = ["NA", "00123", 'ಚಿತ್ರ "1"']
    titles = [f"Movie {row}" for row in range(n_movies)]
    titles[:3] = ["=SUM(1)", "<b>அன்பு</b>", "Line\u2028separator"]
    # Movies lie in groups, as trained ones do: neighbours are close, and the best 20 are not all alike.
    centres = rng.normal(size=(12, dim))
    vectors = centres[rng.integers(0, 12, n_movies)] + 0.5 * rng.normal(size=(n_movies, dim))
    return Source(
        run=run,
        created="2024-01-31T12:00:00Z",
        data_fingerprint="f" * 64,
        simulated=True,
        tower=user_tower(n_movies, dim, rng),
        movies=EmbeddingTable(ids=IdMap(ids), vectors=vectors.astype(np.float32)),
        catalogue=pd.DataFrame({"title": titles, "year": rng.integers(1990, 2025, n_movies)}),
        users=EmbeddingTable(
            ids=IdMap([f"user-{row}" for row in range(n_users)]), vectors=rng.normal(size=(n_users, dim)).astype(np.float32)
        ),
    )


def new_movie(*, n_movies: int = 300, dim: int = 16) -> Source:
    """The default source with one movie more, in the middle, one gone and one retitled: most of it is as it was."""
    before, row = source(n_movies=n_movies, dim=dim), n_movies // 2
    ids, table = list(before.movies.ids.ids), before.movies.vectors
    ids[row : row + 1] = ["new-1", ids[row], "new-2"]
    order = np.array([*range(row), row, row, row, *range(row + 1, n_movies)])
    keep = np.arange(len(order)) != 5
    vectors, history = table[order].copy(), before.tower.history_table[order].copy()
    vectors[[row, row + 2]] *= np.float32(0.5)
    catalogue = before.catalogue.iloc[order].reset_index(drop=True)
    catalogue.loc[7, "title"] = "Renamed"
    return replace(
        before,
        run="run-2",
        tower=replace(before.tower, history_table=history[keep]),
        movies=EmbeddingTable(ids=IdMap([name for name, stays in zip(ids, keep, strict=True) if stays]), vectors=vectors[keep]),
        catalogue=catalogue[keep].reset_index(drop=True),
    )


def arranged(base: Source, order: list[int], new: dict[int, str], touched: list[int], seed: int) -> Source:
    """A catalogue made of rows of ``base``, some under new ids, with vectors and titles touched at some places."""
    rng = np.random.default_rng(seed)
    rows = np.array(order)
    ids = [new.get(place, base.movies.ids.ids[row]) for place, row in enumerate(order)]
    vectors, history = base.movies.vectors[rows].copy(), base.tower.history_table[rows].copy()
    titles = base.catalogue["title"].iloc[rows].tolist()
    for place in touched:
        match place % 3:
            case 0:
                vectors[place] = rng.normal(size=vectors.shape[1])
            case 1:
                history[place, 0] += 1
            case 2:
                titles[place] = 'Another "title"\n\u2028\u0001'
    return replace(
        base,
        tower=replace(base.tower, history_table=history),
        movies=EmbeddingTable(ids=IdMap(ids), vectors=vectors),
        catalogue=base.catalogue.iloc[rows].reset_index(drop=True).assign(title=titles),
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Arithmetic:
    """Stands in for TensorFlow's graphs: answers as the model itself does."""

    def answers(self, model: PhoneModel, queries: Sequence[Query], top: int) -> list[Answer]:
        return golden_queries.answers(model, queries, top)


def write_weights_only(model: PhoneModel, folder: Path, *, bundle: str) -> Arithmetic:
    """In the place of ``tfjs.write``: the weights as they are really stored, beside graphs without a topology.

    Everything but running the graphs can be tested on it (verification, publication, the client's plain JavaScript), and no
    TensorFlow has to start.
    """
    metadata = {"bundle": bundle, "pooling_exponent": model.tower.pooling_exponent}
    parts = {tfjs.USER_TOWER: tfjs.tower_weights(model), tfjs.RETRIEVE: tfjs.movie_weights(model.movies)}
    for name, weights in parts.items():
        (folder / name).mkdir(parents=True)
        smallest_first = sorted(weights.items(), key=lambda item: (item[1][0].size, item[0]))
        stored = [tfjs.stored(key, array, dtype) for key, (array, dtype) in smallest_first]
        shards = tfjs.write_shards(folder / name, b"".join(content for _, content in stored))
        document = {
            "format": "graph-model",
            "weightsManifest": [{"paths": shards, "weights": [spec for spec, _ in stored]}],
            "userDefinedMetadata": {**metadata, "weights": {key: key for key in weights}},
        }
        (folder / name / "model.json").write_text(json.dumps(document, sort_keys=True), encoding="utf-8")
    return Arithmetic()


def write_channels_without_graphs(root: Path) -> None:
    """Two channels for tests of loading: ``updated`` has two versions and a delta, ``sharded`` many small shards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfjs, "write", write_weights_only)
        base = source()
        bundle.publish(base, root / "updated")
        order = [row for row in range(300) if row not in (5, 200)]
        bundle.publish(arranged(base, order, {17: "new-1", 297: "new-2"}, [30, 31, 32], 1), root / "updated")
        patch.setattr(tfjs, "SHARD_BYTES", 4096)
        bundle.publish(base, root / "sharded")
