"""Today's level: a service that is left as it is goes on as it last was, from its tables to its projection."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.backtest.cutoff import past_context
from recsys.choice.estimate.calibrate import calibrate
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario.scenario import Scenario
from recsys.tables.dataset import Dataset
from tests.backtest.builders import MadeUpTower
from tests.datasets import assemble

N_USERS, N_MOVIES, MONTHS = 160, 30, 12
BEGIN = pd.Timestamp("2024-01-01")
HABIT = 4.0 * np.random.default_rng(11).gamma(3.0, 1 / 3.0, N_USERS)
"""Views a month of each user while they are there."""


def watched(pace: Callable[[float], float], quiet_after: np.ndarray) -> Dataset:
    """Users who watch by their habit times ``pace`` of the month, without a subscriptions table, until they go quiet."""
    rng = np.random.default_rng(12)
    rows: list[tuple[str, str, pd.Timestamp]] = []
    for month in range(MONTHS):
        begin = BEGIN + pd.DateOffset(months=month)
        for user in np.flatnonzero(quiet_after > month):
            when = rng.uniform(0.0, begin.days_in_month, rng.poisson(HABIT[user] * pace(month)))
            rows.extend((f"u{user:03d}", f"m{rng.integers(N_MOVIES):02d}", begin + pd.Timedelta(days=float(day))) for day in when)
    movies = pd.DataFrame(
        {
            "movie_id": [f"m{k:02d}" for k in range(N_MOVIES)],
            "title": [f"Story {k}" for k in range(N_MOVIES)],
            "genres": [("Drama", "Comedy", "Thriller")[k % 3] for k in range(N_MOVIES)],
            "languages": [("Tamil", "Hindi")[k % 2] for k in range(N_MOVIES)],
            "runtime_min": 120.0,
        }
    )
    users = pd.DataFrame({"user_id": [f"u{k:03d}" for k in range(N_USERS)], "signup_date": BEGIN - pd.Timedelta(days=90)})
    events = pd.DataFrame(rows, columns=["user_id", "movie_id", "timestamp"])
    return assemble(users=users, movies=movies, events=events, simulated=True)


def context_of(dataset: Dataset) -> ProjectionContext:
    """The context of a choice model calibrated on the tables with tastes of which nothing is known."""
    rng = np.random.default_rng(0)
    vectors = tuple(0.1 * rng.standard_normal((n, 4)).astype(np.float32) for n in (dataset.n_users, dataset.n_movies))
    tower = MadeUpTower()
    choice = calibrate(dataset, [vectors], vectors, tower.content(dataset.movies), seed=0, n_draws=4)
    return past_context(dataset, choice, tower)  # type: ignore[arg-type]


def monthly_views(dataset: Dataset) -> np.ndarray:
    months = dataset.events["timestamp"].dt.month.to_numpy()
    return np.bincount(months, minlength=13)[1:]


def hours_ahead(context: ProjectionContext) -> np.ndarray:
    """Hours of each of six months of the service as it is; a view lasts 120 minutes times the assumed completion."""
    return np.array(project(context, Scenario(name="as it is", changes=(), horizon_months=6)).monthly_baseline_hours)


EVERYBODY_STAYS = np.full(N_USERS, MONTHS)


def test_a_service_whose_viewing_fell_goes_on_where_it_is_and_not_at_its_mean():
    """From 1.5 times the usual pace to half of it: the mean of the year is 1.9 times what the last month had."""
    dataset = watched(lambda month: 1.5 * (1 / 3) ** (month / 11), EVERYBODY_STAYS)
    context, views = context_of(dataset), monthly_views(dataset)
    hours_per_view = float(context.choice.hours_per_view.mean())
    first = hours_ahead(context)[0] / hours_per_view
    assert views.mean() > 1.5 * views[-1]
    assert first == pytest.approx(views[-1], rel=0.05)


def test_a_service_that_nobody_leaves_keeps_its_users():
    context = context_of(watched(lambda _: 1.0, EVERYBODY_STAYS))
    churn = next(estimate for estimate in context.choice.estimates if estimate.name == "monthly_churn")
    assert (churn.kind, churn.value) == ("estimated", 0.0)
    projected = project(context, Scenario(name="as it is", changes=(), horizon_months=6))
    assert projected.baseline.active_users > 0.98 * N_USERS


def test_a_service_where_a_twelfth_goes_quiet_each_month_goes_on_losing_as_many():
    quiet_after = np.random.default_rng(3).geometric(0.08, N_USERS)
    dataset = watched(lambda _: 1.0, quiet_after)
    context = context_of(dataset)
    churn = next(estimate for estimate in context.choice.estimates if estimate.name == "monthly_churn")
    assert churn.kind == "estimated"
    assert churn.standard_error is not None
    assert abs(churn.value - 0.08) < 3 * churn.standard_error < 0.06
    hours, views = hours_ahead(context), float(HABIT[quiet_after > MONTHS].sum())
    assert hours[0] / float(context.choice.hours_per_view.mean()) == pytest.approx(views, rel=0.06)
    assert hours[5] < 0.85 * hours[0]
    there = np.where(quiet_after > MONTHS, 1.0, 0.0)
    assert context.subscribed.sum() == pytest.approx(there.sum(), rel=0.1)
    assert np.corrcoef(context.subscribed, there)[0, 1] > 0.8
    assert context.return_share == 0.0


def test_subscribers_who_have_lapsed_watch_nothing_until_they_come_back_and_then_as_before():
    """The first 60 lapse after nine months; a tenth of those who are away come back each month."""
    lapsed = np.arange(N_USERS) < 60
    dataset = watched(lambda _: 1.0, np.where(lapsed, 9, MONTHS))
    table = pd.DataFrame(
        {
            "user_id": np.repeat(dataset.users["user_id"].to_numpy(), MONTHS),
            "month": np.tile([f"2024-{month:02d}" for month in range(1, 13)], N_USERS),
            "active": np.tile(np.arange(MONTHS), N_USERS) < np.repeat(np.where(lapsed, 9, MONTHS), MONTHS),
        }
    )
    context = context_of(replace(dataset, subscriptions=table))
    hours_per_view = float(context.choice.hours_per_view.mean())
    staying, coming_back = (hours_ahead(replace(context, return_share=share)) for share in (0.0, 0.1))
    assert staying[0] / hours_per_view == pytest.approx(HABIT[~lapsed].sum(), rel=0.08)
    assert coming_back[0] == pytest.approx(staying[0])
    assert (coming_back - staying)[1] / hours_per_view == pytest.approx(0.1 * HABIT[lapsed].sum(), rel=0.2)
