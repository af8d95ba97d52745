"""Appeal from attributes: variance components, ageing, residual spread."""

import numpy as np
import pandas as pd
import pytest

from recsys.choice.estimate import cold_start_appeal
from recsys.choice.estimate.regression.ridge import fit_ridge
from recsys.choice.estimate.regression.variance_components import fit_mixed_model
from recsys.choice.model import movie_attributes
from recsys.embeddings.features import Feature, FeatureSpace

STARS_AND_GENRES = FeatureSpace(
    (
        Feature(column="star", names=tuple(f"s{k}" for k in range(60))),
        Feature(column="genres", names=tuple(f"g{k}" for k in range(6))),
    )
)


def stars_and_genres(n: int = 600, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Sixty stars that differ by 0.8 nats, six genres that do not differ, noise of 0.3."""
    rng = np.random.default_rng(seed)
    star, genre = rng.integers(60, size=n), rng.integers(6, size=n)
    values = np.hstack([np.eye(60)[star], np.eye(6)[genre]])
    worth = 0.8 * rng.normal(size=60)
    return values, np.repeat([0, 1], [60, 6]), worth[star], 0.5 + worth[star] + 0.3 * rng.normal(size=n), star


def test_each_attribute_has_the_spread_that_its_values_show():
    values, attribute, _, target, _ = stars_and_genres()
    fit = fit_mixed_model(values, attribute, np.zeros((600, 0)), target, np.zeros(600))
    assert np.sqrt(fit.variances.attributes[0]) == pytest.approx(0.8, abs=0.2)
    assert np.sqrt(fit.variances.attributes[1]) < 0.1
    assert np.sqrt(fit.variances.residual) == pytest.approx(0.3, abs=0.03)


def test_what_rows_are_known_to_miss_is_no_part_of_the_spread():
    values, attribute, _, target, _ = stars_and_genres()
    error = np.where(np.arange(600) % 2, 1.0, 0.0)
    noisy = target + error * np.random.default_rng(1).normal(size=600)
    fit = fit_mixed_model(values, attribute, np.zeros((600, 0)), noisy, error)
    assert np.sqrt(fit.variances.residual) == pytest.approx(0.3, abs=0.05)


def test_that_the_most_watched_are_known_best_does_not_make_movies_alike():
    """Of 3,000 movies the best known are those with most appeal, which differ less from each other than all do."""
    rng = np.random.default_rng(7)
    target = 1.5 * rng.normal(size=3000)
    fit = fit_mixed_model(np.zeros((3000, 0)), np.zeros(0, dtype=int), np.zeros((3000, 0)), target, 0.1 * np.exp(-target / 2))
    assert np.sqrt(fit.variances.residual) == pytest.approx(1.5, abs=0.15)


def test_a_star_of_many_movies_is_known_better_than_one_of_few():
    values, attribute, worth, target, star = stars_and_genres(300)
    known, new = slice(0, 150), slice(150, 300)
    fit = fit_mixed_model(values[known], attribute, np.zeros((150, 0)), target[known], np.zeros(150))
    often, once = np.argsort(np.bincount(star[known], minlength=60))[[-1, 0]]
    spread = np.sqrt(np.diag(fit.covariance))[1:]
    assert spread[often] < 0.5 * spread[once]
    predicted = fit.coefficients[0] + values[new] @ fit.coefficients[1:]
    assert np.corrcoef(predicted, worth[new])[0, 1] > 0.75


def test_appeal_wears_and_an_offer_is_told_as_if_it_had_just_come():
    """A fall of 0.2 nats for each unit of ln(1 + months): what has been there for a year lies half a nat lower."""
    values, _, worth, target, _ = stars_and_genres()
    months = np.random.default_rng(2).uniform(0, 12, 600)
    worn = target - 0.2 * np.log1p(months)
    cold = cold_start_appeal.fit(STARS_AND_GENRES, values.astype(np.float32), months, worn, np.full(600, 0.05))
    assert cold.coefficients[-1] == pytest.approx(-0.2, abs=3 * np.sqrt(cold.covariance[-1, -1]))
    assert cold.ageing_error is not None
    assert cold.ageing_error < 0.05
    fresh = cold.coefficients[0] + values @ cold.coefficients[1:-1]
    assert (fresh - 0.5 - worth).mean() == pytest.approx(0.0, abs=0.1)
    assert cold.residual_sd == pytest.approx(0.3, abs=0.03)


def test_movies_that_all_came_together_say_nothing_of_wear():
    values, _, _, target, _ = stars_and_genres(100)
    cold = cold_start_appeal.fit(STARS_AND_GENRES, values.astype(np.float32), np.full(100, 7.0), target, np.full(100, 0.1))
    assert cold.coefficients[-1] == 0.0
    assert not cold.covariance[-1].any()
    assert cold.ageing_error is None
    assert (
        cold_start_appeal.fit(
            STARS_AND_GENRES, values.astype(np.float32), np.zeros(100), target, np.full(100, 0.1), least_sd=2.0
        ).residual_sd
        == 2.0
    )


def test_an_attribute_that_says_nothing_leaves_the_spread_as_it_is():
    rng = np.random.default_rng(5)
    values = np.eye(10)[rng.integers(10, size=200)].astype(np.float32)
    alone = FeatureSpace((Feature(column="star", names=tuple(map(str, range(10)))),))
    cold = cold_start_appeal.fit(alone, values, np.zeros(200), 0.8 * rng.normal(size=200), np.full(200, 0.05))
    assert cold.residual_sd == pytest.approx(0.8, abs=0.1)
    assert np.abs(cold.coefficients[1:]).max() < 0.3


def test_a_number_says_of_its_neighbours_what_it_says_of_itself():
    """Appeal rises with the year. Of a year whose movies are left out, those before and after it say where it lies."""
    rng = np.random.default_rng(6)
    movies = pd.DataFrame({"year": rng.integers(1990, 2020, 200).astype(float)})
    features = movie_attributes.learn(movies, movies.iloc[:0])
    codes, appeal = (
        movie_attributes.encode(features, movies),
        0.1 * (movies["year"].to_numpy() - 2005) + 0.3 * rng.normal(size=200),
    )
    middle = (movies["year"] > 2008) & (movies["year"] < 2016)
    rest = ~middle.to_numpy()
    cold = cold_start_appeal.fit(features, codes[rest], np.zeros(rest.sum()), appeal[rest], np.full(rest.sum(), 0.05))
    predicted = cold.coefficients[0] + codes @ cold.coefficients[1:-1]
    assert predicted[~rest].mean() == pytest.approx(appeal[~rest].mean(), abs=0.2)
    assert np.corrcoef(predicted, appeal)[0, 1] > 0.9


def test_without_attributes_appeal_is_told_by_the_mean_alone():
    """The mean of 1, 2, 3, 6 is 3; without the 6 it is 2."""
    fit = fit_ridge(np.zeros((4, 0), np.float32), [1.0, 2.0, 3.0, 6.0], np.ones(4))
    assert fit.coefficients == pytest.approx([3.0])
    assert fit.leave_one_out[3] == pytest.approx(2.0)
