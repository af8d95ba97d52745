"""The likelihood against shares written out, and its derivatives against differences."""

import numpy as np
import pytest

from recsys.choice.estimate.taste.likelihood import Likelihood, in_batches
from recsys.choice.estimate.taste.parameters import TasteLayout, TasteParameters
from recsys.choice.estimate.taste.scored_choices import ScoredChoices
from tests.choice.nested_logit import choice_shares

N_AGES = 4
N_AFFINITIES = 2
LAYOUT = TasteLayout.of(n_ages=N_AGES, n_affinities=N_AFFINITIES, n_movies=9)


def choices(*, exclude_seen: bool = False, n: int = 40, n_movies: int = 9, seed: int = 0) -> ScoredChoices:
    """Random choices of what was there and, where watched movies are left out, not watched."""
    rng = np.random.default_rng(seed)
    there = rng.random((3, n_movies)) < 0.8
    there[:, [0, 4, 7]] = True
    share = np.where(there, rng.uniform(0.2, 1.0, there.shape), 0.0)
    period = np.sort(rng.integers(3, size=n))
    seen = rng.random((n, n_movies)) < 0.2
    seen[:, [0, 4]] = False
    pickable = there[period] & ~(seen & exclude_seen)
    with np.errstate(divide="ignore"):
        log_open = np.log(share)
    row, movie = np.nonzero(seen)
    return ScoredChoices(
        user=rng.integers(10, size=n),
        period=period,
        chosen=np.array([rng.choice(np.flatnonzero(mask)) for mask in pickable]),
        movies=np.arange(n_movies),
        score=rng.normal(size=(n, n_movies)).astype(np.float32),
        cluster_score=rng.normal(size=(n, n_movies)).astype(np.float32),
        nest_score=rng.normal(size=(n, 3)).astype(np.float32),
        affinity=rng.normal(size=(N_AFFINITIES, n, n_movies)).astype(np.float32),
        cold=np.arange(n_movies) % 4 == 1,
        arrived=np.arange(n_movies) % 3 == 2,
        seen_row=row,
        seen_movie=movie,
        exclude_seen=exclude_seen,
        age=rng.integers(N_AGES, size=(3, n_movies)),
        log_open=log_open,
        nest_starts=np.array([0, 4, 7]),
        n_ages=N_AGES,
    )


def somewhere(seed: int = 1) -> np.ndarray:
    flat = 0.4 * np.random.default_rng(seed).normal(size=LAYOUT.size)
    flat[LAYOUT.dissimilarity] = 0.6
    return flat


@pytest.mark.parametrize("exclude_seen", [False, True])
def test_the_likelihood_is_that_of_the_nested_logit_given_that_something_was_watched(exclude_seen: bool):
    """V = λ v, and f, the part of the time a movie was there, multiplies exp(V/λ): utilities λ (v + ln f)."""
    data, flat = choices(exclude_seen=exclude_seen), somewhere()
    p = LAYOUT.unflatten(flat)
    lam = p.dissimilarity
    nests = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    v = data.score * (p.slope + p.cold_slope_delta * data.cold) + p.cluster_slope * data.cluster_score
    v = (
        v
        + p.nest_slope * data.nest_score[:, nests]
        + np.tensordot(p.affinity_slopes, data.affinity, 1)
        + p.appeal
        + p.arrived * data.arrived
        + np.append(p.launch, 0.0)[data.age][data.period]
    )
    v[data.seen_row, data.seen_movie] += -np.inf if exclude_seen else p.seen
    shares = choice_shares(lam * (v + data.log_open[data.period]), nests, lam)
    expected = np.log(shares[np.arange(len(v)), data.chosen] / shares.sum(axis=1))
    assert log_shares(data, flat) == pytest.approx(expected, abs=2e-6)


def log_shares(data: ScoredChoices, flat: np.ndarray) -> np.ndarray:
    """ln P of each choice, float64[n_choices]"""
    return np.array([Likelihood([data.sample(np.array([row]))], flat).value() for row in range(data.n_choices)])


@pytest.mark.parametrize("exclude_seen", [False, True])
def test_the_gradient_is_the_slope_of_the_value(exclude_seen: bool):
    data, flat = choices(exclude_seen=exclude_seen), somewhere()
    here = Likelihood([data], flat)
    step = 1e-2
    for place, unit in enumerate(np.eye(len(flat))):
        up, down = Likelihood([data], flat + step * unit), Likelihood([data], flat - step * unit)
        slope = (up.value() - down.value()) / (2 * step)
        assert here.gradient()[place] == pytest.approx(slope, abs=3e-3), place
        assert here.directional_derivatives(unit).sum() == pytest.approx(slope, abs=3e-3), place


def test_the_fisher_information_is_the_expected_square_of_the_score():
    """One choice set: Σ_j P_j · g_j g_jᵀ over every movie that might have been chosen, g_j the gradient had it been."""
    data, flat = choices(n=1, seed=5), somewhere(seed=2)
    expected = np.zeros((len(flat), len(flat)))
    for movie in np.flatnonzero(np.isfinite(data.log_open[data.period[0]])):
        other = ScoredChoices(**{**vars(data), "chosen": np.array([movie])})
        at = Likelihood([other], flat)
        gradient = at.gradient()
        expected += np.exp(at.value()) * np.outer(gradient, gradient)
    here = Likelihood([data], flat)
    information = np.stack([here.fisher_product(unit) for unit in np.eye(len(flat))])
    assert information == pytest.approx(expected, abs=1e-5)
    assert here.appeal_information() == pytest.approx(expected[LAYOUT.appeal, LAYOUT.appeal], abs=1e-5)
    assert here.appeal_information_diagonal() == pytest.approx(np.diag(expected)[LAYOUT.appeal], abs=1e-5)


def test_pieces_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch):
    data, flat = choices(n=50), somewhere()
    whole = Likelihood([data], flat)
    batches = in_batches(data, cells=60)
    assert len(batches) > 5
    cut = Likelihood(batches, flat)
    assert cut.value() == pytest.approx(whole.value(), rel=1e-6)
    assert cut.gradient() == pytest.approx(whole.gradient(), abs=1e-4)
    np.testing.assert_allclose(np.concatenate([log_shares(batch, flat) for batch in batches]), log_shares(data, flat), atol=1e-6)
    monkeypatch.setattr("recsys.choice.estimate.taste.likelihood.THREADS", 1)
    assert Likelihood(batches, flat).value() == cut.value()


def test_a_sample_of_choices_keeps_what_was_seen_beside_its_row():
    data = choices()
    rows = np.array([3, 7, 8])
    sample = data.sample(rows)
    for new, old in enumerate(rows):
        assert set(sample.seen_movie[sample.seen_row == new]) == set(data.seen_movie[data.seen_row == old])


def test_parameters_come_back_from_one_vector():
    p = TasteParameters(
        slope=1.0,
        cold_slope_delta=2.0,
        cluster_slope=3.0,
        nest_slope=4.0,
        affinity_slopes=np.array([4.5]),
        seen=5.0,
        arrived=6.0,
        launch=np.array([7.0, 8.0, 9.0]),
        dissimilarity=0.9,
        appeal=np.array([10.0, 11.0]),
    )
    flat = p.flatten()
    assert flat.tolist() == [1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 0.9, 10.0, 11.0]
    back = p.layout.unflatten(flat)
    assert back.flatten().tolist() == flat.tolist()
    assert (back.affinity_slopes.tolist(), back.seen, back.dissimilarity, back.appeal.tolist()) == ([4.5], 5.0, 0.9, [10.0, 11.0])
