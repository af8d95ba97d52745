"""What a scenario can name: directions of taste, movies on the service, the terms of an offer."""

import pandas as pd

from recsys.embeddings.axes import attribute_masks
from recsys.presentation.tables.colouring import label as attribute_label
from recsys.projection.context import ProjectionContext

_MOST_VALUES = 60


def of_movies(movies: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Attributes of movies that a taste can move towards, and their values, the most frequent first.

    Examples
    --------
    >>> of_movies(pd.DataFrame({"movie_id": list("abcd"), "genres": ["Drama|Family", "Drama", "Drama", "Family"]}))
    {'genres': ('Drama', 'Family')}
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for (column, value), mask in attribute_masks(movies, min_rows=1).items():
        if not mask.all():
            found.setdefault(column, []).append((-int(mask.sum()), value))
    return {column: tuple(value for _, value in sorted(values)[:_MOST_VALUES]) for column, values in found.items()}


def label(name: str) -> str:
    """A direction's name on the screen."""
    return attribute_label(name)


def on_service(context: ProjectionContext) -> tuple[str, ...]:
    """Ids of the movies that can be watched today, by title."""
    there = context.movies.loc[context.choice.available, ["movie_id", "title"]]
    return tuple(there.sort_values("title", kind="stable")["movie_id"].astype(str))


def terms_of(offers: pd.DataFrame, movie_id: str) -> dict[str, float]:
    """What the offers table asks for an offer, every term that it states.

    Examples
    --------
    >>> terms_of(pd.DataFrame({"movie_id": ["o1"], "fee": [4e6], "window_months": [24], "dubbing_cost": [None]}), "o1")
    {'fee': 4000000.0, 'window_months': 24.0}
    """
    names = ("fee", "window_months", "royalty_per_view", "dubbing_cost", "marketing_cost", "delivery_cost")
    row = offers.loc[offers["movie_id"].astype(str) == movie_id]
    if row.empty:
        return {}
    cells = row.iloc[0]
    return {name: float(cells[name]) for name in names if name in row.columns and pd.notna(cells[name])}
