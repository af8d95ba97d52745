"""Intervals and paired tests: against SciPy and statsmodels, and at the rates that they promise."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from recsys.evaluation.resampling import FEWEST, Resamples
from recsys.evaluation.significance import pairs
from tests.effort import times


def test_p_is_that_of_a_paired_t_test_corrected_by_holm() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(80)
    figures = {"a": base, "b": base + rng.normal(0.03, 0.1, 80), "c": base + rng.normal(0.06, 0.1, 80)}
    rows = pairs(figures, Resamples(n=80, seed=0))
    p = [stats.ttest_rel(figures[one], figures[two]).pvalue for one, two in (("a", "b"), ("a", "c"), ("b", "c"))]
    np.testing.assert_allclose([row["p"] for row in rows], p)
    np.testing.assert_allclose([row["p_holm"] for row in rows], multipletests(p, method="holm")[1])


def test_the_better_of_a_pair_is_ahead_by_the_mean_of_the_differences() -> None:
    """(1, 2, 4) against (0, 2, 2): 7/3 − 4/3 = 1."""
    (row,) = pairs({"worse": np.array([0.0, 2, 2]), "better": np.array([1.0, 2, 4])}, Resamples(n=3, seed=0))
    assert (row["better"], row["worse"], row["difference"]) == ("better", "worse", pytest.approx(1.0))
    assert row["low"] <= 1.0 <= row["high"]


@pytest.mark.slow
def test_models_that_do_not_differ_are_rarely_told_apart() -> None:
    """Six models of the same worth, 15 pairs: with the correction a comparison has a false alarm in about one of twenty runs."""
    alarms, runs, resamples = 0, times(100), Resamples(n=40, seed=0)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        rows = pairs({f"m{k}": rng.normal(size=40) for k in range(6)}, resamples)
        alarms += any(row["clear"] for row in rows)
    # a rate of 5 % gives more than this, 12 of 100, in one of 680 draws; uncorrected pairs give about 36 of 100
    assert alarms <= stats.binom.isf(1 / 650, runs, 0.05)


def test_a_constant_lead_is_clear_and_no_lead_is_not() -> None:
    same = np.array([0.25, 0.5, 0.75])
    rows = pairs({"a": same, "b": same, "c": same + 0.125}, Resamples(n=3, seed=0))
    assert rows[0]["p"] == 1.0
    assert rows[1]["difference"] == pytest.approx(0.125)


def test_users_whom_a_metric_does_not_concern_do_not_count() -> None:
    one, two = np.array([1.0, np.nan, 3.0]), np.array([0.0, np.nan, 1.0])
    (row,) = pairs({"one": one, "two": two}, Resamples(n=3, seed=0))
    assert row["difference"] == pytest.approx(1.5)


@pytest.mark.slow
def test_an_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    """Means of 60 draws from an exponential of mean 1: 95 % intervals hold 1 in at least nine of ten of 200 runs."""
    held = 0
    for seed in range(200):
        low, high = Resamples(n=60, seed=seed).interval(np.random.default_rng(1000 + seed).exponential(size=60))
        held += low <= 1.0 <= high
    assert 0.90 <= held / 200 <= 0.98


def test_many_users_are_resampled_less_often() -> None:
    assert Resamples(n=1_000, seed=0).count == 1_000
    assert Resamples(n=10_000_000, seed=0).count == FEWEST


def test_each_resample_draws_as_many_users_as_there_are() -> None:
    assert set(Resamples(n=50, seed=0).times.sum(axis=1)) == {50}
