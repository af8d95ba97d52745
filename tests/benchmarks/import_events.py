"""How long import takes and how much memory it holds: ``python -m tests.benchmarks.import_events --rows 2000000``.

Writes a made-up log of that many events, imports it in a process of its own, reads it back, and prints one JSON document.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.tables.import_tables import import_path
from recsys.tables.store.published_tables import load_dataset
from recsys.workspace import Workspace

_PIECE = 1_000_000
_MIB = 1 << 20


def write_log(folder: Path, rows: int, suffix: str) -> None:
    """Users, movies and events; popularity falls off as 1 / rank."""
    rng = np.random.default_rng(0)
    n_users, n_movies = max(rows // 100, 100), 2000
    pd.DataFrame({"user_id": [f"user-{k:08d}" for k in range(n_users)], "city_tier": np.arange(n_users) % 3 + 1}).to_csv(
        folder / "users.csv", index=False
    )
    runtime = 80 + np.arange(n_movies) % 90
    pd.DataFrame(
        {
            "movie_id": [f"tt{k:07d}" for k in range(n_movies)],
            "title": [f"Film {k}" for k in range(n_movies)],
            "runtime_min": runtime,
        }
    ).to_csv(folder / "movies.csv", index=False)
    weight = 1.0 / np.arange(1, n_movies + 1)
    devices = np.array(["phone", "tv", "web"])
    for start in range(0, rows, _PIECE):
        n = min(_PIECE, rows - start)
        what = rng.choice(n_movies, n, p=weight / weight.sum())
        seconds = rng.integers(1_672_531_200, 1_704_067_200, n)
        piece = pd.DataFrame(
            {
                "user_id": np.char.add("user-", np.char.zfill(rng.integers(0, n_users, n).astype(str), 8)),
                "movie_id": np.char.add("tt", np.char.zfill(what.astype(str), 7)),
                "timestamp": seconds if suffix == "epoch" else pd.to_datetime(seconds, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ"),
                "minutes": np.round(rng.uniform(1, runtime[what]), 1),
                "device": devices[rng.integers(0, 3, n)],
            }
        )
        piece.to_csv(folder / "events.csv", index=False, mode="a", header=start == 0)


def measured(step: str, source: Path, root: Path) -> dict[str, float]:
    """Run one step in a process of its own; its seconds (without starting) and the most memory it held."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.import_events",
            "--step",
            step,
            "--source",
            str(source),
            "--workspace",
            str(root),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def run_step(step: str, source: Path, root: Path) -> None:
    """One step, here; prints the peak of this process."""
    started = time.perf_counter()
    workspace = Workspace(root)
    rows = import_path(source, workspace).rows["events"] if step == "import" else len(load_dataset(workspace).events)
    seconds = time.perf_counter() - started
    # not ru_maxrss, which begins with what the parent held
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_kib = int(status.split("VmHWM:")[1].split()[0])
    print(json.dumps({"seconds": round(seconds, 1), "peak_mib": round(peak_kib / 1024), "events": rows}))


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", choices=["iso", "epoch"], default="iso")
    parser.add_argument("--step", choices=["import", "load"], help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.source, arguments.workspace)
        return
    with tempfile.TemporaryDirectory() as scratch:
        source, root = Path(scratch) / "log", Path(scratch) / "workspace"
        source.mkdir()
        write_log(source, arguments.rows, arguments.times)
        size = (source / "events.csv").stat().st_size
        figures = {step: measured(step, source, root) for step in ("import", "load")}
        print(json.dumps({"rows": arguments.rows, "csv_mib": round(size / _MIB), **figures}, indent=1))


if __name__ == "__main__":
    main()
