"""Observed panel: the history of views, and the attributes and content of movies."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.choice.model import movie_attributes
from recsys.choice.model.parameters import Float32Array
from recsys.choice.panel.history import History, read_history
from recsys.embeddings.features import FeatureSpace
from recsys.errors import DataError
from recsys.tables.dataset import Dataset
from recsys.tables.split import temporal


@dataclass(frozen=True, eq=False, kw_only=True)
class ObservedPanel:
    """History of views, with attributes and content vectors of movies."""

    history: History
    cutoff_day: float
    """Day, as in the history, that parts training from hold-out"""
    available: NDArray[np.bool_]
    """bool[n_movies]: on the service when the data end"""
    features: FeatureSpace
    """Attributes of movies and their codes"""
    codes: Float32Array
    """float32[n_movies, n_codes], attributes of each movie"""
    content: Float32Array
    """float32[n_movies, content_dim], content vectors: which movies are alike"""


def observe(dataset: Dataset, content_vectors: Float32Array, cutoff: pd.Timestamp | None = None) -> ObservedPanel:
    """Read the panel from the tables.

    Parameters
    ----------
    content_vectors : float32[n_movies, content_dim]
    cutoff : end of the training part; by default after 80 % of the events

    Raises
    ------
    DataError  E_TOO_SMALL: no views, or no movie on the service when the data end
    """
    history = read_history(dataset)
    available = history.available_at_end()
    if not available.any():
        raise DataError.of(
            "E_TOO_SMALL", "no movie is on the service when the data end.", "Check available_until.", table="movies"
        )
    when = cutoff if cutoff is not None else temporal(dataset.events).test["timestamp"].iloc[0]
    features = movie_attributes.learn(dataset.movies, dataset.offers)
    return ObservedPanel(
        history=history,
        cutoff_day=float((pd.Timestamp(when) - history.start) / pd.Timedelta(days=1)),
        available=available,
        features=features,
        codes=movie_attributes.encode(features, dataset.movies),
        content=np.ascontiguousarray(content_vectors, dtype=np.float32),
    )
