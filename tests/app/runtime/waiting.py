"""Waiting for work that goes on beside the app."""

from recsys.app.runtime import jobs
from recsys.app.runtime.jobs import Job
from recsys.workspace import Workspace
from tests import patience


def ended(workspace: Workspace, name: str) -> Job | None:
    """The job once it has ended, None where there is none."""

    def at_rest() -> tuple[Job | None] | None:
        held = jobs.find(workspace, name)
        return (held,) if held is None or held.state != "running" else None

    return patience.until(at_rest)[0]
