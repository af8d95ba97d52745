"""Training: choose, start, follow, cancel; what came of it, against showing everyone what is popular."""

import json
from typing import Any

import streamlit as st

from recsys.app import jobs, rest, session, words
from recsys.app.components.jobs import follow
from recsys.app.components.tables import grid, show_table
from recsys.app.inputs.training import training as training_settings
from recsys.app.jobs import Job
from recsys.app.person import person
from recsys.app.views import metrics, runs
from recsys.app.views.runs import Run
from recsys.app.words.escape import plain
from recsys.scenario import audit

_JOB = "train"


def show() -> None:
    """The whole page."""
    session.dataset_info()
    running = follow(_JOB, "Training", _result)
    if not running:
        settings = training_settings()
        if settings is not None:
            command = ["-m", "recsys.pipeline", str(session.workspace().root.resolve()), "--config", json.dumps(settings)]
            rest.give_way(session.workspace())
            jobs.start(session.workspace(), _JOB, command)
            st.rerun()
    _history()


def _result(job: Job) -> None:
    result: dict[str, Any] = job.result or {}
    took = words.span(float(result.get("seconds", 0.0)))
    again = (
        " These tables and settings had been trained before; nothing had to be done."
        if result.get("reused")
        else f" It took {took}."
    )
    use = (
        " It answers scenarios from now on." if result.get("in_use") else " It is kept to compare, and does not answer scenarios."
    )
    st.markdown(f"Run **{plain(str(result.get('run', '')))}**.{again}{use}")
    for warning in result.get("warnings", ()):
        st.warning(plain(str(warning)))


def _history() -> None:
    found = runs.listed(session.workspace())
    st.subheader("Runs", anchor=False)
    if not found:
        st.caption("Nothing has been trained here yet.")
        return
    grid(runs.table(found), hide_index=True, width="stretch")
    _choose(found)
    shown = next((run for run in found if run.in_use), found[0])
    st.subheader("How good it is", anchor=False)
    _quality(shown)


def _choose(found: tuple[Run, ...]) -> None:
    others = [run for run in found if run.complete and not run.in_use]
    if not others:
        return
    with st.expander("Go back to another run"):
        name = st.selectbox("Run", [run.name for run in others], key="train.other")
        if name and st.button("Use this run", key="train.use"):
            session.workspace().use_run(name)
            for finding in audit.note(session.workspace(), "switch run", f"run {name}", by=person()):
                st.toast(plain(str(finding)), icon=":material/warning:")
            st.rerun()


def _quality(run: Run) -> None:
    table = metrics.table(run.metrics)
    if table.empty:
        st.caption(f"Run {plain(run.name)} was not measured.")
        return
    st.markdown(metrics.sentence(run.metrics))
    show_table(table)
    st.caption(metrics.METHOD)
