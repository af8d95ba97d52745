"""A scenario's changes to the catalogue, and the movies that the simulation tracks one by one because of them."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from recsys.choice.model.parameters import Draw, Float32Array
from recsys.errors import Finding, ScenarioError
from recsys.ids import FloatArray
from recsys.projection.availability import ageing
from recsys.projection.cold_start_offers import Offer, resolve_offer
from recsys.projection.cold_start_offers import utilities as offer_utilities
from recsys.projection.context import NO_END, ProjectionContext
from recsys.projection.economics import OfferTerms
from recsys.projection.outcome import Replacements, TrackedMovies
from recsys.projection.unknown_movie_errors import unknown_movie
from recsys.scenario.changes import Acquire, CatalogueChange, Drop, KindRegistry, Promote, ShiftLaunch
from recsys.scenario.scenario import Licences

PROMOTION_NATS = 0.5
"""β: what the usual front-page slot adds to a movie's utility; an assumption until exposure is logged."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ChangedMovie:
    """A catalogue movie that a scenario drops or promotes."""

    row: int
    movie_id: str
    dropped: bool
    exposure: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Catalogue:
    """A scenario's catalogue changes, everything in the order of ids, whatever the order of the changes.

    The simulation tracks three groups of movies, in this order: the offers, the changed movies as they are today, and the same
    movies as the scenario changes them. A counterfactual names the positions of the tracked movies that it has.
    """

    offers: tuple[Offer, ...]
    changed_movies: tuple[ChangedMovie, ...]
    exposure: dict[str, float]
    """By offer."""

    @property
    def offer_positions(self) -> range:
        """Positions of the offers among the tracked movies."""
        return range(len(self.offers))

    @property
    def as_today_positions(self) -> range:
        """Positions of the changed movies as they are today."""
        first = self.offer_positions.stop
        return range(first, first + len(self.changed_movies))

    @property
    def as_changed_positions(self) -> range:
        """Positions of the same movies as the scenario changes them."""
        first = self.as_today_positions.stop
        return range(first, first + len(self.changed_movies))

    @property
    def before(self) -> tuple[int, ...]:
        """Tracked movies of the counterfactuals without the catalogue changes: the changed movies as they are today."""
        return tuple(self.as_today_positions)

    @property
    def after(self) -> tuple[int, ...]:
        """Tracked movies of the counterfactual with all changes: the offers, and the changed movies that stay."""
        staying = zip(self.as_changed_positions, self.changed_movies, strict=True)
        return (*self.offer_positions, *(position for position, movie in staying if not movie.dropped))

    def after_without(self, offer: int) -> tuple[int, ...]:
        """Tracked movies of the counterfactual with all changes but one offer."""
        return tuple(position for position in self.after if position != offer)

    @property
    def is_one_offer(self) -> bool:
        """Whether it acquires one offer and does nothing else, so that ``after_without`` it is ``before``."""
        return len(self.offers) == 1 and not self.changed_movies

    @property
    def changed_rows(self) -> list[int]:
        """Rows of the changed movies in the movies table."""
        return [movie.row for movie in self.changed_movies]

    @property
    def tracked_ids(self) -> tuple[str, ...]:
        """Id of each tracked movie."""
        changed_ids = tuple(movie.movie_id for movie in self.changed_movies)
        return (*(offered.movie_id for offered in self.offers), *changed_ids, *changed_ids)

    def hours_per_view(self, context: ProjectionContext) -> tuple[float, ...]:
        """Hours per view of each tracked movie."""
        of_changed = tuple(float(context.choice.hours_per_view[row]) for row in self.changed_rows)
        return (*(offered.hours_per_view for offered in self.offers), *of_changed, *of_changed)


@dataclass(eq=False, kw_only=True)
class _Requested:
    """What the changes to the catalogue ask for together, while they are gone through."""

    acquired: dict[str, Acquire] = field(default_factory=dict)
    """By offer, the known ones."""
    named: set[str] = field(default_factory=set)
    """Every offer to be acquired, known or not."""
    launches: dict[str, int] = field(default_factory=dict)
    """Month by offer."""
    dropped: set[str] = field(default_factory=set)
    exposure: dict[str, float] = field(default_factory=dict)
    """Slots by movie or offer."""
    findings: list[Finding] = field(default_factory=list)


EFFECTS = KindRegistry("effect")
"""What a kind of change to the catalogue asks for: ``(context, requested, change)`` adds to what is requested."""


@EFFECTS.register(Acquire)
def _acquire(context: ProjectionContext, requested: _Requested, change: Acquire) -> None:
    if change.offer in context.offer_ids:
        requested.acquired[change.offer] = change
    elif change.offer not in requested.named:
        requested.findings.append(unknown_movie(change.offer, context.offer_ids.ids, "offer", "acquire"))
    requested.named.add(change.offer)


@EFFECTS.register(ShiftLaunch)
def _shift_launch(_context: ProjectionContext, requested: _Requested, change: ShiftLaunch) -> None:
    if change.offer in requested.named:
        requested.launches[change.offer] = change.month
    else:
        said = f"{change.offer!r} is not acquired, so its launch cannot be moved."
        requested.findings.append(_refused(said, "Acquire it."))


@EFFECTS.register(Drop)
def _drop(context: ProjectionContext, requested: _Requested, change: Drop) -> None:
    if _on_service(context, change.movie, "drop", requested.findings):
        requested.dropped.add(change.movie)


@EFFECTS.register(Promote)
def _promote(context: ProjectionContext, requested: _Requested, change: Promote) -> None:
    if change.movie in requested.named or _on_service(context, change.movie, "promote", requested.findings):
        requested.exposure[change.movie] = requested.exposure.get(change.movie, 0.0) + change.exposure


def changed(context: ProjectionContext, changes: tuple[CatalogueChange, ...], horizon_months: int) -> Catalogue:
    """The catalogue after a scenario's changes.

    Raises
    ------
    ScenarioError  E_MOVIE: a movie or offer that is not known, not on the service, not acquired, or named twice in ways that
        contradict each other; all findings at once
    """
    requested = _Requested()
    findings = requested.findings
    repeated = Counter(change.offer for change in changes if isinstance(change, Acquire))
    findings += [_refused(f"the offer {name!r} is acquired {n} times.", "Keep one.") for name, n in repeated.items() if n > 1]
    for change in sorted(changes, key=lambda change: not isinstance(change, Acquire)):  # the others may be about what is acquired
        EFFECTS[type(change)](context, requested, change)
    acquired, dropped, exposure = requested.acquired, requested.dropped, requested.exposure
    findings += [_refused(f"{name!r} is both dropped and promoted.", "Keep one.") for name in sorted(dropped & set(exposure))]
    if findings:
        raise ScenarioError(findings)
    offers = [
        resolve_offer(context, _launched(acquire, requested.launches.get(name)), horizon_months)
        for name, acquire in sorted(acquired.items())
    ]
    moving = sorted(dropped | (set(exposure) - set(acquired)))
    changed_movies = [
        ChangedMovie(row=int(row), movie_id=name, dropped=name in dropped, exposure=exposure.get(name, 0.0))
        for name, row in zip(moving, context.choice.movie_ids.rows(moving), strict=True)
    ]
    return Catalogue(
        offers=tuple(offers),
        changed_movies=tuple(changed_movies),
        exposure={name: value for name, value in exposure.items() if name in acquired},
    )


def _launched(acquire: Acquire, month: int | None) -> Acquire:
    return acquire if month is None else replace(acquire, launch_month=month)


def _on_service(context: ProjectionContext, name: str, place: str, findings: list[Finding]) -> bool:
    row = int(context.choice.movie_ids.rows_or_missing([name])[0])
    if row < 0:
        findings.append(unknown_movie(name, context.choice.movie_ids.ids, "catalogue movie", place))
    elif not context.choice.available[row]:
        findings.append(_refused(f"{name!r} is not on the service any more.", "Choose a movie that is."))
    return row >= 0 and bool(context.choice.available[row])


def _refused(message: str, remedy: str) -> Finding:
    return Finding(code="E_MOVIE", message=message, remedy=remedy, table="scenario")


def fees_saved(
    context: ProjectionContext, catalogue: Catalogue, horizon_months: int, *, licences: Licences = "renewed"
) -> FloatArray:
    """Licence fees of dropped movies that are not paid again, float64[1 + horizon_months], currency.

    What a running licence cost is spent; what is saved is the fee due when it ends, if that is before the horizon is over and if
    licences are renewed at all. Where no end is known, the fee counts as due today.
    """
    flow = np.zeros(horizon_months + 1)
    for movie in catalogue.changed_movies:
        left = int(context.months_left[movie.row])
        due = 0 if left == NO_END else left
        if movie.dropped and due < horizon_months and (due == 0 or licences == "renewed"):
            flow[due] += licence_fee(context, movie.row)
    return flow


def licence_fee(context: ProjectionContext, row: int) -> float:
    """Licence fee of a catalogue movie, currency; 0 where none is known."""
    if "licence_fee" not in context.movies:
        return 0.0
    fee = float(context.movies["licence_fee"].to_numpy(dtype=np.float64, na_value=np.nan)[row])
    return fee if fee > 0 else 0.0


def tracked_movies(
    context: ProjectionContext,
    draw: int,
    catalogue: Catalogue,
    users: Float32Array,
    horizon_months: int,
    *,
    licences: Licences = "renewed",
    replenished: bool = False,
) -> TrackedMovies:
    """The movies that a simulation of one draw tracks one by one, in the order that :class:`Catalogue` gives.

    Parameters
    ----------
    users : [n_users, dim], in the space of the draw's member
    licences : whether a changed movie is off the service from the end of its licence on (``lapse``)
    replenished : whether movies go on arriving, which make up for the ageing of changed movies
    """
    choice, parameters = context.choice, context.choice.draws[draw]
    n_tracked = catalogue.as_changed_positions.stop
    utility = np.zeros((n_tracked, choice.n_users))
    unwatched = np.ones((n_tracked, choice.n_users))
    curve = np.zeros((n_tracked, horizon_months))
    ages = [ageing(parameters, int(choice.months_on_service[row]), horizon_months) for row in catalogue.changed_rows]
    boost = np.array(ages).reshape(len(ages), horizon_months)
    for rows in (catalogue.as_today_positions, catalogue.as_changed_positions):
        curve[list(rows)] = parameters.dissimilarity * np.log(boost)
    if catalogue.offers:
        utility[: len(catalogue.offers)] = offer_utilities(context, draw, users, catalogue.offers)
    for k, offered in zip(catalogue.offer_positions, catalogue.offers, strict=True):
        utility[k] += PROMOTION_NATS * catalogue.exposure.get(offered.movie_id, 0.0)
        curve[k] = _curve(parameters, offered.terms, horizon_months)
    member = choice.members[parameters.member]
    positions = zip(catalogue.as_today_positions, catalogue.as_changed_positions, strict=True)
    for (as_today, as_changed), movie in zip(positions, catalogue.changed_movies, strict=True):
        score = (users @ member.movies[movie.row]).astype(np.float64)
        plain = parameters.score_slope * score + parameters.appeal[movie.row] + parameters.outside_constant
        utility[as_today], utility[as_changed] = plain, plain + PROMOTION_NATS * movie.exposure
        unwatched[[as_today, as_changed]] = ~context.has_watched(movie.row)
        if licences == "lapse":
            curve[[as_today, as_changed], context.months_left[movie.row] :] = -np.inf
    today = list(catalogue.as_today_positions)
    nests = [offered.nest for offered in catalogue.offers] + 2 * [int(choice.nests[row]) for row in catalogue.changed_rows]
    return TrackedMovies(
        utility=utility,
        unwatched=unwatched,
        hours_per_view=np.array(catalogue.hours_per_view(context), dtype=np.float64),
        nests=np.array(nests, dtype=np.int64),
        curve=curve,
        replacements=Replacements(
            utility=np.where(unwatched[today] > 0, utility[today], -np.inf),
            nests=choice.nests[catalogue.changed_rows].astype(np.int64),
            share=1.0 - boost,
        )
        if replenished and today
        else None,
    )


def _curve(parameters: Draw, terms: OfferTerms, horizon_months: int) -> FloatArray:
    """γ and ageing in each month of the horizon, at its middle; −inf before the launch and after the window."""
    age = np.arange(1, horizon_months + 1) - terms.launch_month
    last = len(parameters.launch_curve) - 1
    gamma = parameters.launch_curve[np.clip(age, 0, last)] if last >= 0 else np.zeros(horizon_months)
    worn = parameters.ageing * np.log1p(np.maximum(age + 0.5, 0.0))
    return np.where((age >= 0) & (age < terms.window_months), gamma + worn, -np.inf)
