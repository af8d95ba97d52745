"""Building a scenario change by change, with every step undoable."""

from dataclasses import dataclass, replace

from recsys.errors import ScenarioError
from recsys.scenario.changes import Change
from recsys.scenario.scenario import Arrivals, Joining, Licences, Scenario

DEPTH = 100


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A scenario being built: how it is now, how it was before, and what was undone."""

    scenario: Scenario
    past: tuple[Scenario, ...] = ()
    """Earlier states, oldest first; at most ``DEPTH``."""
    future: tuple[Scenario, ...] = ()
    """Undone states, the next to redo last."""

    @property
    def can_undo(self) -> bool:
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        return bool(self.future)


def add(draft: Draft, change: Change) -> Draft:
    """Append a change."""
    return _step(draft, (*draft.scenario.changes, change))


def remove(draft: Draft, position: int) -> Draft:
    """Take out the change at ``position``, counted from 0.

    Raises
    ------
    ScenarioError  E_PARAM: there is no such position
    """
    _known(draft, position)
    changes = draft.scenario.changes
    return _step(draft, changes[:position] + changes[position + 1 :])


def move(draft: Draft, position: int, to: int) -> Draft:
    """Move the change at ``position`` so that it stands at ``to``.

    Raises
    ------
    ScenarioError  E_PARAM: there is no such position
    """
    _known(draft, position)
    _known(draft, to)
    changes = list(draft.scenario.changes)
    changes.insert(to, changes.pop(position))
    return _step(draft, tuple(changes))


def replace_change(draft: Draft, position: int, change: Change) -> Draft:
    """Put another change in the place of the one at ``position``.

    Raises
    ------
    ScenarioError  E_PARAM: there is no such position
    """
    _known(draft, position)
    changes = list(draft.scenario.changes)
    changes[position] = change
    return _step(draft, tuple(changes))


def rename(draft: Draft, name: str) -> Draft:
    """Give the scenario another name."""
    return _to(draft, replace(draft.scenario, name=name))


def set_licences(draft: Draft, licences: Licences) -> Draft:
    """Say what becomes of licences that end within the horizon."""
    return _to(draft, replace(draft.scenario, licences=licences))


def set_arrivals(draft: Draft, arrivals: Arrivals) -> Draft:
    """Say whether other movies arrive within the horizon."""
    return _to(draft, replace(draft.scenario, arrivals=arrivals))


def set_joining(draft: Draft, joining: Joining) -> Draft:
    """Say whether people join within the horizon."""
    return _to(draft, replace(draft.scenario, joining=joining))


def set_horizon(draft: Draft, months: int) -> Draft:
    """Look ``months`` ahead."""
    return _to(draft, replace(draft.scenario, horizon_months=months))


def undo(draft: Draft) -> Draft:
    """The state before the last step; unchanged where there is none."""
    if not draft.past:
        return draft
    return Draft(scenario=draft.past[-1], past=draft.past[:-1], future=(*draft.future, draft.scenario))


def redo(draft: Draft) -> Draft:
    """The state before the last undo; unchanged where there is none."""
    if not draft.future:
        return draft
    return Draft(scenario=draft.future[-1], past=(*draft.past, draft.scenario), future=draft.future[:-1])


def _step(draft: Draft, changes: tuple[Change, ...]) -> Draft:
    return _to(draft, replace(draft.scenario, changes=changes))


def _to(draft: Draft, scenario: Scenario) -> Draft:
    if scenario == draft.scenario:
        return draft
    return Draft(scenario=scenario, past=(*draft.past, draft.scenario)[-DEPTH:])


def _known(draft: Draft, position: int) -> None:
    count = len(draft.scenario.changes)
    if not 0 <= position < count:
        raise ScenarioError.of(
            "E_PARAM", f"there is no change at position {position}; the scenario has {count}.", "Reload the page."
        )
