"""Pages that wait for the rest of the demo say how far it is; without it they say the next step."""

import json
import os
from pathlib import Path

import pytest

from recsys.app import jobs, rest, session
from recsys.projection.basis import Basis
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import said

WAITING = ["pages/visualise/proof.py", "pages/ship/preview.py", "pages/create/export.py", "pages/intervene/home.py"]
LINE = {"stage": "export", "message": "Converting", "done": 1, "total": 4, "fraction": 0.25, "seconds": 20.0, "eta_seconds": 60.0}


def make(state: str) -> None:
    """A job in this state: running is this very process."""
    folder: Path = session.workspace().root / jobs.JOBS / rest.JOB
    folder.mkdir(parents=True)
    facts = {"pid": os.getpid(), "born": jobs._born(os.getpid()), "started_at": "2024-01-01T00:00:00+00:00"}
    (folder / "job.json").write_text(json.dumps(facts))
    ended = {"errors": [{"code": "E_DISK", "message": "the disk is full.", "remedy": "Make room."}]}
    (folder / "lines").write_text(json.dumps(LINE if state == "running" else ended) + "\n")
    if state == "refused":
        (folder / "status").write_text("2")


@pytest.mark.parametrize("path", WAITING)
def test_a_page_that_waits_says_how_far_it_is(path: str, service: Basis, opened: Open):
    make("running")
    app = opened(path)
    assert not app.exception
    (bar,) = app.get("progress")
    assert "Converting · 25% · about 1 min 0 s left" in bar.proto.text
    assert "A signed bundle for phones" in said(app)
    assert "No bundle yet" not in said(app)


@pytest.mark.parametrize("path", WAITING)
def test_why_it_could_not_be_made_is_said(path: str, service: Basis, opened: Open):
    make("refused")
    app = opened(path)
    assert not app.exception
    assert "E_DISK" in app.error[0].value
