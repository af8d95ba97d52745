"""How long a phone's first answer takes: script, bundle of 20,000 movies × 64 numbers, every check, one recommendation.

python -m tests.benchmarks.client_in_chromium [folder that keeps the bundles]

Each time is that of a browser profile which has nothing yet, from the import of the script to the first row, with the files on
this machine's disk behind a plain web server; the second time, in the same profile, is that of a device which kept the bundle.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from recsys.export import bundle
from tests.export import models

CLIENT = Path(__file__).parents[2] / "exports" / "client"
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"),
]
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


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".wasm": "application/wasm"}  # noqa: RUF012

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


def main(kept_in: str | None = None, *, n_movies: int = 20_000, dim: int = 64) -> None:
    """Print medians and extremes over fresh profiles."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        root = Path(folder)
        subprocess.run(["node", "build.js", str(root / "client")], cwd=CLIENT, check=True)
        (root / "index.html").write_text("<!doctype html><meta charset=utf-8><title>client</title><link rel=icon href=data:,>")
        for dtype in ("uint8", "float32"):
            bundle.publish(
                models.source(n_movies=n_movies, dim=dim), root / "bundles" / dtype, dtype=dtype, recall_loss_limit=0.5
            )
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"Chromium {browser.version}, {n_movies:,} movies × {dim}, {REPEATS} fresh profiles each")
        for dtype in ("uint8", "float32"):
            for backend in ("wasm", "plain", "tfjs-wasm"):
                cold, kept = [], []
                for _ in range(REPEATS):
                    context = browser.new_context()
                    page = context.new_page()
                    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
                    cold.append(page.evaluate(FIRST, {"folder": dtype, "backend": backend})["milliseconds"])
                    page.reload()
                    kept.append(page.evaluate(FIRST, {"folder": dtype, "backend": backend})["milliseconds"])
                    context.close()
                again = f"; again, kept on the device: {_spread(kept)}" if backend == "wasm" else ""
                print(f"{dtype} {backend}: first answer after {_spread(cold)}{again}", flush=True)
        browser.close()
        server.shutdown()


def _spread(milliseconds: list[float]) -> str:
    return f"{statistics.median(milliseconds):.0f} ms (from {min(milliseconds):.0f} to {max(milliseconds):.0f})"


if __name__ == "__main__":
    main(*sys.argv[1:2])
