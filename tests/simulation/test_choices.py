"""Choices follow the nested logit, with the catalogue alone and with movies added to it; leaving follows what was watched."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.simulation import keyed_rng, population, simulator
from recsys.simulation.acquisition import AddedAlternatives
from recsys.simulation.choice_sets import ChoiceSet
from recsys.simulation.state import AddedMovies
from tests.simulation.services import SMALL, block

DRAWS = 200_000


def nested_logit(x, nest, power):
    """Shares from the definition, one movie after the other; the last one is nothing."""
    sums = {g: sum(a for a, h in zip(x, nest, strict=True) if h == g) for g in set(nest)}
    worth = {g: d**power for g, d in sums.items()}
    total = 1 + sum(worth.values())
    shares = [a / sums[g] * worth[g] / total if a else 0.0 for a, g in zip(x, nest, strict=True)]
    return np.array([*shares, 1 - sum(shares)])


@pytest.fixture(scope="module")
def choice_set_and_block():
    history = block()
    rows = np.arange(history.inputs.users.n_users)
    return ChoiceSet.of(history.inputs, history.end, rows, SMALL.n_periods), history


def draw(choice_set, user):
    occasion = np.arange(DRAWS)
    keys = [keyed_rng.hash_counters(keyed_rng.stream(1, name), occasion) for name in ("nest", "movie", "taken")]
    nest, position = choice_set.choose(np.full(DRAWS, user), keys[0], keys[1])
    return nest, position, keys[2]


def assert_shares(counts, shares):
    error = np.sqrt(shares * (1 - shares) / DRAWS)
    assert (np.abs(counts / DRAWS - shares) <= 5 * error + 1e-12).all()


def test_choices_have_the_shares_of_the_nested_logit(choice_set_and_block):
    choice_set, history = choice_set_and_block
    user = int(np.argmax(choice_set.nest_weight.sum(axis=1)))
    _, position, _ = draw(choice_set, user)
    shares = nested_logit(choice_set.x[user, :-1], history.inputs.movies.nest[choice_set.columns].tolist(), SMALL.dissimilarity)
    assert shares[-1] < 0.5
    assert_shares(
        np.append(np.bincount(position[position >= 0], minlength=len(choice_set.columns)), (position < 0).sum()), shares
    )


@pytest.mark.parametrize("n_added", [1, 3])
def test_added_movies_get_and_leave_the_shares_of_the_nested_logit_of_the_larger_catalogue(choice_set_and_block, n_added):
    choice_set, history = choice_set_and_block
    movies = history.inputs.movies
    user = int(np.argmax(choice_set.nest_weight.sum(axis=1)))
    # Movies of the user's own language, two of them in one nest with each other and with much of what the user likes.
    favourite = int(np.argmax(choice_set.nest_weight[user]))
    nest = np.array([favourite, favourite, (favourite + 1) % population.N_NESTS])[:n_added]
    x = np.array([0.5, 1.5, 0.7])[:n_added] * choice_set.nest_sum[user, favourite]
    column = movies.offers.start + np.arange(n_added)
    alternatives = AddedAlternatives(
        columns=column[None, :], nest=nest[None, :], number=movies.number[column][None, :], x=x[None, :]
    )
    own, position, key = draw(choice_set, user)
    everyone = np.zeros(DRAWS, dtype=np.int64)
    alone = ChoiceSet(
        **{**vars(choice_set), "nest_sum": choice_set.nest_sum[[user]], "nest_weight": choice_set.nest_weight[[user]]}
    )
    taken = alternatives.take(alone, everyone, own, key)

    all_nests = [*movies.nest[choice_set.columns].tolist(), *nest.tolist()]
    shares = nested_logit([*choice_set.x[user, :-1], *x], all_nests, SMALL.dissimilarity)
    kept = position[taken < 0]
    counts = [
        *np.bincount(kept[kept >= 0], minlength=len(choice_set.columns)),
        *np.bincount(taken[taken >= 0], minlength=n_added),
        (kept < 0).sum(),
    ]
    assert_shares(np.array(counts), shares)
    # Nobody is touched by the set whom none of its movies touches.
    touched = alternatives.would_take(alone, everyone, own, key).any(axis=1)
    assert touched[taken >= 0].all()


def test_a_movie_that_nobody_can_see_takes_nothing(choice_set_and_block):
    choice_set, history = choice_set_and_block
    movies = history.inputs.movies
    rows = np.arange(history.inputs.users.n_users)
    column = np.full((len(rows), 1), movies.offers.start)
    alternatives = AddedAlternatives(
        columns=column, nest=movies.nest[column], number=movies.number[column], x=np.zeros(column.shape)
    )
    key = np.zeros(len(rows), dtype=np.uint64)
    keys = [keyed_rng.hash_counters(keyed_rng.stream(1, name), rows) for name in ("nest", "movie")]
    nest, _ = choice_set.choose(rows, keys[0], keys[1])
    assert (alternatives.take(choice_set, rows, nest, key) == -1).all()


def test_what_was_watched_is_rarely_watched_again():
    # A catalogue so large that hardly anybody runs out of movies.
    history = block(replace(SMALL, rewatch=0.05, n_movies=800))
    row, column = (np.concatenate([getattr(p, name) for p in history.period_views]) for name in ("row", "column"))
    pairs = row * history.inputs.movies.n_movies + column
    again = 1 - len(np.unique(pairs)) / len(pairs)
    assert 0 < again < 0.03
    never = block(replace(SMALL, rewatch=0.0))
    row, column = (np.concatenate([getattr(p, name) for p in never.period_views]) for name in ("row", "column"))
    assert len(np.unique(row * 1000 + column)) == len(row)


def test_churn_falls_with_hours_as_configured():
    """Logit of leaving on ln(1 + hours): the slope is −b, whatever the level."""
    config = replace(SMALL, n_users=2048, months=12, n_movies=120)
    history = block(config)
    users = history.inputs.users
    hours, left, tier = [], [], []
    for first, second, later in zip(
        history.period_views[0::2], history.period_views[1::2], history.period_views[2::2], strict=False
    ):
        who = np.flatnonzero(users.subscribes & second.active)
        watched = sum(np.bincount(p.row, p.minutes / 60, users.n_users) for p in (first, second))
        hours.append(np.log1p(watched[who]))
        left.append(~later.active[who])
        tier.append(np.array(simulator.TIER_CHURN)[users.city_tier[who]])
    x, y, offset = np.concatenate(hours), np.concatenate(left).astype(float), np.concatenate(tier)
    beta = np.zeros(2)
    design = np.column_stack([np.ones_like(x), x])
    for _ in range(25):  # Newton's method for the logit
        p = 1 / (1 + np.exp(-(design @ beta + offset)))
        information = (design * (p * (1 - p))[:, None]).T @ design
        beta += np.linalg.solve(information, design.T @ (y - p))
    error = np.sqrt(np.linalg.inv(information)[1, 1])
    assert error < 0.1
    assert beta[1] == pytest.approx(-config.churn_hours_slope, abs=4 * error)
    assert beta[1] < -0.5


def test_a_row_lives_the_same_life_alone_and_in_a_crowd():
    history = block()
    crowd = list(simulator.simulate(history.inputs, history.end.of(np.arange(300)), range(8, 12), draws="x"))
    rows = np.array([17, 250])
    few = list(simulator.simulate(history.inputs, history.end.of(rows), range(8, 12), draws="x", rows=rows))
    for all_, two in zip(crowd, few, strict=True):
        for k, row in enumerate(rows):
            assert all_.column[all_.row == row].tolist() == two.column[two.row == k].tolist()
            assert all_.minutes[all_.row == row].tolist() == two.minutes[two.row == k].tolist()


def test_nothing_added_is_the_same_service_bit_for_bit():
    history = block()
    rows = np.arange(300)
    nothing = AddedMovies(columns=np.zeros((300, 0), dtype=np.int64), first_period=8, last_period=np.zeros(66, dtype=np.int64))
    runs = [
        list(simulator.simulate(history.inputs, history.end.of(rows), range(8, 14), draws="x", added=added))
        for added in (None, nothing)
    ]
    for one, other in zip(*runs, strict=True):
        for name, value in vars(one).items():
            np.testing.assert_array_equal(value, getattr(other, name))
