"""What keeping nest sums buys: one more movie, and a changed segment, against computing everything anew.

    python -m tests.benchmarks.engine [--users 100000] [--movies 5000] [--dim 64] [--nests 40] [--months]

*Add one* is the change of everybody's expected hours in one month when one movie joins the catalogue, appetites as they are
(the static choice problem, :mod:`recsys.projection.one_period`). Its rivals compute the hours of the catalogue with the movie
from nothing: ``blocked`` is the fair one (float32 products and exponentials of blocks of users on all threads, float64 sums,
nothing larger than a block is ever held); ``naive`` holds utilities of users × movies in float64, and is timed on some users and
scaled. Truth is the same in float64 throughout. *Segment* moves the vectors of 1 % of users and brings their nest sums up to
date. ``--months`` also times the whole question: twelve months with depletion, launch curve and churn, with the offer and
without it.

Times are the best of some runs, on the clock and in processor time; ratios are of times from the same run.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recsys.choice.model import ChoiceModel, Draw, Member
from recsys.choice.nested_logit import choice_shares
from recsys.embeddings.features import Feature, FeatureSpace
from recsys.ids import FloatArray, IdMap
from recsys.projection import nests
from recsys.projection.blocks import PRODUCT_BLOCK, THREADS, over_users
from recsys.projection.demand import simulate
from recsys.projection.one_period import OnePeriod
from recsys.projection.outcome import Extras, People

NAIVE_USERS = 1_000
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


def hours(choice: ChoiceModel, threads: int = THREADS) -> float:
    """Hours of a month, from nothing, in blocks of users that are forgotten one after the other."""
    draw, catalogue = choice.draws[0], nests.layout(choice, choice.available)
    users = choice.members[0].users

    def work(block: slice) -> float:
        rows = np.arange(choice.n_users)[block]
        found = nests.sums(choice, draw, users[block], rows, catalogue, threads=1)
        worth = np.where(found.worth > 0, found.worth, 1.0)
        power = np.where(found.worth > 0, worth**draw.dissimilarity, 0.0)
        watched = (power * found.hours / worth).sum(axis=1) / (1.0 + power.sum(axis=1))
        return float(draw.occasions[block] @ watched)

    return float(np.sum(over_users(choice.n_users, work, block=PRODUCT_BLOCK, threads=threads)))


def double(choice: ChoiceModel) -> ChoiceModel:
    """The model with vectors in float64, in which everything is then computed."""
    member = choice.members[0]
    wide = Member(
        users=member.users.astype(np.float64),  # type: ignore[arg-type]
        movies=member.movies.astype(np.float64),  # type: ignore[arg-type]
        cold_map=member.cold_map,
    )
    return replace(choice, members=(wide,))


def naive_hours(choice: ChoiceModel, n_users: int) -> float:
    """Hours of the first users, with utilities of users × movies in memory."""
    draw, member = choice.draws[0], choice.members[0]
    utility = member.users[:n_users].astype(np.float64) @ member.movies.astype(np.float64).T
    utility *= draw.score_slope
    utility += draw.appeal + draw.outside_constant[:n_users, None]
    shares = choice_shares(utility, choice.nests, draw.dissimilarity)
    return float(draw.occasions[:n_users] @ (shares @ choice.hours_per_view))


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of this process's processors together, which other programs slow down less."""

    clock: float
    processor: float

    def times(self, factor: float) -> "Took":
        return Took(self.clock * factor, self.processor * factor)

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


def months(choice: ChoiceModel, found: nests.NestSums, utility: FloatArray) -> Callable[[], object]:
    """Twelve months with the offer and without it, at the point estimate."""
    draw, n = choice.draws[0], choice.n_users
    zero = np.zeros(n)
    people = People(
        weight=np.ones(n),
        occasions=draw.occasions,
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
    extras = Extras(
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
        extras=extras,
        worlds=[(0,), ()],
        horizon_months=HORIZON,
    )


def main(n_users: int, n_movies: int, dim: int, n_nests: int, *, whole: bool) -> None:
    """Print sizes, times, ratios, error and memory."""
    print(f"{n_users:,} users × {n_movies:,} movies, dim {dim}, {n_nests} nests; {THREADS} threads of {os.cpu_count()}")
    choice = with_offer(synthetic(n_users, n_movies, dim, n_nests))
    base, draw, member = without_offer(choice), choice.draws[0], choice.members[0]
    catalogue = nests.layout(base, base.available)
    everyone = np.arange(n_users)
    found = nests.sums(base, draw, member.users, everyone, catalogue)
    standing = OnePeriod.of(draw, member.users, found, np.ones(n_users))

    def add() -> float:
        return standing.add(member.movies[0], float(draw.appeal[0]), int(choice.nests[0]), float(choice.hours_per_view[0])).hours

    add()
    quick = best(add, 60)
    blocked = best(lambda: hours(choice), 2)
    some = min(NAIVE_USERS, n_users)
    naive = best(lambda: naive_hours(choice, some), 1).times(n_users / some)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"add one movie            {quick.clock * 1e3:9.2f} ms")
    print(f"everything anew, blocked {blocked.clock * 1e3:9.0f} ms   {quick.against(blocked)}   goal 500")
    print(f"everything anew, naive   {naive.clock * 1e3:9.0f} ms   {quick.against(naive)}   (timed on {some:,} users)")
    print(
        f"peak memory of all this  {peak:9.2f} GiB   goal 2; users × movies in float32 would be {n_users * n_movies / 2**28:.2f}"
    )

    segment = np.sort(np.random.default_rng(1).choice(n_users, max(round(SEGMENT_SHARE * n_users), 1), replace=False))
    moved = member.users.copy()
    moved[segment] *= np.float32(1.05)

    def perturb() -> nests.NestSums:
        return nests.sums(base, draw, moved[segment], segment, catalogue)

    anew = best(lambda: nests.sums(base, draw, moved, everyone, catalogue), 2)
    changed = best(perturb, 5)
    print(f"a segment of {SEGMENT_SHARE:.0%} moves   {changed.clock * 1e3:9.2f} ms   {changed.against(anew)}   goal 50")
    exact = hours(double(choice)) - hours(double(base))
    print(f"hours added {add():,.4f}, exactly {exact:,.4f}: relative error {abs(add() / exact - 1):.1e}   goal 1e-06")
    if whole:
        utility = draw.score_slope * (member.users @ member.movies[0]).astype(np.float64) + draw.appeal[0] + draw.outside_constant
        print(f"twelve months, with and without the offer {best(months(base, found, utility), 3).clock:6.2f} s")
    large = 1_000_000 / n_users
    wider = large * 20_000 / n_movies
    memory = 1_000_000 * (4 * dim + n_nests * (16 + 12) + 5 * 8) / 2**30
    print(
        f"1,000,000 users × 20,000 movies, extrapolated in proportion and not run: add one {quick.clock * large * 1e3:.0f} ms, "
        f"everything anew {blocked.clock * wider:.0f} s; vectors, nest sums and what add-one keeps {memory:.1f} GiB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--movies", type=int, default=5_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--nests", type=int, default=40)
    parser.add_argument("--months", action="store_true")
    given = parser.parse_args()
    main(given.users, given.movies, given.dim, given.nests, whole=given.months)
