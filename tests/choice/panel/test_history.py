"""History in half-months, with what could be watched when."""

import numpy as np
import pandas as pd
import pytest

from recsys.choice.panel.history import History, read_history, whole_months
from recsys.errors import DataError
from recsys.tables.dataset import Dataset
from tests.datasets import assemble


def service(events: list[tuple[str, str, str]], movies: dict[str, tuple[str | None, str | None]] | None = None) -> Dataset:
    """Events (user, movie, when); movies with arrival and departure, or without dates."""
    names = sorted({movie for _, movie, _ in events} | set(movies or {}))
    table = pd.DataFrame({"movie_id": names, "title": names})
    if movies is not None:
        table["available_from"] = [pd.Timestamp(movies.get(name, (None, None))[0]) for name in names]
        table["available_until"] = [pd.Timestamp(movies.get(name, (None, None))[1]) for name in names]
    return assemble(
        users=pd.DataFrame({"user_id": sorted({user for user, _, _ in events})}),
        movies=table,
        events=pd.DataFrame(
            {
                "user_id": [e[0] for e in events],
                "movie_id": [e[1] for e in events],
                "timestamp": pd.to_datetime([e[2] for e in events], format="ISO8601"),
            }
        ),
    )


TWO_MONTHS = [("u", "a", "2024-01-05"), ("u", "b", "2024-01-20"), ("v", "a", "2024-02-03"), ("u", "a", "2024-02-20T12:00")]


def test_half_months_begin_on_the_1st_and_the_16th():
    history = read_history(service(TWO_MONTHS))
    assert history.start == pd.Timestamp("2024-01-01")
    assert history.edges.tolist() == [0, 15, 31, 46, 60]
    assert history.period.tolist() == [0, 1, 2, 3]


def test_a_history_that_begins_late_in_a_month_begins_on_the_16th():
    history = read_history(service([("u", "a", "2024-01-20"), ("u", "b", "2024-02-01")]))
    assert history.start == pd.Timestamp("2024-01-16")
    assert history.edges.tolist() == [0, 16, 31]


def test_a_movie_counts_for_the_part_of_a_half_month_in_which_it_was_there():
    """b arrives on 11 January at noon: 4.5 of 15 days. It leaves on 8 February: 7 of 15 days."""
    history = read_history(service(TWO_MONTHS, {"b": ("2024-01-11T12:00", "2024-02-08")}))
    assert history.open_share()[:, 1] == pytest.approx([4.5 / 15, 1.0, 7 / 15, 0.0])
    assert history.open_share()[:, 0].tolist() == [1.0] * 4
    assert history.available_at_end().tolist() == [True, False]
    assert not history.arrivals_inferred


def test_a_view_proves_that_the_movie_was_there_whatever_its_dates_say():
    history = read_history(service(TWO_MONTHS, {"b": ("2024-02-10", None), "a": (None, "2024-01-31")}))
    assert history.arrival[1] == 19.0
    assert history.departure[0] == pytest.approx(50.5)
    assert (history.open_share()[history.period, history.movie] > 0).all()


def test_age_is_told_in_the_middle_of_a_half_month():
    """Arrived on day 10; the middles are days 7.5, 23, 38.5, 53, so 0 months, then 0, 0 and 1."""
    history = read_history(service(TWO_MONTHS, {"b": ("2024-01-11", None)}))
    assert history.age_months()[:, 1].tolist() == [0, 0, 0, 1]
    assert (history.age_months()[:, 0] == 1_000_000).all()
    assert whole_months(np.array([-5.0, 30.0, 31.0, np.inf])).tolist() == [0, 0, 1, 1_000_000]


def test_what_a_user_has_watched_by_a_day_is_what_came_before_it():
    history = read_history(service(TWO_MONTHS))
    place, movie = history.watched_by(np.array([1, 0, 0]), np.array([np.inf, 10.0, 30.0]))
    assert list(zip(place.tolist(), movie.tolist(), strict=True)) == [(0, 0), (1, 0), (2, 0), (2, 1)]
    assert history.pair_views.tolist() == [2, 1, 1]


def test_views_older_than_two_years_count_only_as_watched():
    history = read_history(service([("u", "a", "2020-01-01"), ("u", "b", "2024-01-20"), ("u", "a", "2024-02-01")]))
    assert history.period.tolist() == [-1, 47, 48]
    assert history.day[0] < 0
    assert history.watched_by(np.array([0]), np.array([0.0]))[1].tolist() == [0]


def test_without_dates_a_late_first_view_of_a_movie_watched_often_tells_its_arrival():
    """c has 20 views, all in the last half of 400: 0.5^20 is 1e-6 when it had always been there. d has one, by chance late."""
    early = [("u", "a", f"2024-01-{1 + k % 28:02d}T{k % 24:02d}:00") for k in range(200)]
    late = [("u", "a", f"2024-02-{1 + k % 28:02d}T{k % 24:02d}:00") for k in range(179)]
    arrived = [("v", "c", f"2024-02-{5 + k:02d}") for k in range(20)]
    history = read_history(service([*early, *late, *arrived, ("v", "d", "2024-02-20")]))
    assert history.arrivals_inferred
    assert history.arrival[1] == 35.0
    assert np.isneginf(history.arrival[[0, 2]]).all()


def test_the_days_that_the_data_cover_end_with_the_last_view():
    history: History = read_history(service(TWO_MONTHS))
    assert history.covered_days == pytest.approx([11.0, 16.0, 15.0, 4.5])


def test_a_service_without_views_is_refused():
    empty = service(TWO_MONTHS)
    with pytest.raises(DataError, match="E_TOO_SMALL"):
        read_history(Dataset(**{**vars(empty), "events": empty.events.iloc[:0]}))
