"""Assumed offers for data that has none: the latest arrivals leave the catalogue and are offered instead."""

import math
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.errors import DataError, Finding
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import load_economics
from recsys.tables.limits import Limits
from recsys.tables.report import ImportReport
from recsys.tables.store.assembly import typed, typed_events, with_fingerprint
from recsys.tables.store.published_tables import ECONOMICS, SIMULATION_JSON, economics_path, read_tables, write_tables
from recsys.workspace import Workspace, bytes_or_none

ASSUMED_OFFERS = "the offers are the latest arrivals"
"""How the sentence in ``Dataset.assumed`` begins."""
MIN_VIEWS = 10
"""Views that a latest arrival has to have: a title that one person found is no example of what could be bought."""
LONGEST_WINDOW = 1200
"""Months; as long as a licence for good."""


@dataclass(frozen=True, kw_only=True)
class LatestArrivals:
    """On what terms the latest arrivals are offered."""

    n: int
    """How many; at most half of the catalogue."""
    fee: float
    """Licence fee of each in the currency of the money terms, above 0."""
    window_months: int = 12
    min_views: int = MIN_VIEWS
    """Movies with fewer views stay in the catalogue."""

    def __post_init__(self) -> None:
        """Refuse what no tables could make right, before any are read.

        Raises
        ------
        DataError  E_RANGE, E_COST, E_DATES, with every finding at once
        """
        wrong = [
            Finding(code=code, message=message, remedy=remedy, table="offers", column=column)
            for fine, code, message, remedy, column in (
                (self.n >= 1, "E_RANGE", f"{self.n} offers are asked for.", "Ask for 1 or more.", None),
                (math.isfinite(self.fee) and self.fee > 0, "E_COST", f"the fee is {self.fee}.", "Give a fee above 0.", "fee"),
                (
                    1 <= self.window_months <= LONGEST_WINDOW,
                    "E_DATES",
                    f"the window is {self.window_months} months.",
                    f"Give 1 to {LONGEST_WINDOW}.",
                    "window_months",
                ),
            )
            if not fine
        ]
        if wrong:
            raise DataError(wrong)


def with_latest_as_offers(dataset: Dataset, terms: LatestArrivals) -> Dataset:
    """Take the movies that arrived last out of the catalogue, with their events, and offer them at one assumed fee.

    What was watched of them is gone from the tables afterwards, so that no model can know it.

    Raises
    ------
    DataError  E_COLLISION: there are offers; E_RANGE: more than half of the catalogue; E_NO_ARRIVALS: fewer movies have an
        arrival and so many views
    """
    n, min_views = terms.n, terms.min_views
    if len(dataset.offers):
        raise DataError.of(
            "E_COLLISION",
            f"there are {len(dataset.offers)} offers already.",
            "Leave the table of offers out, or do not ask for the latest arrivals.",
            table="offers",
        )
    if n > dataset.n_movies // 2:
        remedy = f"Ask for 1 to {dataset.n_movies // 2}."
        raise DataError.of("E_RANGE", f"{n} offers are asked for, of {dataset.n_movies} movies.", remedy, table="offers")
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
    asked: dict[str, Any] = {
        "fee": float(terms.fee),
        "currency": dataset.economics.currency,
        "window_months": terms.window_months,
    }
    dated = [name for name in ("available_from", "available_until", "licence_fee", "licence_until") if name in movies]
    sentence = (
        f"{ASSUMED_OFFERS} with {min_views} views or more: {n} movies left the catalogue with their {int(gone.sum()):,} events "
        f"and are offered at an assumed {terms.fee:,.0f} {dataset.economics.currency} for {terms.window_months} months each"
    )
    return with_fingerprint(
        replace(
            dataset,
            movies=movies[~leaving].reset_index(drop=True),
            events=typed_events(events.assign(movie_index=index[events["movie_index"]])),
            offers=typed(movies[leaving].drop(columns=dated).assign(**asked)),
            assumed=(*(text for text in dataset.assumed if not text.startswith(ASSUMED_OFFERS)), sentence),
        )
    )


def offer_latest(
    workspace: Workspace, build: Path, latest: LatestArrivals, report: ImportReport, limits: Limits
) -> tuple[Path, ImportReport]:
    """Apply :func:`with_latest_as_offers` to new tables that are not yet published; raises as that does, and E_TOO_SMALL.

    Returns
    -------
    a folder beside ``build``, whose own files may be those of the tables in use, and the report of what it holds
    """
    incoming, simulation = build / ECONOMICS, build / SIMULATION_JSON
    economics = load_economics(incoming if incoming.exists() else economics_path(workspace))
    moved = with_latest_as_offers(read_tables(build, economics), latest)
    users, movies = moved.events["user_index"].nunique(), moved.events["movie_index"].nunique()
    if findings := limits.too_small(users=users, movies=movies, events=len(moved.events)):
        raise DataError(findings)
    subscriptions = {} if moved.subscriptions is None else {"subscriptions": len(moved.subscriptions)}
    rows = {"users": moved.n_users, "movies": moved.n_movies, "events": len(moved.events), "offers": len(moved.offers)}
    report = replace(report, rows=rows | subscriptions, assumed=moved.assumed, fingerprint=moved.fingerprint)
    folder = build.with_name("offered")
    folder.mkdir()
    write_tables(folder, moved, report=report.as_json(), simulation=bytes_or_none(simulation))
    if incoming.exists():
        shutil.copyfile(incoming, folder / ECONOMICS)
    return folder, report
