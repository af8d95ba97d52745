"""How long a phone's first answer takes: script, bundle of 20,000 movies × 64 numbers, every check, one recommendation.

python -m tests.benchmarks.client_in_chromium [folder that keeps the bundles]

Each time is that of a browser profile which has nothing yet, from the import of the script to the first row, with the files on
this machine's disk behind a plain web server; the second time, in the same profile, is that of a device which kept the bundle.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from recsys.export import bundle
from tests.browser import servers
from tests.browser.chromium import launched
from tests.export import models

REPEATS = 9
FIRST = """
async ({ folder, backend }) => {
  const started = performance.now();
  const { browserStore, open, urlSource } = await import("/client/greenlight-client.js");
  const address = `${location.origin}/bundles/${folder}`;
  const store = backend === "wasm" ? await browserStore(address) : null;
  const recommender = await open(urlSource(address), { backend, store, unsigned: true, wasmPaths: "/client/" });
  const row = recommender.recommend({ history: recommender.vocabulary.ids.slice(10, 40) });
  const milliseconds = performance.now() - started;
  return { milliseconds, backend: recommender.backend, rows: row.length, fetched: recommender.origin.fetched };
}
"""


def main(kept_in: str | None = None, *, n_movies: int = 20_000, dim: int = 64) -> None:
    """Print medians and extremes over fresh profiles."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        servers.write_client_page(root)
        for dtype in ("uint8", "float32"):
            bundle.publish(
                models.source(n_movies=n_movies, dim=dim), root / "bundles" / dtype, dtype=dtype, recall_loss_limit=0.5
            )
        with servers.folder(root) as origin, launched() as browser:
            print(f"Chromium {browser.version}, {n_movies:,} movies × {dim}, {REPEATS} fresh profiles each")
            for dtype in ("uint8", "float32"):
                for backend in ("wasm", "plain", "tfjs-wasm"):
                    cold, kept = [], []
                    for _ in range(REPEATS):
                        context = browser.new_context()
                        page = context.new_page()
                        page.goto(f"{origin}/index.html")
                        cold.append(page.evaluate(FIRST, {"folder": dtype, "backend": backend})["milliseconds"])
                        page.reload()
                        kept.append(page.evaluate(FIRST, {"folder": dtype, "backend": backend})["milliseconds"])
                        context.close()
                    again = f"; again, kept on the device: {_spread(kept)}" if backend == "wasm" else ""
                    print(f"{dtype} {backend}: first answer after {_spread(cold)}{again}", flush=True)


def _spread(milliseconds: list[float]) -> str:
    return f"{statistics.median(milliseconds):.0f} ms (from {min(milliseconds):.0f} to {max(milliseconds):.0f})"


if __name__ == "__main__":
    main(*sys.argv[1:2])
