"""The simulator: the data-generating process from which every choice of a simulated service is drawn.

Time goes in half-months. In each one:

1. The catalogue is what has arrived and has not expired; it changes on the 1st and the 16th only.
2. A user has Poisson(N_i · season · shock / 2) viewing occasions; none before signing up or while a subscription is lapsed.
3. At each occasion, one after the other, the user chooses a movie or nothing by a nested logit
(:mod:`recsys.simulation.choice_sets`):
   nests are language × cluster of genres, all have the same dissimilarity λ, nothing has utility 0, and a movie's V is
   :mod:`recsys.simulation.taste` plus the launch curve plus ln of the rewatch factor (1, or ρ once it has been watched). Other
   services decide otherwise (:mod:`recsys.simulation.satisficing_choice`) or show only a part
   (:mod:`recsys.simulation.exposure`).
4. A view lasts runtime × completion: most are finished, the others end anywhere.

At the end of each month a subscriber leaves with log-odds a_tier − b · ln(1 + hours of the month), and some of the lapsed return.

What was watched before the history is drawn at its start: each movie that was there has been seen with probability
1 − exp(−views expected since signing up or since its arrival, at most ``MEMORY_MONTHS``).

Acquisitions are added by :mod:`recsys.simulation.acquisition`. An occasion differs between the runs with and without one only
where it goes to an added movie, or went to one before (through what is used up, or a subscription kept); a service to which
nothing is added runs through the very same numbers.

What was watched before the history follows the nested logit whatever the rule, and everything was shown then.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from scipy.stats import poisson

from recsys.ids import FloatArray, IntArray
from recsys.simulation import half_months
from recsys.simulation.acquisition import AddedAlternatives
from recsys.simulation.choice_sets import NOTHING, ChoiceSet, nest_sums
from recsys.simulation.config import ChoiceRule
from recsys.simulation.keyed_rng import UintArray, hash_counters, normal, stream, uniform
from recsys.simulation.satisficing_choice import SatisficingAlternatives, SatisficingChoiceSet
from recsys.simulation.state import AddedMovies, BlockInputs, BoolArray, PeriodViews, State

ChurnMode = Literal["drawn", "expected"]

MEMORY_MONTHS = 10.0
"""Views longer ago than this before the history are forgotten."""
TIER_CHURN = (-0.1, 0.0, 0.25)
"""Added to the churn intercept by city tier."""

_OCCASIONS = 4096
"""More than anybody has in a half-month: separates the counters of periods."""
_PURPOSES = ("shock", "count", "nest", "movie", "taken", "completion", "time", "churn")


def before_history(inputs: BlockInputs) -> State:
    """Draw the state at the start of the history: who subscribes, and what has been watched already."""
    config, users = inputs.config, inputs.users
    key = stream(config.seed, "before")
    early = users.signup_day < 0
    lapsed = early & users.subscribes & (uniform(key, users.number, 0) >= config.active_at_start_share)
    columns = inputs.movies.on_service(0)
    age = np.minimum(-inputs.movies.arrives[columns] / 2, MEMORY_MONTHS)
    months = np.minimum(np.where(early, -users.signup_day / 30.4, 0.0)[:, None], age)
    x = np.exp(inputs.taste.at(0, np.arange(users.n_users), columns) / config.dissimilarity)
    nest = inputs.movies.nest[columns]
    probability = np.zeros_like(x)
    # What has been watched dampens what is watched: three rounds bring the two close to each other.
    for _ in range(3):
        left = x * (1.0 - probability * (1.0 - config.rewatch ** (1 / config.dissimilarity)))
        sums = nest_sums(left, nest)
        weight = sums**config.dissimilarity
        share = left * (weight / np.maximum(sums, 1e-300))[:, nest] / (1.0 + weight.sum(axis=1))[:, None]
        probability = 1.0 - np.exp(-months * users.occasions[:, None] * share)
    watched = np.zeros((users.n_users, inputs.movies.n_movies), dtype=np.bool_)
    watched[:, columns] = uniform(key, users.number[:, None], 1, inputs.movies.number[columns]) < probability
    return State(watched=watched, active=~lapsed, active_probability=1.0 - lapsed, month_hours=np.zeros(users.n_users))


def simulate(
    inputs: BlockInputs,
    state: State,
    periods: range,
    *,
    draws: str,
    rows: IntArray | None = None,
    added: AddedMovies | None = None,
    touched: BoolArray | None = None,
    churn_mode: ChurnMode = "drawn",
) -> Iterator[PeriodViews]:
    """Simulate some half-months; ``state`` is updated in place.

    Parameters
    ----------
    parts, state : the block, and the state of the rows simulated
    periods : half-months, in order
    draws : name of the random numbers; runs that share it differ only by what was added
    rows : users simulated, who may be repeated (once for each acquisition to be tried); all by default
    added : what each row's catalogue has more
    churn_mode : ``drawn``: subscribers leave and return as they do. ``expected``: who is active goes on watching with the falling
        ``weight`` of still being there, and of having come back after leaving; less luck in differences of subscriptions
    touched : bool[n_rows, k]; if given, ``added`` is only tried: set where one of its movies, alone, would take an occasion

    Yields
    ------
    PeriodViews of each half-month
    """
    config = inputs.config
    choice_set_of, alternatives_of = _RULES[config.choice_rule]
    rows = np.arange(inputs.users.n_users) if rows is None else rows
    keys = {name: hash_counters(stream(config.seed, f"{draws}:{name}"), inputs.users.number[rows]) for name in _PURPOSES}
    joined, part = inputs.users.signup_period[rows], inputs.users.signup_part[rows]
    for period in periods:
        here = np.where(joined == period, 1.0 - part, (joined < period) * 1.0)
        active = state.active & (here > 0)
        shock = np.exp(config.activity_sd * normal(keys["shock"], period) - config.activity_sd**2 / 2)
        mean = inputs.users.occasions[rows] * half_months.season(config, period) * shock * here * active / 2
        occasions = np.asarray(poisson.ppf(uniform(keys["count"], period), mean), dtype=np.int64)
        choice_set = choice_set_of(inputs, state, rows, period)
        alternatives = None if added is None else alternatives_of(inputs, state, rows, period, added)
        row, column, turn = _half_month(
            state, choice_set, alternatives, occasions=occasions, key=_OccasionKeys(keys, period), touched=touched
        )
        occasion = period * _OCCASIONS + turn
        share, completed = _completion(inputs.movies.quality[column], uniform(keys["completion"][row], occasion))
        minutes = np.maximum(np.round(inputs.movies.runtime_min[column] * share, 1), 1.0)
        np.add.at(state.month_hours, row, minutes / 60)
        slot = (turn + uniform(keys["time"][row], occasion)) / occasions[row]
        yield PeriodViews(
            period=period,
            row=row,
            column=column,
            minutes=minutes,
            completed=completed,
            share_of_period=1.0 - here[row] * (1.0 - slot),
            occasion=occasion,
            occasions=occasions,
            active=active,
            weight=state.active_probability * active,
        )
        if period % 2:
            moving = inputs.users.subscribes[rows] & (joined <= period)
            _end_month(inputs, state, rows, uniform(keys["churn"], period), moving=moving, churn_mode=churn_mode)


class _OccasionKeys:
    """Keys of the random numbers of each occasion of one half-month."""

    def __init__(self, keys: dict[str, UintArray], period: int) -> None:
        self._keys, self._period = keys, period

    def __call__(self, name: str, row: IntArray, turn: int) -> UintArray:
        return hash_counters(self._keys[name][row], self._period * _OCCASIONS + turn)


_RULES: dict[ChoiceRule, tuple[Any, Any]] = {
    "nested logit": (ChoiceSet.of, AddedAlternatives.of),
    "first good enough": (SatisficingChoiceSet.of, SatisficingAlternatives.of),
}


def _half_month(
    state: State,
    choice_set: Any,
    alternatives: Any,
    *,
    occasions: IntArray,
    key: _OccasionKeys,
    touched: BoolArray | None,
) -> tuple[IntArray, IntArray, IntArray]:
    """Simulate all views of a half-month: row, movie, and turn (0 is the user's first occasion in it)."""
    order = np.argsort(-occasions, kind="stable")
    views = [(np.zeros(0, dtype=np.int64),) * 3]
    for turn in range(int(occasions.max(initial=0))):
        row = order[: int(np.count_nonzero(occasions > turn))]
        decided, position = choice_set.choose(row, key("nest", row, turn), key("movie", row, turn))
        taken = np.full(len(row), NOTHING)
        if alternatives is not None and touched is not None:
            touched[row] |= alternatives.would_take(choice_set, row, decided, key("taken", row, turn))
        elif alternatives is not None:
            taken = alternatives.take(choice_set, row, decided, key("taken", row, turn))
            won = np.flatnonzero(taken >= 0)
            column = alternatives.columns[row[won], taken[won]]
            alternatives.mark_watched(row[won], taken[won], ~state.watched[row[won], column], choice_set.rewatch_factor)
            state.watched[row[won], column] = True
            views.append((row[won], column, np.full(len(won), turn)))
        seen = np.flatnonzero((position >= 0) & (taken < 0))
        column = choice_set.columns[position[seen]]
        choice_set.mark_watched(row[seen], decided[seen], position[seen], ~state.watched[row[seen], column])
        state.watched[row[seen], column] = True
        views.append((row[seen], column, np.full(len(seen), turn)))
    row, column, turns = (np.concatenate(pieces) for pieces in zip(*views, strict=True))
    return row, column, turns


def _end_month(
    inputs: BlockInputs, state: State, rows: IntArray, drawn: FloatArray, *, moving: BoolArray, churn_mode: ChurnMode
) -> None:
    """End a month: subscribers churn or return, and hours start again from 0."""
    config = inputs.config
    log_odds = config.churn_intercept + np.array(TIER_CHURN)[inputs.users.city_tier[rows]]
    log_odds = log_odds - config.churn_hours_slope * np.log1p(state.month_hours)
    churn = 1.0 / (1.0 + np.exp(-log_odds))
    returns = ~state.active & (drawn < config.return_share)
    if churn_mode == "drawn":
        state.active = np.where(moving, np.where(state.active, drawn >= churn, returns), state.active)
        state.active_probability = state.active * 1.0
    else:
        later = state.active_probability * (1.0 - churn) + (1.0 - state.active_probability) * config.return_share
        state.active_probability = np.where(moving, np.where(state.active, later, returns), state.active_probability)
        state.active = state.active | (moving & returns)
    state.month_hours = np.zeros(len(rows))


def _completion(quality: FloatArray, drawn: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Completion of a view: share of the runtime that was played, and whether the movie was finished.

    With probability logistic(1 + quality / 2) it is played to at least 92 %; else the share is Kumaraswamy(1.2, 1.6) below that,
    a law like the beta whose quantiles are closed.
    """
    finish = 1.0 / (1.0 + np.exp(-(1.0 + 0.5 * quality)))
    completed = drawn < finish
    rest = np.clip((drawn - finish) / (1.0 - finish), 0.0, 1.0)
    partial = 0.92 * (1.0 - (1.0 - rest) ** (1 / 1.6)) ** (1 / 1.2)
    return np.where(completed, 0.92 + 0.08 * drawn / finish, partial), completed
