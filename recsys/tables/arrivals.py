"""When movies arrived, where nobody wrote it down."""

import numpy as np
import pandas as pd

from recsys.tables.events import EventFacts

THERE_FROM_THE_START_SHARE = 0.02
"""A movie first watched in this first part of the period is taken to have been there before it."""


def first_seen(movies: pd.DataFrame, facts: EventFacts) -> "pd.Series[pd.Timestamp]":
    """The assumed ``available_from``: the day of a movie's first event, NaT for what was there from the start.

    From the start are movies watched in the first 2 % of the period, movies never watched, and movies released in a year
    before the period: an old film that is first watched in the third month was most likely on offer in the first.

    Parameters
    ----------
    movies : in the order of their rows
    facts : of the events, with each movie's first one

    Returns
    -------
    datetime64[s], one a movie
    """
    first = pd.Series(np.datetime64("NaT", "s"), index=movies.index, dtype="datetime64[s]")
    seen = facts.views_by_movie > 0
    first.loc[seen] = facts.first_by_movie[seen].astype("datetime64[s]")
    start = facts.first + (facts.last - facts.first) * THERE_FROM_THE_START_SHARE
    late = first > start
    if "year" in movies:
        late &= ~(movies["year"] < facts.first.year)
    return first.where(late).dt.floor("D")


def arrivals_sentence(arrivals: "pd.Series[pd.Timestamp]") -> str:
    """What was assumed, for the report."""
    number = int(arrivals.notna().sum())
    return (
        f"movies.available_from is not given: a movie arrives with its first event ({number:,} movies); those "
        f"released in an earlier year, or first seen in the first {THERE_FROM_THE_START_SHARE:.0%} of the period, or never, were "
        "there from the start"
    )
