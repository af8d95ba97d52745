"""The demand of a block of users, month by month: choices, movies used up, money earned, and retention.

See :mod:`recsys.projection.demand` for the model; this is its arithmetic. To full precision everything is float64. Coarsely, for
one draw among many, what is held by user and tracked movie is float32, which processors exponentiate several times as fast; sums
over users are float64 all the same.
"""

from typing import Any

import numpy as np

from recsys.errors import ArtefactError
from recsys.ids import FloatArray, IntArray
from recsys.projection.block_catalogue import BlockCatalogue, Real, Shares
from recsys.projection.leave_one_out import LeaveOneOutEstimate
from recsys.projection.outcome import Availability, Outcome, People, TrackedMovies
from recsys.projection.retention import Retention
from recsys.projection.unwatched_propensity import Start, solve, starting_point


class DemandKernel:
    """A block of users: what all counterfactuals share. Nothing in it changes once it is made."""

    def __init__(
        self,
        block: slice,
        *,
        availability: Availability,
        dissimilarity: float,
        rewatch: float,
        people: People,
        tracked_movies: TrackedMovies,
        horizon_months: int,
        exact: bool,
        by_user: bool,
    ) -> None:
        self._block, self._horizon = block, horizon_months
        self._lam, self._rho = float(dissimilarity), float(rewatch)
        self._exact, self._by_user = exact, by_user
        self._real: Any = np.float64 if exact else np.float32
        self._tracked_movies = tracked_movies
        self._tracked_nests, self._nest_of = np.unique(tracked_movies.nests, return_inverse=True)
        self._curve = (tracked_movies.curve / self._lam).astype(self._real)
        self._hours_per_view = tracked_movies.hours_per_view.astype(self._real)
        self._weight = people.weight[block]
        self._occasions = people.occasions[block].astype(self._real)
        self._season = np.ones(horizon_months) if people.season is None else people.season
        self._retention = Retention.of(people, block)
        self._interval_of = availability.interval_of
        self._catalogues = [
            BlockCatalogue.of(
                sums.nest_sum[block],
                sums.hours[block],
                tracked_nests=self._tracked_nests,
                nest_of=self._nest_of,
                utility=tracked_movies.utility[:, block],
                dissimilarity=self._lam,
                real=self._real,
            )
            for sums in availability.intervals
        ]
        none: Real = np.zeros((0, len(self._weight)), dtype=self._real)
        self._shares_without_tracked = [each.shares(none, none, self._nest_of[:0]) for each in self._catalogues]

    def run(self, positions: IntArray, starts: dict[int, Start], n_left_out: int = 0) -> tuple[Outcome, dict[int, Start]]:
        """The outcome of a counterfactual for this block.

        Parameters
        ----------
        positions : of the tracked movies that it has
        starts : by month, where searches for unwatched propensities start: what the counterfactuals before have returned
        n_left_out : how many of the first tracked movies are each left out, by an estimate

        Returns
        -------
        The outcome, and ``starts`` with the months that were not in it yet
        """
        n, n_intervals, retention = len(self._weight), len(self._catalogues), self._retention
        starts = dict(starts)
        totals, earned = np.zeros((3, self._horizon)), np.zeros((3, self._horizon))
        tracked_views = np.zeros((len(self._tracked_movies), self._horizon))
        unwatched = self._tracked_movies.unwatched[positions, self._block].astype(self._real)
        propensity = self._rho + (1.0 - self._rho) * unwatched
        own_views = np.zeros((len(positions), n))
        user_hours, outside_occasions = np.zeros(n), np.zeros((n_intervals, n))
        factors = np.zeros((n_intervals, len(self._tracked_nests), n))
        active = retention.active_at_start
        left_out = LeaveOneOutEstimate(retention, self._lam, n_left_out, self._horizon) if n_left_out else None
        for month in range(self._horizon):
            interval, occasions = int(self._interval_of[month]), self._occasions * self._real(self._season[month])
            catalogue = self._catalogues[interval]
            on_service = np.isfinite(self._curve[positions, month])
            rows: Any = slice(None) if on_service.all() else np.flatnonzero(on_service)
            here = positions[rows]
            nests = self._nest_of[here]
            now: Shares = self._shares_without_tracked[interval]
            if len(here):
                solution = solve(
                    catalogue,
                    log_weight=catalogue.log_weight[here] + self._curve[here, month][:, None],
                    nests=nests,
                    unwatched=unwatched[rows],
                    occasions=occasions,
                    rewatch=self._rho,
                    start=starting_point(starts, month, here, propensity[rows]),
                    exact=self._exact,
                )
                now, propensity[rows] = solution.shares, solution.propensity
                if month not in starts:
                    starts[month] = solution.as_start(here, len(self._tracked_movies))
                views_each = occasions * now.share
                tracked_views[here, month] = views_each @ (self._weight * active).astype(self._real)
                unwatched[rows] *= solution.unwatched_left
                if self._by_user:
                    own_views[rows] += views_each
            hours, nest_hours = catalogue.hours_watched(now, nests, self._hours_per_view[here], occasions)
            views = occasions * now.inside
            if left_out:
                left_out.add_month(
                    month,
                    here,
                    weights=now.weights,
                    hours_per_view=self._hours_per_view[here],
                    nests=nests,
                    nest_power=now.factor * now.nest_sum,
                    nest_sum=now.nest_sum,
                    nest_mean_hours=nest_hours / np.where(now.nest_sum > 0, now.nest_sum, 1),
                    scale_power=catalogue.power,
                    outside=now.outside,
                    occasions=occasions,
                    hours=hours,
                )
            weight = self._weight * active
            active = retention.active_after(active, hours)
            used = weight @ views
            totals[:, month] = weight @ hours, used, self._weight @ occasions - used
            earned[:, month] = (
                (self._weight * active) @ retention.subscription,
                weight @ (retention.per_hour * hours),
                weight @ (retention.per_view * views),
            )
            if self._by_user:
                user_hours += weight * hours
                outside_occasions[interval] += weight * occasions * now.outside
                factors[interval] += weight * occasions * now.factor
        if not all(np.isfinite(figures).all() for figures in (totals, earned, tracked_views)):
            raise ArtefactError.of("E_NONFINITE", "a projected figure is not a finite number.", "Calibrate again.")
        factors /= np.stack([catalogue.scale for catalogue in self._catalogues])
        outcome = Outcome(
            hours=totals[0],
            views=totals[1],
            earned=earned,
            tracked_views=tracked_views,
            outside=totals[2],
            active_users=float(self._weight @ active),
            user_hours=user_hours,
            user_tracked_views=self._of_all_tracked(positions, own_views, 0.0),
            still_unwatched=self._of_all_tracked(positions, unwatched, self._tracked_movies.unwatched[:, self._block]),
            outside_occasions=outside_occasions,
            left_out_hours=left_out.hours if left_out else np.zeros((0, self._horizon)),
            left_out_earned=left_out.earned if left_out else np.zeros((3, 0, self._horizon)),
            left_out_active=left_out.active_users if left_out else np.zeros(0),
            tracked_nests=self._tracked_nests,
            tracked_nest_factor=factors,
        )
        return outcome, starts

    def _of_all_tracked(self, positions: IntArray, rows: Real, others: FloatArray | float) -> FloatArray:
        """Rows of a counterfactual's tracked movies among those of all, float64[n_tracked, n_block]."""
        spread: FloatArray = np.broadcast_to(others, (len(self._tracked_movies), len(self._weight))).astype(np.float64)
        spread[positions] = rows
        return spread
