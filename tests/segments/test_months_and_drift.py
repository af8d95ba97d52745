"""Months, trends and drift: the sums in sight."""

import numpy as np
import pandas as pd
import pytest

from recsys.embeddings.table import EmbeddingTable
from recsys.ids import IdMap
from recsys.segments.drift import measure_drift
from recsys.segments.months import count_by_month, month_index, trend
from recsys.segments.personas import Persona, Personas


def log(*rows: tuple[int, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user_index", "movie_index", "timestamp"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"]).astype("datetime64[s]"))


def groups(*assignment: int) -> Personas:
    persona = Persona(name="x", size=1, traits=(), favourites=(), monthly_active=(), monthly_views=(), monthly_growth_share=0.0)
    n = max(assignment) + 1
    return Personas(personas=(persona,) * n, assignment=np.array(assignment), centroids=np.zeros((n, 2)))


def test_a_user_with_two_views_in_a_month_is_one_active_user():
    events = log((0, 0, "2024-01-01"), (0, 1, "2024-01-31"), (1, 0, "2024-01-15"), (2, 0, "2024-03-31"))
    monthly = count_by_month(events, np.array([0, 0, 1]), 2)
    assert monthly.months == ("2024-01", "2024-02", "2024-03")
    assert monthly.views.tolist() == [[3, 0, 0], [0, 0, 1]]
    assert monthly.active.tolist() == [[2, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("first", "last", "whole"),
    [
        ("2024-01-01", "2024-03-31", [True, True, True]),
        ("2024-01-03", "2024-03-29", [True, True, True]),  # two days missing at either end
        ("2024-01-04", "2024-03-28", [False, True, False]),
        ("2024-01-01", "2024-03-05", [True, True, False]),
    ],
)
def test_a_month_cut_off_is_not_whole(first: str, last: str, whole: list[bool]):
    index, names, covered = month_index(pd.Series(pd.to_datetime([first, "2024-02-10", last])))
    assert index.tolist() == [0, 1, 2]
    assert names == ("2024-01", "2024-02", "2024-03")
    assert covered.tolist() == whole


def test_steady_growth_of_ten_per_cent_is_found_exactly_and_a_cut_off_month_does_not_matter():
    levels = np.array([100.0, 110.0, 121.0, 133.1, 9.0])
    found = trend(levels, np.array([True, True, True, True, False]))
    assert found.monthly_share == pytest.approx(0.10)
    assert found.standard_error == pytest.approx(0.0, abs=1e-9)
    assert found.months == 4


def test_two_months_make_no_trend():
    found = trend(np.array([100.0, 200.0]), np.array([True, True]))
    assert (found.monthly_share, found.standard_error) == (0.0, None)


def test_the_standard_error_covers_a_true_trend_of_two_per_cent():
    """Poisson counts of 500 a month for a year: 95 % of the intervals of ± 2.23 errors (t, 10 degrees) hold the truth."""
    rng = np.random.default_rng(0)
    level = 500 * 1.02 ** np.arange(12)
    found = [trend(rng.poisson(level).astype(float), np.ones(12, dtype=bool)) for _ in range(400)]
    held = np.mean([abs(t.monthly_share - 0.02) < 2.23 * t.standard_error for t in found])
    assert 0.92 < held < 0.98
    assert np.mean([t.monthly_share for t in found]) == pytest.approx(0.02, abs=0.001)


def test_drift_of_taste_points_to_what_is_watched_more_and_more():
    """Four views a month; each month one moves from movie 0 at (1, 0) to movie 1 at (0, 1): a quarter a month each way."""
    rows = []
    for month in range(5):
        days = ("01", "10", "20", "28")
        rows += [(0, int(k < month), f"2024-0{month + 1}-{day}") for k, day in enumerate(days)]
    rows += [(0, 1, "2024-05-31"), (0, 1, "2024-05-31")]
    movies = EmbeddingTable(ids=IdMap(["a", "b"]), vectors=np.eye(2, dtype=np.float32) * 3)
    (drift,) = measure_drift(log(*rows), groups(0), movies)
    assert drift.taste == pytest.approx([-0.25, 0.25], abs=1e-9)
    assert drift.active.monthly_share == pytest.approx(0.0)
    assert drift.active.months == 5
    assert drift.taste_signal == 0.0 or drift.taste_signal > 100  # a perfect line has no error


def test_steady_taste_has_no_more_drift_than_chance_gives():
    rng = np.random.default_rng(1)
    days = pd.date_range("2024-01-01", "2024-12-31", freq="6h")
    rows = [(int(rng.integers(5)), int(rng.integers(4)), str(day)) for day in days]
    movies = EmbeddingTable(ids=IdMap(list("abcd")), vectors=rng.normal(size=(4, 8)).astype(np.float32))
    (drift,) = measure_drift(log(*rows), groups(0, 0, 0, 0, 0), movies)
    assert drift.taste_signal < 2.5
    assert np.isfinite(drift.taste_standard_error).all()


def test_two_months_tell_no_drift_of_taste():
    events = log((0, 0, "2024-01-01"), (0, 1, "2024-02-29"))
    movies = EmbeddingTable(ids=IdMap(["a", "b"]), vectors=np.eye(2, dtype=np.float32))
    (drift,) = measure_drift(events, groups(0), movies)
    assert drift.taste.tolist() == [0.0, 0.0]
    assert np.isinf(drift.taste_standard_error).all()
    assert drift.taste_signal == 0.0
