"""How long the app's first page takes from nothing: ``python -m tests.benchmarks.cold_start [WORKSPACE]``.

From the start of the server's process until Chromium, which is open already, shows Home's first figure. The peer is an app of one
line under plain ``streamlit run``: what Streamlit itself takes here. Both take turns; every start is a new process and a browser
profile that has nothing.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"),
]
REPEATS = 5
GOAL = 3.0
PATIENCE_MS = 60_000


def seconds_to_first_figure(browser: Any, command: list[str], selector: str, environment: dict[str, str]) -> float:
    """One start of one app, stopped afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = browser.new_context()
    page = context.new_page()
    started = time.perf_counter()
    options = [f"--server.port={port}", "--server.headless=true"]
    app = subprocess.Popen(
        [sys.executable, "-m", *command, *options],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        page.goto(f"http://127.0.0.1:{port}")
        page.locator(selector).first.wait_for(timeout=PATIENCE_MS)
        return time.perf_counter() - started
    finally:
        app.terminate()
        app.wait(10)
        context.close()


def _wait(url: str) -> None:
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(url)


def main(workspace: str = "data/workspace") -> None:
    """Print the median and the extremes of both apps."""
    from playwright.sync_api import sync_playwright

    environment = os.environ | {"RECSYS_WORKSPACE": str(Path(workspace).resolve())}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        one_line = Path(folder) / "one_line.py"
        one_line.write_text('import streamlit as st; st.metric("one", 1)\n')
        rivals = {
            "an app of one line": ["streamlit", "run", str(one_line), "--server.showEmailPrompt=false"],
            "Greenlight's Home": ["recsys.app.serve"],
        }
        taken: dict[str, list[float]] = {name: [] for name in rivals}
        browser = play.chromium.launch(executable_path=os.environ.get("RECSYS_CHROMIUM", "/usr/bin/chromium"), args=FLAGS)
        for repeat in range(REPEATS + 1):
            for name, command in rivals.items():
                seconds = seconds_to_first_figure(browser, command, "[data-testid=stMetricValue]", environment)
                if repeat:  # the first fills the disk's cache
                    taken[name].append(seconds)
        browser.close()
    for name, seconds in taken.items():
        print(f"{name:20} median {statistics.median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f} s")
    peer, ours = (statistics.median(taken[name]) for name in rivals)
    print(f"goal {GOAL} s; ratio of the medians {ours / peer:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
