"""The part of the history that is explained is recent, however long the history is."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.pipeline.config import TrainConfig
from recsys.pipeline.training_context import TrainingContext
from recsys.run_files import RunFiles
from tests.builders import tiny_dataset


def training_context(days: list[float]) -> TrainingContext:
    """A service whose events lie on these days."""
    dataset = tiny_dataset()
    events = dataset.events.iloc[[0] * len(days)].reset_index(drop=True)
    events["timestamp"] = (pd.Timestamp("2015-01-01") + pd.to_timedelta(days, unit="D")).astype("datetime64[s]")
    return TrainingContext(dataset=replace(dataset, events=events), config=TrainConfig(), files=RunFiles(Path()), previous=None)


def test_in_a_history_of_months_the_later_part_is_its_share_of_the_events():
    assert len(training_context([float(day) for day in range(100)]).split.train) == 80


def test_in_a_history_of_ten_years_the_later_part_is_the_last_year():
    """Ten events a year: eleven lie in the twelve months that end with the last; a fifth of all would reach back two years."""
    context = training_context([365.25 * n / 10 for n in range(100)])
    assert len(context.split.train) == 100 - 11


def test_a_history_that_stopped_long_ago_is_refused():
    """199 old events and one new: whatever is cut off would reach back to the old ones."""
    with pytest.raises(DataError, match="E_TOO_SMALL"):
        _ = training_context([*(float(day) for day in range(199)), 4000.0]).split
