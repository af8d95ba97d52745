"""Who did what to a workspace, and when: an audit trail that is only ever added to."""

import getpass
import os
import sqlite3

from recsys.errors import Finding, RecsysError
from recsys.scenario.store import ScenarioStore
from recsys.workspace import Workspace

VARIABLE = "RECSYS_BY"
"""Environment variable in which the app says for whom a process of its own works."""


def who() -> str:
    """Who acts: whom the app acts for, else the account on this machine."""
    try:
        return os.environ.get(VARIABLE) or getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return f"user {os.getuid()}"


def note(workspace: Workspace, what: str, detail: str, *, by: str | None = None) -> tuple[Finding, ...]:
    """Write down what has been done; a warning where that fails, since it is done.

    Parameters
    ----------
    what : ``import``, ``train``, ``switch run``, ``export``, ``forget``
    by : :func:`who` unless told otherwise
    """
    try:
        ScenarioStore(workspace.scenarios).record(what, detail, by=by or who())
    except (RecsysError, OSError, UnicodeError, sqlite3.Error) as error:
        said = f"{what} is done but could not be written down: {error}."
        return (Finding(code="W_AUDIT", message=said, remedy="Mend scenarios.sqlite, or move it away."),)
    return ()
