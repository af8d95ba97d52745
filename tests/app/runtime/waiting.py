"""Waiting for work that goes on beside the app."""

import time

from recsys.app.runtime import jobs
from recsys.app.runtime.jobs import Job
from recsys.workspace import Workspace
from tests import patience


def ended(workspace: Workspace, name: str) -> Job | None:
    """The job once it has ended, or as it stands when patience is up."""
    until = time.monotonic() + patience.SECONDS
    while (held := jobs.find(workspace, name)) is not None and held.state == "running" and time.monotonic() < until:
        time.sleep(0.05)
    return held
