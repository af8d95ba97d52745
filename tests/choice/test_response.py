"""The outside share from responses that are known."""

import numpy as np
import pytest

from recsys.choice.fit_outside import constant_for
from recsys.choice.response import respond


def panel(constant: float, *, n: int = 1500, periods: int = 20, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Counts with effects of users and periods, worth that moves by group, and who is in which group."""
    rng = np.random.default_rng(seed)
    group = rng.integers(30, size=n)
    worth = rng.normal(size=30)[:, None] * 0.5 + np.cumsum(0.15 * rng.normal(size=(30, periods)), axis=1)
    x = worth[group]
    share = 1 / (1 + np.exp(-(x + constant)))
    mean = rng.gamma(2.0, 4.0, n)[:, None] * (1 + 0.3 * np.sin(np.arange(periods))) * share
    return rng.poisson(mean).astype(float), x, group, share


@pytest.mark.parametrize("constant", [-1.0, 0.0, 1.0])
def test_the_outside_share_is_found_whatever_activity_and_season(constant: float):
    y, x, group, share = panel(constant)
    true = float((y * (1 - share)).sum() / y.sum())
    found = respond(y, np.ones_like(y), x, x, (np.arange(len(y)), group))
    assert found.inside_bounds
    assert found.share == pytest.approx(true, abs=3 * found.standard_error)
    assert 0.002 < found.standard_error < 0.06
    assert found.instrument_share == pytest.approx(1.0)


def test_the_instrument_mends_what_noise_in_the_worth_bends():
    """Worth seen with noise as large as itself: the plain answer is far off, the instrumented one is not."""
    y, x, group, share = panel(0.0, seed=3)
    true = float((y * (1 - share)).sum() / y.sum())
    noise = 0.25 * np.random.default_rng(1).normal(size=x.shape)
    plain = respond(y, np.ones_like(y), x + noise, x + noise, (group,))
    mended = respond(y, np.ones_like(y), x + noise, x, (group,))
    assert mended.share == pytest.approx(true, abs=4 * mended.standard_error)
    assert abs(plain.share - true) > 3 * abs(mended.share - true)


def test_cells_without_exposure_do_not_count():
    y, x, group, _ = panel(0.0)
    weight = (np.random.default_rng(2).random(y.shape) < 0.8).astype(float)
    clean = respond(y * weight, weight, x, x, (group,))
    spoilt = respond(np.where(weight > 0, y, 1e6), weight, np.where(weight > 0, x, np.nan), x, (group,))
    assert spoilt.share == pytest.approx(clean.share, abs=1e-9)


def test_a_catalogue_that_never_changes_gives_no_answer():
    y, x, group, _ = panel(0.0)
    still = np.repeat(x[:, :1], x.shape[1], axis=1)
    assert np.isnan(respond(y, np.ones_like(y), still, still, (group,)).share)


def test_viewing_that_does_not_follow_the_catalogue_gives_no_share():
    rng = np.random.default_rng(5)
    _, x, group, _ = panel(0.0)
    against = rng.poisson(5 * np.exp(-0.8 * x)).astype(float)
    assert not respond(against, np.ones_like(against), x, x, (group,)).inside_bounds


def test_the_constant_gives_viewers_the_outside_share_on_average():
    """Two viewers with S = e and 1, the first watching three times as much."""
    worth, weight = np.array([1.0, 0.0]), np.array([3.0, 1.0])
    constant = constant_for(worth, weight, 0.4)
    outside = 1 / (1 + np.exp(worth + constant))
    assert weight @ outside / 4 == pytest.approx(0.4)
    assert constant_for(np.array([-np.inf]), np.ones(1), 0.4) == 0.0
