"""The latest arrivals as offers: out of the catalogue, with all that was watched of them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.offers import latest_arrivals_as_offers, with_latest_as_offers
from recsys.tables.store import load_dataset
from recsys.workspace import Workspace
from tests import builders


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return builders.tiny_workspace(tmp_path, builders.tiny_dataset(n_offers=0))


def test_the_latest_arrivals_leave_the_catalogue_with_their_events(workspace: Workspace):
    """Of m00 to m11 the last three arrive one a week, m11 last; m11 and m10 go."""
    before = load_dataset(workspace)
    watched = before.movies["movie_id"].to_numpy()[before.events["movie_index"]]
    latest_arrivals_as_offers(workspace, 2, fee=250_000.0, window_months=6)
    after = load_dataset(workspace)
    assert after.offers["movie_id"].tolist() == ["m10", "m11"]
    assert after.offers[["fee", "currency", "window_months"]].to_numpy().tolist() == [[250_000.0, "INR", 6]] * 2
    assert after.offers["genres"].tolist() == before.movies["genres"].tolist()[-2:]
    assert after.movies["movie_id"].tolist() == [f"m{k:02d}" for k in range(10)]
    kept = [name for name in watched if name not in ("m10", "m11")]
    assert after.movies["movie_id"].to_numpy()[after.events["movie_index"]].tolist() == kept
    assert after.fingerprint != before.fingerprint


def test_it_is_said_that_offers_and_fee_are_assumed(workspace: Workspace):
    latest_arrivals_as_offers(workspace, 2, fee=250_000.0)
    [sentence] = [text for text in load_dataset(workspace).assumed if text.startswith("the offers are the latest arrivals")]
    assert "250,000 INR" in sentence


def test_what_was_watched_of_an_offer_is_gone_from_the_disk(workspace: Workspace):
    latest_arrivals_as_offers(workspace, 3, fee=1.0)
    assert sorted(path.name for path in workspace.root.iterdir()) == [".writer", "tables"]
    assert load_dataset(workspace).events["movie_index"].max() == 8


def test_more_offers_than_arrivals_are_refused_and_nothing_changes(workspace: Workspace):
    before = load_dataset(workspace).fingerprint
    with pytest.raises(DataError) as refusal:
        latest_arrivals_as_offers(workspace, 4, fee=1.0)
    assert refusal.value.code == "E_NO_ARRIVALS"
    assert load_dataset(workspace).fingerprint == before


def test_an_arrival_that_hardly_anybody_watched_is_no_offer():
    """m11 arrived last; with its events gone but nine, m10 and m09 are the latest that count."""
    dataset = builders.tiny_dataset(n_offers=0)
    newest = dataset.events["movie_index"] == 11
    few = replace(dataset, events=dataset.events[~newest | (newest.cumsum() <= 9)].reset_index(drop=True))
    assert with_latest_as_offers(few, 2, fee=1.0).offers["movie_id"].tolist() == ["m09", "m10"]
    assert with_latest_as_offers(few, 2, fee=1.0, min_views=9).offers["movie_id"].tolist() == ["m10", "m11"]
    with pytest.raises(DataError, match="E_NO_ARRIVALS"):
        with_latest_as_offers(few, 3, fee=1.0)


def test_offers_that_are_there_are_not_overwritten_unasked(tmp_path: Path):
    workspace = builders.tiny_workspace(tmp_path)
    with pytest.raises(DataError) as refusal:
        latest_arrivals_as_offers(workspace, 2, fee=1.0)
    assert refusal.value.code == "E_COLLISION"
    latest_arrivals_as_offers(workspace, 2, fee=1.0, replace_offers=True)
    assert load_dataset(workspace).offers["movie_id"].tolist() == ["m10", "m11"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"n": 0, "fee": 1.0}, "E_RANGE"),
        ({"n": 7, "fee": 1.0}, "E_RANGE"),
        ({"n": 1, "fee": 0.0}, "E_COST"),
        ({"n": 1, "fee": float("nan")}, "E_COST"),
        ({"n": 1, "fee": 1.0, "window_months": 0}, "E_DATES"),
        ({"n": 1, "fee": 1.0, "currency": "USD"}, "E_CURRENCY"),
    ],
)
def test_terms_that_make_no_sense_are_refused(options: dict, code: str):
    with pytest.raises(DataError) as refusal:
        with_latest_as_offers(builders.tiny_dataset(), **options)
    assert refusal.value.code == code


def test_movies_of_one_day_leave_in_the_order_of_their_ids():
    dataset = builders.tiny_dataset()
    same_day = replace(dataset, movies=dataset.movies.assign(available_from=pd.Timestamp("2024-01-01").as_unit("s")))
    assert with_latest_as_offers(same_day, 2, fee=1.0).offers["movie_id"].tolist() == ["m00", "m01"]
