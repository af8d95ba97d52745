"""Nests, content regressions and what a view lasts."""

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.ridge import fit_ridge
from recsys.choice.model.nests import candidate_nests, support_distance
from recsys.choice.panel.view_durations import ASSUMED_COMPLETION, ASSUMED_HOURS, estimate_durations
from tests.builders import tiny_dataset
from tests.datasets import assemble

KINDS = pd.DataFrame(
    {
        "movie_id": [f"m{k}" for k in range(40)],
        "title": [f"t{k}" for k in range(40)],
        "languages": ["Tamil", "Hindi"] * 20,
        "genres": ["Drama|Family", "Comedy"] * 20,
    }
)


def test_nests_are_movies_whose_content_points_the_same_way_and_are_named_for_them():
    rng = np.random.default_rng(0)
    centre = np.where(np.arange(40)[:, None] % 2 == 0, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    content = (centre * rng.uniform(1, 9, (40, 1)) + 0.01 * rng.normal(size=(40, 3))).astype(np.float32)
    options = candidate_nests(content, KINDS, seed=0)
    assert len(options) >= 2
    for nests in options:
        for nest in range(len(nests)):
            assert len({k % 2 for k in np.flatnonzero(nests.assignment == nest)}) == 1
        assert all(name.startswith(("Tamil Drama", "Tamil Family", "Hindi Comedy")) for name in nests.names)
        assert len(set(nests.names)) == len(nests)
        assert np.linalg.norm(nests.centroids, axis=1) == pytest.approx(1.0, abs=1e-5)
        assert (np.diff(np.bincount(nests.assignment)) <= 0).all()
        unit = content / np.linalg.norm(content, axis=1, keepdims=True)
        assert np.array_equal(np.argmax(unit @ nests.centroids.T, axis=1), nests.assignment)


def test_nests_that_begin_with_the_languages_are_offered():
    """Content tells language weakly and something else strongly: only the start from languages keeps them apart."""
    rng = np.random.default_rng(1)
    language = np.where(np.arange(40) % 2 == 0, 1.0, -1.0)
    content = np.column_stack([language, 3.0 * rng.normal(size=40), 0.1 * rng.normal(size=40)]).astype(np.float32)
    options = candidate_nests(content, KINDS, seed=0)
    assert any(len(nests) == 2 and np.array_equal(nests.assignment % 2, nests.assignment) for nests in options)


def test_movies_that_cannot_be_told_apart_are_one_nest_with_a_name_all_the_same():
    (nests,) = candidate_nests(np.ones((40, 2), np.float32), KINDS[["movie_id", "title"]], seed=0)
    assert nests.names == ("Group 1",)
    assert not nests.assignment.any()


def test_support_is_the_distance_that_99_in_100_movies_keep_to_their_nearest():
    angles = np.deg2rad([0.0, 10.0, 20.0, 30.0])
    content = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert support_distance(content) == pytest.approx(1 - np.cos(np.deg2rad(10)), abs=1e-6)
    assert support_distance(content[:1]) == 0.0


def test_leave_one_out_predictions_are_those_of_fits_without_the_movie():
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(12, 3)).astype(np.float32), rng.uniform(0.5, 2, 12)
    y = x @ [1.0, -2.0, 0.5] + rng.normal(size=12)
    fit = fit_ridge(x, y, w, penalty=1.3)
    for k in range(12):
        rest = np.arange(12) != k
        # the weights are scaled to mean 1 over all twelve, so the others' share of them is scaled back
        alone = fit_ridge(x[rest], y[rest], w[rest], penalty=1.3 * w.mean() / w[rest].mean())
        assert fit.leave_one_out[k] == pytest.approx(alone.coefficients[0] + x[k] @ alone.coefficients[1:], abs=1e-6)
    miss = y - fit.leave_one_out
    assert fit.leave_one_out_sd == pytest.approx(np.sqrt((w * miss**2).sum() / w.sum()))


def test_several_targets_are_fitted_side_by_side():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 2)).astype(np.float32)
    y = np.column_stack([1 + x[:, 0], 2 - x[:, 1]])
    fit = fit_ridge(x, y, np.ones(30), penalty=1e-9)
    assert fit.coefficients == pytest.approx(np.array([[1.0, 2.0], [1.0, 0.0], [0.0, -1.0]]), abs=1e-6)


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
