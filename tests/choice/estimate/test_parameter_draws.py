"""Draws of the parameters that all movies share: they carry what is not known of the estimates, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.estimate import parameter_draws
from recsys.choice.estimate.outside_share import ASSUMED_RANGE, OutsideShare
from recsys.choice.estimate.taste.parameters import N_AGES, TasteParameters
from recsys.choice.estimate.taste.taste_estimate import TasteEstimate

NESTS = np.zeros(2, np.int64)


def a_taste(
    *, rewatches: bool = True, n_arrivals: int = 50, dissimilarity_found: tuple[float, float] | None = None
) -> TasteEstimate:
    p = TasteParameters(
        slope=3.0,
        cold_slope_delta=0.0,
        cluster_slope=0.0,
        nest_slope=0.0,
        affinity_slopes=np.array([0.5]),
        seen=-4.0,
        arrived=0.0,
        launch=np.linspace(1.0, 0.2, N_AGES - 1),
        dissimilarity=0.8,
        appeal=np.zeros(2),
    )
    return TasteEstimate(
        parameters=p,
        covariance=np.diag(np.full(p.layout.structural.stop, 0.01)),
        n_choices=100,
        n_users=10,
        n_arrivals=n_arrivals,
        rewatches=rewatches,
        dissimilarity_found=dissimilarity_found,
        log_likelihood=-3.0,
        log_likelihood_uniform=-4.0,
    )


def test_draws_have_the_mean_and_the_spread_of_the_estimates():
    outside = OutsideShare(value=0.5, standard_error=0.02, reason="")
    sample = parameter_draws.sample(a_taste(), outside, NESTS, 400, np.random.default_rng(0))
    lam = np.array([draw.structure.dissimilarity for draw in sample])
    assert lam.mean() == pytest.approx(0.8, abs=0.01)
    assert lam.std() == pytest.approx(0.1, abs=0.015)
    shift = np.array([draw.cold_appeal_shift for draw in sample])
    assert (shift.mean(), shift.std()) == (pytest.approx(0.0, abs=0.01), pytest.approx(1.0, abs=0.02))
    product = lam * [draw.outside_share for draw in sample]
    assert product.std() / product.mean() == pytest.approx(0.04, abs=0.01)


def test_draws_keep_the_scale_of_tastes_where_one_slope_can_stand_in_for_another():
    """Slopes of a movie and of its nest are 3 ± 5 and 2 ± 5, their sum 5 ± 0.1: nobody knows which is which, and how sharp tastes
    are is known to a fiftieth. Draws that move everything with the first slope must not make tastes four times as sharp."""
    taste = a_taste()
    taste = replace(taste, parameters=replace(taste.parameters, nest_slope=2.0, affinity_slopes=np.zeros(1)))
    covariance = taste.covariance.copy()
    slopes = [taste.layout.slope, taste.layout.nest_slope]
    covariance[np.ix_(slopes, slopes)] = np.array([[25.0, -24.995], [-24.995, 25.0]])
    taste = replace(taste, covariance=covariance)
    assert taste.scale_error == pytest.approx(0.1 / 5.0, rel=0.1)
    outside = OutsideShare(value=0.5, standard_error=0.02, reason="")
    sharp = [
        draw.structure.slope / draw.structure.dissimilarity
        for draw in parameter_draws.sample(taste, outside, NESTS, 100, np.random.default_rng(0))
    ]
    assert np.abs(np.array(sharp) / 3.0 - 1.0).max() <= 0.07
    assert np.std(sharp) > 0.02


def test_what_is_assumed_is_swept_over_its_whole_range():
    outside = OutsideShare(value=0.5, standard_error=None, reason="")
    taste = a_taste(rewatches=False, n_arrivals=0, dissimilarity_found=(1.4, 4.0))
    sample = parameter_draws.sample(taste, outside, NESTS, 50, np.random.default_rng(0))
    shares = sorted(draw.outside_share for draw in sample)
    assert shares[0] == pytest.approx(ASSUMED_RANGE[0], abs=0.02)
    assert shares[-1] == pytest.approx(ASSUMED_RANGE[1], abs=0.02)
    lams = sorted(draw.structure.dissimilarity for draw in sample)
    assert (lams[0], lams[-1]) == (pytest.approx(0.5, abs=0.02), pytest.approx(1.0, abs=0.02))
    assert {draw.structure.rewatch for draw in sample} != {parameter_draws.ASSUMED_REWATCH}
    assert not np.any([draw.structure.launch for draw in sample])
    assert parameter_draws.point_structure(taste, NESTS).rewatch == parameter_draws.ASSUMED_REWATCH
    assert parameter_draws.sample(taste, outside, NESTS, 0, np.random.default_rng(0)) == []
