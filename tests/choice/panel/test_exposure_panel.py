"""Who was exposed when."""

import pandas as pd
import pytest

from recsys.choice.panel.exposure_panel import read_exposure
from recsys.choice.panel.history import read_history
from tests.choice.panel.test_history import TWO_MONTHS
from tests.choice.panel.test_history import service as two_months
from tests.datasets import assemble


def test_exposure_begins_with_the_sign_up_and_ends_with_the_subscription():
    """u signs up on 23 January at noon, 8.5 of 16 days before the month ends, and pays in January only; v is always there.

    The data end on 20 February at noon, after 4.5 of the last 14 days.
    """
    dataset = two_months(TWO_MONTHS)
    dataset = assemble(
        users=pd.DataFrame({"user_id": ["u", "v"], "signup_date": pd.to_datetime(["2024-01-23T12:00", "2023-01-01T00:00"])}),
        movies=dataset.movies,
        events=pd.DataFrame(
            {
                "user_id": ["v", "u", "v"],
                "movie_id": ["a", "b", "a"],
                "timestamp": pd.to_datetime(["2024-01-01T00:00", "2024-01-24T00:00", "2024-02-20T12:00"]),
            }
        ),
        subscriptions=pd.DataFrame({"user_id": ["u", "u"], "month": ["2024-01", "2024-02"], "active": [True, False]}),
    )
    panel = read_exposure(dataset, read_history(dataset))
    assert panel.exposure[0] == pytest.approx([0.0, 8.5 / 16, 0.0, 0.0])
    assert panel.exposure[1] == pytest.approx([1.0, 1.0, 1.0, 4.5 / 14])
    assert panel.active.tolist() == [0.0, 1.0]
    assert panel.signup_known


def test_without_sign_up_dates_a_user_counts_from_the_first_view_on():
    panel = read_exposure(two_months(TWO_MONTHS), read_history(two_months(TWO_MONTHS)))
    assert panel.exposure[1] == pytest.approx([0.0, 0.0, 13 / 15, 4.5 / 14])
    assert not panel.signup_known
