"""Who was exposed when, and the view rates that this leaves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.panel.exposure_panel import ExposurePanel, monthly_view_rates, read_exposure
from recsys.choice.panel.history import read_history
from recsys.errors import DataError
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


def test_few_views_lean_on_the_segment_and_many_do_not():
    """Rates of 1 to 9 a month; a user with 20 months keeps theirs, one with a single month moves towards the mean of 5."""
    rng = np.random.default_rng(0)
    rate = np.concatenate([rng.uniform(1, 9, 400), [9.0, 9.0]])
    exposure = np.ones((402, 40))
    exposure[-1, 2:] = 0
    views = rng.poisson(rate[:, None] / 2 * exposure).astype(float)
    views[-2], views[-1] = 9 / 2, exposure[-1] * 9 / 2
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(402), signup_known=False)
    found = monthly_view_rates(panel, np.zeros(402, np.int64))
    assert found[-2] == pytest.approx(9.0, abs=0.3)
    assert 6.0 < found[-1] < 8.5
    assert found[:400] == pytest.approx(rate[:400], abs=2.6)


def test_the_view_that_someone_is_first_seen_with_does_not_count_as_their_pace():
    """One view a month after the first, which everybody has by definition: a pace of 1, not of 1 + 1 / months."""
    rng = np.random.default_rng(1)
    exposure = np.ones((2_000, 4))
    views = rng.poisson(0.5 * exposure).astype(float)
    views[:, 0] += 1
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(2_000), signup_known=False)
    assert monthly_view_rates(panel, np.zeros(2_000, np.int64)).mean() == pytest.approx(1.0, abs=0.05)
    known = replace(panel, signup_known=True)
    assert monthly_view_rates(known, np.zeros(2_000, np.int64)).mean() == pytest.approx(1.5, abs=0.05)


def test_a_season_that_all_share_is_not_taken_for_activity():
    """The same people watch three times as much in the second half; who came for that half alone is not thought keener."""
    season = np.repeat([0.5, 1.5], 4)
    exposure = np.ones((300, 8))
    exposure[:50, :4] = 0
    views = 4.0 * exposure * season
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(300), signup_known=True)
    found = monthly_view_rates(panel, np.zeros(300, np.int64))
    assert found == pytest.approx(np.full(300, found[-1]), rel=0.02)
    gone = replace(panel, active=np.concatenate([np.zeros(1), np.ones(299)]))
    assert monthly_view_rates(gone, np.zeros(300, np.int64))[0] == 0.0


def test_where_nobody_has_come_back_half_a_view_is_spread_over_the_audience():
    """20 people with one view in two months each, that they came by: 0.5 / 40 a month each."""
    views = np.zeros((20, 4))
    views[:, 0] = 1.0
    panel = ExposurePanel(exposure=np.ones((20, 4)), views=views, active=np.ones(20), signup_known=False)
    assert monthly_view_rates(panel, np.zeros(20, np.int64)) == pytest.approx(0.5 / 40)


def test_an_audience_of_which_nobody_is_left_is_refused():
    panel = ExposurePanel(exposure=np.ones((20, 4)), views=np.ones((20, 4)), active=np.zeros(20), signup_known=False)
    with pytest.raises(DataError, match="E_INACTIVE"):
        monthly_view_rates(panel, np.zeros(20, np.int64))
