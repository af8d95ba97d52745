"""Activity: rates of late and hazards of going quiet are recovered from panels made with known ones."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate.activity import ActivityEstimate, estimate_activity
from recsys.choice.panel.exposure_panel import ExposurePanel
from recsys.errors import DataError
from recsys.ids import FloatArray


def activity(panel: ExposurePanel, season: FloatArray | None = None) -> ActivityEstimate:
    """The estimate with one segment."""
    factors = np.ones(panel.views.shape[1]) if season is None else season
    return estimate_activity(panel, np.zeros(len(panel.views), np.int64), factors=factors, rng=np.random.default_rng(0))


def rates(panel: ExposurePanel) -> FloatArray:
    return activity(panel).rate


def drawn(
    *, n_users: int = 500, n_periods: int = 24, mean: float = 1.5, monthly_hazard: float = 0.0, trend: float = 0.0
) -> ExposurePanel:
    """Rates with a coefficient of variation of about 1, a level that grows by ``trend`` a half-month, and users who go quiet."""
    rng = np.random.default_rng(7)
    rate = mean * rng.gamma(1.2, 1 / 1.2, n_users)
    quiet = rng.geometric(1 - np.sqrt(1 - monthly_hazard), n_users) if monthly_hazard else np.full(n_users, n_periods)
    time = np.arange(n_periods)
    views = rng.poisson(rate[:, None] * np.exp(trend * time) * (time < quiet[:, None])).astype(float)
    return ExposurePanel(exposure=np.ones_like(views), views=views, active=np.ones(n_users), signup_known=True)


def test_few_views_lean_on_the_segment_and_many_do_not():
    """Rates of 1 to 9 a month; a user with 20 months keeps theirs, one with a single month moves towards the mean of 5."""
    rng = np.random.default_rng(0)
    rate = np.concatenate([rng.uniform(1, 9, 400), [9.0, 9.0]])
    exposure = np.ones((402, 40))
    exposure[-1, 2:] = 0
    views = rng.poisson(rate[:, None] / 2 * exposure).astype(float)
    views[-2], views[-1] = 9 / 2, exposure[-1] * 9 / 2
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(402), signup_known=False)
    found = rates(panel)
    assert found[-2] == pytest.approx(9.0, abs=0.3)
    assert 6.0 < found[-1] < 8.5
    assert found[:400] == pytest.approx(rate[:400], abs=2.6)


def test_the_view_that_someone_is_first_seen_with_does_not_count_as_their_pace():
    """One view a month after the first, which everybody has by definition: a pace of 1. Where it is known when people came, the
    first view is one like any other."""
    rng = np.random.default_rng(1)
    exposure = np.ones((2_000, 4))
    views = rng.poisson(0.5 * exposure).astype(float)
    views[:, 0] += 1
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(2_000), signup_known=False)
    assert rates(panel).mean() == pytest.approx(1.0, abs=0.05)
    known = replace(panel, signup_known=True)
    assert 1.1 < rates(known).mean() < 1.5


def test_a_season_that_all_share_is_not_taken_for_activity():
    """The same people watch three times as much in the second half; who came for that half alone is not thought keener."""
    season = np.repeat([0.5, 1.5], 4)
    exposure = np.ones((300, 8))
    exposure[:50, :4] = 0
    views = 4.0 * exposure * season
    panel = ExposurePanel(exposure=exposure, views=views, active=np.ones(300), signup_known=True)
    found = rates(panel)
    assert found == pytest.approx(np.full(300, found[-1]), rel=0.02)
    gone = replace(panel, active=np.concatenate([np.zeros(1), np.ones(299)]))
    assert rates(gone)[0] == 0.0
    assert activity(gone).rate_while_subscribed[0] == pytest.approx(found[0], rel=0.02)


def test_where_nobody_has_come_back_half_a_view_is_spread_over_the_audience():
    """20 people with one view in two months each, that they came by: 0.5 / 40 a month each."""
    views = np.zeros((20, 4))
    views[:, 0] = 1.0
    panel = ExposurePanel(exposure=np.ones((20, 4)), views=views, active=np.ones(20), signup_known=False)
    assert rates(panel) == pytest.approx(0.5 / 40)


def test_an_audience_of_which_nobody_is_left_is_refused():
    panel = ExposurePanel(exposure=np.ones((20, 4)), views=np.ones((20, 4)), active=np.zeros(20), signup_known=False)
    with pytest.raises(DataError, match="E_INACTIVE"):
        rates(panel)


def test_where_all_viewing_falls_the_rates_are_those_of_late():
    """By 3 % a half-month, to half: the mean of the year would be 1.4 times as much as the last month."""
    panel = drawn(trend=-0.03)
    found = activity(panel)
    assert found.rate.sum() == pytest.approx(panel.views[:, -2:].sum(), rel=0.03)
    assert found.mean_hazard == 0.0
    assert found.hazard_bound < 0.005


def test_who_goes_quiet_is_told_by_the_likelihood_and_the_rest_keep_their_pace():
    panel = drawn(monthly_hazard=0.08)
    found = activity(panel)
    odds = np.log(found.mean_hazard / (1 - found.mean_hazard)) - np.log(0.08 / 0.92)
    assert abs(odds) < 3 * found.hazard_error < 0.6
    silent = (panel.views[:, -6:].sum(axis=1) == 0) & (panel.views.sum(axis=1) > 12)
    assert silent.sum() > 50
    assert found.rate[silent].max() < 0.2
    assert found.rate[silent].sum() < 0.01 * found.rate.sum()
    # 4 % of a month's viewing goes with those who leave within its first half
    assert found.rate.sum() == pytest.approx(panel.views[:, -2:].sum() * 0.92, rel=0.05)


def test_a_silence_that_a_low_rate_makes_likely_is_no_leaving():
    found = activity(drawn(mean=0.2))
    assert found.mean_hazard == 0.0
    assert found.still_there == pytest.approx(1.0)


def test_few_users_seldom_seen_do_not_tell_whether_people_leave():
    found = activity(drawn(n_users=60, n_periods=8, mean=0.15, monthly_hazard=0.08))
    assert found.mean_hazard == 0.0
    assert found.hazard_bound > 0.08


def test_who_joined_lately_counts_for_as_long_as_they_have_been_there():
    """Half of all users come with the last half-month; month 1 has all of them."""
    panel = drawn()
    exposure = panel.exposure.copy()
    exposure[250:, :-1] = 0.0
    late = replace(panel, exposure=exposure, views=panel.views * exposure)
    found = rates(late)
    assert found[250:].mean() == pytest.approx(2 * 1.5, rel=0.1)
    assert found[:250].mean() == pytest.approx(2 * panel.views[:250].mean(), rel=0.1)


def test_the_season_is_taken_out():
    """The last month holds twice as much as usual, and the season says so."""
    season = np.append(np.ones(22), [2.0, 2.0])
    panel = drawn()
    festive = replace(panel, views=panel.views * season)
    assert activity(festive, season).rate.sum() == pytest.approx(panel.views[:, -2:].sum(), rel=0.05)
