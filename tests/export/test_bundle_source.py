"""What a workspace gives to an export, and when it refuses."""

import json
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings import tower
from recsys.embeddings.features import MOVIE_COLUMNS_LEFT_OUT, USER_COLUMNS_LEFT_OUT, FeatureSpace
from recsys.embeddings.store import save_table
from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.export import bundle
from recsys.export.bundle_source import load_source
from recsys.ids import IdMap
from recsys.tables.dataset import Dataset
from recsys.workspace import Workspace, write_manifest
from tests import builders

DIM, HIDDEN = 8, 12


def write_run(workspace: Workspace, dataset: Dataset, *, name: str = "run-1", seed: int = 0) -> Path:
    """A run folder with a two-tower model of random weights, in use."""
    rng = np.random.default_rng(seed)
    movie_space = FeatureSpace.learn(dataset.movies, MOVIE_COLUMNS_LEFT_OUT, min_count=1)
    user_space = FeatureSpace.learn(dataset.users, USER_COLUMNS_LEFT_OUT, min_count=1)
    shapes: dict[str, tuple[int, ...]] = {
        "movie.id": (dataset.n_movies, DIM),
        "movie.feature": (movie_space.n_codes, DIM),
        "user.history": (dataset.n_movies, DIM),
        "user.feature": (user_space.n_codes, DIM),
    }
    for side in ("movie", "user"):
        shapes |= {f"{side}.hidden_weights": (DIM, HIDDEN), f"{side}.hidden_bias": (HIDDEN,)}
        shapes |= {f"{side}.out_weights": (HIDDEN, DIM), f"{side}.out_bias": (DIM,)}
    tensors = {key: (rng.normal(size=shape) * 0.3).astype(np.float32) for key, shape in shapes.items()}
    folder = workspace.runs / name / "two_tower"
    movie_ids = IdMap(dataset.movies["movie_id"])
    description = tower.describe(movie_space, user_space, movie_ids, 0.5)
    tower.write(folder, description, tensors)
    vectors = tower.MovieTower.of(description, tensors).encode(dataset.movies)
    save_table(EmbeddingTable(ids=movie_ids, vectors=vectors), folder / "movies")
    users = tower.UserTower.of(description, tensors).encode([np.array([0])] * dataset.n_users, dataset.users)
    save_table(EmbeddingTable(ids=IdMap(dataset.users["user_id"]), vectors=users), folder / "users")
    (workspace.runs / name / "config.json").write_text(json.dumps({"identity": {"data": dataset.fingerprint}}))
    write_manifest(workspace.runs / name, {"run": name, "created": "2024-05-06T07:08:09+05:30"})
    workspace.use_run(name)
    return workspace.runs / name


@pytest.fixture
def dataset() -> Dataset:
    return builders.tiny_dataset()


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    made = builders.tiny_workspace(tmp_path / "workspace", dataset)
    write_run(made, dataset)
    return made


def test_a_run_is_read_with_its_catalogue_in_the_order_of_its_vectors(workspace: Workspace, dataset: Dataset):
    source = load_source(workspace)
    assert list(source.movies.ids.ids) == dataset.movies["movie_id"].tolist()
    assert source.catalogue["title"].tolist() == dataset.movies["title"].tolist()
    assert source.created == "2024-05-06T01:38:09Z"  # 5 h 30 min earlier in UTC
    assert source.data_fingerprint == dataset.fingerprint
    assert set(source.catalogue) <= {"title", "year", "genres", "languages", "runtime_min"}


@pytest.mark.usefixtures("weights_only")
def test_the_scores_of_a_bundle_are_the_apps(workspace: Workspace, dataset: Dataset, tmp_path: Path):
    """Invariant 29: user tower and movie vectors of the run, and what the bundle's files say, give the same product."""
    result = bundle.export_bundle(workspace, tmp_path / "app")
    golden = json.loads((result.folder / "golden.json").read_text())
    users = tower.UserTower.load(workspace.current_run() / "two_tower")
    movies = tower.MovieTower.load(workspace.current_run() / "two_tower").encode(dataset.movies)
    for case in golden["cases"][:40]:
        vector = users.encode([np.array(case["history"], dtype=np.int64)], pd.DataFrame([case["context"]], dtype=object))[0]
        np.testing.assert_allclose(movies[case["movies"]] @ vector, case["scores"], rtol=1e-5, atol=1e-6)
        assert not set(case["movies"]) & {*case["history"], *case["exclude"]}


@pytest.mark.usefixtures("weights_only")
def test_an_export_tells_how_far_it_is(workspace: Workspace, tmp_path: Path):
    shares: list[float] = []
    bundle.export_bundle(workspace, tmp_path / "app", quantise="float16", progress=lambda step: shares.append(step.fraction))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


@pytest.mark.usefixtures("weights_only")
def test_the_key_for_pseudonyms_is_made_once_and_read_by_its_owner_alone(workspace: Workspace, tmp_path: Path):
    first = bundle.export_bundle(workspace, tmp_path / "a" / "app", include_users=True)
    key = workspace.root / "export.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    second = bundle.export_bundle(workspace, tmp_path / "b" / "app", include_users=True)
    assert (first.folder / "users.parquet").read_bytes() == (second.folder / "users.parquet").read_bytes()


@pytest.mark.usefixtures("weights_only")
def test_without_users_no_key_is_made(workspace: Workspace, tmp_path: Path):
    bundle.export_bundle(workspace, tmp_path / "app")
    assert not (workspace.root / "export.key").exists()


def test_a_workspace_without_a_run_has_nothing_to_export(tmp_path: Path, dataset: Dataset):
    with pytest.raises(ArtefactError, match="E_NO_RUN"):
        bundle.export_bundle(builders.tiny_workspace(tmp_path / "new", dataset), tmp_path / "app")


def test_a_run_without_a_two_tower_model_is_refused(workspace: Workspace, tmp_path: Path):
    folder = workspace.current_run() / "two_tower"
    folder.rename(folder.with_name("gone"))
    with pytest.raises(ArtefactError, match="E_NOT_FOUND"):
        bundle.export_bundle(workspace, tmp_path / "app")


def test_tables_that_were_replaced_since_the_training_are_refused(workspace: Workspace, tmp_path: Path):
    other = builders.tiny_workspace(tmp_path / "other", builders.tiny_dataset(n_movies=9))
    other_run = other.runs / "run-1"
    other.runs.mkdir()
    workspace.current_run().rename(other_run)
    other.use_run("run-1")
    with pytest.raises(ArtefactError, match="E_STALE"):
        bundle.export_bundle(other, tmp_path / "app")


def test_a_run_that_does_not_say_what_it_is_is_refused(workspace: Workspace, tmp_path: Path):
    (workspace.current_run() / "config.json").write_text("{}")
    with pytest.raises(ArtefactError, match="E_MANIFEST"):
        bundle.export_bundle(workspace, tmp_path / "app")


def test_vectors_of_another_model_are_refused(workspace: Workspace, dataset: Dataset, tmp_path: Path):
    shuffled = IdMap(dataset.movies["movie_id"].iloc[::-1])
    vectors = np.zeros((dataset.n_movies, DIM), dtype=np.float32)
    save_table(EmbeddingTable(ids=shuffled, vectors=vectors), workspace.current_run() / "two_tower" / "movies")
    with pytest.raises(ArtefactError, match="E_MIX"):
        bundle.export_bundle(workspace, tmp_path / "app")
