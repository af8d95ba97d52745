"""The record of which groups of people a workspace has answered about, and the refusal that goes with it.

Answers to overlapping groups can be added and subtracted; :mod:`recsys.segments.disclosure` says what that tells.
The record is shared by all readers and belongs to one run: under another model every figure differs, so that differences between
runs are not one person's. Personas are answered about from the start.
"""

import errno
import fcntl
import hashlib
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from recsys.errors import ArtefactError, DataError
from recsys.projection.audience_changes import members_of
from recsys.projection.context import ProjectionContext
from recsys.projection.draws import refuse
from recsys.scenario.changes import Everyone
from recsys.scenario.hash import question_hash
from recsys.scenario.scenario import Scenario
from recsys.segments.disclosure import AnsweredGroups, partition
from recsys.segments.membership import check_floor
from recsys.workspace import Workspace, bytes_or_none, write_atomically

FOLDER = "asked"
"""In the workspace: one file a run. After a mark and the SHA-256 of what follows: how many users, each group a row of bits."""
_MAGIC = b"recsys asked 1\n"


def admit(workspace: Workspace, context: ProjectionContext, groups: NDArray[np.bool_]) -> None:
    """Write down that these groups are answered about; asked again, or implied by what was answered, they are free.

    Parameters
    ----------
    groups : bool[n_groups, n_users]

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT: with what was answered before, one could tell of fewer users than the privacy floor
    DataError  E_READ_ONLY, E_DISK: it cannot be written down, so it is not answered
    ArtefactError  E_HASH: the record is damaged
    """
    try:
        _admit(workspace.root / FOLDER / f"{context.run}.bits", context, groups)
    except OSError as error:
        code = "E_READ_ONLY" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "E_DISK"
        raise DataError.of(
            code,
            f"what is asked about a group of people is written down first, and that failed: {error.strerror}.",
            "Make the workspace writable, or ask about everyone or a persona.",
        ) from error


def admit_scenario(workspace: Workspace, context: ProjectionContext, scenario: Scenario) -> None:
    """:func:`admit` for the parts into which a scenario's changes divide the audience; nothing is written down of a scenario
    that will not be answered.

    Raises
    ------
    ScenarioError, DataError, ArtefactError  as :func:`admit`, and as :func:`recsys.projection.draws.refuse`
    """
    _admitted(str(workspace.root.resolve()), context.fingerprint, question_hash(scenario), workspace, context, scenario)


def admit_listed(workspace: Workspace, context: ProjectionContext, scenario: Scenario | None) -> None:
    """:func:`admit_scenario` where a scenario lists users by id, which is what the command line holds against the record."""
    if scenario is not None and scenario.lists_people:
        admit_scenario(workspace, context, scenario)


@st.cache_resource(max_entries=2048, show_spinner=False)
def _admitted(
    root: str,  # noqa: ARG001  the key, with the two below
    fingerprint: str,  # noqa: ARG001
    scenario: str,  # noqa: ARG001
    _workspace: Workspace,
    _context: ProjectionContext,
    _scenario: Scenario,
) -> None:
    refuse(_context, _scenario)
    groups = _groups(_context, _scenario)
    if groups:
        each = np.stack(groups)
        admit(_workspace, _context, np.concatenate([each, partition(each)]))


def _groups(context: ProjectionContext, scenario: Scenario) -> list[NDArray[np.bool_]]:
    """Whom the changes are about, everyone aside; a plan's price is about those on the plan."""
    found = []
    for change in scenario.audience:
        if (plan := getattr(change, "plan", None)) is not None:
            names = [each.name for each in context.economics.plans]
            on_it = np.asarray(context.plan_of == names.index(plan)) if plan in names else np.zeros(0, dtype=np.bool_)
            if on_it.any() and not on_it.all():
                check_floor(on_it, f"the plan {plan!r}")
                found.append(on_it)
        elif not isinstance(segment := getattr(change, "segment", Everyone()), Everyone):
            found.append(members_of(context, segment))
    return found


def _admit(path: Path, context: ProjectionContext, groups: NDArray[np.bool_]) -> None:
    n_users = context.choice.n_users
    learned = context.persona_of[None, :] == np.arange(len(context.personas.personas))[:, None]
    held = AnsweredGroups.none(n_users).including(learned)
    if held.including(groups) is held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = held.including(_recorded(path, n_users))
        after = before.including(groups)
        if after is not before:
            write_atomically(path, _record(after.groups[len(held.groups) :]))


def _record(groups: NDArray[np.bool_]) -> bytes:
    body: bytes = groups.shape[1].to_bytes(8, "little") + np.packbits(groups, axis=1).tobytes()
    return _MAGIC + hashlib.sha256(body).digest() + body


def _recorded(path: Path, n_users: int) -> NDArray[np.bool_]:
    """The groups written down, bool[n_groups, n_users]; none where nothing ever was.

    Raises
    ------
    ArtefactError  E_HASH: it is not what was written, so that nobody knows any more what was answered
    """
    content = bytes_or_none(path)
    if content is None:
        return np.zeros((0, n_users), dtype=np.bool_)
    start = len(_MAGIC) + hashlib.sha256().digest_size
    body, width = content[start:], -(-n_users // 8)
    whole = content[:start] == _MAGIC + hashlib.sha256(body).digest()
    if not whole or int.from_bytes(body[:8], "little") != n_users or (len(body) - 8) % width:
        raise ArtefactError.of(
            "E_HASH",
            f"the record of what was asked is damaged ({FOLDER}/{path.name}): what an answer would tell cannot be judged.",
            "Put back a copy of it or train again; remove it only if nobody has kept what was answered.",
        )
    return np.unpackbits(np.frombuffer(body[8:], dtype=np.uint8).reshape(-1, width), axis=1, count=n_users).astype(np.bool_)
