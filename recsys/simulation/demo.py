"""Tables of a simulated regional Indian service, written as an import reads them: the demo.

Users are simulated and written a block at a time, so that memory does not grow with their number.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import DataError
from recsys.progress import ReportProgress, silent
from recsys.simulation import economics_terms, half_months, population, pricing
from recsys.simulation.config import ServiceConfig
from recsys.simulation.keyed_rng import hash_counters, stream, uniform
from recsys.simulation.movies import NEVER, Catalogue, catalogue
from recsys.simulation.user_blocks import HISTORY, BlockHistory, histories
from recsys.simulation.users import Users
from recsys.tables.economics_config import as_toml
from recsys.workspace import replace_folder

__all__ = ["ServiceConfig", "write_service"]

NOTE = (
    "Simulated: invented users, movies, people and money. "
    "Every choice was drawn from a written process (recsys.simulation.simulator)."
)
EVENTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("movie_id", pa.string()),
        ("timestamp", pa.timestamp("ms", tz="UTC")),
        ("minutes", pa.float64()),
        ("completed", pa.bool_()),
        ("device", pa.string()),
    ]
)


def write_service(config: ServiceConfig, folder: Path, progress: ReportProgress = silent) -> None:
    """Write the tables of a simulated service into a folder: users, movies, events, offers, subscriptions, terms, ``world.json``.

    The folder appears whole or not at all; a simulated service already there is replaced.

    Parameters
    ----------
    config : parameters of the service; the same ones give the same bytes
    folder : where to write; absent, empty, or holding a simulated service
    progress : told the users done

    Raises
    ------
    DataError  E_EXISTS: the folder holds something that is not a simulated service
    """
    if _holds_something_else(folder):
        raise DataError.of("E_EXISTS", f"{folder} holds something else than a simulated world.", "Name a new or an empty folder.")
    build = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    try:
        counts = _write_tables(config, build, progress)
        document = {"schema": 1, "simulated": True, "note": NOTE, "config": asdict(config), "counts": counts}
        (build / "world.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        replace_folder(build, folder)
    finally:
        shutil.rmtree(build, ignore_errors=True)


def _holds_something_else(folder: Path) -> bool:
    if not folder.is_dir():
        return folder.exists()
    return any(folder.iterdir()) and not (folder / "world.json").exists()


def _write_tables(config: ServiceConfig, build: Path, progress: ReportProgress) -> dict[str, int]:
    movies = catalogue(config)
    counts = {"users": 0, "movies": config.n_movies, "offers": config.n_offers, "events": 0, "subscriptions": 0}
    _csv(movies_table(config, movies), build / "movies.csv")
    (build / "economics.toml").write_text(as_toml(economics_terms.economics(config.people_per_user)), encoding="utf-8")
    with pq.ParquetWriter(build / "events.parquet", EVENTS, compression="zstd") as events_file:
        for number, block in enumerate(histories(config, movies, progress)):
            if number == 0 and config.n_offers:
                _csv(offers_table(config, movies, pricing.offer_terms(config, block)), build / "offers.csv")
            people, paid, views = users_table(config, block.inputs.users), subscriptions_table(config, block), events_table(block)
            _csv(people, build / "users.csv")
            _csv(paid, build / "subscriptions.csv")
            events_file.write_table(views)
            counts = counts | {
                "users": counts["users"] + len(people),
                "events": counts["events"] + views.num_rows,
                "subscriptions": counts["subscriptions"] + len(paid),
            }
    return counts


def _csv(table: pd.DataFrame, path: Path) -> None:
    """Append to a table; the first rows bring the header."""
    new = not path.exists()
    table.to_csv(path, mode="a", header=new, index=False, lineterminator="\n")


def users_table(config: ServiceConfig, users: Users) -> pd.DataFrame:
    """The ``users`` table of a block."""
    second = np.array([*population.LANGUAGES, "none"])[users.second_language]
    return pd.DataFrame(
        {
            "user_id": users.user_id,
            "signup_date": (half_months.start_of(config, 0) + users.signup_day).astype(str),
            "plan": np.array(population.PLANS)[users.plan],
            "language": np.array(population.LANGUAGES)[users.language],
            "second_language": second,
            "city_tier": np.array(population.CITY_TIERS)[users.city_tier],
            "age_band": np.array(population.AGE_BANDS)[users.age_band],
            "device": np.array(population.DEVICES)[users.device],
        }
    )


def movies_table(config: ServiceConfig, movies: Catalogue) -> pd.DataFrame:
    """The ``movies`` table: what was on the service in the history. ``available_until`` is the first day on which it is gone."""
    listed = slice(0, movies.n_listed)
    fee = pricing.licence_fees(config, movies)[listed]
    until = [None if t == NEVER else str(half_months.start_of(config, t)) for t in movies.expires[listed].tolist()]
    return pd.DataFrame(
        {
            **_features(movies, listed),
            "available_from": [str(half_months.start_of(config, t)) for t in movies.arrives[listed].tolist()],
            "available_until": until,
            "licence_fee": fee,
            "licence_until": [None if unknown else day for day, unknown in zip(until, np.isnan(fee).tolist(), strict=True)],
        }
    )


def offers_table(config: ServiceConfig, movies: Catalogue, terms: pricing.OfferTerms) -> pd.DataFrame:
    """The ``offers`` table."""
    return pd.DataFrame(
        {
            **_features(movies, movies.offers),
            "fee": terms.fee,
            "currency": economics_terms.ECONOMICS.currency,
            "window_months": terms.window_months,
            "start": [half_months.month(config, config.months + k) for k in terms.start_month.tolist()],
            "dubbing_cost": terms.dubbing_cost,
            "marketing_cost": terms.marketing_cost,
            "delivery_cost": terms.delivery_cost,
            "exclusive": terms.exclusive,
        }
    )


def _features(movies: Catalogue, columns: slice) -> dict[str, object]:
    genres = [
        "|".join(population.GENRES[k] for k in np.argsort(-row, kind="stable")[: np.count_nonzero(row)])
        for row in movies.genres[columns]
    ]
    languages = [
        "|".join([population.LANGUAGES[own], *(population.LANGUAGES[k] for k in np.flatnonzero(dubs))])
        for own, dubs in zip(movies.language[columns].tolist(), movies.dubbed[columns], strict=True)
    ]
    return {
        "movie_id": movies.movie_id[columns],
        "title": movies.title[columns],
        "year": movies.year[columns],
        "genres": genres,
        "languages": languages,
        "runtime_min": movies.runtime_min[columns],
        "star": movies.star[columns],
        "director": movies.director[columns],
    }


def events_table(block: BlockHistory) -> pa.Table:
    """The ``events`` of a block, sorted by time."""
    config, users, movies = block.inputs.config, block.inputs.users, block.inputs.movies
    row = np.concatenate([p.row for p in block.period_views])
    column = np.concatenate([p.column for p in block.period_views])
    seconds = np.concatenate(
        [
            _seconds(half_months.start_of(config, p.period), half_months.days_in(config, p.period), p.share_of_period)
            for p in block.period_views
        ]
    )
    key = hash_counters(stream(config.seed, f"{HISTORY}:device"), users.number)[row]
    occasion = np.concatenate([p.occasion for p in block.period_views])
    other = np.floor(len(population.DEVICES) * uniform(key, occasion, 1)).astype(np.int64)
    device = np.where(uniform(key, occasion, 0) < 0.8, users.device[row], other)
    order = np.lexsort((row, seconds))
    return pa.table(
        {
            "user_id": pa.array(users.user_id).take(row[order]),
            "movie_id": pa.array(movies.movie_id).take(column[order]),
            "timestamp": pa.array(seconds[order] * 1_000, type=pa.int64()).cast(pa.timestamp("ms", tz="UTC")),
            "minutes": np.concatenate([p.minutes for p in block.period_views])[order],
            "completed": np.concatenate([p.completed for p in block.period_views])[order],
            "device": pa.array(population.DEVICES).take(device[order]),
        },
        schema=EVENTS,
    )


def _seconds(start: np.datetime64, days: int, share: Iterable[float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Epoch seconds at a share in (0, 1) of a half-month, with the day's rhythm; larger shares are later."""
    day = np.asarray(share) * days
    whole = np.floor(day)
    midnight = int(start.astype("datetime64[s]").astype(np.int64)) + whole * half_months.DAY_SECONDS
    return np.asarray((midnight + half_months.time_of_day(day - whole)).astype(np.int64))


def subscriptions_table(config: ServiceConfig, block: BlockHistory) -> pd.DataFrame:
    """The ``subscriptions`` of a block: one row for each month of a subscriber since signing up."""
    users = block.inputs.users
    months = []
    for period_views in block.period_views[1::2]:
        who = np.flatnonzero(users.subscribes & (users.signup_period <= period_views.period))
        months.append(
            pd.DataFrame(
                {
                    "row": who,
                    "month": half_months.month(config, period_views.period // 2),
                    "active": period_views.active[who].astype(np.int64),
                }
            )
        )
    table = pd.concat(months).sort_values(["row", "month"], kind="stable")
    return pd.DataFrame(
        {
            "user_id": np.array(users.user_id, dtype=object)[table["row"].to_numpy()],
            "month": table["month"].to_numpy(),
            "active": table["active"].to_numpy(),
            "plan": "monthly",
            "price": economics_terms.MONTHLY_PRICE_INR,
        }
    )
