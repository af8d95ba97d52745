"""Training: choose, start, follow, cancel; what came of it, against showing everyone what is popular."""

import json
from typing import Any

import streamlit as st

from recsys.app.runtime import demo_completion, jobs, open_workspace
from recsys.app.runtime.identity import user_name
from recsys.app.runtime.jobs import Job
from recsys.app.shell.job_progress import show_job
from recsys.app.shell.tables import grid, show_table
from recsys.app.training.training_form import training as training_settings
from recsys.presentation import text
from recsys.presentation.tables import run_metrics, runs
from recsys.presentation.tables.runs import Run
from recsys.presentation.text.escape import plain
from recsys.scenario import audit_trail

_JOB = "train"


def show() -> None:
    """The whole page."""
    open_workspace.dataset_info()
    running = show_job(_JOB, "Training", _result)
    if not running:
        settings = training_settings()
        if settings is not None:
            command = ["-m", "recsys.pipeline", str(open_workspace.workspace().root.resolve()), "--config", json.dumps(settings)]
            demo_completion.stop(open_workspace.workspace())
            jobs.start(open_workspace.workspace(), _JOB, command)
            st.rerun()
    _history()


def _result(job: Job) -> None:
    result: dict[str, Any] = job.result or {}
    took = text.span(float(result.get("seconds", 0.0)))
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
    found = runs.listed(open_workspace.workspace())
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
            open_workspace.workspace().use_run(name)
            for finding in audit_trail.note(open_workspace.workspace(), "switch run", f"run {name}", by=user_name()):
                st.toast(plain(str(finding)), icon=":material/warning:")
            st.rerun()


def _quality(run: Run) -> None:
    table = run_metrics.table(run.metrics)
    if table.empty:
        st.caption(f"Run {plain(run.name)} was not measured.")
        return
    st.markdown(run_metrics.sentence(run.metrics))
    show_table(table)
    st.caption(run_metrics.METHOD)
