"""How long a buyer waits at each step of the job, in Chromium: ``python -m tests.benchmarks.interaction [WORKSPACE]``.

No test asserts these times, since they are the machine's as much as the program's. Works on a copy of the workspace.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import patience
from tests.browser.chromium import launched, patient
from tests.browser.servers import streamlit_app

REPEATS = 3


def buyers_job(page: Any, address: str) -> dict[str, float]:
    """Seconds from each click until what it is for is there."""
    taken: dict[str, float] = {}

    def timed(step: str, click: Callable[[], Any], there: Any) -> None:
        started = time.perf_counter()
        click()
        there.first.wait_for(timeout=patience.MILLISECONDS)
        taken[step] = time.perf_counter() - started

    def named(name: str) -> Any:
        return page.get_by_role("button", name=name)

    dialog = page.get_by_role("dialog")
    add = dialog.get_by_role("button", name="Add", exact=True)
    timed("open Scenario", lambda: page.goto(f"{address}/scenario"), named("Buy an offer"))
    timed("open the dialog of offers", named("Buy an offer").click, add)
    timed("buy: middle estimate", add.click, page.get_by_text("Worth after cost"))
    timed("buy: ranges", lambda: None, page.get_by_text("8 in 10 chance between"))
    timed("open the dialog of audiences", named("Change the audience").click, add)
    timed("change the audience: in the list", add.click, page.get_by_text("20% more users: everyone"))
    timed("open Slate", lambda: page.goto(f"{address}/slate"), named("Choose"))
    timed("choose a slate", named("Choose").click, page.get_by_text("Could be better by"))
    return taken


def main(workspace: str = "data/workspace") -> None:
    """Print the median and the extremes of each step."""
    seconds: dict[str, list[float]] = {}
    with launched() as browser:
        for _ in range(REPEATS):  # each in a process of its own: answers are kept
            with tempfile.TemporaryDirectory() as folder:
                copy = shutil.copytree(workspace, Path(folder) / "workspace")
                with streamlit_app(environment={"RECSYS_WORKSPACE": str(copy)}) as address:
                    context = patient(browser.new_context(viewport={"width": 1440, "height": 900}))
                    for step, taken in buyers_job(context.new_page(), address).items():
                        seconds.setdefault(step, []).append(taken)
                    context.close()
    for step, taken in seconds.items():
        print(f"{step:34} median {statistics.median(taken):6.2f} s, {min(taken):.2f} to {max(taken):.2f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
