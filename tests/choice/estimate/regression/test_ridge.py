"""Weighted ridge regression."""

import numpy as np
import pytest

from recsys.choice.estimate.regression.ridge import fit_ridge


def test_leave_one_out_predictions_are_those_of_fits_without_the_movie():
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(12, 3)).astype(np.float32), rng.uniform(0.5, 2, 12)
    y = x @ [1.0, -2.0, 0.5] + rng.normal(size=12)
    fit = fit_ridge(x, y, w, penalty=1.3)
    for k in range(12):
        rest = np.arange(12) != k
        # the weights are scaled to mean 1 over all twelve, so the others' share of them is scaled back
        alone = fit_ridge(x[rest], y[rest], w[rest], penalty=1.3 * w.mean() / w[rest].mean())
        assert fit.leave_one_out[k] == pytest.approx(alone.coefficients[0] + x[k] @ alone.coefficients[1:], abs=1e-6)
    miss = y - fit.leave_one_out
    assert fit.leave_one_out_sd == pytest.approx(np.sqrt((w * miss**2).sum() / w.sum()))


def test_several_targets_are_fitted_side_by_side():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 2)).astype(np.float32)
    y = np.column_stack([1 + x[:, 0], 2 - x[:, 1]])
    fit = fit_ridge(x, y, np.ones(30), penalty=1e-9)
    assert fit.coefficients == pytest.approx(np.array([[1.0, 2.0], [1.0, 0.0], [0.0, -1.0]]), abs=1e-6)
