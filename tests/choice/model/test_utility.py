"""Utilities term by term."""

import numpy as np
import pytest

from recsys.choice.model.utility import (
    COMMON_RESIDUAL_SHARE,
    nearest_nest,
    offer_appeal,
    offer_utility,
    offer_vectors,
)
from recsys.errors import ScenarioError
from tests.choice.models import tiny_choice
from tests.choice.nested_logit import choice_shares
from tests.choice.utilities import catalogue_utility

OFFER = np.array([[1.0, 2.0]], dtype=np.float32)


def test_the_utility_of_a_catalogue_movie_is_the_sum_of_its_terms():
    """User 0: 2·1 + 0 + 0.5 | 2·0 + 1 + 0.5 + ln 0.25 (watched) | off the service. User 1: 0 + 0 − 0.5 | 2·1 + 1 − 0.5."""
    choice = tiny_choice()
    expected = np.array([[2.5, 1.5 + np.log(0.25), -np.inf], [-0.5, 2.5, -np.inf]])
    assert catalogue_utility(choice, choice.draws[0], slice(0, 2)) == pytest.approx(expected)


def test_some_users_get_what_they_get_among_all():
    choice = tiny_choice()
    whole = catalogue_utility(choice, choice.draws[1], slice(None))
    assert np.array_equal(catalogue_utility(choice, choice.draws[1], np.array([1, 0])), whole[[1, 0]])


def test_a_moved_taste_replaces_the_users_own():
    choice = tiny_choice()
    moved = catalogue_utility(choice, choice.draws[0], slice(0, 1), vectors=np.array([[0, 0]], dtype=np.float32))
    assert moved[0, 0] == pytest.approx(0.5)


def test_a_watched_movie_with_no_rewatching_is_never_chosen_again():
    choice = tiny_choice()
    draw = tiny_choice().draws[0]
    object.__setattr__(draw, "rewatch", 0.0)
    shares = choice_shares(catalogue_utility(choice, draw, slice(0, 1)), choice.nests, 0.5)
    assert shares[0, 1] == 0.0
    assert shares[0, 0] > 0.5


def test_the_utility_of_an_offer_is_the_sum_of_its_terms():
    """Attributes (1, 2) lie at (0.25 + 1, 2); appeal 0.5 + 1 − 2 = −0.5; user 0: 2·1.25 − 0.5 + 0.5, user 1: 2·2 − 0.5 − 0.5."""
    choice = tiny_choice()
    assert offer_vectors(choice.members[0], OFFER).tolist() == [[1.25, 2.0]]
    assert offer_utility(choice, choice.draws[0], OFFER, slice(None)) == pytest.approx(np.array([[2.5], [3.0]]))


def test_what_content_does_not_tell_of_appeal_spreads_as_the_residual_does():
    """Noise and shift are standard normal, so the parts' variances add up to that of the residual."""
    choice = tiny_choice()
    draw = choice.draws[1]
    own = offer_appeal(choice, draw, OFFER, [1.0]) - offer_appeal(choice, draw, OFFER, [0.0])
    common = offer_appeal(choice, draw, OFFER, [0.0]) - offer_appeal(choice, draw, OFFER)
    assert own**2 + common**2 == pytest.approx(0.5**2)
    assert common**2 == pytest.approx(COMMON_RESIDUAL_SHARE * 0.5**2)


def test_an_offer_joins_the_nest_it_points_to_whatever_its_length():
    assert nearest_nest(tiny_choice(), np.array([[9.0, 8.0], [0.1, 0.2]], dtype=np.float32)).tolist() == [0, 1]


def test_content_of_another_width_is_refused():
    choice = tiny_choice()
    with pytest.raises(ScenarioError, match="E_CONTENT"):
        nearest_nest(choice, np.zeros((1, 5), dtype=np.float32))
    with pytest.raises(ScenarioError, match="E_CONTENT"):
        offer_vectors(choice.members[0], np.zeros((1, 5), dtype=np.float32))
