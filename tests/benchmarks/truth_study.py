"""Projected against true over many simulated services of every kind, beside what a team without a model of choice would say.

    python -m tests.benchmarks.truth_study OUT [--worlds 60] [--jobs 2] [--users 1500] [--movies 240] [--offers 12]

Worlds take turns over the kinds of ``tests.simulation.presets``, each with a seed of its own. For each a run is trained with the
settings printed below, each offer is projected by itself over three months, and the same three months are lived with and without
it, in four futures whose mean is the truth. So is the slate of all offers. OUT keeps one JSON a world, so that a study that was
stopped goes on where it was.

Rivals say what an offer adds in the same three months:

- ``gross``: the projection's own viewing hours, as if all of them were added;
- the rivals of ``recsys.backtest.baselines`` (genres, five comparables, gradient boosting), taught on the movies that arrived
in the
  history, times the outside share that the same run estimated, which is the usual part of viewing that is added.
"""

import argparse
import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from recsys.backtest.arrivals import arrivals
from recsys.backtest.baselines import BASELINES, KnownArrivals
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.pipeline.demo import make_demo
from recsys.projection.context import ProjectionContext, load_projection_context
from recsys.projection.draws import simulate_draws
from recsys.projection.uncertainty import quantiles
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from recsys.simulation.config import ServiceConfig
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace
from tests.simulation.counterfactual_truth import true_effects
from tests.simulation.presets import PRESETS

MONTHS, DAYS, FUTURES = 3, 91, 4
CONFIG = with_settings(
    TrainConfig(),
    members=4,
    two_tower__epochs=8,
    tsne__early_iterations=20,
    tsne__iterations=20,
)


def one_world(kind: str, config: ServiceConfig) -> dict[str, Any]:
    """Train on a world, project its offers, and live its future."""
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace(Path(scratch) / "workspace")
        make_demo(workspace, config, CONFIG, lambda _line: None)
        context, dataset = load_projection_context(workspace), load_dataset(workspace)
    people = config.people_per_user
    offers = list(map(str, context.offer_ids.ids))
    truth = true_effects(config, horizon_months=MONTHS, futures=FUTURES, together=offers)
    slate = truth.together
    assert slate is not None
    estimates = {each.name: each.value for each in context.choice.estimates}
    past = arrivals(dataset, (DAYS,))
    known = np.flatnonzero(np.isfinite(past.hours[DAYS]))
    attributes = [name for name in dataset.offers.columns if name in dataset.movies.columns]
    asked_rivals = KnownArrivals(
        known=dataset.movies[attributes].iloc[past.row[known]].reset_index(drop=True),
        known_content=context.choice.content[past.row[known]],
        outcome=people * past.hours[DAYS][known],
        offers=dataset.offers[attributes],
        offer_content=context.offer_content,
    )
    return {
        "kind": kind,
        "seed": config.seed,
        "offers": offers,
        "projected": [projected(context, (offer,)) for offer in offers],
        "slate": projected(context, tuple(offers)),
        "true_slate": people * slate.total("hours"),
        "true_slate_gross": people * slate.total("gross_hours"),
        "rivals": {name: (estimates["outside_share"] * rival(asked_rivals, 0)).tolist() for name, rival in BASELINES.items()},
        "true": [people * truth.of(offer).total("hours") for offer in offers],
        "true_gross": [people * truth.of(offer).total("gross_hours") for offer in offers],
        "luck": [people * truth.of(offer).standard_error["hours"] for offer in offers],
        "outside_share": estimates["outside_share"],
        "dissimilarity": estimates["nest_dissimilarity"],
        "cold_sd": context.choice.cold_appeal_residual_sd,
    }


def projected(context: ProjectionContext, offers: tuple[str, ...]) -> dict[str, float]:
    """What some offers, bought together, are projected to add, hours: quantiles and mean of the draws; and gross, its median."""
    asked = Scenario(name="x", changes=tuple(Acquire(offer=offer) for offer in offers), horizon_months=MONTHS)
    figures = simulate_draws(context, asked, draws="all").draws
    hours = np.array([draw.acquisition_hours for draw in figures])
    said = dict(zip(("p05", "p10", "p50", "p90", "p95"), quantiles(hours, (0.05, 0.1, 0.5, 0.9, 0.95)).tolist(), strict=True))
    gross = np.array([draw.gross_hours.sum() for draw in figures])
    return {**said, "mean": float(hours[1:].mean()), "gross": float(quantiles(gross, (0.5,))[0])}


def _work(job: tuple[str, ServiceConfig, Path]) -> str:
    kind, config, out = job
    found = one_world(kind, config)
    draft = out.with_suffix(".draft")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(out)
    return out.name


def figures(worlds: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a kind and a way to answer: rank correlation, mean over worlds, and bias; and for the projection, how often ranges
    held, how wide they are, and the bias of all offers bought together."""
    table = []
    for kind in dict.fromkeys(world["kind"] for world in worlds):
        mine = [world for world in worlds if world["kind"] == kind]
        true = [np.array(world["true"]) for world in mine]
        for name in ("projected", "gross", *BASELINES):
            said = [answers(world, name) for world in mine]
            miss = np.concatenate([np.log(np.maximum(s, 1.0) / np.maximum(t, 1.0)) for s, t in zip(said, true, strict=True)])
            table.append(
                {
                    "kind": kind,
                    "worlds": len(mine),
                    "answer": name,
                    "spearman": np.mean([spearmanr(s, t).statistic for s, t in zip(said, true, strict=True)]),
                    "bias": np.sum(np.concatenate(said)) / np.sum(np.concatenate(true)) - 1,
                    "ln error, sd": miss.std(),
                    **(_ranges(mine) if name == "projected" else {}),
                }
            )
    return pd.DataFrame(table)


def _ranges(worlds: list[dict[str, Any]]) -> dict[str, float]:
    """Figures that only a projection has."""
    rows = pd.DataFrame([row for world in worlds for row in world["projected"]])
    true = np.concatenate([world["true"] for world in worlds])
    slates = pd.DataFrame([world["slate"] for world in worlds])
    true_slates = np.array([world["true_slate"] for world in worlds])
    return {
        "bias of means": rows["mean"].sum() / true.sum() - 1,
        "80 % hold": np.mean((rows["p10"] <= true) & (true <= rows["p90"])),
        "90 % hold": np.mean((rows["p05"] <= true) & (true <= rows["p95"])),
        "P90/P10": np.median(rows["p90"] / np.maximum(rows["p10"], 1.0)),
        "slate bias": slates["p50"].sum() / true_slates.sum() - 1,
        "of gross": slates["gross"].sum() / sum(world["true_slate_gross"] for world in worlds) - 1,
        "slates, 80 % hold": np.mean((slates["p10"] <= true_slates) & (true_slates <= slates["p90"])),
        "slates, 90 % hold": np.mean((slates["p05"] <= true_slates) & (true_slates <= slates["p95"])),
    }


def answers(world: dict[str, Any], name: str) -> np.ndarray:
    """What a way to answer says that each offer adds, hours."""
    if name in ("projected", "gross"):
        return np.array([row["p50" if name == "projected" else "gross"] for row in world["projected"]])
    return np.array(world["rivals"][name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--users", type=int, default=1500)
    parser.add_argument("--movies", type=int, default=240)
    parser.add_argument("--offers", type=int, default=12)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    kinds = list(PRESETS)
    jobs = []
    for number in range(given.worlds):
        kind = kinds[number % len(kinds)]
        config = replace(
            PRESETS[kind], n_users=given.users, n_movies=given.movies, n_offers=given.offers, seed=100 + number // len(kinds)
        )
        out = given.out / f"{kind}-{config.seed}.json"
        if not out.exists():
            jobs.append((kind, config, out))
    print(f"{os.cpu_count()} processors; {given}; {CONFIG}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        for name in pool.map(_work, jobs):
            print(name, flush=True)
    worlds = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(given.out.glob("*.json"))]
    print(figures(worlds).round(3).to_string(index=False, na_rep=""))
    everything = _ranges(worlds)
    print(f"all {len(worlds)} worlds: " + ", ".join(f"{name} {value:.3f}" for name, value in everything.items()))


if __name__ == "__main__":
    main()
