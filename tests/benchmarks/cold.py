"""What is said of movies that nobody has watched, on real data: rankings, audience sizes and their ranges, as tables.

    python -m tests.benchmarks.cold [--seed 0] NAME=FOLDER …

FOLDER is anything that ``recsys import`` reads, or a workspace. A fifth of the movies is hidden with all of their views.
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path

from threadpoolctl import threadpool_limits

from recsys.evaluation import report_text
from recsys.models.cold_start import ColdStartConfig, compare_cold_start
from tests.benchmarks.accuracy import dataset_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    config = ColdStartConfig(seed=arguments.seed)
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start\n{config}")
    for named in arguments.sets:
        name, _, folder = named.partition("=")
        with tempfile.TemporaryDirectory() as scratch:
            dataset = dataset_of(Path(folder), Path(scratch) / "workspace")
        with threadpool_limits(1):
            document = compare_cold_start(dataset, config)
        print(f"\n{name}: {dataset.n_users} users, {dataset.n_movies} movies, {len(dataset.events)} events")
        print(report_text.cold(document))


if __name__ == "__main__":
    main()
