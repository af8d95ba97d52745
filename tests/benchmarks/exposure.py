"""What correcting for exposure buys where the famous is shown more often: `confounded` worlds, trained with and without it.

    python -m tests.benchmarks.exposure OUT [--worlds 6] [--jobs 2] [--users 1500] [--movies 240] [--offers 24]

A log without impressions allows one correction: what is watched often is often a negative too, and the two-tower model takes that
out (logQ, Yi et al. 2019). Without it, popular movies are pushed away as negatives as often as they are met. Both trainings see
the same worlds; the true worth of every offer is lived as in ``truth_study``, which also says with which settings is trained.
"""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import numpy as np
from scipy.stats import spearmanr

from recsys.models import two_tower
from recsys.simulation.config import ServiceConfig
from tests.benchmarks.truth_study import answers, figures, one_world
from tests.simulation.presets import PRESETS

KIND = "confounded"
WAYS = ("corrected", "plain")


def _work(job: tuple[str, ServiceConfig, Path]) -> str:
    way, config, out = job
    if way == "corrected":
        found = one_world(KIND, config)
    else:
        with mock.patch.object(two_tower, "candidate_probability", _even):
            found = one_world(KIND, config)
    out.write_text(json.dumps(found), encoding="utf-8")
    return out.name


def _even(training: object, _config: object) -> np.ndarray:
    """Every movie as likely a candidate as any other, which leaves nothing to correct."""
    n_movies = training.shape[1]  # type: ignore[attr-defined]
    return np.full(n_movies, 1.0 / n_movies, dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--users", type=int, default=1500)
    parser.add_argument("--movies", type=int, default=240)
    parser.add_argument("--offers", type=int, default=24)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    config = replace(PRESETS[KIND], n_users=given.users, n_movies=given.movies, n_offers=given.offers)
    seeds = range(100, 100 + given.worlds)
    paths = {(way, seed): given.out / f"{way}-{seed}.json" for seed in seeds for way in WAYS}
    jobs = [(way, replace(config, seed=seed), path) for (way, seed), path in paths.items() if not path.exists()]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        for name in pool.map(_work, jobs):
            print(name, flush=True)
    found = {way: [json.loads(paths[way, seed].read_text(encoding="utf-8")) for seed in seeds] for way in WAYS}
    for way, worlds in found.items():
        print(f"\n{way}")
        print(figures(worlds).query("answer == 'projected'").round(3).to_string(index=False))
    gain = [
        np.subtract(*(spearmanr(answers(world, "projected"), world["true"]).statistic for world in pair))
        for pair in zip(*found.values(), strict=True)
    ]
    error = np.std(gain, ddof=1) / np.sqrt(len(gain))
    print(f"\nSpearman, corrected less plain, world by world: {np.round(gain, 3)}; mean {np.mean(gain):+.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
