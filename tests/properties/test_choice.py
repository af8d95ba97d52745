"""What must hold of shares and of the worth of a catalogue, whatever the utilities."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recsys.errors import ScenarioError
from recsys.ids import FloatArray, IntArray
from tests.choice.nested_logit import (
    choice_shares,
    inclusive_value,
    log_nest_sums,
    log_worth,
    nest_sums,
    shares_given,
    with_movies,
)

Catalogue = tuple[FloatArray, IntArray, float]

dissimilarities = st.floats(0.05, 1.0)
nats = st.floats(-25, 25)


@st.composite
def catalogues(draw: st.DrawFn, *, least: int = 1, unseen: bool = True) -> Catalogue:
    """Utilities of up to 9 movies in up to 4 nests for up to 4 users, and a dissimilarity."""
    n_users, n_movies = draw(st.integers(1, 4)), draw(st.integers(least, 9))
    value = st.one_of(nats, st.just(-np.inf)) if unseen else nats
    utility = draw(st.lists(value, min_size=n_users * n_movies, max_size=n_users * n_movies))
    nests = draw(st.lists(st.integers(0, 3), min_size=n_movies, max_size=n_movies))
    return np.array(utility).reshape(n_users, n_movies), np.array(nests, dtype=np.int64), draw(dissimilarities)


def value_of(utility: FloatArray, nests: IntArray, dissimilarity: float, outside: float = 0.0) -> FloatArray:
    return inclusive_value(log_nest_sums(utility, nests, dissimilarity, n_nests=4), dissimilarity, outside=outside)


@given(catalogues(), st.lists(nats, min_size=4, max_size=4), st.integers(0, 3))
def test_adding_a_movie_never_lowers_any_users_inclusive_value_and_taking_it_back_is_exact(
    catalogue: Catalogue, added: list[float], nest: int
):
    utility, nests, dissimilarity = catalogue
    sums = log_nest_sums(utility, nests, dissimilarity, n_nests=4)
    kept = sums.copy()
    joined = with_movies(sums, np.array(added)[: len(utility), None], np.array([nest]), dissimilarity)
    before, after = inclusive_value(sums, dissimilarity), inclusive_value(joined, dissimilarity)
    assert (after >= before - 1e-12 * np.abs(before)).all()
    assert np.array_equal(sums, kept)


@given(catalogues(unseen=False), catalogues(unseen=False), nats, st.integers(0, 3))
def test_the_marginal_inclusive_value_of_a_movie_diminishes_as_the_catalogue_grows(
    small: Catalogue, more: Catalogue, added: float, nest: int
):
    utility, nests, dissimilarity = small
    rows = min(len(utility), len(more[0]))
    utility, further = utility[:rows], more[0][:rows]
    larger, larger_nests = np.hstack([utility, further]), np.concatenate([nests, more[1]])
    movie, its_nest = np.full((rows, 1), added), np.array([nest])

    def gain(values: FloatArray, groups: IntArray) -> FloatArray:
        joined = value_of(np.hstack([values, movie]), np.concatenate([groups, its_nest]), dissimilarity)
        return joined - value_of(values, groups, dissimilarity)

    assert (gain(larger, larger_nests) <= gain(utility, nests) + 1e-9).all()


@given(st.one_of(st.floats(max_value=0), st.floats(min_value=1, exclude_min=True), st.just(float("nan"))))
def test_a_dissimilarity_outside_zero_to_one_is_refused(dissimilarity: float):
    for ask in (choice_shares, log_nest_sums, nest_sums):
        with pytest.raises(ScenarioError) as refusal:
            ask(np.zeros((1, 2)), np.array([0, 0]), dissimilarity)
        assert refusal.value.code == "E_NEST"
    with pytest.raises(ScenarioError, match="E_NEST"):
        log_worth(np.zeros((1, 2)), dissimilarity)


@given(catalogues(), st.randoms(use_true_random=False))
def test_the_order_of_users_and_movies_and_the_names_of_nests_change_nothing(catalogue: Catalogue, random):
    utility, nests, dissimilarity = catalogue
    users = np.array(random.sample(range(len(utility)), len(utility)))
    movies = np.array(random.sample(range(len(nests)), len(nests)))
    renamed = np.array(random.sample(range(4), 4))[nests]
    there = choice_shares(utility[users][:, movies], renamed[movies], dissimilarity)
    assert there == pytest.approx(choice_shares(utility, nests, dissimilarity)[users][:, movies], abs=1e-12)


@given(catalogues(least=2), st.integers(1, 8), st.randoms(use_true_random=False))
def test_the_order_in_which_movies_are_added_does_not_matter(catalogue: Catalogue, split: int, random):
    utility, nests, dissimilarity = catalogue
    split = min(split, len(nests) - 1)
    sums = log_nest_sums(utility[:, :split], nests[:split], dissimilarity, n_nests=4)
    for movie in random.sample(range(split, len(nests)), len(nests) - split):
        sums = with_movies(sums, utility[:, [movie]], nests[[movie]], dissimilarity)
    whole = log_nest_sums(utility, nests, dissimilarity, n_nests=4)
    assert np.exp(sums - np.where(np.isneginf(whole), 0, whole)) == pytest.approx(
        np.where(np.isneginf(whole), 0.0, 1.0), abs=1e-12
    )
    given_sums = shares_given(utility, nests, sums, dissimilarity)
    assert given_sums == pytest.approx(choice_shares(utility, nests, dissimilarity), abs=1e-12)


@given(catalogues(), st.integers(0, 3))
def test_a_movie_with_utility_minus_infinity_changes_nothing(catalogue: Catalogue, nest: int):
    utility, nests, dissimilarity = catalogue
    nobody = np.full((len(utility), 1), -np.inf)
    shares = choice_shares(np.hstack([utility, nobody]), np.append(nests, nest), dissimilarity)
    assert np.array_equal(shares[:, :-1], choice_shares(utility, nests, dissimilarity))
    assert not shares[:, -1].any()
    sums = log_nest_sums(utility, nests, dissimilarity, n_nests=4)
    assert np.array_equal(with_movies(sums, nobody, np.array([nest]), dissimilarity), sums)


@given(catalogues(), st.data())
def test_identical_movies_get_identical_shares(catalogue: Catalogue, data: st.DataObject):
    utility, nests, dissimilarity = catalogue
    twin = data.draw(st.integers(0, len(nests) - 1))
    shares = choice_shares(np.hstack([utility, utility[:, [twin]]]), np.append(nests, nests[twin]), dissimilarity)
    assert np.array_equal(shares[:, twin], shares[:, -1])


@given(catalogues(), st.one_of(st.just(0.0), nats))
def test_shares_lie_in_zero_to_one_and_sum_to_one_with_the_outside_option(catalogue: Catalogue, outside: float):
    utility, nests, dissimilarity = catalogue
    shares = choice_shares(utility, nests, dissimilarity, outside=outside)
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    nothing = np.exp(outside - value_of(utility, nests, dissimilarity, outside))
    assert shares.sum(axis=1) + nothing == pytest.approx(1.0, abs=1e-12)


@given(catalogues(), st.floats(-300, 300))
def test_adding_one_constant_to_all_utilities_and_the_outside_options_leaves_shares_unchanged(
    catalogue: Catalogue, constant: float
):
    utility, nests, dissimilarity = catalogue
    moved = choice_shares(utility + constant, nests, dissimilarity, outside=constant)
    # a constant of 300 costs the utilities 3e-14 nats each, and dissimilarity 0.05 makes twenty times that of it
    assert moved == pytest.approx(choice_shares(utility, nests, dissimilarity), abs=1e-11)


@given(catalogues(unseen=False), st.data(), st.floats(1e-3, 5))
def test_raising_one_movies_utility_raises_its_own_share_and_no_others(
    catalogue: Catalogue, data: st.DataObject, raise_by: float
):
    utility, nests, dissimilarity = catalogue
    movie = data.draw(st.integers(0, len(nests) - 1))
    before = choice_shares(utility, nests, dissimilarity)
    raised = utility.copy()
    raised[:, movie] += raise_by
    after = choice_shares(raised, nests, dissimilarity)
    contested = (before[:, movie] > 1e-9) & (before[:, movie] < 1 - 1e-9)
    assert (after[contested, movie] > before[contested, movie]).all()
    others = np.arange(len(nests)) != movie
    assert (after[:, others] <= before[:, others] + 1e-12).all()


@given(catalogues(least=3, unseen=False), st.floats(-5, 5))
def test_with_dissimilarity_one_the_odds_of_two_movies_do_not_depend_on_a_third(catalogue: Catalogue, third: float):
    utility, nests, _ = catalogue
    changed = utility.copy()
    changed[:, 2] = third
    before, after = choice_shares(utility, nests, 1.0), choice_shares(changed, nests, 1.0)
    assume((before[:, :2] > 1e-200).all() and (after[:, :2] > 1e-200).all())
    odds = np.log(before[:, 0]) - np.log(before[:, 1])
    assert np.log(after[:, 0]) - np.log(after[:, 1]) == pytest.approx(odds, abs=1e-9)


@given(catalogues(unseen=False), st.data(), dissimilarities)
def test_a_clone_takes_more_from_its_twin_as_dissimilarity_falls_and_adds_no_more_than_in_the_plain_logit(
    catalogue: Catalogue, data: st.DataObject, lower: float
):
    """The twin is alone in its nest and its worth is held fixed, so that only the closeness of clone and twin changes."""
    utility, nests, higher = catalogue
    lower, higher = min(lower, higher), max(lower, higher)
    twin = data.draw(st.integers(0, len(nests) - 1))
    nests = np.where(np.arange(len(nests)) == twin, 4, nests % 4)
    cloned, cloned_nests = np.hstack([utility, utility[:, [twin]]]), np.append(nests, 4)
    others = np.arange(len(nests)) != twin

    def effect(dissimilarity: float) -> tuple[FloatArray, FloatArray]:
        """(taken from the twin, added to all viewing), with the other movies' joint worth as it is at dissimilarity 1."""
        rest = np.log(np.exp(utility[:, others]).sum(axis=1) + 1.0) if others.any() else np.zeros(len(utility))
        pair = cloned[:, [twin, -1]]
        alone = choice_shares(pair[:, :1], np.array([0]), dissimilarity, outside=rest)
        both = choice_shares(pair, np.array([0, 0]), dissimilarity, outside=rest)
        return alone[:, 0] - both[:, 0], both.sum(axis=1) - alone[:, 0]

    (taken, added), (taken_less, added_more) = effect(lower), effect(higher)
    assert (taken >= taken_less - 1e-12).all()
    assert (added <= added_more + 1e-12).all()
    assert (added <= effect(1.0)[1] + 1e-12).all()
    inside = choice_shares(cloned, cloned_nests, lower).sum(axis=1) - choice_shares(utility, nests, lower).sum(axis=1)
    plain = np.exp(utility[:, twin] - value_of(utility, nests % 4, 1.0))
    assert (inside >= -1e-12).all()
    assert (inside <= plain + 1e-12).all()


@given(catalogues(unseen=False))
def test_sums_of_worth_agree_with_their_definition(catalogue: Catalogue):
    """D = Σ exp(V/λ) and S = Σ D^λ, written out."""
    utility, nests, dissimilarity = catalogue
    sums = nest_sums(utility, nests, dissimilarity, n_nests=4)
    for nest in range(4):
        assert sums[:, nest] == pytest.approx(np.exp(utility[:, nests == nest] / dissimilarity).sum(axis=1), rel=1e-9)
    worth = np.log((sums**dissimilarity).sum(axis=1))
    assert log_worth(np.log(sums, where=sums > 0, out=np.full_like(sums, -np.inf)), dissimilarity) == pytest.approx(
        worth, abs=1e-9
    )
