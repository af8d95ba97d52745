"""Demand month by month: a nested logit per user, with a launch curve and movies that are used up as they are watched.

A first view uses a movie up: of its weight w = exp(V/λ) a share ρ^(1/λ) is left. After T occasions for each unit of worth
(T = ∫ N · D^(λ−1) / (1 + S) dt) it has been watched with probability 1 − exp(−wT).

*Tracked movies*, whose coming or going is the question (offers; catalogue movies that are dropped or promoted), are followed one
by one by that law. The rest of the catalogue is followed nest by nest, in two figures a user and nest: what its unwatched movies
are worth, U = Σ w, and how concentrated that is, Σ w². The nest's Σ w · exp(−wT) is the Laplace transform of how its worth is
spread over weights, which is taken to be a gamma distribution of shape 3/2 with the mean that it has, Σ w² / Σ w:

    U(T) = U · (1 + φ · T · Σw² / (1.5 · Σw))^(−3/2)

φ is estimated (:mod:`recsys.choice.estimate.depletion`): what people like more than the model can tell, they watch first.

New movies bring worth back. Where they go on arriving as they did, each month brings what a month of today's viewing uses up, so
that an unchanged service stays as it is. Where nothing else is bought they bring none, and what came lately loses its launch
boost as it ages.

Within a month, occasions for each unit of worth depend on what is left on average over the month, which depends on them: a fixed
point, found from below, user by user.

Who leaves watches no more. Subscribers leave at a month's end, the more rarely the more they watched in it, and some of those
who left come back; hours and views of a month are weighted by the chance of being active when it begins, and the unused
occasions of those who are not count as outside. A movie used up is used up also for those who might have left meanwhile, and who
joins has the tastes, and what is left, of those already there.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Literal

import numpy as np

from recsys.errors import ArtefactError, ScenarioError
from recsys.ids import FloatArray
from recsys.projection.nest_sums import NestSums
from recsys.projection.outcome import Availability, Outcome, People, TrackedMovies
from recsys.projection.parallel import MONTH_BLOCK, THREADS, map_user_blocks

Precision = Literal["exact", "coarse"]
"""Whether each month's fixed point is found to 1e-10; or to a few parts in 100,000, enough for a draw among many."""
Detail = Literal["by_user", "totals"]
"""Whether an outcome tells what can be told user by user; or totals only, those fields being empty."""
_TOLERANCE: dict[Precision, float] = {"exact": 1e-10, "coarse": 1e-3}


def simulate(
    catalogue: NestSums | Availability,
    *,
    dissimilarity: float,
    rewatch: float,
    depletion: float = 1.0,
    people: People,
    tracked_movies: TrackedMovies,
    counterfactuals: Sequence[Sequence[int]],
    horizon_months: int,
    n_left_out: int = 0,
    precision: Precision = "exact",
    detail: Detail = "by_user",
    threads: int = THREADS,
) -> list[Outcome]:
    """Simulate demand in several counterfactuals, which differ in the tracked movies that they have.

    Parameters
    ----------
    catalogue : nest sums of everything that is not tracked, the same throughout or month by month
    dissimilarity : λ in (0, 1]
    rewatch : ρ in [0, 1]
    depletion : φ > 0, how much faster nests are used up than Σ w² says
    counterfactuals : for each, the positions of the tracked movies that it has, ascending
    n_left_out : how many of the first tracked movies are each left out of the first counterfactual, by an estimate: the other
        movies then keep what is left of them beside the offer

    Returns
    -------
    One outcome a counterfactual

    Raises
    ------
    ScenarioError  E_NEST: dissimilarity outside (0, 1]
    ArtefactError  E_NONFINITE: utilities too large to be exponentiated

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 4
    """
    from recsys.projection import demand_kernel as kernel  # noqa: PLC0415  (Numba takes half a second to import)

    if not 0 < dissimilarity <= 1:
        raise ScenarioError.of("E_NEST", f"the nest dissimilarity is {dissimilarity}; allowed: above 0 to 1.", "Calibrate again.")
    availability = Availability.of(catalogue, horizon_months)
    with np.errstate(over="ignore"):
        weight = np.ascontiguousarray(np.exp(tracked_movies.utility / dissimilarity).T)
        curve = np.exp(tracked_movies.curve / dissimilarity)
    made_up = tracked_movies.replacements
    made_up_for = (
        np.zeros((len(people.weight), 0)) if made_up is None else np.ascontiguousarray(np.exp(made_up.utility / dissimilarity).T)
    )
    unwatched = np.ascontiguousarray(tracked_movies.unwatched.T)
    constants = kernel.Constants(
        dissimilarity=float(dissimilarity),
        watched_share=float(rewatch ** (1.0 / dissimilarity)),
        churn_hours_slope=float(people.churn_hours_slope),
        return_share=float(people.return_share),
        depletion=float(depletion),
        replenished=float(availability.replenished),
        tolerance=_TOLERANCE[precision],
        season=_plain(np.ones(horizon_months) if people.season is None else people.season),
    )
    chosen = [np.asarray(positions, dtype=np.int64) for positions in counterfactuals]

    subscribes = people.subscribes
    of_users = {
        "weight": people.weight,
        "occasions": people.occasions,
        "occasions_today": people.occasions_today,
        "active": np.where(subscribes, people.subscribed, 1.0),
        "joining": people.joining,
        "stay_odds": np.where(subscribes, np.exp(-people.churn_intercept), np.inf),
        "churn_delta": np.where(subscribes, people.churn_delta, 0.0),
        "subscription": people.subscription,
        "per_hour": people.per_hour,
        "per_view": people.per_view,
    }
    once = np.ones((1, horizon_months))

    def work(block: slice) -> list[kernel.Found]:
        audience = kernel.Audience(**{name: _plain(array[block]) for name, array in of_users.items()})
        today = kernel.Catalogue(**_stacked([availability.today], block), factor=_plain(once))
        parts = kernel.Catalogue(**_stacked(availability.parts, block), factor=_plain(availability.factor))
        tracked = kernel.Tracked(
            weight=_plain(weight[block]),
            unwatched=_plain(unwatched[block]),
            curve=_plain(curve),
            hours_per_view=_plain(tracked_movies.hours_per_view),
            nests=_plain(tracked_movies.nests),
        )
        replacements = kernel.Replacements(
            weight=_plain(made_up_for[block]),
            nests=_plain(np.zeros(0, dtype=np.int64) if made_up is None else made_up.nests),
            share=_plain(np.zeros((0, horizon_months)) if made_up is None else made_up.share),
        )
        by_user = detail == "by_user"
        given = [(_plain(positions), 0 if k else n_left_out) for k, positions in enumerate(chosen)]
        shared = audience, constants, today, parts, tracked, replacements
        return [kernel.Found(*kernel.run(*shared, *each, by_user)) for each in given]

    by_block = map_user_blocks(len(people.weight), work, block=MONTH_BLOCK, threads=threads)
    return [_joined([blocks[k] for blocks in by_block]) for k in range(len(chosen))]


def compile_kernel() -> None:
    """Compile the kernel, or read it from where it was kept, so that no first answer waits for it."""
    one, none = np.ones(1), np.zeros(1)
    simulate(
        NestSums.zeros(1, 1),
        dissimilarity=1.0,
        rewatch=0.0,
        people=People(
            weight=one,
            occasions=one,
            occasions_today=one,
            joining=none,
            churn_intercept=none,
            churn_delta=none,
            churn_hours_slope=0.0,
            subscription=none,
            per_hour=none,
            per_view=none,
            subscribes=np.zeros(1, dtype=np.bool_),
            subscribed=one,
            return_share=0.0,
        ),
        tracked_movies=TrackedMovies(
            utility=np.zeros((0, 1)),
            unwatched=np.zeros((0, 1)),
            hours_per_view=np.zeros(0),
            nests=np.zeros(0, dtype=np.int64),
            curve=np.zeros((0, 1)),
        ),
        counterfactuals=[()],
        horizon_months=1,
    )


def _plain(array: Any) -> Any:
    """A contiguous array that cannot be written to: one type for the compiler, whatever an array is a part of."""
    plain = np.ascontiguousarray(array).view()
    plain.setflags(write=False)
    return plain


def _stacked(parts: Sequence[NestSums], block: slice) -> dict[str, FloatArray]:
    """Nest sums, unwatched worth and its squares of a block, float64[n_parts, n_block, n_nests] each."""

    def stack(name: str) -> FloatArray:
        arrays = [getattr(part, name)[block] for part in parts]
        stacked: FloatArray = _plain(arrays[0][None] if len(arrays) == 1 else np.stack(arrays))
        return stacked

    return {each.name: stack(each.name) for each in fields(NestSums)}


def _joined(blocks: list[Any]) -> Outcome:
    """The outcome of all users from what was found of their blocks."""

    def total(name: str) -> FloatArray:
        summed: FloatArray = np.sum([getattr(block, name) for block in blocks], axis=0)
        return summed

    def side_by_side(name: str, axis: int = 0) -> FloatArray:
        return np.concatenate([getattr(block, name) for block in blocks], axis=axis)

    totals, tracked_views = total("totals"), total("tracked_views")
    if not (np.isfinite(totals).all() and np.isfinite(tracked_views).all()):
        raise ArtefactError.of("E_NONFINITE", "a projected figure is not a finite number.", "Calibrate again.")
    return Outcome(
        hours=totals[0],
        views=totals[1],
        outside=totals[2],
        earned=totals[3:],
        tracked_views=tracked_views,
        active_users=float(total("active_users")[0]),
        user_hours=side_by_side("user_hours"),
        user_tracked_views=side_by_side("user_tracked_views").T,
        still_unwatched=side_by_side("still_unwatched").T,
        outside_occasions=side_by_side("outside_occasions"),
        left_out_hours=total("left_out_hours"),
        left_out_earned=total("left_out_earned"),
        left_out_active=total("left_out_active"),
        part_factor=side_by_side("part_factor", axis=1),
        left=side_by_side("left"),
    )
