"""Train and test splits of the events: by time, at random, or leave-one-out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from recsys.errors import DataError, Finding

EARLY_SHARE = 0.8
"""Of the events, what choices are learnt after."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """A split into train and test events, each in the order of the events and with their columns."""

    train: pd.DataFrame
    test: pd.DataFrame
    cutoff: pd.Timestamp | None
    """The first moment of the test part; None where time played no part."""


def temporal(events: pd.DataFrame, train_share: float = EARLY_SHARE) -> Split:
    """Split by time: the earlier events train, the later ones test.

    Events of one and the same second are never parted, so that nothing in ``train`` is as late as ``cutoff``; ``train`` may so
    be somewhat smaller than asked.

    Parameters
    ----------
    events : sorted by ``timestamp``
    train_share : in (0, 1)

    Raises
    ------
    DataError  E_SPLIT: the share is outside (0, 1), or one part would be empty

    Examples
    --------
    >>> days = pd.DataFrame({"timestamp": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"])})
    >>> parts = temporal(days, 0.5)
    >>> len(parts.train), len(parts.test), str(parts.cutoff.date())
    (1, 3, '2024-01-02')
    """
    _check_share(train_share)
    times = events["timestamp"].to_numpy()
    wanted = min(round(len(times) * train_share), len(times) - 1)
    if wanted < 1:
        raise _empty(len(times))
    n_train = int(np.searchsorted(times, times[wanted], side="left"))
    if n_train == 0:
        raise _empty(len(times))
    return Split(train=events.iloc[:n_train], test=events.iloc[n_train:], cutoff=pd.Timestamp(times[n_train]))


def one_moment(path: Path) -> list[Finding]:
    """W_SPLIT where a file of events, sorted by time, has no later part to learn choices from: nearly all are of one moment."""
    times = pq.read_table(path, columns=["timestamp"], use_threads=False).to_pandas()
    try:
        temporal(times, EARLY_SHARE)
    except DataError:
        message = (
            "nearly all events are of one moment, so that there is no later part to learn choices from: training will refuse."
        )
        return [Finding(code="W_SPLIT", message=message, remedy="Take in a longer period.", table="events", column="timestamp")]
    return []


def random(events: pd.DataFrame, train_share: float, rng: np.random.Generator) -> Split:
    """Split at random. It lets a model see the future: for comparison with published figures only.

    Raises
    ------
    DataError  E_SPLIT: the share is outside (0, 1), or one part would be empty
    """
    _check_share(train_share)
    n_train = round(len(events) * train_share)
    if not 0 < n_train < len(events):
        raise _empty(len(events))
    chosen = np.zeros(len(events), bool)
    chosen[rng.permutation(len(events))[:n_train]] = True
    return Split(train=events[chosen], test=events[~chosen], cutoff=None)


def leave_one_out(events: pd.DataFrame) -> Split:
    """Leave one out: the movie that each user with two or more started last is tested; the rest trains.

    A user's views of that movie are all in ``test``. Other users' later views are in ``train``: like a random split, it lets a
    model see the future.

    Parameters
    ----------
    events : sorted by ``timestamp``, with ``user_index`` and ``movie_index``

    Raises
    ------
    DataError  E_SPLIT: nobody watched two movies

    Examples
    --------
    >>> watched = pd.DataFrame({"user_index": [0, 0, 0, 1], "movie_index": [5, 6, 5, 5]})
    >>> parts = leave_one_out(watched)
    >>> parts.test["movie_index"].tolist(), parts.train["movie_index"].tolist()
    ([6], [5, 5, 5])
    """
    first = events.drop_duplicates(["user_index", "movie_index"])
    several = first.duplicated("user_index", keep=False)
    last = first[several].drop_duplicates("user_index", keep="last")
    if last.empty:
        raise _empty(len(events))
    movie_of = pd.Series(last["movie_index"].to_numpy(), index=last["user_index"].to_numpy())
    test = (events["user_index"].map(movie_of) == events["movie_index"]).to_numpy(dtype=bool)
    return Split(train=events[~test], test=events[test], cutoff=None)


def _check_share(train_share: float) -> None:
    if not 0.0 < train_share < 1.0:
        raise DataError.of("E_SPLIT", f"the training share is {train_share}.", "Give a share between 0 and 1, for example 0.8.")


def _empty(n_events: int) -> DataError:
    return DataError.of(
        "E_SPLIT", f"{n_events} events cannot be parted so that both parts hold some.", "Take in a longer period.", table="events"
    )
