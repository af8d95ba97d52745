"""``recsys forget`` and ``recsys audit``: taking people out, and who did what; other commands are written down here too."""

from functools import partial
from typing import Any

import click

from recsys.cli.frame import Document, command
from recsys.scenario import audit_trail as trail
from recsys.scenario.store import ScenarioStore
from recsys.workspace import Workspace


def noted(workspace: Workspace, what: str, detail: str, document: Document) -> Document:
    """Write down what a command has done, and give its document back; where that fails, it is said on standard error."""
    for finding in trail.note(workspace, what, detail):
        click.echo(str(finding), err=True)
    return document


@command
@click.argument("users", nargs=-1, required=True)
def forget(workspace: Workspace, users: tuple[str, ...]) -> Document:
    """Delete USERS from tables and saved scenarios, all or nothing, and say where they remain until the next training."""
    from recsys.pipeline.user_deletion import forget as erase

    done = erase(workspace, users)
    return noted(workspace, "forget", f"{len(done.users)} users", done.as_json())


def _told(document: Document) -> str:
    from recsys.evaluation import report_text

    if not document["activity"]:
        return "Nothing has been written down yet."
    head = ["when", "by", "what", "about"]
    return report_text.table(head, [[str(each[key]) for key in ("at", "by", "what", "detail")] for each in document["activity"]])


@partial(command, show=_told)
@click.option("--last", type=click.IntRange(1, 10_000), default=50, show_default=True, help="So many, the latest first.")
def audit(workspace: Workspace, last: int) -> Document:
    """Who did what to this workspace, and when."""
    done: list[dict[str, Any]] = [
        {"at": each.at, "by": each.by, "what": each.what, "detail": each.detail}
        for each in ScenarioStore(workspace.scenarios).activity(at_most=last)
    ]
    return {"schema": 1, "activity": done}
