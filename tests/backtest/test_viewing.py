"""What was said of a service's viewing, and what it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.backtest import viewing
from recsys.backtest.cutoff import past_context
from recsys.backtest.serialization import CutoffResult, ViewingForecast
from recsys.choice.panel.history import DAYS_PER_MONTH
from recsys.projection.project import project
from recsys.scenario.scenario import Scenario
from recsys.tables.as_of import dataset_as_of
from tests.backtest.builders import arriving_service, made_up_training, origin

MONTH = pd.Timedelta(days=DAYS_PER_MONTH)


def test_what_was_watched_after_a_moment_stands_beside_what_would_have_been_said_of_it():
    """Six months of history, frozen two and a half before its end: two whole months ahead."""
    dataset = arriving_service()
    at = dataset.events["timestamp"].max() - 2.5 * MONTH
    past = dataset_as_of(dataset, at)
    context = past_context(past, *made_up_training()(past, None, Path(), None))
    found = viewing.forecast_viewing(dataset, at, context)
    assert [each.month for each in found] == [1, 2]
    first = dataset.events["timestamp"].between(at, at + MONTH, inclusive="left")
    assert found[0].actual == pytest.approx(dataset.events["minutes"][first].sum() / 60)
    last = dataset.events["timestamp"].between(at - MONTH, at, inclusive="left")
    assert found[1].rivals["as_last_month"] == pytest.approx(dataset.events["minutes"][last].sum() / 60)
    said = project(context, Scenario(name="as it is", changes=(), horizon_months=2)).monthly_baseline_hours
    assert [each.projected for each in found] == pytest.approx(said)
    untimed = replace(dataset, events=dataset.events.drop(columns="minutes"))
    watched = viewing.forecast_viewing(untimed, at, context)[0].actual
    assert watched == pytest.approx(first.sum() * context.choice.hours_per_view.mean(), rel=0.2)


def test_simple_forecasts_speak_where_their_history_is_long_enough():
    growing = np.exp(0.02 * np.arange(14.0))
    found = viewing.simple_forecasts(growing, 3)
    assert found["as_last_month"].tolist() == [growing[-1]] * 3
    assert found["seasonal_naive"].tolist() == growing[2:5].tolist()
    assert found["exponential_smoothing"] == pytest.approx([growing[-1]] * 3, rel=0.05)
    assert set(viewing.simple_forecasts(growing[:3], 1)) == {"as_last_month"}
    assert viewing.simple_forecasts(growing[:0], 1) == {}


def moment(date: str, projected: float, actual: float, **rivals: float) -> CutoffResult:
    forecast = ViewingForecast(month=1, projected=projected, actual=actual, rivals=rivals)
    return replace(origin(date=date).cutoff, viewing=(forecast,))


def test_a_rival_is_compared_on_the_moments_at_which_it_spoke():
    """Misses of 10 and 30 in 200; last month missed by 20 of the second 100, where the projection missed by 30."""
    cutoffs = [moment("2024-01-01", 90.0, 100.0), moment("2024-02-01", 130.0, 100.0, as_last_month=80.0)]
    found = viewing.scores(cutoffs)["1"]
    assert (found["moments"], found["error"], found["bias"]) == (2, pytest.approx(0.2), pytest.approx(0.1))
    assert found["rivals"] == {
        "as_last_month": {"moments": 1, "error": pytest.approx(0.2), "projection_error": pytest.approx(0.3)}
    }


def test_what_was_said_is_the_same_after_a_round_trip():
    kept = moment("2024-01-01", 90.0, 100.0, as_last_month=80.0)
    assert CutoffResult.from_json(kept.as_json()) == kept
