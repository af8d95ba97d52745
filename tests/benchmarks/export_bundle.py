"""Sizes of a bundle of 20,000 movies × 64 numbers, what rounding costs, and how fast the client answers from it in Node.

python -m tests.benchmarks.export_bundle [n_movies] [dim]

Aims, for 20,000 × 64 in uint8: vectors and ids in 1.6 MB, at most 1 % of the top 20 exchanged.
"""

import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from recsys.export import bundle
from tests.export import models

CLIENT = Path(__file__).parents[2] / "exports" / "client"


def main(n_movies: int = 20_000, dim: int = 64) -> None:
    """Make the three bundles and a small change of each, and print what was measured."""
    print(f"{n_movies:,} movies x {dim}, made-up model, seed 0; {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as root:
        for dtype in ("float32", "float16", "uint8"):
            channel = Path(root) / dtype
            result = bundle.publish(models.source(n_movies=n_movies, dim=dim), channel, dtype=dtype, recall_loss_limit=0.5)
            ranking = result.sizes["vectors"] + result.files["ids.json"]["bytes"]
            print(
                f"{dtype}: movies' vectors {result.sizes['vectors']:,} bytes, with ids {ranking:,}, phone {result.phone_bytes:,}"
            )
            print(f"  recall loss at 20 {result.recall_loss}, parity {result.parity['max_relative_error']}")
            after = bundle.publish(models.new_movie(n_movies=n_movies, dim=dim), channel, dtype=dtype, recall_loss_limit=0.5)
            print(f"  delta when 2 movies come, 1 goes and 1 is renamed: {[delta['bytes'] for delta in after.deltas]} bytes")
            subprocess.run(["node", "testing/bench.js", str(channel)], cwd=CLIENT, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
