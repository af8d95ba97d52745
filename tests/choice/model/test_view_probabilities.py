"""Predicted views, and appeals that make them right."""

import numpy as np
import pytest

from recsys.choice.model.view_probabilities import AudienceDesign, invert_views
from tests.choice.nested_logit import choice_shares, log_nest_sums, log_worth

NESTS = np.array([0, 0, 1, 1, 1])
STARTS = np.array([0, 2])
LAM = 0.6


def rows(n: int = 30, seed: int = 0) -> tuple[AudienceDesign, np.ndarray]:
    """Viewers with random tastes, one movie closed to each third, and their utilities without appeal."""
    rng = np.random.default_rng(seed)
    utility = rng.normal(size=(n, 5))
    others = np.ones((n, 5), dtype=np.float32)
    others[np.arange(n), np.arange(n) % 5] = np.where(np.arange(n) % 3 == 0, 0.0, 0.5)
    with np.errstate(divide="ignore"):
        whole = utility + LAM * np.log(others)
    return AudienceDesign.from_exponents((utility / LAM).astype(np.float32), rng.uniform(1, 5, n), STARTS, LAM, others), whole


def test_predicted_views_are_those_of_the_nested_logit():
    design, utility = rows()
    appeal = np.array([0.5, -1.0, 0.0, 2.0, 0.3])
    shares = choice_shares(utility + appeal, NESTS, LAM)
    given_watched = shares / shares.sum(axis=1, keepdims=True)
    assert design.predicted_views(appeal) == pytest.approx(design.weight @ given_watched, rel=1e-5)
    assert design.predicted_views(appeal).sum() == pytest.approx(design.weight.sum())
    assert design.inclusive_values(appeal) == pytest.approx(log_worth(log_nest_sums(utility + appeal, NESTS, LAM), LAM), abs=1e-5)


def test_who_can_watch_only_what_hardly_anybody_wants_is_no_number_too_large():
    """The first viewer may only watch the second movie, which is 73 nats less wanted than the first: all of his views go there,
    though what each unit of it pulls is beyond float32."""
    others = np.array([[0.0, 1.0], [1.0, 1.0]], dtype=np.float32)
    design = AudienceDesign.from_exponents(np.zeros((2, 2), np.float32), np.array([100.0, 1.0]), np.array([0, 1]), 0.85, others)
    appeal = np.array([30.0, -43.0])
    assert design.predicted_views(appeal) == pytest.approx([1.0, 100.0])
    assert design.predicted_views_by_row(appeal) == pytest.approx(np.array([[0.0, 100.0], [1.0, 0.0]]), abs=1e-6)


def test_matched_appeals_reproduce_the_actual_views_exactly():
    design, _ = rows()
    actual = design.weight.sum() * np.array([0.4, 0.05, 0.3, 0.2, 0.05])
    found = invert_views(design.predicted_views, actual, dissimilarity=LAM, start=np.zeros(5), tolerance=1e-7, iterations=500)
    assert design.predicted_views(found) == pytest.approx(actual, rel=1e-5)
    assert found.mean() == pytest.approx(0.0, abs=1e-12)


def test_views_made_with_known_appeals_give_them_back():
    design, _ = rows()
    appeal = np.array([0.5, -1.0, 0.0, 1.0, -0.5])
    found = invert_views(
        design.predicted_views,
        design.predicted_views(appeal),
        dissimilarity=LAM,
        start=np.zeros(5),
        tolerance=1e-7,
        iterations=500,
    )
    assert found == pytest.approx(appeal - appeal.mean(), abs=1e-5)


def test_two_movies_alike_with_twice_the_views_differ_by_lambda_log_two():
    """In one nest P_1 / P_2 = exp((α_1 − α_2) / λ): 2 = exp(Δ / 0.6) gives Δ = 0.6 · ln 2."""
    design = AudienceDesign.from_exponents(np.zeros((4, 2), np.float32), np.ones(4), np.array([0]), LAM)
    found = invert_views(design.predicted_views, np.array([8 / 3, 4 / 3]), dissimilarity=LAM, start=np.zeros(2), tolerance=1e-9)
    assert found[0] - found[1] == pytest.approx(LAM * np.log(2))


def test_shrunken_appeals_solve_the_penalised_equation():
    """actual − predicted = (α − mean) / sd², and few views stay near the prior."""
    design, _ = rows()
    design = AudienceDesign.from_exponents(np.log(design.factor + 1e-6), design.weight / 50, STARTS, LAM)
    actual = design.weight.sum() * np.array([0.6, 0.0, 0.2, 0.2, 0.0])
    mean = np.array([0.2, 0.4, -0.2, 0.0, -0.4])
    found = invert_views(
        design.predicted_views,
        actual,
        dissimilarity=LAM,
        start=np.zeros(5),
        prior_mean=mean,
        prior_sd=0.5,
        tolerance=1e-8,
        iterations=2000,
    )
    assert actual - design.predicted_views(found) == pytest.approx((found - mean) / 0.25, abs=1e-4)
    assert np.isfinite(found).all()
    wide = invert_views(design.predicted_views, actual, dissimilarity=LAM, start=np.zeros(5), prior_mean=mean, prior_sd=0.05)
    assert np.abs(wide - mean).max() < np.abs(found - mean).max()


def test_utilities_of_any_size_stay_in_range():
    design = AudienceDesign.from_exponents(
        np.array([[500.0, 499.0], [-800.0, -799.0]], np.float32), np.ones(2), np.array([0]), 1.0
    )
    assert design.predicted_views(np.zeros(2)).sum() == pytest.approx(2.0)
    assert design.inclusive_values(np.zeros(2)) == pytest.approx([500 + np.log1p(np.exp(-1)), -799 + np.log1p(np.exp(-1))])


def test_who_has_watched_all_but_what_they_like_least_watches_that():
    """e^−95 of the taste for the other is left, which one over it is more than float32 holds."""
    left = AudienceDesign.from_exponents(
        np.array([[0.0, -95.0], [0.0, 0.0]], np.float32),
        np.ones(2),
        np.array([0]),
        1.0,
        np.array([[0.0, 1.0], [1.0, 1.0]], np.float32),
    )
    assert left.predicted_views_by_row(np.zeros(2)) == pytest.approx(np.array([[0.0, 1.0], [0.5, 0.5]]), abs=1e-3)
