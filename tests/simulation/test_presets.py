"""Every kind of service does what its description says: what is shown, how an occasion is decided, what tastes are made of."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.simulation import keyed_rng
from recsys.simulation.exposure import considered, fame
from recsys.simulation.half_months import season
from recsys.simulation.satisficing_choice import SatisficingAlternatives, SatisficingChoiceSet
from tests.simulation.counterfactual_truth import true_effects
from tests.simulation.presets import PRESETS
from tests.simulation.services import SMALL, block

DRAWS = 100_000
CONFOUNDED = replace(SMALL, considered_share=0.35)
SATISFICING = replace(SMALL, choice_rule="first good enough")


def satisficing(rates: list[float], patience: float) -> SatisficingChoiceSet:
    n = len(rates)
    return SatisficingChoiceSet(
        columns=np.arange(n), number=np.arange(n), rate=np.array([rates]), patience=patience, rewatch_factor=0.1
    )


def test_who_looks_around_takes_the_first_movie_that_will_do_or_gives_up():
    """Rates 0.2, 0.6, 0 over a patience of 2: nothing with e^−1.6, the rest split one to three."""
    occasion = np.arange(DRAWS)
    key = keyed_rng.hash_counters(keyed_rng.stream(1, "movie"), occasion)
    decided, position = satisficing([0.2, 0.6, 0.0], 2.0).choose(np.zeros(DRAWS, dtype=np.int64), key, key)
    nothing = np.exp(-1.6)
    expected = np.array([nothing, (1 - nothing) / 4, (1 - nothing) * 3 / 4, 0.0])
    np.testing.assert_allclose(np.bincount(position + 1, minlength=4) / DRAWS, expected, atol=5 * np.sqrt(0.25 / DRAWS))
    assert (decided[position < 0] == 2.0).all()


def test_an_added_movie_gets_what_it_would_have_had_from_the_start():
    """Rates 0.2 and 0.6, and 0.4 added: a third of what is taken, and nothing with e^−2.4."""
    everyone, occasion = np.zeros(DRAWS, dtype=np.int64), np.arange(DRAWS)
    movie, taken = (keyed_rng.hash_counters(keyed_rng.stream(1, name), occasion) for name in ("movie", "taken"))
    choice_set = satisficing([0.2, 0.6], 2.0)
    decided, position = choice_set.choose(everyone, movie, movie)
    alternatives = SatisficingAlternatives(columns=np.array([[7]]), number=np.array([[7]]), rate=np.array([[0.4]]))
    won = alternatives.take(choice_set, everyone, decided, taken) == 0
    assert (won == alternatives.would_take(choice_set, everyone, decided, taken)[:, 0]).all()
    tolerance = 5 * np.sqrt(0.25 / DRAWS)
    assert won.mean() == pytest.approx((1 - np.exp(-2.4)) / 3, abs=tolerance)
    assert ((position < 0) & ~won).mean() == pytest.approx(np.exp(-2.4), abs=tolerance)
    invisible = SatisficingAlternatives(columns=np.array([[7]]), number=np.array([[7]]), rate=np.array([[0.0]]))
    assert (invisible.take(choice_set, everyone, decided, taken) == -1).all()


def test_a_service_whose_viewers_look_around_is_no_logit():
    """Odds of a movie against nothing fall as others come, which in a logit they never do."""
    one, two = (satisficing(rates, 2.0) for rates in ([0.5], [0.5, 0.5]))
    occasion = np.arange(DRAWS)
    key = keyed_rng.hash_counters(keyed_rng.stream(3, "movie"), occasion)
    odds = []
    for choice_set in (one, two):
        _, position = choice_set.choose(np.zeros(DRAWS, dtype=np.int64), key, key)
        odds.append((position == 0).sum() / (position < 0).sum())
    assert odds[1] > 1.15 * odds[0]  # (1 − e^−2) / (2 e^−2) against (1 − e^−1) / e^−1


def test_nothing_is_watched_that_was_not_shown():
    history = block(CONFOUNDED)
    for period_views in history.period_views:
        shown = considered(history.inputs, np.arange(SMALL.n_users), np.arange(SMALL.n_movies), period_views.period)
        assert shown[period_views.row, period_views.column].all()
        assert 0.2 < shown.mean() < 0.5


def test_the_famous_is_shown_more_often_and_fame_is_half_luck():
    history = block(replace(CONFOUNDED, n_movies=400))
    movies = history.inputs.movies
    known = fame(CONFOUNDED, movies)
    shown = considered(history.inputs, np.arange(300), np.arange(movies.n_movies), 3).mean(axis=0)
    assert np.corrcoef(known, shown)[0, 1] > 0.9
    assert 0.4 < np.corrcoef(known, movies.quality)[0, 1] < 0.9


def test_where_everything_is_shown_everything_is_considered():
    history = block()
    assert considered(history.inputs, np.arange(300), np.arange(60), 0).all()


def test_liking_that_nothing_tells_has_no_low_rank():
    """What it adds to utilities is noise: its largest direction holds hardly more than any other."""
    plain, noisy = (block(replace(SMALL, unfactored_sd=sd)).inputs.taste.start for sd in (0.0, 1.0))
    added = (noisy - plain)[:, :60]
    assert added.std() == pytest.approx(1.0, abs=0.03)
    power = np.linalg.svd(added, compute_uv=False) ** 2
    assert power[:6].sum() / power.sum() < 0.35
    assert np.corrcoef(added[:, 0], added[:, 1])[0, 1] == pytest.approx(0.0, abs=0.25)


def test_a_wide_swing_of_the_season_doubles_what_the_usual_one_does():
    usual, wide, none = (replace(SMALL, season_swing=swing) for swing in (1.0, 2.0, 0.0))
    for period in range(24):
        assert season(wide, period) - 1 == pytest.approx(2 * (season(usual, period) - 1))
        assert season(none, period) == 1.0


@pytest.mark.parametrize("kind", list(PRESETS))
def test_offers_add_less_than_they_get_in_every_kind_of_service(kind: str):
    config = replace(PRESETS[kind], n_users=150, n_movies=60, n_offers=3, months=4, seed=3)
    truth = true_effects(config, horizon_months=3)
    gross, added = (sum(effect.total(name) for effect in truth.alone) for name in ("gross_views", "views"))
    assert 0 < added < gross


@pytest.mark.parametrize("config", [CONFOUNDED, SATISFICING], ids=["confounded", "satisficing"])
def test_a_row_lives_the_same_life_whatever_the_number_of_users(config):
    many, few = block(config), block(replace(config, n_users=20))
    for all_, some in zip(many.period_views, few.period_views, strict=True):
        assert all_.column[all_.row < 20].tolist() == some.column.tolist()
