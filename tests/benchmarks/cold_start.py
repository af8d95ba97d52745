"""How long the app's first page takes from nothing: ``python -m tests.benchmarks.cold_start [WORKSPACE]``.

From the start of the server's process until Chromium, which is open already, shows Home's first figure. The peer is an app of one
line under plain ``streamlit run``: what Streamlit itself takes here. Both take turns; every start is a new process and a browser
profile that has nothing.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import patience
from tests.browser.chromium import launched
from tests.browser.servers import APP, streamlit_app

REPEATS = 5
GOAL = 3.0


def seconds_to_first_figure(browser: Any, module: Sequence[str], selector: str, workspace: str) -> float:
    """One start of one app, stopped afterwards."""
    context = browser.new_context()
    page = context.new_page()
    started = time.perf_counter()
    with streamlit_app(module, environment={"RECSYS_WORKSPACE": workspace}) as address:
        page.goto(address)
        page.locator(selector).first.wait_for(timeout=patience.MILLISECONDS)
        taken = time.perf_counter() - started
    context.close()
    return taken


def main(workspace: str = "data/workspace") -> None:
    """Print the median and the extremes of both apps."""
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        one_line = Path(folder) / "one_line.py"
        one_line.write_text('import streamlit as st; st.metric("one", 1)\n')
        rivals: dict[str, Sequence[str]] = {
            "an app of one line": ["streamlit", "run", str(one_line), "--server.showEmailPrompt=false"],
            "Greenlight's Home": APP,
        }
        taken: dict[str, list[float]] = {name: [] for name in rivals}
        for repeat in range(REPEATS + 1):
            for name, module in rivals.items():
                seconds = seconds_to_first_figure(browser, module, "[data-testid=stMetricValue]", str(Path(workspace).resolve()))
                if repeat:  # the first fills the disk's cache
                    taken[name].append(seconds)
    for name, seconds in taken.items():
        print(f"{name:20} median {statistics.median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f} s")
    peer, ours = (statistics.median(taken[name]) for name in rivals)
    print(f"goal {GOAL} s; ratio of the medians {ours / peer:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
