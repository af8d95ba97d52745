"""The real data sets, where they are at hand: what their authors say is in them is what is taken in."""

import os
from pathlib import Path

import pytest

from recsys.tables.import_tables import import_path
from recsys.tables.latest_arrivals import LatestArrivals, with_latest_as_offers
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace

DATASETS = Path(os.environ.get("RECSYS_DATASETS", Path(__file__).parents[2] / ".." / "shared" / "datasets"))

REAL = {
    "movietweetings-100k": ("movietweetings", 16_554, 10_506, 100_000),
    "ml-latest-small": ("movielens-csv", 671, 9_125, 100_004),
    "ml-100k": ("recbole", 943, 1_682, 100_000),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_data_set_is_taken_in_whole(name: str, tmp_path: Path):
    folder = DATASETS / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not in {DATASETS} (set RECSYS_DATASETS)")
    recognised, n_users, n_movies, n_events = REAL[name]
    workspace = Workspace(tmp_path)
    report = import_path(folder, workspace)
    dataset = load_dataset(workspace)
    assert report.format == recognised
    assert (dataset.n_users, dataset.n_movies, len(dataset.events)) == (n_users, n_movies, n_events)
    assert dataset.fingerprint == report.fingerprint
    assert dataset.movies["year"].notna().mean() > 0.99
    offers = with_latest_as_offers(dataset, LatestArrivals(n=24, fee=1_000_000.0)).offers
    assert len(offers) == 24
