"""Checks of behaviour pass what behaves and, above all, fail what does not."""

from typing import Any

import numpy as np
import pytest

from recsys.evaluation.behaviour import (
    CheckedRecommender,
    behaviour_checks,
    language_respected,
    not_only_popular,
    own_taste_followed,
)
from recsys.evaluation.beyond_accuracy import CatalogueProfile
from recsys.evaluation.evaluate import evaluate
from recsys.evaluation.resampling import Resamples
from recsys.models import baselines
from tests.evaluation.test_metrics import Given
from tests.models.taste import Taste, taste


@pytest.fixture(scope="module")
def service() -> Taste:
    return taste()


def case(service: Taste, scorer: Any) -> CheckedRecommender:
    result = evaluate(scorer, service.seen, service.later, at=(10,))
    return CheckedRecommender(
        scorer=scorer,
        evaluation=result,
        popular=evaluate(baselines.popularity(service.seen), service.seen, service.later, at=(10,)),
        relevant=service.later,
        profile=CatalogueProfile.of(service.seen, service.movies),
        resamples=Resamples(n=len(result.user_rows), seed=0),
        seed=0,
    )


def verdicts(service: Taste, scorer: Any) -> dict[str, bool | None]:
    return {row["check"]: row["passed"] for row in behaviour_checks(case(service, scorer))}


def test_a_recommender_that_has_learnt_taste_passes_every_check(service: Taste) -> None:
    assert set(verdicts(service, baselines.ease(service.seen)).values()) == {True}


def test_popularity_fails_every_check(service: Taste) -> None:
    assert set(verdicts(service, baselines.popularity(service.seen)).values()) == {False}


def test_a_model_that_collapsed_onto_a_popular_list_is_caught(service: Taste) -> None:
    """Popularity with a whiff of taste, too weak to change the order."""
    popular = baselines.popularity(service.seen).popularity
    taste_of = baselines.ease(service.seen).score(np.arange(len(service.users)))
    assert not not_only_popular(case(service, Given(popular[None, :] + 1e-3 * taste_of))).passed


def test_the_same_list_for_everyone_is_caught_though_it_is_not_the_popular_one(service: Taste) -> None:
    unpopular = -baselines.popularity(service.seen).popularity
    found = not_only_popular(case(service, Given(np.tile(unpopular, (len(service.users), 1)))))
    assert not found.passed
    assert found.value is not None
    assert found.value > 0.6


def test_scores_dealt_to_the_wrong_people_are_caught(service: Taste) -> None:
    """Each user gets the scores of the next, who speaks another language."""
    shifted = np.roll(baselines.ease(service.seen).score(np.arange(len(service.users))), 1, axis=0)
    found = case(service, Given(shifted))
    assert not own_taste_followed(found).passed
    assert not language_respected(found).passed


def test_scores_dealt_to_the_wrong_movies_are_caught(service: Taste) -> None:
    rng = np.random.default_rng(0)
    scores = baselines.ease(service.seen).score(np.arange(len(service.users)))
    assert verdicts(service, Given(scores[:, rng.permutation(scores.shape[1])]))["similar_movies_near"] is False


def test_without_languages_nothing_is_said_of_them(service: Taste) -> None:
    silent = Taste(service.users, service.movies.drop(columns="languages"), service.seen, service.later)
    found = language_respected(case(silent, baselines.ease(service.seen)))
    assert found.passed is None
    assert "no languages" in found.says


def test_a_dubbed_movie_is_in_each_of_its_languages(service: Taste) -> None:
    """Every other movie is dubbed into one more language: people still watch in theirs, and a list of such movies serves them."""
    spoken = service.movies["languages"]
    further = spoken.map({"Tamil": "Tamil|Telugu", "Telugu": "Telugu|Hindi", "Hindi": "Hindi|Tamil"})
    every_other = np.arange(len(spoken)) % 2 == 0
    movies = service.movies.assign(languages=spoken.where(~every_other, further))
    dubbed = Taste(service.users, movies, service.seen, service.later)
    tastes = baselines.ease(service.seen).score(np.arange(len(service.users)))
    assert language_respected(case(dubbed, Given(tastes))).passed
    assert language_respected(case(dubbed, Given(tastes + 0.1 * every_other))).passed
    assert not language_respected(case(dubbed, baselines.popularity(service.seen))).passed


def test_two_views_make_nobody_a_speaker_of_one_language(service: Taste) -> None:
    first = service.seen.copy()
    first.data[:] = [float(k < 2) for n in np.diff(first.indptr) for k in range(n)]
    first.eliminate_zeros()
    begun = Taste(service.users, service.movies, first, service.later)
    found = language_respected(case(begun, baselines.popularity(first)))
    assert found.passed is None
    assert "5 movies" in found.says
