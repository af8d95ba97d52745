"""User deletion: removes users from a workspace, and lists what still holds data of theirs."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.app.runtime.demo_completion import export_folder
from recsys.errors import RecsysError
from recsys.export import bundle
from recsys.scenario.store import ScenarioStore
from recsys.tables.store.published_tables import load_dataset, load_info
from recsys.tables.user_deletion import delete_users
from recsys.workspace import Workspace

_NEXT = (
    "Run `recsys train`, then delete the runs and bundles named here. Write saved scenarios named here anew, and delete the old "
    "ones; the audit trail keeps what was written. Copies that left this machine are not known to us."
)
_RAW = (".uploads", ".jobs/import")
"""Folders of the workspace in which an import leaves what was brought and what was said about it."""


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What became of them."""

    users: tuple[str, ...]
    removed: dict[str, int]
    """Rows by table, and how many of them were in lists of saved scenarios, and of what the audit keeps."""
    remains: tuple[dict[str, str], ...]
    """Where what they taught still is, or their id in what people wrote: ``what`` and ``name``."""
    fingerprint: str

    def as_json(self) -> dict[str, Any]:
        """The document of ``recsys forget --json``."""
        return {
            "schema": 1,
            "forgotten": list(self.users),
            "removed": self.removed,
            "remains": list(self.remains),
            "next": _NEXT,
            "fingerprint": self.fingerprint,
            "warnings": [],
        }


def forget(workspace: Workspace, ids: Sequence[str]) -> Forgotten:
    """Delete users from the tables and from every saved list of users, all or nothing.

    Raises
    ------
    DataError  E_NO_TABLES; E_NOT_FOUND: an id is known nowhere; E_TOO_SMALL: nobody would be left; E_BUSY
    """
    users = tuple(dict.fromkeys(ids))
    before = load_info(workspace).rows
    known = set(load_dataset(workspace).users["user_id"])
    store = ScenarioStore(workspace.scenarios)
    with store.forgetting(users) as listed:
        if rows := [user for user in users if user in known or user not in listed.saved | listed.audit]:
            delete_users(workspace, rows)
    for folder in _RAW:
        shutil.rmtree(workspace.root / folder, ignore_errors=True)
    info = load_info(workspace)
    removed = {table: count - info.rows.get(table, 0) for table, count in before.items()}
    return Forgotten(
        users=users,
        removed={
            **{table: count for table, count in removed.items() if count},
            "users_in_saved_scenarios": len(listed.saved),
            "users_in_audit": len(listed.audit),
        },
        remains=(*_remains(workspace), *({"what": what, "name": name} for what, name in store.naming(users))),
        fingerprint=load_dataset(workspace).fingerprint,
    )


def _remains(workspace: Workspace) -> list[dict[str, str]]:
    runs = sorted(run.name for run in workspace.runs.glob("*") if run.is_dir()) if workspace.runs.is_dir() else []
    found = [{"what": "run", "name": name} for name in runs]
    found += [
        {"what": what, "name": str(folder)}
        for what, folder in (("evaluation", workspace.evaluations), ("backtest", workspace.backtest))
        if folder.is_dir()
    ]
    channels = dict.fromkeys((bundle.default_channel(workspace).resolve(), export_folder(workspace).resolve()))
    return found + [entry for channel in channels for entry in _bundles(channel)]


def _bundles(channel: Path) -> list[dict[str, str]]:
    """Versions in a place where the command line or the app puts this workspace's bundles."""
    try:
        held = bundle.status(channel)
    except RecsysError:
        return [{"what": "bundles", "name": str(channel)}]
    return [{"what": "bundle", "name": str(channel / version)} for version in held.versions] if held else []
