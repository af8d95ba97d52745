"""Events to learn from and events to be judged on."""

import numpy as np
import pandas as pd

from recsys.errors import DataError

Parts = tuple[pd.DataFrame, pd.DataFrame]
"""(train, test), each in the order of the events and with their columns."""


def temporal(events: pd.DataFrame, train_share: float = 0.8) -> Parts:
    """The earlier part to learn from, the later part to be judged on.

    Events of one and the same second are never parted, so that all of ``train`` lies before all of ``test``; ``train`` may so
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
    >>> train, test = temporal(days, 0.5)
    >>> len(train), len(test)
    (1, 3)
    """
    _check_share(train_share)
    times = events["timestamp"].to_numpy()
    wanted = min(round(len(times) * train_share), len(times) - 1)
    if wanted < 1:
        raise _empty(len(times))
    n_train = int(np.searchsorted(times, times[wanted], side="left"))
    if n_train == 0:
        raise _empty(len(times))
    return events.iloc[:n_train], events.iloc[n_train:]


def random(events: pd.DataFrame, train_share: float, rng: np.random.Generator) -> Parts:
    """Each event falls by lot. It lets a model see the future: for comparison with published figures only.

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
    return events[chosen], events[~chosen]


def _check_share(train_share: float) -> None:
    if not 0.0 < train_share < 1.0:
        raise DataError.of("E_SPLIT", f"the training share is {train_share}.", "Give a share between 0 and 1, for example 0.8.")


def _empty(n_events: int) -> DataError:
    return DataError.of(
        "E_SPLIT", f"{n_events} events cannot be parted so that both parts hold some.", "Take in a longer period.", table="events"
    )
