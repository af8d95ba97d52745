"""Data: what the workspace holds, what it assumes, and how more comes in; refused input changes nothing."""

import pandas as pd
import streamlit as st

from recsys.app.data.import_form import import_request
from recsys.app.runtime import open_workspace, uploads
from recsys.app.runtime.jobs import Job
from recsys.app.shell import navigation
from recsys.app.shell.errors import error_box, findings
from recsys.app.shell.job_progress import show_job
from recsys.app.shell.tables import grid, show_table
from recsys.presentation import text
from recsys.presentation.tables import activity, templates
from recsys.presentation.text.escape import plain
from recsys.tables.report import ImportReport
from recsys.tables.store.published_tables import TablesInfo

_JUDGED_AT_ONCE = {"offers", "economics"}
"""Tables from which nothing is learnt: the model in use judges by them as they come."""


def show() -> None:
    """The whole page."""
    running = show_job(uploads.JOB, "Import", _result)
    if not running:
        request = import_request()
        if request is not None:
            uploads.start_import(open_workspace.workspace(), request.folder, request.format)
            st.rerun()
    _templates()
    if open_workspace.has_tables():
        _held(open_workspace.dataset_info())
    _activity()


def _activity() -> None:
    with error_box():
        done = open_workspace.scenarios().activity()
        if done:
            with st.expander("What was done here, and by whom"):
                grid(activity.table(done), hide_index=True, width="stretch")


def _held(info: TablesInfo) -> None:
    st.subheader("What this workspace holds", anchor=False)
    report = ImportReport.from_json(info.report) if info.report else None
    ranges = report.ranges if report else {}
    rows = [(name, text.count(count), _period(ranges, name)) for name, count in sorted(info.rows.items())]
    show_table(pd.DataFrame(rows, columns=["table", "rows", "period"]))
    if info.simulated:
        st.info(
            "These tables come from a simulated service. No figure made from them is about a real one.", icon=":material/science:"
        )
    if info.assumed:
        st.markdown("**What had to be assumed**")
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in info.assumed))
    else:
        st.caption("Nothing had to be assumed about these tables.")


def _period(ranges: object, table: str) -> str:
    limits = ranges.get(f"{table}.timestamp") if isinstance(ranges, dict) else None
    if not limits:
        return ""
    first, last = (pd.Timestamp(limit) for limit in limits)
    return f"{text.day(first)} to {text.day(last)}"


def _result(job: Job) -> None:
    if not job.result:
        return
    report = ImportReport.from_json(job.result)
    taken_in = ", ".join(f"{text.count(report.rows[name])} {name}" for name in report.imported if name in report.rows)
    st.markdown(f"Taken in: **{plain(taken_in) or 'terms'}**, read as {plain(report.format)}.")
    findings(report.warnings)
    for sentence in report.notes:
        st.caption(plain(sentence))
    if open_workspace.has_run() and set(report.imported) <= _JUDGED_AT_ONCE:
        st.page_link(navigation.SLATE.path, label="Judge the offers", icon=navigation.SLATE.icon)
    else:
        st.page_link(navigation.TRAIN.path, label="Train on them", icon=navigation.TRAIN.icon)


def _templates() -> None:
    with st.expander("Templates: which tables, which columns"):
        st.markdown(
            "CSV or Parquet, UTF-8, one file a table; ids are text. Movies and events are needed, the rest is used when there. "
            "MovieLens, MovieTweetings and RecBole folders are read as they are."
        )
        rows = [(name, templates.note(name), ", ".join(templates.needed(name))) for name in templates.names()]
        grid(pd.DataFrame(rows, columns=["table", "what it is", "needs"]), hide_index=True, width="stretch")
        with st.container(horizontal=True):
            st.download_button(
                "All templates (zip)",
                templates.all_templates(),
                "greenlight-templates.zip",
                "application/zip",
                icon=":material/download:",
            )
            for name in templates.names():
                st.download_button(f"{name}.csv", templates.template(name), f"{name}.csv", "text/csv", type="tertiary")
