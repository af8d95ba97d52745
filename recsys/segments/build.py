"""Fits the personas of a run: clusters of users with names, traits, favourite movies and growth."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.embeddings.table import EmbeddingTable
from recsys.errors import ArtefactError
from recsys.segments.cluster import ClusterConfig, cluster
from recsys.segments.monthly_counts import count_by_month, trend
from recsys.segments.naming import favourites, persona_names, traits, views_by_group
from recsys.segments.persona_matching import PersonaMatch, align_centroids, keep_order, match_personas
from recsys.segments.personas import Persona, Personas
from recsys.tables.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class PreviousPersonas:
    """Personas and user vectors of the previous run, from which personas keep their names and numbers."""

    personas: Personas
    users: EmbeddingTable


def fit_personas(
    dataset: Dataset, users: EmbeddingTable, config: ClusterConfig, *, last: PreviousPersonas | None = None
) -> Personas:
    """Fit the personas of a data set.

    Parameters
    ----------
    users : the ``mf`` user vectors, in the rows of ``dataset.users``
    last : personas of the run before; one that is found again keeps its place and name

    Raises
    ------
    ArtefactError  E_MIX: vectors of other users
    """
    if list(users.ids.ids) != dataset.users["user_id"].tolist():
        raise ArtefactError.of("E_MIX", "the user vectors are not of these users.", "Train again.")
    start = None if last is None else align_centroids(last.personas.centroids, last.users, users)
    found = cluster(users.vectors, config, start=start)
    matched: tuple[PersonaMatch, ...] = ()
    if last is not None:
        matched = match_personas(found.centroids, users, last.personas.centroids, last.users)
        found, matched = keep_order(found, matched)
    n_groups = len(found.centroids)
    watched = views_by_group(_views(dataset), found.assignment, n_groups)
    typical = traits(dataset.users, dataset.movies, found.assignment, watched)
    liked = favourites(watched)
    titles = dataset.movies["title"].astype(str).tolist()
    ids = dataset.movies["movie_id"].tolist()
    kept = {} if last is None else {m.new: last.personas.personas[m.old].name for m in matched}
    fresh = [k for k in range(n_groups) if k not in kept]
    invented = persona_names(
        [typical[k] for k in fresh], [titles[liked[k][0]] if liked[k] else None for k in fresh], taken=tuple(kept.values())
    )
    named = kept | dict(zip(fresh, invented, strict=True))
    monthly = count_by_month(dataset.events, found.assignment, n_groups)
    sizes = np.bincount(found.assignment, minlength=n_groups)
    personas = tuple(
        Persona(
            name=named[k],
            size=int(sizes[k]),
            traits=tuple((t.attribute, t.value, t.lift) for t in typical[k]),
            favourites=tuple(ids[row] for row in liked[k]),
            monthly_active=tuple(zip(monthly.months, monthly.active[k].tolist(), strict=True)),
            monthly_views=tuple(zip(monthly.months, monthly.views[k].tolist(), strict=True)),
            monthly_growth_share=trend(monthly.active[k].astype(np.float64), monthly.whole).monthly_share,
        )
        for k in range(n_groups)
    )
    return Personas(personas=personas, assignment=found.assignment, centroids=found.centroids)


def _views(dataset: Dataset) -> sparse.csr_array:
    users, movies = (dataset.events[name].to_numpy() for name in ("user_index", "movie_index"))
    shape = (dataset.n_users, dataset.n_movies)
    return sparse.coo_array((np.ones(len(users), dtype=np.float32), (users, movies)), shape=shape).tocsr()
