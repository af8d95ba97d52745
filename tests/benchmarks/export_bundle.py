"""Sizes of a bundle of 20,000 movies × 64 numbers, what rounding costs, whether the client answers as Python does, and how fast.

python -m tests.benchmarks.export_bundle [n_movies] [dim] [n_histories]

Aims, for 20,000 × 64: in uint8 vectors and ids in 1.6 MB and at most 1 % of the top 20 exchanged; for 1,000 random histories the
client's top 20 is Python's, ties aside, and its scores are within 1e-5, in Node and in Chromium, whatever stores and computes.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from recsys.export import bundle
from tests.browser.servers import CLIENT
from tests.browser.site import Site, opened
from tests.export import models
from tests.export.asked import Asked, random_questions

BACKENDS = ("plain", "wasm", "tfjs-cpu", "tfjs-wasm")
ON_PIXELS = "tfjs-webgl"
"""In software here, so it is asked for a tenth of the histories."""


def main(n_movies: int = 20_000, dim: int = 64, n_histories: int = 1000) -> None:
    """Make the three bundles and a small change of each, and print what was measured."""
    print(f"{n_movies:,} movies x {dim}, made-up model, seed 0; {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as root, opened(Path(root)) as site:
        print(f"Node {_node('--version').strip()}, Chromium {site.page.context.browser.version}")
        verdicts = []
        for dtype in ("float32", "float16", "uint8"):
            channel = Path(root) / "bundles" / dtype
            result = bundle.publish(models.source(n_movies=n_movies, dim=dim), channel, dtype=dtype, recall_loss_limit=0.5)
            ranking = result.sizes["vectors"] + result.files["ids.json"]["bytes"]
            print(
                f"{dtype}: movies' vectors {result.sizes['vectors']:,} bytes, with ids {ranking:,}, phone {result.phone_bytes:,}"
            )
            print(f"  recall loss at 20 {result.recall_loss}, parity {result.parity['max_relative_error']}", flush=True)
            asked = random_questions(models.source(n_movies=n_movies, dim=dim), dtype, n_histories, 9)
            verdicts += [_in_node(channel, asked), _in_chromium(site, dtype, asked)]
            print(_node("testing/bench.js", str(channel)), end="", flush=True)
            after = bundle.publish(models.new_movie(n_movies=n_movies, dim=dim), channel, dtype=dtype, recall_loss_limit=0.5)
            print(f"  delta when 2 movies come, 1 goes and 1 is renamed: {[delta['bytes'] for delta in after.deltas]} bytes")
    if not all(verdicts):
        sys.exit("some lists are not Python's")


def _in_node(channel: Path, asked: Asked) -> bool:
    lists = json.loads(_node("testing/answers.js", str(channel), *BACKENDS, input=json.dumps(asked.questions)))
    verdicts = [_compared("Node", backend, asked, lists[backend]) for backend in BACKENDS]
    return all(verdicts)


def _in_chromium(site: Site, dtype: str, asked: Asked) -> bool:
    verdicts = []
    for backend in (*BACKENDS, ON_PIXELS):
        started = time.perf_counter()
        questions = asked.questions[: len(asked.questions) // 10] if backend == ON_PIXELS else asked.questions
        found = site.ask(dtype, backend, questions)
        assert found.get("backend") == backend, found
        verdicts.append(_compared("Chromium", backend, asked, found["answers"], time.perf_counter() - started))
    return all(verdicts)


def _compared(where: str, backend: str, asked: Asked, lists: list[Any], seconds: float | None = None) -> bool:
    agreement = asked.agreement(lists)
    print(f"  {where} {backend}: {agreement}" + (f" ({seconds:.0f} s)" if seconds else ""), flush=True)
    return agreement.whole


def _node(*arguments: str, **options: Any) -> str:
    options = options if "input" in options else {"stdin": subprocess.DEVNULL}
    command = ["node", *arguments]
    return subprocess.run(
        command, cwd=CLIENT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options
    ).stdout


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
