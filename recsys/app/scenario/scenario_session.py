"""The scenario that a reader is building, kept while they move between pages and carried by the page's address."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from recsys.app.runtime import open_workspace, page_address
from recsys.app.runtime.identity import user_name
from recsys.errors import ScenarioError
from recsys.scenario import edit, link, toml
from recsys.scenario.changes import Acquire, ByUsers, Change
from recsys.scenario.edit import Draft
from recsys.scenario.hash import content_hash
from recsys.scenario.mapping import check
from recsys.scenario.scenario import Scenario
from recsys.scenario.store import Saved

NEW = Scenario(name="New scenario")
_LINK = "s"
"""Parameter of the address that carries a scenario."""
_SAVED = "saved"
"""Parameter of the address that names a saved one."""
_STATE = "greenlight.table"
_PICKED = "greenlight.picked"


@dataclass(frozen=True, kw_only=True)
class ScenarioSession:
    """What lies on the reader's table."""

    draft: Draft
    saved: Saved | None = None
    """The saved scenario that it came from."""
    link: str = ""
    """The address's parameter when it was last in step with the draft."""


def current() -> Scenario:
    """The scenario as it is now."""
    return session().draft.scenario


def session() -> ScenarioSession:
    """The reader's table; empty at first."""
    held = st.session_state.get(_STATE)
    return held if isinstance(held, ScenarioSession) else ScenarioSession(draft=Draft(scenario=NEW))


def read_address() -> None:
    """Take up the scenario that the address carries, if it is another one than lies on the table, and put ours into it.

    Raises
    ------
    ScenarioError  E_PARAM, E_VERSION: the link is not a scenario; E_SCENARIO_ID, E_NOT_FOUND: the saved one is not there
    """
    held = session()
    carried, saved = page_address.parameter(_LINK), page_address.parameter(_SAVED)
    if carried and carried != held.link:
        _put(replace(held, draft=_onto(held.draft, page_address.decode_or_find(carried, Scenario, link.decode)), saved=None))
    elif saved and not carried and (held.saved is None or held.saved.id != saved):
        opened = open_workspace.scenarios().load(saved)
        _put(replace(held, draft=_onto(held.draft, opened.scenario), saved=opened))
    else:
        _put(held)


def change(step: Callable[[Draft], Draft]) -> None:
    """Take a step: add, remove, move, rename, undo, redo.

    Raises
    ------
    ScenarioError  a number or a text is not allowed; the table stays as it was
    """
    held = session()
    after = step(held.draft)
    check(after.scenario)
    _put(replace(held, draft=after))


def start(scenario: Scenario) -> None:
    """Lay another scenario on the table; what was there can be brought back by undoing."""
    _put(ScenarioSession(draft=_onto(session().draft, scenario)), in_address=False)


def open_saved(saved: Saved) -> None:
    """Lay a saved scenario on the table."""
    _put(ScenarioSession(draft=_onto(session().draft, saved.scenario), saved=saved))


def open_new() -> None:
    """Clear the table; undoing brings back what was there."""
    _put(ScenarioSession(draft=_onto(session().draft, NEW)))


def open_text(content: bytes) -> None:
    """Lay the scenario of a file on the table.

    Raises
    ------
    ScenarioError  E_PARAM: it lists users by id; and as :func:`recsys.scenario.toml.loads`
    """
    scenario = toml.loads(content)
    if scenario.lists_people:
        raise ScenarioError.of(
            "E_PARAM",
            "the file lists people; the app looks at nobody by name.",
            "Select them on the audience map, or describe them by a rule. The command line reads such files.",
        )
    _put(ScenarioSession(draft=_onto(session().draft, scenario)))


def save(*, as_new: bool = False) -> Saved:
    """Save what lies on the table, over the one it came from unless told otherwise.

    Raises
    ------
    ScenarioError  E_CONFLICT: somebody saved another version meanwhile
    """
    held = session()
    over = None if as_new else held.saved
    saved = open_workspace.scenarios().save(
        held.draft.scenario,
        scenario_id=over.id if over else None,
        version=over.version if over else None,
        by=user_name(),
    )
    _put(replace(held, saved=saved))
    return saved


def delete() -> None:
    """Take the saved scenario out of the store; it stays on the table, to be saved again where that was a mistake.

    Raises
    ------
    ScenarioError  E_CONFLICT: somebody saved another version meanwhile; E_NOT_FOUND: somebody deleted it
    """
    held = session()
    if held.saved is not None:
        open_workspace.scenarios().delete(held.saved.id, version=held.saved.version, by=user_name())
        _put(replace(held, saved=None))


def is_saved() -> bool:
    """Whether the scenario on the table is in the store as it is."""
    held = session()
    return held.saved is not None and held.saved.hash == content_hash(held.draft.scenario)


def address() -> str:
    """The part of a link, after the page's own address, that reopens the scenario; empty where there is none."""
    held = session()
    if is_saved() and held.saved:
        return f"?{_SAVED}={held.saved.id}"
    return f"?{_LINK}={held.link}" if held.link and not held.link.startswith(page_address.KEPT) else ""


def bought() -> tuple[Acquire, ...]:
    """The offers that the scenario buys."""
    return tuple(step for step in current().changes if isinstance(step, Acquire))


def buy(changes: tuple[Change, ...], *, name: str) -> None:
    """Start a scenario of these changes."""
    start(replace(NEW, name=name, changes=changes))


def pick_users(users: ByUsers | None) -> None:
    """Keep a selection drawn on the audience map, to be used as a segment."""
    st.session_state[_PICKED] = users


def picked_users() -> ByUsers | None:
    """The selection drawn on the audience map, if there is one."""
    held = st.session_state.get(_PICKED)
    return held if isinstance(held, ByUsers) else None


def _onto(draft: Draft, scenario: Scenario) -> Draft:
    """``scenario`` as one more step, so that undoing brings back what was there."""
    if scenario == draft.scenario:
        return draft
    return Draft(scenario=scenario, past=(*draft.past, draft.scenario)[-edit.DEPTH :])


def _put(held: ScenarioSession, *, in_address: bool = True) -> None:
    before, scenario = session(), held.draft.scenario
    known = before.link and not before.link.startswith(page_address.KEPT) and scenario is before.draft.scenario
    carried = before.link if known else page_address.encode_or_keep(scenario, link.encode)
    st.session_state[_STATE] = replace(held, link=carried)
    if not in_address:
        return
    if held.saved is not None and held.saved.hash == content_hash(held.draft.scenario):
        wanted = {_SAVED: held.saved.id}
    else:
        wanted = {_LINK: carried} if held.draft.scenario != NEW else {}
    page_address.set_parameters(wanted, of=(_LINK, _SAVED))
