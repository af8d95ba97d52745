"""The upper bound on a slate's value, from its offers alone and from slates seen."""

import numpy as np
import pytest

from recsys.decision.additive_bound import FIRST_SLACK, AdditiveBound


def test_before_any_slate_is_seen_the_bound_is_the_sum_and_a_little_of_the_gains():
    bound = AdditiveBound(np.array([10.0, 20.0, -5.0]))
    assert bound.of({0, 1, 2}) == pytest.approx(25.0 + FIRST_SLACK * 30.0)


def test_a_slate_that_exceeds_its_parts_raises_the_bound_of_all_by_twice_its_excess():
    """30 of gains alone and 33 together: a tenth more, so that two tenths are allowed."""
    bound = AdditiveBound(np.array([10.0, 20.0, 40.0]))
    bound.observe({0, 1}, 33.0)
    assert bound.of({1, 2}) == pytest.approx(60.0 * 1.2)


def test_a_slate_that_falls_short_and_a_single_offer_leave_the_bound():
    bound = AdditiveBound(np.array([10.0, 20.0]))
    bound.observe({0, 1}, 33.0)
    bound.observe({0, 1}, 20.0)
    bound.observe({0}, 50.0)
    assert bound.slack == pytest.approx(0.2)
