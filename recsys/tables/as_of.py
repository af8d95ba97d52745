"""Point-in-time snapshot of the tables: nothing that happened, arrived or was learnt later is in it."""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.errors import DataError
from recsys.ids import IntArray
from recsys.tables.arrivals import ASSUMED_ARRIVALS, with_reassumed_arrivals
from recsys.tables.dataset import Dataset
from recsys.tables.store.assembly import NO_OFFERS, typed, typed_events, with_fingerprint

ACCUMULATED_COLUMNS = ("available_days",)
"""Columns of the movies table that accumulate with time."""
_TERMS = ("available_from", "available_until", "licence_fee", "licence_until")


def dataset_as_of(dataset: Dataset, at: pd.Timestamp, *, offers: IntArray | None = None) -> Dataset:
    """Return the data set as an import at ``at`` would have found it.

    Kept are events before it, movies that had arrived, users who had joined (with a sign-up date or an event) and whole months
    of subscriptions. Where arrivals are only assumed from first events, a movie that nobody had watched yet is not known, and the
    arrivals are assumed anew from the events that are left. An end of availability that lies ahead is blank again. What cannot
    be dated is taken as it is today: the attributes of movies and users, and the money terms.

    Parameters
    ----------
    offers : rows of ``dataset.movies`` that take the place of the offers, with their attributes alone; none by default

    Raises
    ------
    DataError  E_TOO_SMALL: there was no event yet
    """
    events = dataset.events[dataset.events["timestamp"] < at]
    if events.empty:
        raise DataError.of("E_TOO_SMALL", f"there is no event before {at.date()}.", "Choose a later day.", table="events")
    watching, watched = _present(events["user_index"], dataset.n_users), _present(events["movie_index"], dataset.n_movies)
    users, movies = dataset.users, dataset.movies
    joined = watching if "signup_date" not in users else watching | (users["signup_date"] < at).to_numpy(dtype=bool)
    if "available_from" not in movies:
        there = np.ones(dataset.n_movies, dtype=bool)
    elif any(sentence.startswith(ASSUMED_ARRIVALS) for sentence in dataset.assumed):
        there = watched
    else:
        there = watched | ~(movies["available_from"] >= at).to_numpy(dtype=bool)
    known = movies[there].drop(columns=[name for name in ACCUMULATED_COLUMNS if name in movies])
    if "available_until" in known:
        known = known.assign(available_until=known["available_until"].where(known["available_until"] < at))
    subscriptions = dataset.subscriptions
    if subscriptions is not None:
        kept = (subscriptions["month"] < at.strftime("%Y-%m")) & subscriptions["user_id"].isin(users.loc[joined, "user_id"])
        subscriptions = subscriptions[kept].reset_index(drop=True) if kept.any() else None
    past = replace(
        dataset,
        users=users[joined].reset_index(drop=True),
        movies=known.reset_index(drop=True),
        events=typed_events(
            events.assign(
                user_index=_moved(joined)[events["user_index"]],
                movie_index=_moved(there)[events["movie_index"]],
            )
        ),
        offers=_offers(dataset, offers),
        subscriptions=subscriptions,
    )
    return with_fingerprint(with_reassumed_arrivals(past))


def _offers(dataset: Dataset, rows: IntArray | None) -> pd.DataFrame:
    if rows is None:
        return NO_OFFERS.copy()
    left_out = [name for name in (*_TERMS, *ACCUMULATED_COLUMNS) if name in dataset.movies]
    wares = dataset.movies.iloc[rows].drop(columns=left_out)
    return typed(wares.assign(fee=0.0, currency=dataset.economics.currency, window_months=1200))


def _present(index: "pd.Series[int]", n: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found = np.zeros(n, dtype=bool)
    found[index.to_numpy()] = True
    return found


def _moved(kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """New row of each old one that is kept."""
    return (np.cumsum(kept) - 1).astype(np.int32)
