"""Offers for data that has none: the latest arrivals, as if they could still be bought."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recsys.errors import DataError
from recsys.tables.assemble import sealed, typed, typed_events
from recsys.tables.dataset import Dataset
from recsys.tables.store import load_dataset, load_info, publish_dataset
from recsys.workspace import Workspace

ASSUMED_OFFERS = "the offers are the latest arrivals"
"""How the sentence in ``Dataset.assumed`` begins."""
MIN_VIEWS = 10
"""Views that a latest arrival has to have: a title that one person found is no example of what could be bought."""


def latest_arrivals_as_offers(
    workspace: Workspace,
    n: int,
    *,
    fee: float,
    window_months: int = 12,
    currency: str | None = None,
    replace_offers: bool = False,
    min_views: int = MIN_VIEWS,
) -> Dataset:
    """Take the ``n`` movies that arrived last out of the catalogue, with their events, and offer them at one assumed fee.

    All or nothing. What was watched of them is gone from the tables afterwards, so that no model can know it.

    Parameters
    ----------
    n : at most half of the catalogue
    fee : in ``currency``, above 0
    currency : None is that of the money terms, the only one allowed
    replace_offers : whether offers that are there already may go
    min_views : movies with fewer views stay in the catalogue

    Returns
    -------
    Dataset  as stored

    Raises
    ------
    DataError  E_RANGE, E_COST, E_CURRENCY, E_COLLISION (there are offers), E_NO_ARRIVALS (fewer than ``n`` movies have an
        arrival and so many views), E_BUSY
    """
    with workspace.writing():
        dataset = load_dataset(workspace)
        if len(dataset.offers) and not replace_offers:
            raise DataError.of(
                "E_COLLISION",
                f"there are {len(dataset.offers)} offers already.",
                "Say that they may be replaced.",
                table="offers",
            )
        moved = with_latest_as_offers(dataset, n, fee=fee, window_months=window_months, currency=currency, min_views=min_views)
        publish_dataset(workspace, moved, report=load_info(workspace).report)
    return moved


def with_latest_as_offers(
    dataset: Dataset,
    n: int,
    *,
    fee: float,
    window_months: int = 12,
    currency: str | None = None,
    min_views: int = MIN_VIEWS,
) -> Dataset:
    """The same in memory; raises as :func:`latest_arrivals_as_offers` does."""
    _check(dataset, n, fee=fee, window_months=window_months, currency=currency)
    movies = dataset.movies
    arrivals = movies["available_from"].dropna() if "available_from" in movies else pd.Series(dtype="datetime64[s]")
    views = np.bincount(dataset.events["movie_index"], minlength=len(movies))
    arrivals = arrivals[views[arrivals.index] >= min_views]
    if len(arrivals) < n:
        raise DataError.of(
            "E_NO_ARRIVALS",
            f"only {len(arrivals)} movies have an arrival and {min_views} views or more, {n} are wanted.",
            "Ask for fewer, or give available_from in the movies table.",
            table="movies",
            column="available_from",
        )
    # by id as well, so that movies of one day are always taken in the same order
    order = movies.loc[arrivals.index].sort_values(["available_from", "movie_id"], ascending=[False, True])
    leaving = np.zeros(len(movies), bool)
    leaving[order.index[:n]] = True
    gone = leaving[dataset.events["movie_index"]]
    index = (np.cumsum(~leaving) - 1).astype(np.int32)
    events = dataset.events[~gone]
    terms: dict[str, Any] = {"fee": float(fee), "currency": dataset.economics.currency, "window_months": int(window_months)}
    dated = [name for name in ("available_from", "available_until", "licence_fee", "licence_until") if name in movies]
    sentence = (
        f"{ASSUMED_OFFERS} with {min_views} views or more: {n} movies left the catalogue with their {int(gone.sum()):,} events "
        f"and are offered at an assumed {fee:,.0f} {dataset.economics.currency} for {window_months} months each"
    )
    return sealed(
        replace(
            dataset,
            movies=movies[~leaving].reset_index(drop=True),
            events=typed_events(events.assign(movie_index=index[events["movie_index"]])),
            offers=typed(movies[leaving].drop(columns=dated).assign(**terms)),
            assumed=(*(text for text in dataset.assumed if not text.startswith(ASSUMED_OFFERS)), sentence),
        )
    )


def _check(dataset: Dataset, n: int, *, fee: float, window_months: int, currency: str | None) -> None:
    place = {"table": "offers"}
    if not 1 <= n <= dataset.n_movies // 2:
        raise DataError.of("E_RANGE", f"{n} offers are asked for.", f"Ask for 1 to {dataset.n_movies // 2}.", **place)
    if not (np.isfinite(fee) and fee > 0):
        raise DataError.of("E_COST", f"the fee is {fee}.", "Give a fee above 0.", column="fee", **place)
    if window_months < 1:
        raise DataError.of(
            "E_DATES", f"the window is {window_months} months.", "Give at least one.", column="window_months", **place
        )
    if currency not in (None, dataset.economics.currency):
        raise DataError.of(
            "E_CURRENCY",
            f"the fee is in {currency}, the money terms are in {dataset.economics.currency}.",
            "Convert the fee.",
            column="currency",
            **place,
        )
