"""Which movies count as arrivals of the last year."""

import numpy as np
import pandas as pd

from recsys.tables.arrivals import recent_arrivals
from tests.datasets import assemble

BEGIN, END = "2023-06-01 12:00", "2025-01-15"


def test_what_arrived_within_the_last_year_of_the_data_has_arrived_of_late():
    movies = pd.DataFrame(
        {
            "movie_id": ["a: long ago", "b: before the year", "c: in it", "d: no day", "e: seen before its day", "f: to come"],
            "title": "t",
            "available_from": pd.to_datetime(["2020-01-01", "2024-01-14", "2024-01-20", None, "2024-03-01", "2025-02-01"]),
        }
    )
    seen = {"a: long ago": BEGIN, "c: in it": END, "d: no day": "2024-06-01", "e: seen before its day": "2023-12-01"}
    assert found(movies, seen) == ["c: in it"]


def test_a_catalogue_dated_by_the_day_on_which_the_data_begin_has_not_arrived():
    movies = pd.DataFrame(
        {"movie_id": ["a", "b", "c"], "title": "t", "available_from": pd.to_datetime(["2024-06-01", "2024-06-01", "2024-06-02"])}
    )
    assert found(movies, {"a": "2024-06-01 12:00", "c": END}) == ["c"]


def test_movies_without_days_have_not_arrived_of_late():
    movies = pd.DataFrame({"movie_id": ["a"], "title": "t"})
    assert found(movies, {"a": BEGIN}) == []


def found(movies: pd.DataFrame, seen: dict[str, str]) -> list[str]:
    events = pd.DataFrame(
        {"user_id": "u", "movie_id": list(seen), "timestamp": pd.to_datetime(list(seen.values()), format="ISO8601")}
    )
    dataset = assemble(users=pd.DataFrame({"user_id": ["u"]}), movies=movies, events=events)
    return list(np.array(dataset.movies["movie_id"])[recent_arrivals(dataset)])
