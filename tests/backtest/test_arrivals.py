"""Outcomes are counted from the arrival on, and only where the data hold all of the days."""

import numpy as np
import pandas as pd
import pytest

from recsys.backtest.arrivals import arrivals
from recsys.tables.dataset import Dataset
from tests.datasets import assemble

DAY0 = pd.Timestamp("2024-01-01")


def service() -> Dataset:
    """``new`` arrives on day 10, ``late`` on day 35, ``gone`` on day 10 and leaves on day 20; ``old`` was always there."""
    came = {"old": pd.NaT, "new": DAY0 + pd.Timedelta(days=10), "late": DAY0 + pd.Timedelta(days=35)}
    movies = pd.DataFrame({"movie_id": [*came, "gone"], "title": [*came, "gone"]}).assign(
        available_from=[*came.values(), DAY0 + pd.Timedelta(days=10)],
        available_until=[pd.NaT, pd.NaT, pd.NaT, DAY0 + pd.Timedelta(days=20)],
    )
    days = [("old", 0.0), ("new", 10.0), ("gone", 11.0), ("new", 37.9), ("new", 38.0), ("late", 36.0), ("old", 40.0)]
    events = pd.DataFrame(
        {
            "user_id": "u1",
            "movie_id": [movie for movie, _ in days],
            "timestamp": [DAY0 + pd.Timedelta(days=day) for _, day in days],
            "minutes": 30.0,
        }
    )
    return assemble(users=pd.DataFrame({"user_id": ["u1"]}), movies=movies, events=events)


def test_views_count_from_the_arrival_for_exactly_so_many_days():
    """Day 10 and day 37.9 lie within 28 days of day 10; day 38 is the 29th day."""
    dataset = service()
    found = arrivals(dataset, (28,))
    names = dataset.movies["movie_id"].to_numpy()[found.row]
    views = dict(zip(names, found.views[28], strict=True))
    assert views["new"] == 2.0
    assert dict(zip(names, found.hours[28], strict=True))["new"] == pytest.approx(1.0)


def test_an_arrival_too_late_to_follow_or_gone_too_soon_has_no_outcome():
    dataset = service()
    found = arrivals(dataset, (28,))
    views = dict(zip(dataset.movies["movie_id"].to_numpy()[found.row], found.views[28], strict=True))
    assert np.isnan(views["late"])
    assert np.isnan(views["gone"])
    assert "old" not in views


def test_an_outcome_is_known_only_once_its_days_have_passed():
    found = arrivals(service(), (28,))
    assert len(found.known_at(DAY0 + pd.Timedelta(days=37), 28)) == 0
    assert len(found.known_at(DAY0 + pd.Timedelta(days=38), 28)) == 1


def test_without_minutes_there_are_no_hours():
    dataset = service()
    found = arrivals(
        assemble(
            users=dataset.users,
            movies=dataset.movies,
            events=dataset.events.assign(
                user_id="u1", movie_id=dataset.movies["movie_id"].to_numpy()[dataset.events["movie_index"]]
            ).drop(columns=["minutes", "user_index", "movie_index"]),
        ),
        (28,),
    )
    assert np.isnan(found.hours[28]).all()
