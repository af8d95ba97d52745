"""What keeping nest sums buys: a changed segment against computing everything anew.

    python -m tests.benchmarks.engine [--users 100000] [--movies 5000] [--dim 64] [--nests 40] [--months]

*Segment* moves the vectors of 1 % of users and brings their nest sums up to date; its rival computes everybody's. ``--months``
also times the whole question: twelve months with depletion, launch curve and churn, with the offer and without it.

Times are the best of some runs, on the clock and in processor time; ratios are of times from the same run.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recsys.choice.model.parameters import ChoiceModel, Draw, Member
from recsys.embeddings.features import Feature, FeatureSpace
from recsys.ids import FloatArray, IdMap
from recsys.projection import nest_sums
from recsys.projection.demand import simulate
from recsys.projection.outcome import People, TrackedMovies
from recsys.projection.parallel import THREADS

SEGMENT_SHARE = 0.01
HORIZON = 12


def synthetic(n_users: int, n_movies: int, dim: int, n_nests: int, seed: int = 0) -> ChoiceModel:
    """A service whose catalogue wins about half of the occasions; everybody has watched twenty movies."""
    rng = np.random.default_rng(seed)
    users = rng.standard_normal((n_users, dim), dtype=np.float32) / np.float32(np.sqrt(dim))
    movies = rng.standard_normal((n_movies, dim), dtype=np.float32)
    member = Member(users=users, movies=movies, cold_map=np.zeros((2, dim), dtype=np.float32))
    draw = Draw(
        member=0,
        score_slope=0.8,
        dissimilarity=0.6,
        appeal=0.4 * rng.standard_normal(n_movies),
        outside_constant=-0.6 * np.log(n_movies / n_nests) - np.log(n_nests) - 0.5 + 0.3 * rng.standard_normal(n_users),
        occasions=rng.gamma(2.0, 5.0, n_users),
        launch_curve=np.array([0.8, 0.4, 0.2, 0.0]),
        rewatch=0.05,
        depletion=1.5,
        churn_intercept=np.full(n_users, -2.2),
        churn_hours_slope=0.4,
        cold_appeal_coefficients=np.zeros(2),
        ageing=0.0,
        cold_appeal_shift=0.0,
    )
    return ChoiceModel(
        user_ids=IdMap(map(str, range(n_users))),
        movie_ids=IdMap(map(str, range(n_movies))),
        members=(member,),
        draws=(draw,),
        nests=np.sort(rng.integers(0, n_nests, n_movies)),
        nest_names=tuple(map(str, range(n_nests))),
        nest_centroids=np.zeros((n_nests, 1), dtype=np.float32),
        features=FeatureSpace((Feature(column="kind", names=("any",)),)),
        content=np.zeros((n_movies, 1), dtype=np.float32),
        hours_per_view=rng.uniform(0.8, 2.2, n_movies),
        completion=0.7,
        available=np.ones(n_movies, dtype=np.bool_),
        months_on_service=rng.integers(0, 24, n_movies),
        watched_indptr=20 * np.arange(n_users + 1, dtype=np.int64),
        watched_indices=rng.integers(0, n_movies, 20 * n_users),
        cold_appeal_residual_sd=0.5,
        support_distance=1.0,
        estimates=(),
        simulated=True,
    )


def with_offer(choice: ChoiceModel) -> ChoiceModel:
    """The same catalogue with movie 0 in it, which is the offer: nobody has watched it."""
    kept = choice.watched_indices != 0
    counts = np.add.reduceat(kept, choice.watched_indptr[:-1])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return replace(choice, watched_indptr=indptr, watched_indices=choice.watched_indices[kept])


def without_offer(choice: ChoiceModel) -> ChoiceModel:
    available = choice.available.copy()
    available[0] = False
    return replace(choice, available=available)


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of this process's processors together, which other programs slow down less."""

    clock: float
    processor: float

    def against(self, rival: "Took") -> str:
        return f"{rival.clock / self.clock:7.0f} × ({rival.processor / self.processor:.0f} × in processor time)"


def best(ask: Callable[[], object], times: int) -> Took:
    """The least that it took in some runs."""
    clock, processor = [], []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        ask()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return Took(min(clock), min(processor))


def months(choice: ChoiceModel, found: nest_sums.NestSums, utility: FloatArray) -> Callable[[], object]:
    """Twelve months with the offer and without it, at the point estimate."""
    draw, n = choice.draws[0], choice.n_users
    zero = np.zeros(n)
    people = People(
        weight=np.ones(n),
        occasions=draw.occasions,
        occasions_today=draw.occasions,
        joining=zero,
        churn_intercept=draw.churn_intercept,
        churn_delta=zero,
        churn_hours_slope=draw.churn_hours_slope,
        subscription=np.full(n, 89.4),
        per_hour=zero,
        per_view=zero,
        subscribes=np.ones(n, dtype=np.bool_),
        subscribed=np.ones(n),
        return_share=0.03,
    )
    curve = np.concatenate([draw.launch_curve, np.zeros(HORIZON)])[None, :HORIZON]
    tracked_movies = TrackedMovies(
        utility=utility[None, :],
        unwatched=np.ones((1, n)),
        hours_per_view=choice.hours_per_view[:1],
        nests=choice.nests[:1],
        curve=curve,
    )
    return lambda: simulate(
        found,
        dissimilarity=draw.dissimilarity,
        rewatch=draw.rewatch,
        people=people,
        tracked_movies=tracked_movies,
        counterfactuals=[(0,), ()],
        horizon_months=HORIZON,
    )


def main(n_users: int, n_movies: int, dim: int, n_nests: int, *, whole: bool) -> None:
    """Print sizes, times, ratios, error and memory."""
    print(f"{n_users:,} users × {n_movies:,} movies, dim {dim}, {n_nests} nests; {THREADS} threads of {os.cpu_count()}")
    choice = with_offer(synthetic(n_users, n_movies, dim, n_nests))
    base, draw, member = without_offer(choice), choice.draws[0], choice.members[0]
    catalogue = nest_sums.layout(base, base.available)
    everyone = np.arange(n_users)
    found = nest_sums.compute(base, draw, member.users, everyone, catalogue)
    segment = np.sort(np.random.default_rng(1).choice(n_users, max(round(SEGMENT_SHARE * n_users), 1), replace=False))
    moved = member.users.copy()
    moved[segment] *= np.float32(1.05)

    def perturb() -> nest_sums.NestSums:
        return nest_sums.compute(base, draw, moved[segment], segment, catalogue)

    anew = best(lambda: nest_sums.compute(base, draw, moved, everyone, catalogue), 2)
    changed = best(perturb, 5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"a segment of {SEGMENT_SHARE:.0%} moves   {changed.clock * 1e3:9.2f} ms   {changed.against(anew)}   goal 50")
    print(f"peak memory {peak:9.2f} GiB; users × movies in float32 would be {n_users * n_movies / 2**28:.2f}")
    if whole:
        utility = draw.score_slope * (member.users @ member.movies[0]).astype(np.float64) + draw.appeal[0] + draw.outside_constant
        print(f"twelve months, with and without the offer {best(months(base, found, utility), 3).clock:6.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--movies", type=int, default=5_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--nests", type=int, default=40)
    parser.add_argument("--months", action="store_true")
    given = parser.parse_args()
    main(given.users, given.movies, given.dim, given.nests, whole=given.months)
