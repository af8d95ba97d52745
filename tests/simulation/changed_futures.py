"""What a simulated service is truly watched in the months ahead, and what a change of users or catalogue does to it.

The process goes on from where the history ended, as in :mod:`tests.simulation.counterfactual_truth`, with drawn churn. A changed
future has the random numbers of the unchanged one. Nobody signs up after the history; movies go on coming and going
(``arrivals="as_usual"``), or what is there at the end of the history stays and nothing is added to it (``"none"``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.ids import FloatArray
from recsys.scenario.scenario import Arrivals
from recsys.simulation import simulator
from recsys.simulation.config import ServiceConfig
from recsys.simulation.movies import NEVER, Catalogue, catalogue
from recsys.simulation.state import BlockInputs, BoolArray
from recsys.simulation.user_blocks import HISTORY, BlockHistory, histories
from recsys.simulation.users import Users

Members = Callable[[Users], BoolArray]
"""Who belongs to a segment, bool[n_users]."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change from the end of the history on."""

    occasions: float = 1.0
    """Factor on the viewing occasions of the segment."""
    dropped: Sequence[str] = ()
    """Ids of movies that are gone."""


@dataclass(frozen=True, kw_only=True)
class TrueHours:
    """Hours watched by the simulated users, or what a change adds to them."""

    by_future: FloatArray
    """float64[n_futures, horizon_months]"""

    @property
    def monthly(self) -> FloatArray:
        """Mean over the futures, float64[horizon_months]."""
        mean: FloatArray = self.by_future.mean(axis=0)
        return mean

    @property
    def standard_error(self) -> float:
        """Of the total over the horizon."""
        return _standard_error(self.by_future.sum(axis=1))

    @property
    def standard_error_of_first_month(self) -> float:
        return _standard_error(self.by_future[:, 0])


@dataclass(frozen=True, kw_only=True)
class ChangedFutures:
    """Viewing hours ahead."""

    baseline: TrueHours
    segment: TrueHours
    """The part of the baseline that the segment watches: what a segment twice as large adds."""
    added: Mapping[str, TrueHours]
    """By change: with − without."""


def future_catalogue(config: ServiceConfig, *, horizon_months: int, arrivals: Arrivals) -> Catalogue:
    """The movies of a service with those of the months ahead, of which ``none`` arrives where nothing does."""
    movies = catalogue(config, future_months=horizon_months)
    if arrivals == "as_usual":
        return movies
    later = np.arange(movies.n_movies) >= movies.offers.stop
    return replace(
        movies,
        arrives=np.where(later, NEVER, movies.arrives),
        expires=np.where(movies.expires >= config.n_periods, NEVER, movies.expires),
    )


def changed_futures(
    config: ServiceConfig,
    changes: Mapping[str, Change],
    *,
    movies: Catalogue,
    segment: Members,
    horizon_months: int,
    futures: int,
) -> ChangedFutures:
    """Simulate the future of a service without and with each change.

    Parameters
    ----------
    config : the service
    changes : by name, each tried by itself
    movies : of :func:`future_catalogue`, for this configuration and horizon
    segment : whom the changes of occasions are about
    horizon_months : how far to look, from the end of the history
    futures : number of futures; the first one is the history's own continuation
    """
    baseline, members = np.zeros((2, futures, horizon_months))
    changed = {name: np.zeros((futures, horizon_months)) for name in changes}
    for block in histories(config, movies):
        belongs = segment(block.inputs.users)
        inputs = {name: _changed(block.inputs, change, belongs) for name, change in changes.items()}
        for future in range(futures):
            draws = HISTORY if future == 0 else f"future-{future}"
            hours = _hours(block, block.inputs, draws, horizon_months)
            baseline[future] += hours.sum(axis=0)
            members[future] += hours[belongs].sum(axis=0)
            for name in changes:
                changed[name][future] += _hours(block, inputs[name], draws, horizon_months).sum(axis=0)
    return ChangedFutures(
        baseline=TrueHours(by_future=baseline),
        segment=TrueHours(by_future=members),
        added={name: TrueHours(by_future=hours - baseline) for name, hours in changed.items()},
    )


def _changed(inputs: BlockInputs, change: Change, belongs: BoolArray) -> BlockInputs:
    users, movies = inputs.users, inputs.movies
    gone = np.isin(np.array(movies.movie_id), list(change.dropped))
    return replace(
        inputs,
        users=replace(users, occasions=users.occasions * np.where(belongs, change.occasions, 1.0)),
        movies=replace(movies, expires=np.where(gone, np.minimum(movies.expires, inputs.config.n_periods), movies.expires)),
    )


def _hours(block: BlockHistory, inputs: BlockInputs, draws: str, horizon_months: int) -> FloatArray:
    """float64[n_users, horizon_months], watched by each user in one future."""
    n_users, first = inputs.users.n_users, inputs.config.n_periods
    hours = np.zeros((n_users, horizon_months))
    run = simulator.simulate(inputs, block.end.of(np.arange(n_users)), range(first, first + 2 * horizon_months), draws=draws)
    for number, views in enumerate(run):
        hours[:, number // 2] += np.bincount(views.row, weights=views.minutes / 60, minlength=n_users)
    return hours


def _standard_error(draws: FloatArray) -> float:
    """Standard error of a mean; nan of a single draw."""
    return float(draws.std(ddof=1) / np.sqrt(len(draws))) if len(draws) > 1 else float("nan")
