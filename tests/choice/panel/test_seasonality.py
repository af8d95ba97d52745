"""What a half-month counts for: its length, and its season."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.panel.history import read_history
from recsys.choice.panel.seasonality import Season, half_month_factors
from tests.choice.panel.test_history import TWO_MONTHS, service


def test_a_half_month_counts_by_its_days():
    """15 and 16 days of January, 15 and 14 of February 2024; half an average month has 15.22."""
    history = replace(read_history(service(TWO_MONTHS)), start=pd.Timestamp("2024-01-01"))
    assert np.diff(history.edges).tolist() == [15, 16, 15, 14]
    assert half_month_factors(history, None) == pytest.approx(np.array([15, 16, 15, 14]) * 2 / (365.25 / 12))


def test_a_season_knows_how_long_its_months_are():
    history = read_history(service(TWO_MONTHS))
    season = Season(factors=np.array([1.3, 0.7] + [1.0] * 10), kind="configured", source="made up")
    found = half_month_factors(history, season)
    assert found == pytest.approx([1.3 * 30 / 31, 1.3 * 32 / 31, 0.7 * 30 / 29, 0.7 * 28 / 29])
