"""Placebos: what has to come to nothing does, and what should be caught is."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.decision import placebo_tests
from recsys.projection.context import ProjectionContext
from recsys.projection.project import project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from tests.choice.utilities import catalogue_utility
from tests.projection import builders


@pytest.fixture(scope="module")
def context() -> ProjectionContext:
    return builders.context(200, 60)


def views(context: ProjectionContext, n: int = 4000) -> pd.DataFrame:
    """What users of the made-up model choose, each by their own tastes."""
    rng = np.random.default_rng(5)
    user = rng.integers(0, context.choice.n_users, n)
    utility = catalogue_utility(context.choice, context.choice.draws[0], user) + rng.gumbel(size=(n, context.choice.n_movies))
    return pd.DataFrame({"user_index": user, "movie_index": utility.argmax(axis=1)})


def found(context: ProjectionContext, events: pd.DataFrame) -> dict[str, placebo_tests.PlaceboTest]:
    return {one.name: one for one in placebo_tests.run_placebo_tests(context, events, rng=np.random.default_rng(1))}


def test_a_sound_workspace_passes_every_placebo(context: ProjectionContext):
    every = found(context, views(context))
    assert set(every) == {"invisible movie", "shuffled outcomes", "random attribute", "leak from the future"}
    assert all(one.passed for one in every.values()), every
    document = placebo_tests.as_json(tuple(every.values()))
    assert json.loads(json.dumps(document))["passed"] is True


@pytest.mark.parametrize("draws", ["point", "all"])
def test_an_invisible_movie_adds_nothing_whatever_else_is_bought(context: ProjectionContext, draws):
    """Its appeal is that of a movie nobody can see; the other offers' is as it was, by content that only it has."""
    point = context.choice.draws
    far = np.zeros(builders.CONTENT_DIM + 1)
    far[0] = -1e4
    unseen = replace(
        context,
        choice=replace(
            context.choice,
            draws=tuple(replace(one, cold_appeal_coefficients=one.cold_appeal_coefficients + far) for one in point),
        ),
    )
    scenario = s.Scenario(name="x", changes=(c.Acquire(offer="o00"), c.Acquire(offer="o01")), horizon_months=6)
    answer = project(unseen, scenario, draws=draws)
    for offer in answer.offers:
        assert (offer.views.p10, offer.views.p90) == (0.0, 0.0)
        assert offer.incremental_hours.p50 == pytest.approx(0.0, abs=1e-6)
        assert offer.incremental_hours.p90 == pytest.approx(0.0, abs=1e-3)
        assert offer.npv.p50 == pytest.approx(-offer.cost, rel=1e-4)
        assert offer.subscribers_kept == pytest.approx(0.0, abs=1e-9)


def test_views_dealt_out_at_random_are_told_by_nothing(context: ProjectionContext):
    events = views(context)
    own = found(context, events)["shuffled outcomes"]
    assert own.found == pytest.approx(0.5, abs=0.04)
    real = float(own.detail.split(":")[1].split()[0])
    assert real > 0.6
    noise = events.assign(user_index=np.random.default_rng(2).permutation(events["user_index"]))
    assert not found(context, noise)["shuffled outcomes"].passed  # nothing was learnt, so there is nothing to lose


def test_a_planted_future_leak_is_caught_by_name(context: ProjectionContext):
    events = views(context)
    count = np.bincount(events["movie_index"], minlength=60)
    leaky = replace(context, movies=context.movies.assign(times_watched=count + np.arange(60) % 2))
    caught = found(leaky, events)["leak from the future"]
    assert not caught.passed
    assert "times_watched" in caught.detail
    assert found(context, events)["leak from the future"].passed


def test_a_random_attribute_leaves_the_spread_of_appeal_as_it_is_and_one_that_tells_does_not(context: ProjectionContext):
    rng = np.random.default_rng(3)
    assert placebo_tests.random_attribute(context, rng=rng).passed

    class Telling:
        """Draws the appeal itself by lot."""

        def standard_normal(self, n: int) -> np.ndarray:
            return context.choice.draws[0].appeal[context.choice.available] + 0.01 * rng.standard_normal(n)

    assert not placebo_tests.random_attribute(context, rng=Telling()).passed


def test_what_a_workspace_is_too_small_for_is_not_asked():
    small = builders.context(30, 12, n_offers=0)
    nothing = pd.DataFrame({"user_index": [0], "movie_index": [0]})
    assert found(small, nothing) == {}
