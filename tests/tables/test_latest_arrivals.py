"""The latest arrivals as offers: out of the catalogue, with all that was watched of them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from recsys.cli import cli
from recsys.errors import DataError
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import ASSUMED, as_toml
from recsys.tables.import_tables import import_path
from recsys.tables.latest_arrivals import LatestArrivals, with_latest_as_offers
from recsys.tables.store.published_tables import load_dataset, load_info
from recsys.workspace import Workspace
from tests import builders
from tests.effort import some
from tests.tables.raw import NOW, Raw


@pytest.fixture
def raw() -> Raw:
    """The small service without offers."""
    files = Raw()
    del files.files["offers.csv"]
    return files


def taken_in(raw: Raw, folder: Path, latest: LatestArrivals | None = None) -> tuple[Workspace, Dataset]:
    workspace = Workspace(folder / "workspace")
    import_path(raw.write(folder / "raw"), workspace, now=NOW, latest=latest)
    return workspace, load_dataset(workspace)


def refused(folder: Path, *options: str) -> Result:
    """``recsys import`` of the raw files beside the workspace, with these options."""
    return CliRunner().invoke(cli, ["--workspace", str(folder / "workspace"), "import", str(folder / "raw"), *options])


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_latest_arrivals_leave_the_catalogue_with_their_events(raw: Raw, tmp_path: Path):
    """Of m00 to m11 the last three arrive one a week, m11 last; m11 and m10 go."""
    _, before = taken_in(raw, tmp_path / "whole")
    watched = before.movies["movie_id"].to_numpy()[before.events["movie_index"]]
    _, after = taken_in(raw, tmp_path, LatestArrivals(n=2, fee=250_000.0, window_months=6))
    assert after.offers["movie_id"].tolist() == ["m10", "m11"]
    assert after.offers[["fee", "currency", "window_months"]].to_numpy().tolist() == [[250_000.0, "INR", 6]] * 2
    assert after.offers["genres"].tolist() == before.movies["genres"].tolist()[-2:]
    assert after.movies["movie_id"].tolist() == [f"m{k:02d}" for k in range(10)]
    kept = [name for name in watched if name not in ("m10", "m11")]
    assert after.movies["movie_id"].to_numpy()[after.events["movie_index"]].tolist() == kept
    assert after.fingerprint != before.fingerprint


def test_it_is_said_that_offers_and_fee_are_assumed(raw: Raw, tmp_path: Path):
    workspace, dataset = taken_in(raw, tmp_path, LatestArrivals(n=2, fee=250_000.0))
    [sentence] = [text for text in dataset.assumed if text.startswith("the offers are the latest arrivals")]
    assert "250,000 INR" in sentence
    info = load_info(workspace)
    assert sentence in info.report["assumed"]
    assert info.report["rows"] == info.rows
    assert info.report["fingerprint"] == dataset.fingerprint


def test_what_was_watched_of_an_offer_is_gone_from_the_disk(raw: Raw, tmp_path: Path):
    workspace, dataset = taken_in(raw, tmp_path, LatestArrivals(n=2, fee=1.0))
    assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "tables"]
    assert dataset.events["movie_index"].max() == 9


def test_terms_that_come_with_the_tables_price_the_offers(raw: Raw, tmp_path: Path):
    raw.put("economics.toml", as_toml(ASSUMED).replace("INR", "USD"))
    workspace, dataset = taken_in(raw, tmp_path, LatestArrivals(n=1, fee=1.0))
    assert dataset.offers["currency"].tolist() == ["USD"]
    assert workspace.economics.is_file()


@pytest.mark.parametrize(
    ("options", "code"),
    some(
        [
            (["--offers-from-latest", "2"], "E_COST"),
            (["--offers-from-latest", "2", "--fee", "-1"], "E_COST"),
            (["--offers-from-latest", "2", "--fee", "nan"], "E_COST"),
            (["--offers-from-latest", "2", "--fee", "inf"], "E_COST"),
            (["--offers-from-latest", "0", "--fee", "1"], "E_RANGE"),
            (["--offers-from-latest", "-2", "--fee", "1"], "E_RANGE"),
            (["--offers-from-latest", "1000", "--fee", "1"], "E_RANGE"),
            (["--offers-from-latest", "5", "--fee", "1"], "E_NO_ARRIVALS"),
            (["--offers-from-latest", "2", "--fee", "1", "--window-months", "0"], "E_DATES"),
            (["--offers-from-latest", "2", "--fee", "1", "--window-months", "999999999999"], "E_DATES"),
        ]
    ),
)
def test_a_refused_offer_of_the_latest_leaves_the_store_as_it_was_byte_by_byte(
    raw: Raw, options: list[str], code: str, tmp_path: Path
):
    """The tables that the command would take in are valid and others than those that are there."""
    workspace, _ = taken_in(raw, tmp_path)
    raw.set("movies", title="New")
    raw.write(tmp_path / "raw")
    before = everything(workspace.root)
    done = refused(tmp_path, *options)
    assert done.exit_code == 2
    assert code in done.stderr
    assert everything(workspace.root) == {**before, ".writer": (workspace.root / ".writer").read_bytes()}


def test_offers_that_come_with_the_tables_are_not_overwritten(raw: Raw, tmp_path: Path):
    workspace, _ = taken_in(raw, tmp_path)
    Raw().write(tmp_path / "raw")
    before = everything(workspace.root / "tables")
    done = refused(tmp_path, "--offers-from-latest", "2", "--fee", "1")
    assert (done.exit_code, "E_COLLISION" in done.stderr) == (2, True)
    assert everything(workspace.root / "tables") == before


def test_what_is_left_has_to_be_enough_to_train_on(raw: Raw, tmp_path: Path):
    """Twelve movies are enough and ten too few where eleven are asked for."""
    raw.limits = replace(raw.limits, movies=11)
    with pytest.raises(DataError, match="E_TOO_SMALL"):
        import_path(
            raw.write(tmp_path / "raw"),
            Workspace(tmp_path / "workspace"),
            now=NOW,
            limits=raw.limits,
            latest=LatestArrivals(n=2, fee=1.0),
        )
    assert not Workspace(tmp_path / "workspace").exists()


def test_an_arrival_that_hardly_anybody_watched_is_no_offer():
    """m11 arrived last; with its events gone but nine, m10 and m09 are the latest that count."""
    dataset = builders.tiny_dataset(n_offers=0)
    newest = dataset.events["movie_index"] == 11
    few = replace(dataset, events=dataset.events[~newest | (newest.cumsum() <= 9)].reset_index(drop=True))
    two = LatestArrivals(n=2, fee=1.0)
    assert with_latest_as_offers(few, two).offers["movie_id"].tolist() == ["m09", "m10"]
    assert with_latest_as_offers(few, replace(two, min_views=9)).offers["movie_id"].tolist() == ["m10", "m11"]
    with pytest.raises(DataError, match="E_NO_ARRIVALS"):
        with_latest_as_offers(few, replace(two, n=3))


def test_movies_of_one_day_leave_in_the_order_of_their_ids():
    dataset = builders.tiny_dataset(n_offers=0)
    same_day = replace(dataset, movies=dataset.movies.assign(available_from=pd.Timestamp("2024-01-01").as_unit("s")))
    assert with_latest_as_offers(same_day, LatestArrivals(n=2, fee=1.0)).offers["movie_id"].tolist() == ["m00", "m01"]
