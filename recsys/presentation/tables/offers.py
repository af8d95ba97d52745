"""Offers as a list to choose from, and why some were not chosen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.decision.slate_exclusions import LeftOutOffer
from recsys.presentation.text.numbers import money, months
from recsys.tables import lists


def values(offers: pd.DataFrame, column: str) -> tuple[str, ...]:
    """Values of a column whose cells may hold several, the most frequent first.

    Examples
    --------
    >>> values(pd.DataFrame({"genres": ["Drama|Family", "Family", None]}), "genres")
    ('Family', 'Drama')
    """
    if column not in offers.columns:
        return ()
    counts = lists.exploded(offers[column]).value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    return tuple(map(str, counts.index))


def matching(offers: pd.DataFrame, languages: Sequence[str], genres: Sequence[str]) -> pd.DataFrame:
    """Offers in one of the languages and one of the genres; nothing chosen means all.

    Examples
    --------
    >>> table = pd.DataFrame({"movie_id": ["a", "b"], "genres": ["Drama|Family", "Crime"]})
    >>> matching(table, [], ["Family"])["movie_id"].tolist()
    ['a']
    """
    kept = pd.Series(True, index=offers.index)
    for column, wanted in (("languages", languages), ("genres", genres)):
        if wanted and column in offers.columns:
            kept &= np.logical_or.reduce([lists.having(offers[column], value) for value in wanted])
    return offers[kept]


def listed(offers: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Offers with what they are and what they cost."""
    shown = {
        "title": offers["title"].astype(str),
        "fee asked": offers["fee"].map(lambda fee: money(float(fee), currency)),
        "for": offers["window_months"].map(lambda window: months(int(window))),
    }
    names = {"languages": "language", "genres": "genre", "year": "year"}
    for column, name in names.items():
        if column in offers.columns:
            shown[name] = _plain(offers[column])
    return pd.DataFrame(shown)


def why_not(entries: Sequence[LeftOutOffer], currency: str) -> pd.DataFrame:
    """Offers left out: why, and the fee at which each would come in, the nearest first."""
    ranked = sorted(entries, key=lambda entry: -((entry.fee_to_enter or 0.0) / entry.fee if entry.fee else 0.0))
    return pd.DataFrame(
        {
            "offer": [entry.title for entry in ranked],
            "fee asked": [money(entry.fee, currency) for entry in ranked],
            "comes in below": [
                "at no fee" if entry.fee_to_enter is None else money(entry.fee_to_enter, currency) for entry in ranked
            ],
            "would add": [money(entry.adds, currency) for entry in ranked],
            "why not": [entry.reason[:1].upper() + entry.reason[1:] for entry in ranked],
        }
    )


def longest(offers: pd.DataFrame, *, at_most: int) -> int:
    """The longest licence among offers, in months: how far to look ahead so that no fee is paid for nothing."""
    windows = offers["window_months"].dropna()
    return int(min(max(windows.max(), 1), at_most)) if len(windows) else 12


def cheapest(offers: pd.DataFrame) -> tuple[str, float] | None:
    """Title and committed cost of the offer that asks for least: fee, dubbing, marketing and delivery; None without offers.

    Examples
    --------
    >>> cheapest(pd.DataFrame({"title": ["Alai", "Kaatru"], "fee": [5e6, 4e6], "dubbing_cost": [None, 2e6]}))
    ('Alai', 5000000.0)
    """
    names = [name for name in ("fee", "dubbing_cost", "marketing_cost", "delivery_cost") if name in offers.columns]
    committed = offers[names].astype("float64").fillna(0.0).sum(axis=1).to_numpy()
    if not len(committed):
        return None
    at = int(committed.argmin())
    return str(offers["title"].iloc[at]), float(committed[at])


def half_of_all(offers: pd.DataFrame) -> float:
    """A budget to start from: half of what all of these offers ask, to two digits.

    Examples
    --------
    >>> half_of_all(pd.DataFrame({"fee": [2_000_000.0, 1_740_000.0]}))
    1900000.0
    """
    half = float(offers["fee"].sum()) / 2
    return float(f"{half:.1e}") if half > 0 else 0.0


def _plain(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("Float64").round().astype("Int64")
    return lists.split(column).map(", ".join)
