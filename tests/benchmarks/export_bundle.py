"""Sizes of a bundle of 20,000 movies × 64 numbers, what rounding costs, and how fast the client answers from it in Node.

python -m tests.benchmarks.export_bundle [folder that keeps the bundles]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from recsys.export import bundle
from tests.export import models

CLIENT = Path(__file__).parents[2] / "exports" / "client"


def main(kept_in: str | None = None, *, n_movies: int = 20_000, dim: int = 64) -> None:
    """Make the three bundles and print what was measured, each way to compute beside the others in one process."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(kept_in) if kept_in else Path(scratch)
        print(f"{n_movies:,} movies × {dim}; milliseconds: best, median, 9 of 10")
        for dtype in ("float32", "float16", "uint8"):
            source = models.source(n_movies=n_movies, dim=dim)
            result = bundle.publish(source, root / dtype, dtype=dtype, recall_loss_limit=0.5)
            graphs = {name: entry["bytes"] for name, entry in result.files.items() if name.endswith(".bin")}
            print(f"{dtype}: phone {result.phone_bytes:,} bytes, of which weights {sum(graphs.values()):,}")
            print(f"  recall loss {result.recall_loss}, parity {result.parity['max_relative_error']}")
            subprocess.run(["node", "testing/bench.js", str(root / dtype)], cwd=CLIENT, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*sys.argv[1:2])
