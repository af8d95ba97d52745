"""The nested logit against choice-learn's, an independent implementation in TensorFlow."""

import numpy as np
import pytest

from recsys.choice.estimate.taste.likelihood import Likelihood
from recsys.choice.estimate.taste.parameters import TasteParameters
from recsys.choice.estimate.taste.scored_choices import ScoredChoices
from recsys.ids import FloatArray, IntArray
from tests.choice.nested_logit import choice_shares

pytestmark = [pytest.mark.train, pytest.mark.slow]

N_CHOICES, NESTS, SLOPE = 200, np.array([0, 0, 0, 1, 1, 2, 2, 2]), 1.3


def cases() -> tuple[FloatArray, FloatArray, IntArray]:
    """Scores of movies, which of them are there, and a choice among those."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(N_CHOICES, len(NESTS)))
    there = rng.random(scores.shape) < 0.8
    there[:, 0] = True
    chosen = np.array([rng.choice(np.flatnonzero(row)) for row in there])
    return scores, there, chosen


def theirs(scores: FloatArray, there: FloatArray, chosen: IntArray, dissimilarity: float, *, outside: bool):
    """choice-learn's model at given parameters, with the choices it is asked about."""
    from choice_learn.data import ChoiceDataset
    from choice_learn.models.nested_logit import NestedLogit

    dataset = ChoiceDataset(
        choices=chosen,
        items_features_by_choice=scores[:, :, None].astype(np.float32),
        items_features_by_choice_names=["score"],
        available_items_by_choice=there.astype(np.float32),
    )
    nests = [np.flatnonzero(nest == NESTS).tolist() for nest in range(3)]
    model = NestedLogit(nests, shared_gammas_over_nests=True, coefficients={"score": "constant"}, add_exit_choice=outside)
    model.instantiate(dataset)
    slope, gamma = model.trainable_weights
    slope.assign([[SLOPE]])
    gamma.assign([[dissimilarity]])
    return model, dataset


def ours(scores: FloatArray, there: FloatArray, dissimilarity: float) -> FloatArray:
    return choice_shares(np.where(there, SLOPE * scores, -np.inf), NESTS, dissimilarity)


@pytest.mark.parametrize("dissimilarity", [0.2, 0.6, 1.0])
def test_shares_beside_doing_without_are_those_of_choice_learn(dissimilarity: float):
    scores, there, chosen = cases()
    model, dataset = theirs(scores, there, chosen, dissimilarity, outside=True)
    np.testing.assert_allclose(model.predict_probas(dataset).numpy(), ours(scores, there, dissimilarity), rtol=1e-4, atol=1e-6)


def log_likelihood(scores: FloatArray, there: FloatArray, chosen: IntArray, dissimilarity: float) -> float:
    """What calibration maximises, at the same parameters; each choice has a period of its own, for its own availability."""
    nothing = np.zeros(0, dtype=np.int64)
    choices = ScoredChoices(
        user=np.arange(N_CHOICES),
        period=np.arange(N_CHOICES),
        chosen=chosen,
        movies=np.arange(len(NESTS)),
        score=scores.astype(np.float32),
        cluster_score=np.zeros_like(scores, dtype=np.float32),
        nest_score=np.zeros((N_CHOICES, 3), dtype=np.float32),
        affinity=np.zeros((0, *scores.shape), dtype=np.float32),
        cold=np.zeros(len(NESTS), dtype=np.bool_),
        arrived=np.zeros(len(NESTS), dtype=np.bool_),
        seen_row=nothing,
        seen_movie=nothing,
        exclude_seen=False,
        age=np.zeros(scores.shape, dtype=np.int64),
        log_open=np.where(there, 0.0, -np.inf),
        nest_starts=np.searchsorted(NESTS, np.arange(3)),
        n_ages=1,
    )
    parameters = TasteParameters(
        slope=SLOPE / dissimilarity,
        cold_slope_delta=0.0,
        cluster_slope=0.0,
        nest_slope=0.0,
        affinity_slopes=np.zeros(0),
        seen=0.0,
        arrived=0.0,
        launch=np.zeros(0),
        dissimilarity=dissimilarity,
        appeal=np.zeros(len(NESTS)),
    )
    return Likelihood([choices], parameters.flatten()).value()


@pytest.mark.parametrize("dissimilarity", [0.2, 0.6, 1.0])
def test_the_likelihood_that_calibration_maximises_is_that_of_choice_learn(dissimilarity: float):
    """Given that something was watched, which is what tastes are estimated from."""
    scores, there, chosen = cases()
    model, dataset = theirs(scores, there, chosen, dissimilarity, outside=False)
    found = log_likelihood(scores, there, chosen, dissimilarity)
    assert float(model.evaluate(dataset)) == pytest.approx(-found / N_CHOICES, rel=1e-4)
    shares = ours(scores, there, dissimilarity)
    assert found == pytest.approx(np.log(shares[np.arange(N_CHOICES), chosen] / shares.sum(axis=1)).sum(), rel=1e-5)
