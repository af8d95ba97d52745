"""The scenario, built change by change: add, edit, reorder, undo, name, save, share."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.identity import SOMEBODY
from recsys.app.scenario import change_forms, scenario_session
from recsys.app.shell import meanwhile_form
from recsys.app.shell.errors import error_box, with_error_box
from recsys.presentation import text
from recsys.presentation.text.escape import plain
from recsys.projection.context import ProjectionContext
from recsys.scenario import edit, toml
from recsys.scenario.changes import MAX_HORIZON_MONTHS, Change
from recsys.scenario.edit import Draft
from recsys.scenario.scenario import LICENCES, Scenario
from recsys.scenario.store import Saved

HORIZONS = (6, 12, 24, 36)
_NAME, _MONTHS, _UPLOAD, _DIALOG = "builder.name", "builder.months", "builder.upload", "greenlight.dialog"
_LICENCES, _ARRIVALS, _JOINING = "builder.licences", "builder.arrivals", "builder.joining"
_OPEN, _SAVE = "builder.opening", "builder.saving"


def scenario(context: ProjectionContext) -> Scenario:
    """Draw the builder and give the scenario that lies on the table."""
    held = scenario_session.session().draft
    _head(context, held)
    _toolbar(held)
    steps(context, held.scenario.changes)
    add, also = ("Buy an offer", ":material/add_shopping_cart:"), ("Change the audience", ":material/group_add:")
    wide: dict[str, Any] = {"width": "stretch", "on_click": _open}
    st.button(add[0], icon=add[1], type="primary", key="builder.buy", args=("catalogue",), **wide)
    st.button(also[0], icon=also[1], key="builder.audience", args=("audience",), **wide)
    _dialog(context, scenario_session.current().changes)
    return scenario_session.current()


def _head(context: ProjectionContext, held: Draft) -> None:
    st.session_state[_NAME] = held.scenario.name
    st.text_input("Name", key=_NAME, max_chars=200, on_change=_rename)
    months = held.scenario.horizon_months
    st.session_state[_MONTHS] = months
    choices = sorted({*HORIZONS, months})
    st.select_slider(
        "Months looked ahead",
        [choice for choice in choices if choice <= MAX_HORIZON_MONTHS],
        format_func=text.months,
        key=_MONTHS,
        on_change=_look_ahead,
        help="What a purchase earns after the last month is not counted; its whole fee is. Look as far as the licence lasts.",
    )

    st.session_state[_LICENCES] = held.scenario.licences
    st.selectbox(
        "Licences that end meanwhile",
        LICENCES,
        format_func=text.LICENCES.__getitem__,
        key=_LICENCES,
        on_change=_licences,
        help="By the dates of the movies table. “What it rests on” says how many there are.",
    )
    st.session_state[_ARRIVALS] = held.scenario.arrivals
    meanwhile_form.arrivals(context, key=_ARRIVALS, on_change=_arrivals)
    st.session_state[_JOINING] = held.scenario.joining
    meanwhile_form.joining(context, key=_JOINING, on_change=_joining)


@with_error_box
def _licences() -> None:
    scenario_session.change(lambda held: edit.set_licences(held, st.session_state[_LICENCES]))


@with_error_box
def _arrivals() -> None:
    scenario_session.change(lambda held: edit.set_arrivals(held, st.session_state[_ARRIVALS]))


@with_error_box
def _joining() -> None:
    scenario_session.change(lambda held: edit.set_joining(held, st.session_state[_JOINING]))


@with_error_box
def _rename() -> None:
    scenario_session.change(lambda held: edit.rename(held, str(st.session_state[_NAME]).strip() or scenario_session.NEW.name))


@with_error_box
def _look_ahead() -> None:
    scenario_session.change(lambda held: edit.set_horizon(held, int(st.session_state[_MONTHS])))


def _toolbar(held: Draft) -> None:
    with st.container(horizontal=True, gap="small"):
        _step("Undo", ":material/undo:", edit.undo, not held.can_undo)
        _step("Redo", ":material/redo:", edit.redo, not held.can_redo)
        with st.popover("Save", type="tertiary", key=_SAVE, on_change="rerun"):
            _saving()
        with st.popover("Open", type="tertiary", key=_OPEN, on_change="rerun"):
            _opening()
        with st.popover("Share", type="tertiary"):
            _sharing(held.scenario)


def steps(context: ProjectionContext, listed: tuple[Change, ...]) -> None:
    """The changes as they are applied, one a line, each to be moved, edited or taken out."""
    if not listed:
        st.caption("Nothing changes yet. Buy an offer or change the audience; each change can be undone.")
    for position, change in enumerate(listed):
        with st.container(border=True, key=f"builder.step.{position}", gap=None):
            said = text.sentence(change, context.title, context.economics.currency)
            st.markdown(f"{position + 1}. {plain(said)}")
            with st.container(horizontal=True, gap="small"):
                _step(
                    "Up",
                    ":material/arrow_upward:",
                    partial(edit.move, position=position, to=position - 1),
                    position == 0,
                    position,
                )
                last = position == len(listed) - 1
                _step("Down", ":material/arrow_downward:", partial(edit.move, position=position, to=position + 1), last, position)
                edit_key = f"builder.edit.{position}"
                st.button("Edit", icon=":material/edit:", type="tertiary", key=edit_key, on_click=_open, args=(position,))
                _step("Remove", ":material/delete:", partial(edit.remove, position=position), False, position)


Step = Callable[[Draft], Draft]


def _step(label: str, icon: str, step: Step, disabled: bool, position: int | None = None) -> None:
    key = f"builder.{label.lower()}" + ("" if position is None else f".{position}")
    st.button(
        "",
        icon=icon,
        help=label,
        type="tertiary",
        key=key,
        disabled=disabled,
        on_click=with_error_box(scenario_session.change),
        args=(step,),
    )


def _open(what: str | int | None = None) -> None:
    """Remember which dialog is open: the page runs again when ranges arrive, and the dialog has to stay."""
    st.session_state[_DIALOG] = what


def _dialog(context: ProjectionContext, listed: tuple[Change, ...]) -> None:
    what = st.session_state.get(_DIALOG)
    if isinstance(what, str):
        _adding(context, what)
    elif isinstance(what, int) and what < len(listed):
        _editing(context, what, listed[what])


@st.dialog("Add a change", width="medium", on_dismiss=_open)
def _adding(context: ProjectionContext, side: str) -> None:
    kinds = [kind for kind in change_forms.FORMS if kind.side == side]
    kind = st.selectbox("What changes", kinds, format_func=text.KIND_LABELS.__getitem__, key=f"adding.{side}.kind")
    with error_box():
        change = change_forms.form(context, kind or kinds[0], key=f"adding.{(kind or kinds[0]).__name__}")
        if st.button("Add", type="primary", disabled=change is None, key="adding.add") and change is not None:
            scenario_session.change(lambda held: edit.add(held, change))
            _open(None)
            st.rerun()


@st.dialog("Edit the change", width="medium", on_dismiss=_open)
def _editing(context: ProjectionContext, position: int, held: Change) -> None:
    with error_box():
        change = change_forms.form(context, type(held), key=f"editing.{position}", start=held)
        if st.button("Keep", type="primary", disabled=change is None, key="editing.keep") and change is not None:
            scenario_session.change(lambda was: edit.replace_change(was, position, change))
            _open(None)
            st.rerun()


def _saving() -> None:
    saved = scenario_session.session().saved
    if scenario_session.is_saved() and saved:
        st.caption(f"Saved as version {saved.version}.")
    st.button(
        "Save",
        type="primary",
        key="builder.save",
        disabled=scenario_session.is_saved(),
        on_click=with_error_box(_keep),
        width="stretch",
    )
    if saved:
        st.button("Save as a new one", key="builder.save_new", on_click=with_error_box(_keep), args=(True,), width="stretch")
        st.button("Delete", icon=":material/delete:", key="builder.delete", on_click=with_error_box(_delete), width="stretch")


def _keep(as_new: bool = False) -> None:
    """Save, say so, and close what it was asked in."""
    saved = scenario_session.save(as_new=as_new)
    st.session_state[_SAVE] = False
    st.toast(f"Saved as version {saved.version}.", icon=":material/check:")


def _delete() -> None:
    """Delete, say so, and close what it was asked in."""
    scenario_session.delete()
    st.session_state[_SAVE] = False
    st.toast("Deleted. It is still here, to be saved again.", icon=":material/delete:")


def _opening() -> None:
    with error_box():
        for saved in open_workspace.scenarios().all()[:30]:
            label = f"{plain(saved.scenario.name)} · {saved.saved_at[:10]} · {plain(saved.saved_by or SOMEBODY)}"
            st.button(label, key=f"builder.open.{saved.id}", on_click=with_error_box(_lay), args=(saved,), width="stretch")
    st.button("Start anew", icon=":material/note_add:", key="builder.anew", on_click=_lay, width="stretch")
    file = st.file_uploader("A scenario file", type="toml", key=_UPLOAD)
    if file is not None:
        st.button("Open the file", key="builder.open_file", on_click=with_error_box(_lay_text), args=(file.getvalue(),))


def _lay(saved: Saved | None = None) -> None:
    """Lay a saved scenario, or an empty one, on the table, and close what it was chosen in."""
    if saved is None:
        scenario_session.open_new()
    else:
        scenario_session.open_saved(saved)
    st.session_state[_OPEN] = False


def _lay_text(content: bytes) -> None:
    """Lay the scenario of a file on the table, and close what it was chosen in."""
    scenario_session.open_text(content)
    st.session_state[_OPEN] = False


def _sharing(held: Scenario) -> None:
    address = scenario_session.address()
    if address:
        st.caption("The address of this page reopens the scenario, for whoever can open this app. Copy it from here:")
        st.code(f"{_page_address()}{address}", language=None, wrap_lines=True)
    else:
        st.caption("This scenario is too long for a link, or about people picked on the map. Save it: then it has a short one.")
    if held.lists_people:
        st.caption("It has no file: people picked on the map are not written down outside this workspace.")
        return
    st.download_button(
        "Scenario (TOML)", toml.dumps(held), file_name=f"{_file_name(held)}.toml", mime="application/toml", width="stretch"
    )


def _page_address() -> str:
    return str(st.context.url or "").split("?")[0]


def _file_name(held: Scenario) -> str:
    kept = "".join(character if character.isalnum() else "-" for character in held.name.lower())
    return "-".join(filter(None, kept.split("-")))[:60] or "scenario"
