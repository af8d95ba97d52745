"""What people chose after a cutoff, among what they could have watched, with the scores of a recommender from before it."""

import numpy as np
from numpy.typing import NDArray

from recsys.choice.estimate.choices import Choices
from recsys.choice.estimate.taste import N_AGES
from recsys.choice.estimate.utility_space import Space
from recsys.choice.panel.history import History
from recsys.choice.panel.user_clusters import Groups
from recsys.ids import IntArray

_CELLS = 5_000_000
"""Choices times movies of the likelihood: a sample of the choices beyond that."""


def held_out_choices(
    history: History,
    nests: IntArray,
    space: Space,
    groups: Groups,
    *,
    cutoff_day: float,
    rng: np.random.Generator,
    cells: int = _CELLS,
) -> Choices:
    """Choices after ``cutoff_day``.

    Parameters
    ----------
    nests : int64[n_movies]
    space : of the recommender that was trained on the views before the cutoff
    groups : taste groups in that space
    cutoff_day : days, as in the history

    Returns
    -------
    Choices; movies that nobody chose after the cutoff are left out, as likelihood would leave them
    """
    repeats = bool((history.pair_views > 1).any())
    first_view = _is_first_view(history)
    rows = np.flatnonzero((history.day >= cutoff_day) & (history.period >= 0) & (first_view | repeats))
    share = history.open_share()
    rows = rows[share[history.period[rows], history.movie[rows]] > 0]
    columns = np.argsort(nests, kind="stable")
    columns = columns[np.isin(columns, history.movie[rows])]
    most = max(cells // max(len(columns), 1), 1)
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    place = np.full(history.n_movies, -1)
    place[columns] = np.arange(len(columns))
    user, period = history.user[rows], history.period[rows]
    seen_row, seen_movie = history.watched_by(user, history.day[rows])
    there = place[seen_movie] >= 0
    with np.errstate(divide="ignore"):
        log_open = np.log(share[:, columns])
    _, starts = np.unique(nests[columns], return_index=True)
    centres = space.centres(nests)[columns[starts]]
    return Choices(
        user=user,
        period=period,
        chosen=place[history.movie[rows]],
        movies=columns,
        score=(space.users[user] @ space.movies[columns].T).astype(np.float32),
        group_score=(groups.vectors[groups.assignment[user]] @ space.movies[columns].T).astype(np.float32),
        nest_score=(space.users[user] @ centres.T).astype(np.float32),
        affinity=space.affinity.scores(user, columns),
        cold=space.cold[columns],
        arrived=np.isfinite(history.arrival[columns]),
        seen_row=seen_row[there],
        seen_movie=place[seen_movie[there]],
        exclude_seen=not repeats,
        age=np.minimum(history.age_months()[:, columns], N_AGES - 1),
        log_open=log_open,
        nest_starts=starts.astype(np.int64),
        n_ages=N_AGES,
    )


def _is_first_view(history: History) -> NDArray[np.bool_]:
    """bool[n_views]: the user had not watched the movie before."""
    keys = history.user * history.n_movies + history.movie
    first = np.zeros(len(keys), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first
