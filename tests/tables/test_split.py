"""Splits: by time without leaks, or by lot."""

import numpy as np
import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.split import random, temporal
from tests import builders


def test_the_earlier_four_fifths_are_learnt_from():
    """540 events: 432 before the cutoff, 108 from it on."""
    events = builders.tiny_dataset().events
    parts = temporal(events)
    assert (len(parts.train), len(parts.test)) == (432, 108)
    assert parts.train["timestamp"].max() < parts.cutoff == parts.test["timestamp"].min()


def test_events_of_one_second_are_never_parted():
    """Ten events, of which the fourth to the ninth fall into one second: all six are judged on."""
    seconds = [0, 1, 2, 3, 3, 3, 3, 3, 3, 9]
    parts = temporal(pd.DataFrame({"timestamp": pd.to_datetime(seconds, unit="s")}), 0.6)
    assert (len(parts.train), len(parts.test)) == (3, 7)


def test_a_lot_parts_every_event_once_and_the_same_seed_parts_the_same():
    events = builders.tiny_dataset().events
    parts = random(events, 0.75, np.random.default_rng(1))
    assert (len(parts.train), len(parts.test), parts.cutoff) == (405, 135, None)
    assert sorted([*parts.train.index, *parts.test.index]) == list(range(540))
    again = random(events, 0.75, np.random.default_rng(1))
    assert again.train.index.equals(parts.train.index)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_shares_outside_0_to_1_are_refused(share: float):
    events = builders.tiny_dataset().events
    for split in (lambda: temporal(events, share), lambda: random(events, share, np.random.default_rng(0))):
        with pytest.raises(DataError) as refusal:
            split()
        assert refusal.value.code == "E_SPLIT"


def test_events_of_a_single_moment_cannot_be_split_by_time():
    with pytest.raises(DataError) as refusal:
        temporal(pd.DataFrame({"timestamp": pd.to_datetime(["2024-01-01"] * 5)}))
    assert refusal.value.code == "E_SPLIT"
