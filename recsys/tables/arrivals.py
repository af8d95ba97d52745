"""Arrival dates of movies, inferred from first events where the tables do not give them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.ids import IntArray
from recsys.tables.dataset import Dataset

INITIAL_CATALOGUE_SHARE = 0.02
"""A movie first watched in this first part of the period is taken to have been there before it."""
ASSUMED_ARRIVALS = "movies.available_from is not given"
"""How the sentence in ``Dataset.assumed`` begins."""
NEVER = np.iinfo(np.int64).max
"""First event of a movie that has none."""


def first_events(movie_index: NDArray[np.int32], seconds: NDArray[np.int64], n_movies: int) -> NDArray[np.int64]:
    """Time of each movie's first event, epoch seconds, int64[n_movies]; :data:`NEVER` where it has none."""
    first = np.full(n_movies, NEVER)
    np.minimum.at(first, movie_index, seconds)
    return first


def assumed_arrivals(movies: pd.DataFrame, first_event: NDArray[np.int64], last: int) -> "tuple[pd.Series[Any], str]":
    """Infer ``available_from`` as the day of each movie's first event; returned with the sentence that states the assumption.

    NaT, there from the start, are movies watched in the first 2 % of the period, movies never watched, and movies released in
    a year before the period: an old film that is first watched in the third month was most likely on offer in the first.

    Parameters
    ----------
    movies : in the order of their rows
    first_event : int64[n_movies], see :func:`first_events`; at least one movie has one
    last : epoch seconds of the last event

    Returns
    -------
    datetime64[s], one a movie, and the sentence
    """
    begin = int(first_event.min())
    late = (first_event != NEVER) & (first_event > begin + (last - begin) * INITIAL_CATALOGUE_SHARE)
    if "year" in movies:
        late &= ~(movies["year"] < pd.Timestamp(begin, unit="s").year).to_numpy()
    arrivals = pd.Series(np.datetime64("NaT", "s"), index=movies.index, dtype="datetime64[s]")
    arrivals.loc[late] = first_event[late].astype("datetime64[s]")
    return arrivals.dt.floor("D"), (
        f"{ASSUMED_ARRIVALS}: a movie arrives with its first event ({int(late.sum()):,} movies); those released in an earlier "
        f"year, or first seen in the first {INITIAL_CATALOGUE_SHARE:.0%} of the period, or never, were there from the start"
    )


def recent_arrivals(dataset: Dataset, months: int = 12) -> IntArray:
    """Rows of the movies that arrived within the last months of the data: on the day the tables give, or with the first event
    where that comes sooner.

    What was there when the data begin has not arrived in them, whatever day it bears, nor has what has no day.
    """
    if "available_from" not in dataset.movies or dataset.events.empty:
        return np.zeros(0, dtype=np.int64)
    timestamps = dataset.events["timestamp"]
    begin, last = timestamps.min(), timestamps.max()
    seconds = timestamps.to_numpy().astype("datetime64[s]").astype(np.int64)
    first = first_events(dataset.events["movie_index"].to_numpy(), seconds, dataset.n_movies)
    given = dataset.movies["available_from"]
    arrival = np.minimum(given.to_numpy().astype("datetime64[s]").astype(np.int64), first)
    since = max(begin, last - pd.DateOffset(months=months))
    within = (arrival > since.timestamp()) & (arrival <= last.timestamp()) & given.notna().to_numpy()
    return np.flatnonzero(within).astype(np.int64)


def with_reassumed_arrivals(dataset: Dataset) -> Dataset:
    """Infer the arrivals anew from the events that are left, where they were assumed before; else return the data set as it is.

    The caller computes the fingerprint anew.
    """
    if not any(sentence.startswith(ASSUMED_ARRIVALS) for sentence in dataset.assumed) or dataset.events.empty:
        return dataset
    seconds = dataset.events["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    first = first_events(dataset.events["movie_index"].to_numpy(), seconds, dataset.n_movies)
    arrivals, sentence = assumed_arrivals(dataset.movies, first, int(seconds[-1]))
    return replace(
        dataset,
        movies=dataset.movies.assign(available_from=arrivals),
        assumed=tuple(sentence if old.startswith(ASSUMED_ARRIVALS) else old for old in dataset.assumed),
    )
