"""How long a change takes to answer.

    python -m tests.benchmarks.scenario [WORKSPACE] [--users 6000] [--movies 800]

Without a workspace a made-up service of the given size is asked. Each line is the best of five: seconds on the clock and of this
process's processor time (which other programs slow down less).
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from recsys.decision import slate, suggested_decisions
from recsys.projection.context import ProjectionContext, load_projection_context
from recsys.projection.draws import simulate_draws
from recsys.projection.project import assemble, project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from recsys.workspace import Workspace
from tests.projection import builders

GOAL_POINT, GOAL_ALL = 0.3, 2.0


def made_up(n_users: int, n_movies: int) -> ProjectionContext:
    """A service of the demo's size whose catalogue wins about half of the occasions."""
    context = builders.context(n_users, n_movies, n_offers=24, n_draws=24, dim=64, n_nests=20, dtype=np.float32)
    draws = tuple(replace(draw, outside_constant=draw.outside_constant - 1.2) for draw in context.choice.draws)
    return context.with_choice(replace(context.choice, draws=draws))


def measure(name: str, ask: Callable[[], object], goal: float | None = None, times: int = 5) -> None:
    """Print the best time of a question; the first asking, which fills caches, is not counted."""
    ask()
    wall, cpu = [], []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        ask()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    aim = "" if goal is None else f"   goal {goal:.1f}"
    print(f"{name:44} {min(wall):7.3f} s   processor {min(cpu):7.3f} s{aim}")


def main(context: ProjectionContext) -> None:
    """Ask what a buyer asks."""
    print(f"{context.choice.n_users:,} users, {context.choice.n_movies:,} movies, {len(context.choice.draws)} draws")
    offers = tuple(c.Acquire(offer=offer) for offer in context.offer_ids.ids[:6])
    persona = c.ByPersona(persona=context.personas.personas[0].name)
    shift = c.ShiftTaste(segment=persona, towards=c.TowardsMovies(movies=tuple(context.choice.movie_ids.ids[1:4])), strength=1.0)
    drop = c.Drop(movie=str(context.choice.movie_ids.ids[int(np.flatnonzero(context.choice.available)[0])]))

    def asked(*changes: c.Change) -> s.Scenario:
        return s.Scenario(name="benchmark", changes=changes)

    start = time.perf_counter()
    context.nest_sums(0)
    print(f"{'nest sums of one draw, from nothing':44} {time.perf_counter() - start:7.3f} s")
    measure("today as it is", lambda: project(context, asked()), GOAL_POINT)
    measure("one offer", lambda: project(context, asked(*offers[:1])), GOAL_POINT)
    measure("six offers", lambda: project(context, asked(*offers)), GOAL_POINT)
    measure(
        "a persona resized, six offers",
        lambda: project(context, asked(c.ResizeSegment(segment=persona, factor=1.2), *offers)),
        GOAL_POINT,
    )
    measure("a persona's taste shifted, six offers", lambda: project(context, asked(shift, *offers)), GOAL_POINT)
    measure("a movie dropped, six offers", lambda: project(context, asked(drop, *offers)), GOAL_POINT)
    measure("one offer, all draws", lambda: project(context, asked(*offers[:1]), draws="all"), GOAL_ALL, times=2)
    measure("six offers, all draws", lambda: project(context, asked(*offers), draws="all"), GOAL_ALL, times=2)
    drawn = simulate_draws(context, asked(*offers), draws="all")
    dearer = asked(replace(offers[0], fee=1e6), *offers[1:])
    measure("six offers, another fee, from draws there", lambda: assemble(context, dearer, drawn))
    measure("today's agenda", lambda: suggested_decisions.suggest_decisions(context), times=1)
    budget = float(context.offers["fee"].nlargest(4).sum())
    measure("a slate of all offers", lambda: slate.choose(context, budget), times=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("--users", type=int, default=6000)
    parser.add_argument("--movies", type=int, default=800)
    given = parser.parse_args()
    main(load_projection_context(Workspace(given.workspace)) if given.workspace else made_up(given.users, given.movies))
