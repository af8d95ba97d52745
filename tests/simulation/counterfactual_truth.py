"""What an acquisition truly adds: the same future of a simulated service, run without it and with it.

The process goes on from where the history ended: launches and expiries at their steady rate, seasons, drift of taste, churn,
and the users there are (nobody signs up later). Both runs use the same random numbers, so they differ only where the added
movie was chosen and in what follows from it: what it took views from is not used up, and a subscription may have been kept.

Only users whom an acquisition touches are run a second time: a first run tries every offer at every occasion, and a user for whom
an offer would never have won an occasion lives the same life with it. Viewing is
drawn, so several futures average its luck away, and the standard error says how much is left. Subscriptions kept are rare
and worth many months each, so leaving is by default taken in expectation: who is active watches on, with the chance of
still being subscribed as weight. That the appetite of those who would have left is used up meanwhile is the one liberty
taken; ``churn_mode="drawn"`` takes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.errors import DataError
from recsys.ids import FloatArray, IntArray
from recsys.progress import ReportProgress, silent
from recsys.simulation import population, simulator
from recsys.simulation.config import ServiceConfig
from recsys.simulation.movies import Catalogue, catalogue
from recsys.simulation.pricing import licence_windows
from recsys.simulation.state import AddedMovies, BoolArray
from recsys.simulation.user_blocks import HISTORY, BlockHistory, histories
from recsys.tables.economics_config import Economics, Term

ROWS_AT_A_TIME = 4096

MEASURES = ("gross_views", "gross_hours", "views", "hours", "subscriber_months", "ad_hours", "rentals")
"""``gross`` is what goes to the added movies; all others are differences of whole services, with − without."""
_N = len(MEASURES)


@dataclass(frozen=True, kw_only=True)
class TrueEffect:
    """What some offers, bought together, add to the service. ``lift = with − without``."""

    offers: tuple[str, ...]
    monthly: Mapping[str, FloatArray]
    """By measure (:data:`MEASURES`), float64[horizon_months]: mean over the futures."""
    standard_error: Mapping[str, float]
    """Of the total over the horizon, by measure: what luck of the futures is left in it."""

    def total(self, measure: str) -> float:
        """Sum over the horizon."""
        return float(self.monthly[measure].sum())

    def value(self, economics: Economics) -> float:
        """Revenue that the offers add, discounted to month 0, in the currency of the terms; costs are not in it.

        The measures are of the simulated users; the revenue is of the people they stand for.
        """
        by_month = sum(
            (self.monthly[measure] * rate for measure, rate in _rates(economics).items()), np.zeros(len(self.monthly["hours"]))
        )
        months = np.arange(1, len(by_month) + 1)
        discounted = by_month / (1.0 + economics.discount_rate.value) ** (months / 12)
        return float(economics.people_per_user.value * discounted.sum())


@dataclass(frozen=True, kw_only=True)
class TrueEffects:
    """True effects of the offers of a simulated service."""

    alone: tuple[TrueEffect, ...]
    """Each offer by itself, in the order asked for."""
    together: TrueEffect | None
    """The set asked for."""
    baseline: Mapping[str, FloatArray]
    """The future without acquisitions by month: ``views``, ``hours``, ``subscriber_months``, ``ad_hours``, ``rentals``."""

    def of(self, offer: str) -> TrueEffect:
        """The effect of one offer; KeyError where it was not asked for."""
        for effect in self.alone:
            if effect.offers == (offer,):
                return effect
        raise KeyError(offer)


def true_effects(
    config: ServiceConfig,
    offers: Sequence[str] | None = None,
    *,
    horizon_months: int = 12,
    futures: int = 1,
    together: Sequence[str] = (),
    launch_month: int = 1,
    churn_mode: simulator.ChurnMode = "expected",
    movies: Catalogue | None = None,
    progress: ReportProgress = silent,
) -> TrueEffects:
    """Simulate the future of a service with and without its offers.

    Parameters
    ----------
    config : the service
    offers : ids of offers to try, each by itself; all by default
    horizon_months : how far to look, from the end of the history
    futures : number of futures to average; the first one is the history's own continuation
    together : ids of offers to try as a set, in this order
    launch_month : month of the horizon in which they arrive, from 1; they stay for their window
    churn_mode : ``drawn`` follows each subscriber to the letter; ``expected`` weighs them by the chance of still being there
    movies : the movies of the service, where its offers are to be others than its own (a clone, one that nobody can see);
        made by :func:`recsys.simulation.movies.catalogue` for this configuration and horizon
    progress : called with users done and users in all

    Raises
    ------
    DataError  E_NOT_FOUND: an id that is not an offer of this service; E_RANGE: fewer than one future or month
    """
    if horizon_months < 1 or futures < 1 or launch_month < 1:
        raise DataError.of("E_RANGE", "horizon, futures and launch month count from 1.", "Ask for at least one of each.")
    movies = catalogue(config, future_months=horizon_months) if movies is None else movies
    known = {movies.movie_id[k]: k for k in range(movies.offers.start, movies.offers.stop)}
    asked = list(known if offers is None else offers)
    if unknown := [offer for offer in [*asked, *together] if offer not in known]:
        raise DataError.of("E_NOT_FOUND", f"{unknown[0]!r} is no offer of this service.", "Choose from its offers table.")
    launch = config.n_periods + 2 * (launch_month - 1)
    gone = np.full(movies.n_movies, launch)
    gone[movies.offers] += 2 * licence_windows(config)
    tally = _Tally(
        columns=np.array([known[offer] for offer in asked], dtype=np.int64),
        bundle=np.array([known[offer] for offer in together], dtype=np.int64),
        launch=launch,
        gone=gone,
        periods=range(config.n_periods, config.n_periods + 2 * horizon_months),
        futures=futures,
        churn_mode=churn_mode,
    )
    for block in histories(config, movies, progress):
        tally.take_in(block)
    return tally.result(asked, tuple(together))


class _Tally:
    """Sums over users and futures."""

    def __init__(
        self,
        *,
        columns: IntArray,
        bundle: IntArray,
        launch: int,
        gone: IntArray,
        periods: range,
        futures: int,
        churn_mode: simulator.ChurnMode,
    ) -> None:
        self._columns, self._bundle, self._launch, self._gone = columns, bundle, launch, gone
        self._periods, self._futures, self._churn_mode = periods, futures, churn_mode
        self._cases = len(columns) + 1
        """Each offer alone, then the set."""
        months = len(periods) // 2
        self._baseline = np.zeros((_N, months))
        self._lift = np.zeros((self._cases, _N, months))
        self._variance = np.zeros((self._cases, _N))
        self._users = 0
        self._one_future = np.zeros((2, self._cases, _N))
        """Sum and sum of squares over users of their totals; what the error of a single future is made from."""

    def take_in(self, block: BlockHistory) -> None:
        """Run the futures of a block of users."""
        n_users = block.inputs.users.n_users
        total, squares = np.zeros((n_users, self._cases, _N)), np.zeros((n_users, self._cases, _N))
        for future in range(self._futures):
            lift = self._future(block, HISTORY if future == 0 else f"future-{future}")
            total += lift
            squares += lift**2
        if self._futures > 1:
            spread = (squares - total**2 / self._futures) / (self._futures - 1)
            self._variance += spread.sum(axis=0) / self._futures
        self._users += n_users
        self._one_future += np.stack([total.sum(axis=0), (total**2).sum(axis=0)])

    def _future(self, block: BlockHistory, draws: str) -> FloatArray:
        """float64[n_users, n_cases, n_measures]: lift of each user over the horizon, in one future."""
        n_users = block.inputs.users.n_users
        everyone = np.arange(n_users)
        tried = np.unique(np.concatenate([self._columns, self._bundle]))
        touched = np.zeros((n_users, len(tried)), dtype=np.bool_)
        without = self._run(block, draws, everyone, np.broadcast_to(tried, touched.shape), touched)
        self._baseline += without.sum(axis=0)
        lift = np.zeros((n_users, self._cases, _N))
        user, which = np.nonzero(touched[:, np.searchsorted(tried, self._columns)])
        lift_of = _Lift(block=block, draws=draws, without=without, lift=lift)
        self._compare(lift_of, user, which, self._columns[which][:, None])
        user = np.flatnonzero(touched[:, np.searchsorted(tried, self._bundle)].any(axis=1))
        bundle = np.broadcast_to(self._bundle, (len(user), len(self._bundle)))
        self._compare(lift_of, user, np.full(len(user), self._cases - 1), bundle)
        return lift

    def _compare(self, future: "_Lift", user: IntArray, case: IntArray, columns: IntArray) -> None:
        for first in range(0, len(user), ROWS_AT_A_TIME):
            some = slice(first, first + ROWS_AT_A_TIME)
            change = self._run(future.block, future.draws, user[some], columns[some], None) - future.without[user[some]]
            np.add.at(self._lift, case[some], change)
            future.lift[user[some], case[some]] = change.sum(axis=2)

    def _run(self, block: BlockHistory, draws: str, rows: IntArray, columns: IntArray, touched: BoolArray | None) -> FloatArray:
        """float64[n_rows, n_measures, n_months]: what each row of users did in a future."""
        inputs = block.inputs
        plan = inputs.users.plan[rows]
        out = np.zeros((len(rows), _N, len(self._periods) // 2))
        added = AddedMovies(columns=columns, first_period=self._launch, last_period=self._gone)
        run = simulator.simulate(
            inputs,
            block.end.of(rows),
            self._periods,
            draws=draws,
            rows=rows,
            added=added,
            touched=touched,
            churn_mode=self._churn_mode,
        )
        for number, period_views in enumerate(run):
            month = out[:, :, number // 2]
            own = (columns[period_views.row] == period_views.column[:, None]).any(axis=1)
            views = np.bincount(period_views.row, minlength=len(rows))
            hours = np.bincount(period_views.row, weights=period_views.minutes / 60, minlength=len(rows))
            weight = period_views.weight
            month[:, 0] += weight * np.bincount(period_views.row[own], minlength=len(rows))
            month[:, 1] += weight * np.bincount(
                period_views.row[own], weights=period_views.minutes[own] / 60, minlength=len(rows)
            )
            month[:, 2] += weight * views
            month[:, 3] += weight * hours
            month[:, 4] += 0.5 * weight * inputs.users.subscribes[rows]
            month[:, 5] += np.where(plan == population.PLANS.index("ad-funded"), hours, 0.0)
            month[:, 6] += np.where(plan == population.PLANS.index("rental"), views, 0.0)
        return out

    def result(self, alone: list[str], together: tuple[str, ...]) -> TrueEffects:
        """Means over the futures, with their errors."""
        if self._futures == 1:
            total, squares = self._one_future
            self._variance = squares - total**2 / max(self._users, 1)
        effects = [
            TrueEffect(
                offers=(alone[case],) if case < len(alone) else together,
                monthly={name: self._lift[case, k] / self._futures for k, name in enumerate(MEASURES)},
                standard_error={name: float(np.sqrt(self._variance[case, k])) for k, name in enumerate(MEASURES)},
            )
            for case in range(self._cases)
        ]
        return TrueEffects(
            alone=tuple(effects[:-1]),
            together=effects[-1] if together else None,
            baseline={name: self._baseline[k] / self._futures for k, name in enumerate(MEASURES) if k >= 2},
        )


@dataclass(frozen=True, kw_only=True)
class _Lift:
    """One future of a block: what happens without, and what each user's totals change by."""

    block: BlockHistory
    draws: str
    without: FloatArray
    lift: FloatArray


def _rates(economics: Economics) -> dict[str, float]:
    """Currency for a unit of each measure that earns."""
    rates = {}
    for plan in economics.plans:
        if plan.kind == "svod":
            rates["subscriber_months"] = _product(plan.monthly_price, plan.margin_share)
        elif plan.kind == "avod":
            rates["ad_hours"] = _product(plan.ads_per_hour, plan.fill_share, plan.cpm) / 1_000
        else:
            rates["rentals"] = _product(plan.rental_price, plan.platform_share)
    return rates


def _product(*terms: Term | None) -> float:
    return float(np.prod([term.value for term in terms if term is not None]))
