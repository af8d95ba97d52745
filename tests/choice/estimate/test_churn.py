"""The odds of leaving are recovered where they can be, and called assumed where they cannot."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.churn import ASSUMED_MONTHLY_CHURN, ASSUMED_SLOPE, ChurnEstimate, fit_churn
from tests.builders import tiny_dataset

A, B = -0.8, 1.0
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]


def _service(n_users: int, habit: float) -> ChurnEstimate:
    """Subscribers who leave by the written odds; people of more ``habit`` watch more and, beyond that, stay longer."""
    rng = np.random.default_rng(5)
    rows, hours = [], {}
    for user in range(n_users):
        usual = rng.normal()
        for month in MONTHS:
            watched = float(np.exp(1.5 + 0.5 * usual + 0.7 * rng.normal()))
            hours[user, month] = watched
            rows.append((f"u{user:05d}", month, True))
            if rng.random() < 1.0 / (1.0 + np.exp(-(A - habit * usual - B * np.log1p(watched)))):
                left = MONTHS.index(month) + 1
                rows += [(f"u{user:05d}", later, False) for later in MONTHS[left:]]
                break
    users = pd.DataFrame({"user_id": [f"u{user:05d}" for user in range(n_users)]})
    dataset = replace(tiny_dataset(), users=users, subscriptions=pd.DataFrame(rows, columns=["user_id", "month", "active"]))
    return fit_churn(dataset, pd.Series(hours))


def test_the_written_odds_are_recovered_within_their_errors():
    churn = _service(1500, habit=0.0)
    errors = np.sqrt(np.diag(churn.covariance))
    assert abs(churn.coefficients[0] - A) < 3 * errors[0]
    assert abs(churn.slope - B) < 3 * errors[1]
    assert errors[1] < 0.12
    assert {estimate.kind for estimate in churn.estimates} == {"estimated"}


def test_a_habit_that_makes_people_both_watch_and_stay_is_mostly_kept_out_of_the_slope():
    """Without the second regressor the slope would take up the habit: its size here is 0.4."""
    churn = _service(1500, habit=0.4)
    assert abs(churn.slope - B) < 0.25
    assert churn.coefficients[2] < 0


def test_without_subscriptions_the_odds_are_assumed_and_say_so():
    churn = fit_churn(replace(tiny_dataset(), subscriptions=None), pd.Series({(0, "2024-01"): 3.0}))
    assert {estimate.kind for estimate in churn.estimates} == {"assumed"}
    assert "no subscriptions table" in churn.estimates[0].source
    at_the_mean = churn.coefficients[0] - ASSUMED_SLOPE * churn.mean_log_hours.mean()
    assert 1.0 / (1.0 + np.exp(-at_the_mean)) == pytest.approx(ASSUMED_MONTHLY_CHURN)


def test_with_hardly_anybody_leaving_the_odds_are_assumed():
    assert {estimate.kind for estimate in _service(8, habit=0.0).estimates} == {"assumed"}


def test_draws_spread_as_the_error_says():
    churn = _service(600, habit=0.0)
    rng = np.random.default_rng(0)
    slopes = [churn.sample(rng)[1] for _ in range(400)]
    assert np.std(slopes) == pytest.approx(np.sqrt(churn.covariance[1, 1]), rel=0.15)
