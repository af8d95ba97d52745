"""The record of which groups of people a workspace has answered about, and the refusal that goes with it.

Answers to overlapping groups can be added and subtracted; :mod:`recsys.segments.disclosure` says what that tells.
The record is shared by all readers and belongs to one run: under another model every figure differs, so that differences between
runs are not one person's. Personas are answered about from the start.
"""

import errno
import fcntl
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.projection.audience import members_of
from recsys.projection.basis import Basis
from recsys.projection.drawn import refuse
from recsys.scenario.hash import question_hash
from recsys.scenario.scenario import ChangePrice, Everyone, Scenario
from recsys.segments.disclosure import Asked, parts
from recsys.segments.select import check_floor
from recsys.workspace import Workspace

FOLDER = "asked"
"""In the workspace: one file a run, each group a row of bits."""


def admit(workspace: Workspace, basis: Basis, groups: NDArray[np.bool_]) -> None:
    """Write down that these groups are answered about; asked again, or implied by what was answered, they are free.

    Parameters
    ----------
    groups : bool[n_groups, n_users]

    Raises
    ------
    ScenarioError  E_SMALL_SEGMENT: with what was answered before, one could tell of fewer users than the privacy floor
    DataError  E_READ_ONLY, E_DISK: it cannot be written down, so it is not answered
    """
    try:
        _admit(workspace.root / FOLDER / f"{basis.run}.bits", basis, groups)
    except OSError as error:
        code = "E_READ_ONLY" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "E_DISK"
        raise DataError.of(
            code,
            f"what is asked about a group of people is written down first, and that failed: {error.strerror}.",
            "Make the workspace writable, or ask about everyone or a persona.",
        ) from error


def admit_scenario(workspace: Workspace, basis: Basis, scenario: Scenario) -> None:
    """:func:`admit` for the parts into which a scenario's changes divide the audience; nothing is written down of a scenario
    that will not be answered.

    Raises
    ------
    ScenarioError, DataError  as :func:`admit`, and as :func:`recsys.projection.drawn.refuse`
    """
    _admitted(str(workspace.root.resolve()), basis.fingerprint, question_hash(scenario), workspace, basis, scenario)


def admit_listed(workspace: Workspace, basis: Basis, scenario: Scenario | None) -> None:
    """:func:`admit_scenario` where a scenario lists users by id, which is what the command line holds against the record."""
    if scenario is not None and scenario.lists_people:
        admit_scenario(workspace, basis, scenario)


@st.cache_resource(max_entries=2048, show_spinner=False)
def _admitted(root: str, fingerprint: str, scenario: str, _workspace: Workspace, _basis: Basis, _scenario: Scenario) -> None:  # noqa: ARG001  the key
    refuse(_basis, _scenario)
    groups = _groups(_basis, _scenario)
    if groups:
        each = np.stack(groups)
        admit(_workspace, _basis, np.concatenate([each, parts(each)]))


def _groups(basis: Basis, scenario: Scenario) -> list[NDArray[np.bool_]]:
    """Whom the changes are about, everyone aside; a plan's price is about those on the plan."""
    found = []
    for change in scenario.audience:
        if isinstance(change, ChangePrice):
            names = [plan.name for plan in basis.economics.plans]
            on_it = np.asarray(basis.plan_of == names.index(change.plan)) if change.plan in names else np.zeros(0, dtype=np.bool_)
            if on_it.any() and not on_it.all():
                check_floor(on_it, f"the plan {change.plan!r}")
                found.append(on_it)
        elif not isinstance(segment := getattr(change, "segment", Everyone()), Everyone):
            found.append(members_of(basis, segment))
    return found


def _admit(path: Path, basis: Basis, groups: NDArray[np.bool_]) -> None:
    n_users = basis.choice.n_users
    width = -(-n_users // 8)
    learned = basis.persona_of[None, :] == np.arange(len(basis.personas.personas))[:, None]
    held = Asked.nothing(n_users).also(learned)
    if held.also(groups) is held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        bits = np.frombuffer(file.read(), dtype=np.uint8)
        whole = bits[: len(bits) // width * width].reshape(-1, width)  # a row that was cut off had no answer
        before = held.also(np.unpackbits(whole, axis=1, count=n_users).astype(np.bool_))
        after = before.also(groups)
        if after is not before:
            file.truncate(whole.size)
            file.write(np.packbits(after.groups[len(before.groups) :], axis=1).tobytes())
