"""Pages that wait for the rest of the demo say how far it is; without it they say the next step."""

import json
from collections.abc import Callable, Iterator

import pytest

from recsys.app.runtime import demo_completion, jobs, open_workspace
from recsys.projection.context import ProjectionContext
from tests import patience
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import said

WAITING = ["pages/look/backtest.py", "pages/ship/preview.py", "pages/ship/export.py", "pages/decide/today.py"]
LINE = {"stage": "export", "message": "Converting", "done": 1, "total": 4, "fraction": 0.25, "seconds": 20.0, "eta_seconds": 60.0}


@pytest.fixture
def make(service: ProjectionContext) -> Iterator[Callable[[str], None]]:
    """Starts a stand-in for the job that is at work, or has been refused; it ends with the test."""

    def started(state: str) -> None:
        refusal = {"errors": [{"code": "E_DISK", "message": "the disk is full.", "remedy": "Make room."}]}
        said, then = (LINE, "signal.pause()") if state == "running" else (refusal, "sys.exit(2)")
        code = f"import signal, sys; print({json.dumps(json.dumps(said))}, flush=True); {then}"
        jobs.start(open_workspace.workspace(), demo_completion.JOB, ["-c", code])
        patience.until(lambda: _told(state))

    yield started
    jobs.cancel(open_workspace.workspace(), demo_completion.JOB)


def _told(state: str) -> bool:
    job = jobs.find(open_workspace.workspace(), demo_completion.JOB)
    return job is not None and (job.progress is not None if state == "running" else job.state == "refused")


@pytest.mark.parametrize("path", WAITING)
def test_a_page_that_waits_says_how_far_it_is(path: str, make: Callable[[str], None], opened: Open):
    make("running")
    app = opened(path)
    assert not app.exception
    (bar,) = app.get("progress")
    assert "Converting · 25% · about 1 min 0 s left" in bar.proto.text
    assert "A signed bundle for phones" in said(app)
    assert "No bundle yet" not in said(app)


@pytest.mark.parametrize("path", WAITING)
def test_why_it_could_not_be_made_is_said(path: str, make: Callable[[str], None], opened: Open):
    make("refused")
    app = opened(path)
    assert not app.exception
    assert "E_DISK" in app.error[0].value
