"""Months and trends: the sums in sight."""

import numpy as np
import pandas as pd
import pytest

from recsys.segments.monthly_counts import count_by_month, month_index, trend


def log(*rows: tuple[int, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user_index", "movie_index", "timestamp"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"]).astype("datetime64[s]"))


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
