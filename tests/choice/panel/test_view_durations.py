"""What a view lasts."""

import pandas as pd
import pytest

from recsys.choice.panel.view_durations import ASSUMED_COMPLETION, ASSUMED_HOURS, estimate_durations
from tests.builders import tiny_dataset
from tests.datasets import assemble


def test_hours_come_from_minutes_and_lean_on_the_runtime_where_views_are_few():
    """Movie a: 90 of 100 minutes watched twice; b, 120 minutes, once for 60. Completion (180 + 60) / (200 + 120) = 0.75.

    a: (3.0 + 10 · 100 · 0.75 / 60) / 12 hours; b: (1.0 + 10 · 120 · 0.75 / 60) / 11; c, never watched: 80 · 0.75 / 60.
    """
    dataset = assemble(
        users=pd.DataFrame({"user_id": ["u"]}),
        movies=pd.DataFrame({"movie_id": ["a", "b", "c"], "title": ["a", "b", "c"], "runtime_min": [100.0, 120.0, 80.0]}),
        events=pd.DataFrame(
            {
                "user_id": ["u"] * 3,
                "movie_id": ["a", "a", "b"],
                "timestamp": pd.to_datetime(["2024-01-01", "2024-01-09", "2024-02-01"]),
                "minutes": [90.0, 90.0, 60.0],
            }
        ),
    )
    found = estimate_durations(dataset)
    assert found.completion == pytest.approx(0.75)
    assert found.hours_per_view == pytest.approx([(3 + 12.5) / 12, (1 + 15) / 11, 1.0])
    assert found.monthly_hours.loc[0].to_dict() == {"2024-01": 3.0, "2024-02": 1.0}
    assert [e.kind for e in found.estimates] == ["estimated", "estimated"]


def test_without_minutes_completion_is_assumed_and_says_so():
    dataset = tiny_dataset()
    bare = type(dataset)(**{**vars(dataset), "events": dataset.events.drop(columns="minutes")})
    found = estimate_durations(bare)
    runtime = dataset.movies["runtime_min"].to_numpy()
    assert found.hours_per_view == pytest.approx(runtime * ASSUMED_COMPLETION / 60)
    assert [e.kind for e in found.estimates] == ["assumed", "assumed"]
    barest = type(dataset)(**{**vars(bare), "movies": dataset.movies.drop(columns="runtime_min")})
    assert estimate_durations(barest).hours_per_view.tolist() == [ASSUMED_HOURS] * dataset.n_movies
