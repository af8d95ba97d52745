"""Movies of a selection as a table, and what is most like one of them, measured in embedding space."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.choice.model.utility import offer_vectors
from recsys.embeddings.neighbours import nearest
from recsys.ids import IntArray
from recsys.presentation.tables.colouring import label
from recsys.presentation.text.numbers import percent
from recsys.projection.context import ProjectionContext
from recsys.tables import lists

_SHOWN = ("languages", "genres", "year", "runtime_min")
MAX_ROWS = 500


def vectors(context: ProjectionContext) -> NDArray[np.float32]:
    """Catalogue and offers in one space, float32[n_movies + n_offers, dim]: offers come from their description."""
    member = context.choice.members[context.choice.draws[0].member]
    return np.concatenate([member.movies, offer_vectors(member, context.offer_codes)])


def everything(context: ProjectionContext) -> pd.DataFrame:
    """Catalogue and offers as one table, in the rows of :func:`vectors`, with ``kind``."""
    kind = np.where(context.choice.available, "movie", "movie no longer on the service")
    catalogue = context.movies.assign(kind=kind)
    return pd.concat([catalogue, context.offers.assign(kind="offer")], ignore_index=True)


def table(movies: pd.DataFrame, views: IntArray, rows: IntArray) -> pd.DataFrame:
    """What is known of the movies in ``rows``, most watched first.

    Parameters
    ----------
    movies : as :func:`everything`
    views : int64[n_movies], of the catalogue
    """
    watched = np.concatenate([views, np.full(max(len(movies) - len(views), 0), -1)])[rows]
    order = np.argsort(-watched, kind="stable")[:MAX_ROWS]
    kept = movies.iloc[rows[order]]
    columns = {"title": _starred(kept)}
    columns |= {label(name): _readable(kept[name]) for name in _SHOWN if name in kept.columns}
    columns["views"] = pd.Series(watched[order], index=kept.index, dtype="Int64").mask(watched[order] < 0)
    if "fee" in kept.columns and (kept["kind"] == "offer").any():
        columns["fee asked"] = kept["fee"]
    return pd.DataFrame(columns).reset_index(drop=True).assign(row=rows[order])


def alike(movies: pd.DataFrame, space: NDArray[np.float32], row: int, *, k: int = 10) -> pd.DataFrame:
    """The movies most like one, with how alike they are; found in embedding space, not on the map.

    Parameters
    ----------
    space : float32[n, dim], as :func:`vectors`
    row : the movie
    """
    found, similarity = nearest(space, space[row : row + 1], min(k, len(space) - 1), exclude=np.array([row]))
    near = movies.iloc[found[0]]
    columns = {"title": _starred(near), "alike": [percent(max(value, 0.0)) for value in similarity[0]]}
    columns |= {label(name): _readable(near[name]) for name in _SHOWN[:2] if name in near.columns}
    return pd.DataFrame(columns)


def _starred(movies: pd.DataFrame) -> pd.Series:
    """Titles, those of offers with a star as on the map, those no longer on the service in brackets."""
    marks = {"offer": "★ {}", "movie": "{}"}
    named = [marks.get(kind, "({})").format(title) for kind, title in zip(movies["kind"], movies["title"], strict=True)]
    return pd.Series(named, index=movies.index, dtype=object)


def _readable(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("Float64").round().astype("Int64")
    return lists.split(column).map(", ".join)
