"""The projection context: one run's calibrated choice model with the service's tables and economics.

No TensorFlow: offers get their content vectors from the movie tower rebuilt in NumPy.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.choice.model.movie_attributes import encode
from recsys.choice.model.parameters import ChoiceModel, Float32Array
from recsys.choice.model.store import load as load_choice
from recsys.choice.panel.seasonality import Season, season_of
from recsys.embeddings.tower import MovieTower
from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IdMap, IntArray
from recsys.projection.joiners import Joiners
from recsys.projection.joiners import measure as measure_joiners
from recsys.projection.nest_sum_cache import NestSumCache
from recsys.projection.nest_sums import Layout, NestSums, layout
from recsys.projection.nest_sums import compute as compute_nest_sums
from recsys.projection.parallel import THREADS
from recsys.projection.range_calibration import Calibration, load_calibration
from recsys.projection.result import JoinedPersona, Meanwhile
from recsys.run_files import TWO_TOWER, RunFiles
from recsys.scenario.scenario import Scenario
from recsys.segments.persona_files import load_personas
from recsys.segments.personas import Personas
from recsys.tables.arrivals import recent_arrivals
from recsys.tables.dataset import Dataset
from recsys.tables.economics_config import Economics, Plan
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import MANIFEST, Workspace, bytes_or_none

DAYS_PER_MONTH = 365.25 / 12
NO_END = 1_000_000
"""Months left of a licence without an end."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProjectionContext:
    """Everything that projections of one run share. Safe to use from many threads."""

    users: pd.DataFrame
    """Row k is user k of the choice model."""
    movies: pd.DataFrame
    """Row k is movie k of the choice model."""
    offers: pd.DataFrame
    """What can be bought, one row an offer."""
    offer_content: Float32Array
    """float32[n_offers, content_dim], from the two-tower's movie tower without the id."""
    offer_codes: Float32Array
    """float32[n_offers, n_codes]: their attributes (:mod:`recsys.choice.model.movie_attributes`)."""
    choice: ChoiceModel
    personas: Personas
    economics: Economics
    run: str
    simulated: bool
    fingerprint: str
    """Of tables, terms, run, calibration and season: the key of every cache."""
    weight: FloatArray
    """float64[n_users], people that a row stands for: ``economics.people_per_user``."""
    subscribed: FloatArray
    """float64[n_users], chance of being subscribed today; counts for users of a plan that can be left."""
    return_share: float = 0.0
    """Share of those who left that come back in a month."""
    data_end: pd.Timestamp | None = None
    """Time of the last event: what "today" means."""
    recent_arrivals: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Rows of the movies that came onto the service within the last year of the data."""
    joiners: Joiners | None = None
    """Who joined of late. None: nothing tells."""
    season: Season | None = None
    """None: the same in every month."""
    assumed: tuple[str, ...] = ()
    """What import had to assume."""
    calibration: Calibration | None = None
    """What past arrivals taught. None: ranges of offers are not calibrated."""
    nest_sum_cache: NestSumCache = field(default_factory=NestSumCache, init=False, repr=False)
    """A context made from another one by ``replace`` begins with an empty cache."""

    @cached_property
    def offer_ids(self) -> IdMap:
        """Offers in the order of their table."""
        return IdMap(self.offers["movie_id"].astype(str))

    @cached_property
    def offer_appeal_shift(self) -> FloatArray:
        """float64[n_offers], nats: what past arrivals taught about the appeal of such offers; 0 where nothing did."""
        if self.calibration is None:
            return np.zeros(len(self.offers))
        return self.calibration.shifts(self.offers)

    def cold_start_residual(self, z: FloatArray) -> FloatArray:
        """How far from its middle an offer's appeal lies at so many standard deviations, nats, shaped as ``z``."""
        residual: FloatArray = self.choice.cold_appeal_residual_sd * z
        return residual if self.calibration is None else self.calibration.stretched(residual)

    @cached_property
    def catalogue(self) -> Layout:
        """The movies on the service today, in nest order."""
        return layout(self.choice, self.choice.available)

    @cached_property
    def _watchers(self) -> sparse.csc_matrix:
        """bool[n_users, n_movies], by movie: who has watched it."""
        choice = self.choice
        watched = np.ones(len(choice.watched_indices), dtype=np.bool_)
        shape = choice.n_users, choice.n_movies
        return sparse.csr_matrix((watched, choice.watched_indices, choice.watched_indptr), shape=shape).tocsc()

    def has_watched(self, movie: int) -> NDArray[np.bool_]:
        """Whether each user has watched a catalogue movie, bool[n_users]."""
        watchers = self._watchers
        found = np.zeros(self.choice.n_users, dtype=np.bool_)
        found[watchers.indices[watchers.indptr[movie] : watchers.indptr[movie + 1]]] = True
        return found

    @cached_property
    def content_directions(self) -> Float32Array:
        """float32[n_movies, content_dim], content vectors of length 1 (0 where a vector is 0)."""
        return unit(self.choice.content)

    @cached_property
    def plan_of(self) -> IntArray:
        """Plan of each user, its place among the plans of ``economics``; the default plan where the table does not know it."""
        names = [plan.name for plan in self.economics.plans]
        default = names.index(self.economics.default_plan)
        if "plan" not in self.users:
            return np.full(len(self.users), default, dtype=np.int64)
        place = pd.Index(names).get_indexer(pd.Index(self.users["plan"].astype(object)))
        return np.where(place >= 0, place, default).astype(np.int64)

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """Plan of each user."""
        return tuple(self.economics.plans[place] for place in self.plan_of)

    @cached_property
    def months_left(self) -> IntArray:
        """Months from today for which each catalogue movie is licensed, int64[n_movies]; :data:`NO_END` where no end is known.
        A month counts where at least half of it is covered."""
        left = np.full(self.choice.n_movies, NO_END, dtype=np.int64)
        if self.data_end is None:
            return left
        now = pd.to_datetime(self.data_end, utc=True)
        for column in ("licence_until", "available_until"):
            if column in self.movies:
                days = ((pd.to_datetime(self.movies[column], utc=True) - now) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
                known = days > 0
                months = np.floor(np.where(known, days, 0.0) / DAYS_PER_MONTH + 0.5).astype(np.int64)
                left[known] = np.minimum(left, months)[known]
        return left

    def season_ahead(self, horizon_months: int) -> FloatArray | None:
        """Factor on occasions in each month of a horizon, float64[horizon_months]; None where there is no season."""
        if self.season is None or self.data_end is None:
            return None
        return self.season.ahead(self.data_end, horizon_months)

    @cached_property
    def joining(self) -> FloatArray:
        """People who join a month for each person that a row stands for, float64[n_users]; 0 where nothing tells."""
        if self.joiners is None:
            return np.zeros(self.choice.n_users)
        return self.joiners.per_person(self.persona_of, len(self.personas.personas), self.weight, self.subscribed)

    @cached_property
    def joined(self) -> tuple[JoinedPersona, ...]:
        """People who joined a month of late, persona by persona; empty where nothing tells."""
        if self.joiners is None:
            return ()
        personas = self.personas.personas
        people, error = self.joiners.by_group(self.persona_of, len(personas), self.weight)
        return tuple(
            JoinedPersona(name=persona.name, a_month=float(joined), standard_error=float(unsure))
            for persona, joined, unsure in zip(personas, people, error, strict=True)
        )

    @property
    def arrivals_last_year(self) -> int:
        """Movies that came onto the service within the last year of the data."""
        return len(self.recent_arrivals)

    def meanwhile(self, scenario: Scenario) -> Meanwhile:
        """What a scenario takes to go on beside its changes."""
        return Meanwhile(
            arrivals=scenario.arrivals,
            arrivals_last_year=self.arrivals_last_year,
            joining=scenario.joining,
            joined_a_month=sum(persona.a_month for persona in self.joined),
            joined=self.joined,
            joined_from="nothing tells" if self.joiners is None else self.joiners.source,
        )

    @cached_property
    def persona_of(self) -> IntArray:
        """Persona of each user, int64[n_users]."""
        return self.personas.assignment

    def with_choice(self, choice: ChoiceModel) -> "ProjectionContext":
        """The same service under another choice model."""
        return replace(self, choice=choice)

    def title(self, movie_id: str) -> str:
        """Title of a catalogue movie or an offer; the id where neither has it."""
        return self._titles.get(movie_id, movie_id)

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {
            str(movie): str(title)
            for table in (self.offers, self.movies)
            for movie, title in zip(table["movie_id"], table["title"], strict=True)
        }

    def nest_sums(self, draw: int, *, threads: int = THREADS) -> NestSums:
        """Nest sums of today's catalogue for today's users, kept from the first time they are asked for."""
        parameters = self.choice.draws[draw]

        def compute() -> tuple[NestSums, ...]:
            users, everyone = self.choice.members[parameters.member].users, np.arange(self.choice.n_users)
            return (compute_nest_sums(self.choice, parameters, users, everyone, self.catalogue, threads=threads),)

        (found,) = self.nest_sum_cache.get(NestSumCache.TODAY, draw, compute)
        return found


Real = TypeVar("Real", bound=np.floating[Any])


def unit(vectors: NDArray[Real]) -> NDArray[Real]:
    """Rows scaled to length 1; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[Real] = (vectors / np.where(length > 0, length, 1)).astype(vectors.dtype)
    return scaled


def load_projection_context(workspace: Workspace) -> ProjectionContext:
    """The context of a workspace's run in use.

    Raises
    ------
    ArtefactError  E_NO_RUN: nothing has been trained; E_STALE: trained on other tables than these; as the loaders of choice
        model, personas, movie tower and calibration
    DataError  as :func:`recsys.tables.store.published_tables.load_dataset`
    """
    run = workspace.current_run()
    dataset = load_dataset(workspace)
    files = RunFiles(run)
    choice = load_choice(files.choice)
    rows = choice.user_ids.rows_or_missing(dataset.users["user_id"].astype(str))
    movies = choice.movie_ids.rows_or_missing(dataset.movies["movie_id"].astype(str))
    if not (_in_order(rows, choice.n_users) and _in_order(movies, choice.n_movies)):
        raise ArtefactError.of(
            "E_STALE", f"the run {run.name} was trained on other users or movies than the tables hold.", "Run `recsys train`."
        )
    calibration = workspace.read_folder(
        workspace.backtest,
        lambda: bytes_or_none(workspace.backtest / MANIFEST),
        lambda _: load_calibration(workspace.backtest, dataset.fingerprint),
    )
    tower, personas = MovieTower.load(files.recommender(TWO_TOWER).folder), load_personas(files.personas)
    context = context_of(dataset, choice, tower, personas, run=run.name, fingerprint="", calibration=calibration)
    digest = hashlib.sha256(f"{dataset.fingerprint}/{run.name}/{choice.fingerprint}".encode())
    if calibration is not None:
        digest.update(json.dumps(calibration.as_json(), sort_keys=True).encode())
    if context.season is not None:
        season = context.season
        digest.update(json.dumps([*season.factors, season.kind, season.source]).encode())
    return replace(context, fingerprint=digest.hexdigest())


class ContentTower(Protocol):
    """Gives content vectors of movies; :class:`recsys.embeddings.tower.MovieTower` is one."""

    def content(self, movies: pd.DataFrame) -> Float32Array:
        """float32[n_movies, content_dim]."""


def context_of(
    dataset: Dataset,
    choice: ChoiceModel,
    tower: ContentTower,
    personas: Personas,
    *,
    run: str,
    fingerprint: str,
    calibration: Calibration | None = None,
) -> ProjectionContext:
    """The context of validated tables and the models that were trained on them, whose rows are those of the tables."""
    offers = dataset.offers
    subscribed, return_share = subscription_state(dataset.subscriptions, choice.user_ids)
    if choice.still_there is not None:
        subscribed = choice.still_there
    return ProjectionContext(
        users=dataset.users,
        movies=dataset.movies,
        offers=offers,
        offer_content=tower.content(offers) if len(offers) else np.zeros((0, choice.content.shape[1]), np.float32),
        offer_codes=encode(choice.features, offers),
        choice=choice,
        personas=personas,
        economics=dataset.economics,
        run=run,
        simulated=dataset.simulated,
        fingerprint=fingerprint,
        weight=np.full(choice.n_users, dataset.economics.people_per_user.value),
        subscribed=subscribed,
        return_share=return_share,
        data_end=dataset.events["timestamp"].max() if len(dataset.events) else None,
        recent_arrivals=recent_arrivals(dataset),
        joiners=measure_joiners(dataset),
        season=season_of(dataset),
        assumed=dataset.assumed,
        calibration=calibration,
    )


def subscription_state(subscriptions: pd.DataFrame | None, users: IdMap) -> tuple[FloatArray, float]:
    """Who is subscribed at the end of the data, and what share of those who left comes back in a month.

    Users whom the table never names count as subscribed; without a table everyone does who has not gone quiet for good
    (``ChoiceModel.still_there``), and nobody comes back.

    Returns
    -------
    float64[n_users] of 0 and 1, and the share

    Examples
    --------
    >>> months = ["2024-01", "2024-02", "2024-03"]
    >>> table = pd.DataFrame({"user_id": list("aaabbb"), "month": months * 2, "active": [1, 0, 1, 1, 0, 0]})
    >>> subscription_state(table, IdMap(["a", "b", "c"]))
    (array([1., 0., 1.]), 0.5)
    """
    state = np.ones(len(users))
    if subscriptions is None or subscriptions.empty:
        return state, 0.0
    table = subscriptions.assign(active=subscriptions["active"].astype(np.float64))
    by_month = table.pivot_table(index="user_id", columns="month", values="active", aggfunc="max").sort_index(axis=1)
    rows = users.rows_or_missing(by_month.index.astype(str))
    state[rows[rows >= 0]] = by_month.iloc[:, -1].fillna(0.0).to_numpy(dtype=np.float64)[rows >= 0]
    now, later = by_month.to_numpy(dtype=np.float64)[:, :-1], by_month.to_numpy(dtype=np.float64)[:, 1:]
    left = (now == 0) & ~np.isnan(later)
    return state, float(later[left].mean()) if left.any() else 0.0


def _in_order(rows: IntArray, n: int) -> bool:
    return len(rows) == n and bool(np.array_equal(rows, np.arange(n)))
