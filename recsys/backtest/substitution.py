"""Substitution measured by difference in differences: what close substitutes lose at a launch and gain at an expiry.

The movies nearest in content that had settled on the service are set against all other settled
movies: their views over so many days after the launch, against what they would have had if they had changed as the others did.
The model's figure is taken the same way, what the others lose included, and for as many views as the launch truly had, so that
it tells of substitution alone and not of how well the launch was forecast.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.backtest.arrivals import Arrivals
from recsys.backtest.serialization import Substitution
from recsys.ids import FloatArray, IntArray
from recsys.projection.context import ProjectionContext, unit
from recsys.projection.question import Question
from recsys.scenario.changes import Acquire, Change, Drop
from recsys.scenario.scenario import Scenario
from recsys.tables.dataset import Dataset

N_SUBSTITUTES = 10
SETTLED_DAYS = 60
"""A movie that came less than so long before is still in its launch and no fair comparison."""
_DAY_SECONDS = 86_400


def measure_substitutions(
    dataset: Dataset, arrivals: Arrivals, positions: IntArray, context: ProjectionContext, *, days: int
) -> tuple[Substitution, ...]:
    """Launches of a cutoff's arrivals and expiries of catalogue movies soon after it.

    Parameters
    ----------
    dataset : whole
    positions : of the arrivals, in the order of the context's offers
    days : before and after
    """
    study = _EventStudy(dataset, context, days)
    launches = [int(arrivals.arrived[position]) for position in positions]
    ended = study.expiries(dataset, min(launches, default=0), max(launches, default=0))
    found = []
    for kind, names, moments, content in (
        ("launch", list(context.offer_ids.ids), launches, context.offer_content),
        ("expiry", [name for name, _ in ended], [moment for _, moment in ended], None),
    ):
        if not names:
            continue
        diverted = _launched(context) if kind == "launch" else _dropped(context, names)
        for k, (name, moment) in enumerate(zip(names, moments, strict=True)):
            vector = content[k] if content is not None else context.choice.content[context.choice.movie_ids.rows([name])[0]]
            measured = study.measure(moment, name, vector, diverted[k], kind)
            if measured is not None:
                found.append(measured)
    return tuple(found)


class _EventStudy:
    """Views of the day's catalogue before and after any moment."""

    def __init__(self, dataset: Dataset, context: ProjectionContext, days: int) -> None:
        self.context, self.span = context, days * _DAY_SECONDS
        ids = dataset.movies["movie_id"].astype(str)
        rows = context.choice.movie_ids.rows_or_missing(ids)
        self._names = {str(name): row for row, name in enumerate(ids)}
        order = dataset.events["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
        self._when, self._movie = order, dataset.events["movie_index"].to_numpy().astype(np.int64)
        self._column = rows
        self._n = context.choice.n_movies
        came = np.full(len(ids), np.iinfo(np.int64).min)
        gone = np.full(len(ids), np.iinfo(np.int64).max)
        if "available_from" in dataset.movies:
            known = dataset.movies["available_from"].notna().to_numpy()
            came[known] = dataset.movies["available_from"][known].to_numpy().astype("datetime64[s]").astype(np.int64)
        if "available_until" in dataset.movies:
            known = dataset.movies["available_until"].notna().to_numpy()
            gone[known] = dataset.movies["available_until"][known].to_numpy().astype("datetime64[s]").astype(np.int64)
        self._came, self._gone = came, gone
        self._here = rows >= 0

    def expiries(self, dataset: Dataset, start: int, stop: int) -> list[tuple[str, int]]:
        """(id, moment) of catalogue movies that leave in between."""
        leaving = np.flatnonzero(self._here & (self._gone >= start) & (self._gone < stop))
        ids = dataset.movies["movie_id"].astype(str).to_numpy()
        return [(ids[row], int(self._gone[row])) for row in leaving if self.context.choice.available[self._column[row]]]

    def measure(self, moment: int, name: str, vector: FloatArray, diverted: FloatArray, kind: str) -> Substitution | None:
        """What happened to the substitutes of a movie; None where the data or the movies round it do not reach far enough."""
        before, after = self._views(moment - self.span, moment), self._views(moment, moment + self.span)
        if before is None or after is None:
            return None
        own = self._own(name, moment, kind)
        settled = self._settled(moment)
        row = int(self.context.choice.movie_ids.rows_or_missing([name])[0])
        if row >= 0:
            settled[row] = False
        likeness = self.context.content_directions @ unit(vector[None, :].astype(np.float32))[0]
        ranked = np.argsort(np.where(settled, -likeness, np.inf), kind="stable")
        near = ranked[: min(N_SUBSTITUTES, int(settled.sum()))]
        others = settled.copy()
        others[near] = False
        base_near, base_others = before[near].sum(), before[others].sum()
        if own <= 0 or base_near <= 0 or base_others <= 0:
            return None
        share = base_near / base_others
        change = base_near * after[others].sum() / base_others - after[near].sum()
        sign = 1.0 if kind == "launch" else -1.0
        modelled = own * float(diverted[near].sum() - share * diverted[others].sum())
        return Substitution(movie_id=name, kind=kind, views=own, measured=float(sign * change), projected=modelled)

    def _views(self, start: int, stop: int) -> FloatArray | None:
        """Views of each movie of the day's catalogue, float64[n_movies]."""
        if start < self._when[0] or stop > self._when[-1]:
            return None
        inside = slice(*np.searchsorted(self._when, [start, stop]))
        column = self._column[self._movie[inside]]
        return np.bincount(column[column >= 0], minlength=self._n).astype(np.float64)

    def _own(self, name: str, moment: int, kind: str) -> float:
        start, stop = (moment, moment + self.span) if kind == "launch" else (moment - self.span, moment)
        inside = slice(*np.searchsorted(self._when, [start, stop]))
        return float((self._movie[inside] == self._names[name]).sum())

    def _settled(self, moment: int) -> NDArray[np.bool_]:
        """bool[n_movies]: there from long before until after."""
        whole = (self._came < moment - self.span - SETTLED_DAYS * _DAY_SECONDS) & (self._gone > moment + self.span)
        settled = np.zeros(self._n, dtype=np.bool_)
        settled[self._column[self._here & whole]] = True
        return settled & self.context.choice.available


def _launched(context: ProjectionContext) -> FloatArray:
    """Views that each catalogue movie loses for each view of an offer, float64[n_offers, n_movies], in its first month."""
    question = _one_month(context, tuple(Acquire(offer=name) for name in context.offer_ids.ids))
    offers = question.catalogue.offers
    counterfactuals = [*((k,) for k in range(len(offers))), ()]
    diverted = _diverted(question, counterfactuals, lost_in_last=False)
    return diverted[np.argsort([offered.row for offered in offers])]


def _dropped(context: ProjectionContext, names: list[str]) -> FloatArray:
    """Views that each catalogue movie gains for each view of a movie that is taken away, float64[len(names), n_movies]."""
    question = _one_month(context, tuple(Drop(movie=name) for name in names))
    everything = question.catalogue.before
    counterfactuals = [*(tuple(k for k in everything if k != out) for out in everything), everything]
    diverted = _diverted(question, counterfactuals, lost_in_last=True)
    place = {movie.movie_id: k for k, movie in enumerate(question.catalogue.changed_movies)}
    return diverted[[place[name] for name in names]]


def _one_month(context: ProjectionContext, changes: tuple[Change, ...]) -> Question:
    return Question.of(context, Scenario(name="substitution", changes=changes, horizon_months=1))


def _diverted(question: Question, counterfactuals: list[tuple[int, ...]], *, lost_in_last: bool) -> FloatArray:
    """Views by catalogue movie, for each view of the movie in question: between each counterfactual and the last one."""
    prepared = question.under(0).with_season(None)
    *others, reference = prepared.simulate(counterfactuals, precision="coarse")
    lost = prepared.hours_lost(after=reference, before=others)
    views = lost / np.maximum(question.context.choice.hours_per_view, 1e-9)
    own = np.array([(reference if lost_in_last else other).tracked_views[k].sum() for k, other in enumerate(others)])
    diverted: FloatArray = (views if lost_in_last else -views) / np.maximum(own, 1e-12)[:, None]
    return diverted
