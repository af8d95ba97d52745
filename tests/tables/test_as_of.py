"""Frozen tables know nothing of what came later."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.arrivals import ASSUMED_ARRIVALS, with_reassumed_arrivals
from recsys.tables.as_of import dataset_as_of
from recsys.tables.dataset import Dataset
from recsys.tables.store.assembly import with_fingerprint
from tests import builders
from tests.datasets import assemble

AT = builders.START + pd.Timedelta(days=45)


def service() -> Dataset:
    return builders.tiny_dataset(40, 16, months=3)


def with_another_future(dataset: Dataset) -> Dataset:
    """The same service until the moment; afterwards everybody watches one movie, new movies and users come, licences end."""
    users = pd.concat([dataset.users, dataset.users.tail(2).assign(user_id=["v0", "v1"], signup_date=AT)], ignore_index=True)
    movies = dataset.movies.assign(available_until=AT + pd.Timedelta(days=30))
    later = dataset.movies.tail(1).assign(movie_id="canary", title="Canary", available_from=AT, available_until=pd.NaT)
    movies = pd.concat([movies, later], ignore_index=True)
    events = dataset.events.assign(
        user_id=dataset.users["user_id"].to_numpy()[dataset.events["user_index"]],
        movie_id=dataset.movies["movie_id"].to_numpy()[dataset.events["movie_index"]],
    ).drop(columns=["user_index", "movie_index"])
    past = events[events["timestamp"] < AT]
    future = past.head(30).assign(movie_id="canary", timestamp=AT + pd.Timedelta(hours=1), minutes=999.0)
    months = dataset.subscriptions[dataset.subscriptions["month"] < AT.strftime("%Y-%m")]
    return assemble(
        users=users,
        movies=movies,
        events=pd.concat([past, future], ignore_index=True),
        subscriptions=months,
        simulated=True,
    )


def test_another_future_leaves_the_frozen_tables_as_they_are_bit_for_bit():
    """The canary: a movie, two users, 30 events and every licence's end that come later change not one byte."""
    assert dataset_as_of(with_another_future(service()), AT).fingerprint == dataset_as_of(service(), AT).fingerprint


def test_nothing_in_the_frozen_tables_is_as_late_as_the_moment():
    past = dataset_as_of(service(), AT)
    assert past.events["timestamp"].max() < AT
    assert not (past.movies["available_from"] >= AT).any()
    assert not (past.users["signup_date"] >= AT).any()
    assert past.subscriptions["month"].max() < "2024-02"
    assert len(past.offers) == 0


def test_rows_of_events_name_the_same_people_and_movies_as_before():
    whole, past = service(), dataset_as_of(service(), AT)
    before = whole.events[whole.events["timestamp"] < AT]

    def named(data: Dataset, events: pd.DataFrame) -> list[tuple[object, ...]]:
        users = data.users["user_id"].to_numpy()[events["user_index"]]
        movies = data.movies["movie_id"].to_numpy()[events["movie_index"]]
        return sorted(zip(events["timestamp"], users, movies, events["minutes"], strict=True))

    assert named(past, past.events) == named(whole, before)


def test_offers_are_later_movies_with_their_attributes_alone():
    whole = service()
    rows = np.flatnonzero((whole.movies["available_from"] >= AT - pd.Timedelta(days=30)).to_numpy())
    offers = dataset_as_of(whole, AT - pd.Timedelta(days=30), offers=rows).offers
    assert list(offers["movie_id"]) == list(whole.movies["movie_id"].iloc[rows])
    assert {"genres", "languages", "runtime_min"} <= set(offers)
    assert not {"available_from", "available_until", "licence_fee", "available_days"} & set(offers)


def test_where_arrivals_are_assumed_an_unwatched_movie_is_unknown():
    """An old film first watched later was, as far as anybody knew, not there; the others' arrivals are assumed anew."""
    whole = service()
    bare = replace(whole, movies=whole.movies.drop(columns=["available_from", "available_until"]).assign(year=1990.0))
    bare = with_fingerprint(with_reassumed_arrivals(replace(bare, assumed=(f"{ASSUMED_ARRIVALS}: …",))))
    events = bare.events
    hidden = int(events["movie_index"].iloc[-1])
    late = (events["movie_index"] == hidden) & (events["timestamp"] < AT)
    past = dataset_as_of(replace(bare, events=events[~late].reset_index(drop=True)), AT)
    assert bare.movies["movie_id"].iloc[hidden] not in set(past.movies["movie_id"])


def test_before_the_first_event_there_is_nothing_to_freeze():
    with pytest.raises(DataError, match="E_TOO_SMALL"):
        dataset_as_of(service(), builders.START - pd.Timedelta(days=1))
