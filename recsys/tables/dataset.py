"""The data set: validated tables of a workspace, as every later stage reads them."""

from dataclasses import dataclass

import pandas as pd

from recsys.tables.economics_config import Economics


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Validated tables. Ids are text, times are UTC, every event names a known user and movie.

    Times are datetime64[s] (NaT where blank), known figures float64 (NaN where blank), attributes text, or numbers where the
    source holds nothing but numbers. Known columns come first, attributes by name.

    Row ``k`` of ``users`` and ``movies`` is row ``k`` of every array that later stages make of them (both are sorted by id).
    """

    users: pd.DataFrame
    """``user_id``; ``signup_date``, ``plan`` and any attribute, where the service has them."""
    movies: pd.DataFrame
    """``movie_id``, ``title``; ``year``, ``genres``, ``languages`` (joined by ``|``), ``runtime_min``, ``available_from``,
    ``available_until`` (datetime64, NaT where open), ``licence_fee``, ``licence_until``, any attribute."""
    events: pd.DataFrame
    """``user_index``, ``movie_index`` (int32 rows of the two tables), ``timestamp`` (datetime64[s], UTC, sorted);
    ``minutes``, ``rating`` (float32), ``completed`` (boolean with NA), ``device`` (category) where logged.
    One row is one view."""
    offers: pd.DataFrame
    """``movie_id``, ``title``, ``fee``, ``currency``, ``window_months`` and the optional columns; may be empty."""
    subscriptions: pd.DataFrame | None
    """``user_id``, ``month`` (``YYYY-MM``), ``active`` (bool); None where the service has none."""
    economics: Economics
    simulated: bool
    """Made by ``recsys.simulation``; said wherever a figure shows."""
    fingerprint: str
    """SHA-256 over the tables and terms: the key of every cache."""
    assumed: tuple[str, ...] = ()
    """What import had to assume, one sentence each (for example that a rating counts as one view)."""

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_movies(self) -> int:
        return len(self.movies)
