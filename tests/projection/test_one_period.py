"""One movie more, in one pass over users, against shares of the whole catalogue."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.choice.nested_logit import choice_shares
from recsys.choice.utility import catalogue_utility
from recsys.projection import nests
from recsys.projection.basis import Basis
from recsys.projection.one_period import Added, OnePeriod
from tests.projection import builders


def by_hand(basis: Basis, vector: np.ndarray, appeal: float, nest: int, hours: float) -> Added:
    choice, draw = basis.choice, basis.choice.draws[0]
    utility = catalogue_utility(choice, draw, slice(None))
    own = draw.score_slope * (choice.members[0].users @ vector) + appeal + draw.outside_constant
    before = choice_shares(utility, choice.nests, draw.dissimilarity)
    after = choice_shares(np.column_stack([utility, own]), np.append(choice.nests, nest), draw.dissimilarity)
    each = np.append(choice.hours_per_view, hours)
    occasions = draw.occasions * basis.weight
    views = float(occasions @ after[:, -1])
    return Added(
        views=views,
        gross_hours=views * hours,
        hours=float(occasions @ (after @ each - before @ choice.hours_per_view)),
    )


@pytest.mark.parametrize("dissimilarity", [0.3, 1.0])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_movie_adds_what_it_adds_in_the_whole_problem(dissimilarity: float, threads: int):
    basis = builders.basis(300, 40, dissimilarity=dissimilarity)
    standing = OnePeriod.today(basis.choice, 0, basis.catalogue, basis.weight)
    vector = basis.choice.members[0].movies[3]
    for nest, hours in ((0, 1.7), (3, 0.4)):
        found = standing.add(vector, 0.8, nest, hours, threads=threads)
        expected = by_hand(basis, vector, 0.8, nest, hours)
        assert (found.views, found.gross_hours, found.hours) == pytest.approx(
            (expected.views, expected.gross_hours, expected.hours), rel=1e-6
        )


def test_a_movie_alone_in_its_nest_takes_only_from_others():
    basis = builders.basis(300, 40)
    available = basis.choice.available & (basis.choice.nests != 2)
    alone = builders.fresh(basis, choice=replace(basis.choice, available=available))
    standing = OnePeriod.today(alone.choice, 0, nests.layout(alone.choice, available), alone.weight)
    vector = basis.choice.members[0].movies[3]
    found, expected = standing.add(vector, 0.2, 2, 1.1), by_hand(alone, vector, 0.2, 2, 1.1)
    assert (found.views, found.hours) == pytest.approx((expected.views, expected.hours), rel=1e-6)


def test_a_movie_that_nobody_can_see_adds_nothing():
    basis = builders.basis(300, 40)
    found = OnePeriod.today(basis.choice, 0, basis.catalogue, basis.weight).add(
        basis.choice.members[0].movies[3], -np.inf, 1, 1.5
    )
    assert (found.views, found.gross_hours, found.hours) == (0.0, 0.0, 0.0)
