"""Export: the bundle for phones and the backend, whether it can be trusted, and where to take it."""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from recsys.app.export.export_form import exporting
from recsys.app.runtime import demo_completion, jobs, open_workspace
from recsys.app.runtime.jobs import Job
from recsys.app.shell import navigation
from recsys.app.shell.errors import findings
from recsys.app.shell.job_progress import show_demo_completion, show_job
from recsys.app.shell.tables import set_as_text
from recsys.export import bundle
from recsys.export.bundle import BundleStatus
from recsys.presentation import text
from recsys.presentation.text.escape import plain

_JOB = "export"
_CLI = "import sys; from recsys.cli import main; sys.argv[0] = 'recsys'; main()"
_MB = 1_000_000.0


def show() -> None:
    """The whole page."""
    folder = open_workspace.export_folder()
    running = show_job(_JOB, "Export", _result)
    held = bundle.status(folder)
    if held is not None:
        _status(held)
    elif not show_demo_completion(lambda: bundle.status(folder) is not None):
        st.info("Nothing has been exported from this workspace yet.", icon=":material/inventory_2:")
    if not open_workspace.has_run():
        open_workspace.projection_context()
    if running:
        return
    settings = exporting()
    if settings is not None:
        command = [
            "-c",
            _CLI,
            "--workspace",
            str(open_workspace.workspace().root.resolve()),
            "export",
            "--json",
            "--to",
            str(folder.resolve()),
        ]
        jobs.start(
            open_workspace.workspace(), _JOB, [*command, *demo_completion.signing_options(open_workspace.workspace()), *settings]
        )
        st.rerun()


def _status(held: BundleStatus) -> None:
    with st.container(border=True):
        st.subheader(f"Version {plain(held.version)}", anchor=False)
        current = open_workspace.has_run() and open_workspace.workspace().current_run().name == held.run
        if current:
            st.badge("made from the model in use", color="green", icon=":material/check:")
        else:
            st.badge("made from an older model: export again", color="yellow", icon=":material/history:")
        rows = (
            ("Made", text.day(pd.Timestamp(held.created))),
            ("Model", held.run),
            ("Movies", text.count(held.n_movies)),
            ("Users", text.count(held.n_users) if held.n_users else "none: tastes stay at home"),
            ("Numbers", f"{held.dim} a movie, {held.dtype}"),
            ("Lost by rounding", "nothing" if held.recall_loss is None else f"{text.percent(held.recall_loss)} of the top 20"),
            ("Phone against Python", f"largest relative difference {held.max_relative_error:.1e}"),
            ("Signed by", _signers(held)),
            ("A phone downloads", _megabytes(held.phone_bytes)),
            ("All files", _megabytes(held.all_bytes)),
            ("Versions kept", ", ".join(held.versions)),
        )
        st.table(set_as_text(pd.DataFrame(rows, columns=["", " "])), border="horizontal", hide_index=True, hide_header=True)
        with st.container(horizontal=True):
            wanted = st.button("Verify every file", icon=":material/verified:", key="export.verify")
            st.download_button(
                "Download (zip)",
                data=lambda: _zip(held),
                file_name=f"{held.folder.parent.name}-{held.version}.zip",
                mime="application/zip",
                icon=":material/download:",
                key="export.download",
                on_click="ignore",
            )
            st.page_link(navigation.PREVIEW.path, label="See it on a phone", icon=navigation.PREVIEW.icon)
        if wanted:
            _verify(held)


def _verify(held: BundleStatus) -> None:
    report = bundle.inspect(held.folder)
    if report.ok:
        st.success(f"All {text.count(report.n_files)} files are the ones that were written.", icon=":material/verified:")
    else:
        findings(report.findings)


def _zip(held: BundleStatus) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return bundle.archive(held.folder, Path(folder) / "bundle.zip").read_bytes()


def _result(job: Job) -> None:
    result: dict[str, Any] = job.result or {}
    kept = "" if result.get("new", True) else " The model has not changed since, so it is the version that was there."
    st.markdown(f"Version **{plain(str(result.get('version', '')))}** is in force.{kept}")


def _signers(held: BundleStatus) -> str:
    """The first digits of each key, as a report has them."""
    return ", ".join(f"key {key[:8]}…" for key in held.signed_by) or "nobody: anybody could make another"


def _megabytes(size: int) -> str:
    return f"{size / _MB:,.1f} MB"
