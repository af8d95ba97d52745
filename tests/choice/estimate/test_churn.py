"""The odds of leaving are recovered where they can be, and called assumed where they cannot."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate.activity import ActivityEstimate
from recsys.choice.estimate.churn import ChurnLevel, ChurnRegression, fit_churn
from tests.builders import tiny_dataset

A, B = -0.8, 1.0
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]


def _silence(n_users: int, *, hazard: float = 0.0, error: float = 0.0, bound: float = 1.0) -> ActivityEstimate:
    everyone = np.ones(n_users)
    return ActivityEstimate(
        rate=everyone,
        rate_while_subscribed=everyone,
        still_there=everyone,
        monthly_hazard=hazard * everyone,
        hazard_error=error,
        hazard_bound=bound,
    )


def _without_table(activity: ActivityEstimate) -> ChurnLevel:
    """What views tell of churn; users watch 1, 2, 3 … hours a month."""
    dataset = replace(tiny_dataset(), subscriptions=None)
    found = fit_churn(dataset, pd.Series({(0, "2024-01"): 3.0}), activity, np.arange(1.0, dataset.n_users + 1.0))
    assert isinstance(found, ChurnLevel)
    return found


def _churn(intercept: np.ndarray, slope: float) -> np.ndarray:
    """Monthly churn at the usual hours of :func:`_without_table`."""
    return 1.0 / (1.0 + np.exp(-(intercept - slope * np.log1p(np.arange(1.0, len(intercept) + 1.0)))))


def _service(n_users: int, habit: float) -> ChurnRegression | ChurnLevel:
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
    return fit_churn(dataset, pd.Series(hours), _silence(n_users), np.full(n_users, 4.0))


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


def test_the_hazard_of_going_quiet_stands_in_for_a_table_and_its_error_spreads_the_draws():
    churn = _without_table(_silence(30, hazard=0.08, error=0.1))
    level, slope = churn.estimates
    assert (level.name, level.kind, slope.kind) == ("monthly_churn", "estimated", "assumed")
    assert level.value == pytest.approx(0.08)
    assert level.standard_error == pytest.approx(0.1 * 0.08 * 0.92)
    assert _churn(churn.intercept, churn.slope) == pytest.approx(0.08)
    rng = np.random.default_rng(0)
    drawn = [_churn(*churn.sample(rng)) for _ in range(400)]
    assert np.ptp(drawn, axis=1) == pytest.approx(0.0, abs=1e-9)  # whatever the slope, the usual hours leave churn as it is
    assert np.std(np.log(drawn)) == pytest.approx(0.1 * 0.92, rel=0.1)


def test_where_nobody_goes_quiet_nobody_leaves_and_that_is_estimated():
    churn = _without_table(_silence(30, bound=0.004))
    assert churn.estimates[0].kind == "estimated"
    assert churn.estimates[0].value == 0.0
    assert "0.4%" in churn.estimates[0].source
    assert _churn(churn.intercept, churn.slope).max() < 1e-5


def test_where_views_do_not_tell_the_middle_has_no_churn_and_the_range_has():
    churn = _without_table(_silence(30))
    assert churn.estimates[0].kind == "assumed"
    assert _churn(churn.intercept, churn.slope).max() < 1e-5
    rng = np.random.default_rng(0)
    drawn = np.array([_churn(*churn.sample(rng))[0] for _ in range(400)])
    assert np.quantile(drawn, 0.4) < 1e-4
    assert 0.06 < np.quantile(drawn, 0.9) < 0.12


def test_a_table_in_which_nobody_leaves_says_so():
    """200 subscribers over a year; the odds that nobody would have left are those of a share of about 1 in 4,000."""
    n_users = 200
    users = pd.DataFrame({"user_id": [f"u{user:05d}" for user in range(n_users)]})
    table = users.merge(pd.DataFrame({"month": MONTHS}), how="cross").assign(active=True)
    hours = pd.Series({(user, month): 4.0 for user in range(n_users) for month in MONTHS})
    dataset = replace(tiny_dataset(), users=users, subscriptions=table)
    churn = fit_churn(dataset, hours, _silence(n_users, hazard=0.3), np.full(n_users, 4.0))
    level = churn.estimates[0]
    assert (level.name, level.kind) == ("monthly_churn", "estimated")
    assert level.value == pytest.approx(0.5 / 2201)
    assert level.value < level.standard_error < 2 * level.value
    rng = np.random.default_rng(0)
    drawn = [churn.sample(rng)[0][0] - churn.slope * np.log(5.0) for _ in range(200)]
    assert np.median(drawn) < np.log(0.5 / 2200)


def test_few_departures_give_their_share():
    churn = _service(40, habit=0.0)
    level = churn.estimates[0]
    assert (level.name, level.kind) == ("monthly_churn", "estimated")
    assert level.value == pytest.approx(0.13, abs=0.05)


def test_draws_spread_as_the_error_says():
    churn = _service(600, habit=0.0)
    rng = np.random.default_rng(0)
    slopes = [churn.sample(rng)[1] for _ in range(400)]
    assert np.std(slopes) == pytest.approx(np.sqrt(churn.covariance[1, 1]), rel=0.15)
