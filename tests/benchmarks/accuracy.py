"""Accuracy and training time of every recommender on real data, printed as tables with the settings.

    python tests/benchmarks/accuracy.py [--split random] [--split temporal] [--seeds 1] NAME=FOLDER …

FOLDER is anything that ``recsys import`` reads, or a workspace. For example, with the data sets side by side:

    python tests/benchmarks/accuracy.py ml-100k=ml-100k ml-latest-small=ml-latest-small movietweetings=movietweetings-100k

A model's figure is its mean over the seeds (each seed splits anew in the random split, and starts the models anew).
"""

import argparse
import os
import platform
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from recsys.models import factorisation, two_tower
from recsys.models.compare import CompareConfig, compare
from recsys.models.tensorflow_runtime import n_threads, tensorflow_recommenders
from recsys.tables.dataset import Dataset
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace

METRICS = ("ndcg@10", "ndcg@100", "recall@20", "recall@50", "mrr")


def dataset_of(folder: Path, scratch: Path) -> Dataset:
    workspace = Workspace(folder)
    if not workspace.exists():
        workspace = Workspace(scratch)
        import_path(folder, workspace)
    return load_dataset(workspace)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--split", action="append", choices=["random", "temporal", "leave-one-out"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=list(CompareConfig().models))
    arguments = parser.parse_args()
    tensorflow_recommenders()  # its import is not training time
    print(f"{platform.machine()}, {os.cpu_count()} processors, {n_threads()} threads, load {os.getloadavg()[0]:.1f} at the start")
    print(factorisation.FactorisationConfig())
    print(two_tower.TwoTowerConfig())
    for named in arguments.sets:
        name, _, folder = named.partition("=")
        with tempfile.TemporaryDirectory() as scratch:
            dataset = dataset_of(Path(folder), Path(scratch) / "workspace")
        for split in arguments.split or ["random", "temporal"]:
            figures: dict[str, list[list[float]]] = defaultdict(list)
            for seed in range(arguments.seeds):
                document = compare(dataset, CompareConfig(split=split, seed=seed, models=tuple(arguments.models)))
                for model, each in document["models"].items():
                    figures[model].append([*(each["metrics"][m]["mean"] for m in METRICS), each["train_seconds"]])
            cold = document["test_views_of_movies_unseen_in_training"]
            print(
                f"\n{name}, {split}: {dataset.n_users} users, {dataset.n_movies} movies, {document['train_views']} training views"
            )
            print(
                f"{document['users']} judged, {cold:.1%} of test views are of movies unseen in training, {arguments.seeds} seeds"
            )
            print(f"{'':<18}" + "".join(f"{metric:>11}" for metric in METRICS) + f"{'seconds':>10}")
            for model, rows in figures.items():
                means = np.mean(rows, axis=0)
                print(f"{model:<18}" + "".join(f"{value:>11.4f}" for value in means[:-1]) + f"{means[-1]:>10.1f}", flush=True)
            for each in document["left_out"]:
                print(f"{each['model']}: left out. {each['reason']}")


if __name__ == "__main__":
    main()
