"""The written process from which every choice of a simulated service is drawn.

Time goes in half-months. In each one:

1. The catalogue is what has arrived and has not expired; it changes on the 1st and the 16th only.
2. A user has Poisson(N_i · season · shock / 2) viewing occasions; none before signing up or while a subscription is lapsed.
3. At each occasion, one after the other, the user chooses a movie or nothing by a nested logit
(:mod:`recsys.simulation.choice_sets`):
   nests are language × cluster of genres, all have the same dissimilarity λ, nothing has utility 0, and a movie's V is
   :mod:`recsys.simulation.taste` plus the launch curve plus ln of the appetite left (1, or ρ once it has been watched). Other
   worlds decide otherwise (:mod:`recsys.simulation.satisficing_choice`) or show only a part (:mod:`recsys.simulation.exposure`).
4. A view lasts runtime × completion: most are finished, the others end anywhere.

At the end of each month a subscriber leaves with log-odds a_tier − b · ln(1 + hours of the month), and some of the lapsed return.

What was watched before the history is drawn at its start: each movie that was there has been seen with probability
1 − exp(−views expected since signing up or since its arrival, at most ``MEMORY_MONTHS``).

Acquisitions are added by :mod:`recsys.simulation.acquisition`. An occasion differs between the worlds with and without one only
where it goes to an added movie, or went to one before (through what is used up, or a subscription kept); a world to which
nothing is added runs through the very same numbers.

What was watched before the history follows the nested logit whatever the rule, and everything was shown then.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from scipy.stats import poisson

from recsys.ids import FloatArray, IntArray
from recsys.simulation import half_months
from recsys.simulation.acquisition import Newcomers
from recsys.simulation.choice_sets import NOTHING, Shelf, nest_sums
from recsys.simulation.config import ChoiceRule
from recsys.simulation.keyed_rng import UintArray, keyed, normal, stream, uniform
from recsys.simulation.satisficing_choice import LookingNewcomers, LookingShelf
from recsys.simulation.state import Added, BoolArray, Parts, Played, State

Leaving = Literal["drawn", "expected"]

MEMORY_MONTHS = 10.0
"""Views longer ago than this before the history are forgotten."""
TIER_CHURN = (-0.1, 0.0, 0.25)
"""Added to the churn intercept by city tier."""

_OCCASIONS = 4096
"""More than anybody has in a half-month: separates the counters of periods."""
_CLOCKS = ("shock", "count", "nest", "movie", "taken", "completion", "time", "churn")


def before_history(parts: Parts) -> State:
    """The state at the start: who is paying, and what has been watched already."""
    config, users = parts.config, parts.users
    key = stream(config.seed, "before")
    early = users.signup_day < 0
    lapsed = early & users.subscribes & (uniform(key, users.number, 0) >= config.active_at_start_share)
    columns = parts.movies.on_service(0)
    age = np.minimum(-parts.movies.arrives[columns] / 2, MEMORY_MONTHS)
    months = np.minimum(np.where(early, -users.signup_day / 30.4, 0.0)[:, None], age)
    x = np.exp(parts.taste.at(0, np.arange(users.n_users), columns) / config.dissimilarity)
    nest = parts.movies.nest[columns]
    probability = np.zeros_like(x)
    # What has been watched dampens what is watched: three rounds bring the two close to each other.
    for _ in range(3):
        left = x * (1.0 - probability * (1.0 - config.rewatch ** (1 / config.dissimilarity)))
        sums = nest_sums(left, nest)
        worth = sums**config.dissimilarity
        share = left * (worth / np.maximum(sums, 1e-300))[:, nest] / (1.0 + worth.sum(axis=1))[:, None]
        probability = 1.0 - np.exp(-months * users.occasions[:, None] * share)
    watched = np.zeros((users.n_users, parts.movies.n_movies), dtype=np.bool_)
    watched[:, columns] = uniform(key, users.number[:, None], 1, parts.movies.number[columns]) < probability
    return State(watched=watched, active=~lapsed, paying=1.0 - lapsed, month_hours=np.zeros(users.n_users))


def play(
    parts: Parts,
    state: State,
    periods: range,
    *,
    draws: str,
    rows: IntArray | None = None,
    added: Added | None = None,
    touched: BoolArray | None = None,
    leaving: Leaving = "drawn",
) -> Iterator[Played]:
    """Run the process for some half-months; ``state`` moves along.

    Parameters
    ----------
    parts, state : the block, and the state of the rows simulated
    periods : half-months, in order
    draws : name of the random numbers; worlds that share it differ only by what was added
    rows : users simulated, who may be repeated (once for each acquisition to be tried); all by default
    added : what each row's catalogue has more
    leaving : ``drawn``: subscribers leave and return as they do. ``expected``: who is active goes on watching with the falling
        ``weight`` of still being there, and of having come back after leaving; less luck in differences of subscriptions
    touched : bool[n_rows, k]; if given, ``added`` is only tried: set where one of its movies, alone, would take an occasion

    Yields
    ------
    Played, one a half-month
    """
    config = parts.config
    shelf_of, newcomers_of = _RULES[config.choice_rule]
    rows = np.arange(parts.users.n_users) if rows is None else rows
    clocks = {name: keyed(stream(config.seed, f"{draws}:{name}"), parts.users.number[rows]) for name in _CLOCKS}
    joined, part = parts.users.signup_period[rows], parts.users.signup_part[rows]
    for period in periods:
        here = np.where(joined == period, 1.0 - part, (joined < period) * 1.0)
        active = state.active & (here > 0)
        shock = np.exp(config.activity_sd * normal(clocks["shock"], period) - config.activity_sd**2 / 2)
        mean = parts.users.occasions[rows] * half_months.season(config, period) * shock * here * active / 2
        occasions = np.asarray(poisson.ppf(uniform(clocks["count"], period), mean), dtype=np.int64)
        shelf = shelf_of(parts, state, rows, period)
        newcomers = None if added is None else newcomers_of(parts, state, rows, period, added)
        row, column, turn = _half_month(
            state, shelf, newcomers, occasions=occasions, clock=_Clock(clocks, period), touched=touched
        )
        occasion = period * _OCCASIONS + turn
        share, completed = _completion(parts.movies.quality[column], uniform(clocks["completion"][row], occasion))
        minutes = np.maximum(np.round(parts.movies.runtime_min[column] * share, 1), 1.0)
        np.add.at(state.month_hours, row, minutes / 60)
        slot = (turn + uniform(clocks["time"][row], occasion)) / occasions[row]
        yield Played(
            period=period,
            row=row,
            column=column,
            minutes=minutes,
            completed=completed,
            place=1.0 - here[row] * (1.0 - slot),
            occasion=occasion,
            occasions=occasions,
            active=active,
            weight=state.paying * active,
        )
        if period % 2:
            moving = parts.users.subscribes[rows] & (joined <= period)
            _end_month(parts, state, rows, uniform(clocks["churn"], period), moving=moving, leaving=leaving)


class _Clock:
    """Random numbers of the occasions of one half-month."""

    def __init__(self, clocks: dict[str, UintArray], period: int) -> None:
        self._clocks, self._period = clocks, period

    def __call__(self, name: str, row: IntArray, turn: int) -> UintArray:
        return keyed(self._clocks[name][row], self._period * _OCCASIONS + turn)


_RULES: dict[ChoiceRule, tuple[Any, Any]] = {
    "nested logit": (Shelf.of, Newcomers.of),
    "first good enough": (LookingShelf.of, LookingNewcomers.of),
}


def _half_month(
    state: State,
    shelf: Any,
    newcomers: Any,
    *,
    occasions: IntArray,
    clock: _Clock,
    touched: BoolArray | None,
) -> tuple[IntArray, IntArray, IntArray]:
    """All views of a half-month: row, movie, and turn (0 is the user's first occasion in it)."""
    order = np.argsort(-occasions, kind="stable")
    views = [(np.zeros(0, dtype=np.int64),) * 3]
    for turn in range(int(occasions.max(initial=0))):
        row = order[: int(np.count_nonzero(occasions > turn))]
        decided, place = shelf.choose(row, clock("nest", row, turn), clock("movie", row, turn))
        taken = np.full(len(row), NOTHING)
        if newcomers is not None and touched is not None:
            touched[row] |= newcomers.would_take(shelf, row, decided, clock("taken", row, turn))
        elif newcomers is not None:
            taken = newcomers.take(shelf, row, decided, clock("taken", row, turn))
            won = np.flatnonzero(taken >= 0)
            column = newcomers.columns[row[won], taken[won]]
            newcomers.use_up(row[won], taken[won], ~state.watched[row[won], column], shelf.fatigue)
            state.watched[row[won], column] = True
            views.append((row[won], column, np.full(len(won), turn)))
        seen = np.flatnonzero((place >= 0) & (taken < 0))
        column = shelf.columns[place[seen]]
        shelf.use_up(row[seen], decided[seen], place[seen], ~state.watched[row[seen], column])
        state.watched[row[seen], column] = True
        views.append((row[seen], column, np.full(len(seen), turn)))
    row, column, turns = (np.concatenate(parts) for parts in zip(*views, strict=True))
    return row, column, turns


def _end_month(parts: Parts, state: State, rows: IntArray, drawn: FloatArray, *, moving: BoolArray, leaving: Leaving) -> None:
    """Subscribers leave or return; a new month begins."""
    config = parts.config
    log_odds = config.churn_intercept + np.array(TIER_CHURN)[parts.users.city_tier[rows]]
    log_odds = log_odds - config.churn_hours_slope * np.log1p(state.month_hours)
    churn = 1.0 / (1.0 + np.exp(-log_odds))
    returns = ~state.active & (drawn < config.return_share)
    if leaving == "drawn":
        state.active = np.where(moving, np.where(state.active, drawn >= churn, returns), state.active)
        state.paying = state.active * 1.0
    else:
        later = state.paying * (1.0 - churn) + (1.0 - state.paying) * config.return_share
        state.paying = np.where(moving, np.where(state.active, later, returns), state.paying)
        state.active = state.active | (moving & returns)
    state.month_hours = np.zeros(len(rows))


def _completion(quality: FloatArray, drawn: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Share of the runtime that was played, and whether the movie was finished.

    With probability logistic(1 + quality / 2) it is played to at least 92 %; else the share is Kumaraswamy(1.2, 1.6) below that,
    a law like the beta whose quantiles are closed.
    """
    finish = 1.0 / (1.0 + np.exp(-(1.0 + 0.5 * quality)))
    completed = drawn < finish
    rest = np.clip((drawn - finish) / (1.0 - finish), 0.0, 1.0)
    partial = 0.92 * (1.0 - (1.0 - rest) ** (1 / 1.6)) ** (1 / 1.2)
    return np.where(completed, 0.92 + 0.08 * drawn / finish, partial), completed
