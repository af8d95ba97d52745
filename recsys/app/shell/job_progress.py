"""A job on the page: how far it is, how long it still takes, how to stop it, and what came of it."""

from collections.abc import Callable

import streamlit as st

from recsys.app.runtime import demo_completion, jobs, open_workspace
from recsys.app.runtime.jobs import Job
from recsys.app.shell.errors import findings, with_error_box
from recsys.presentation import text
from recsys.presentation.text.escape import plain

_POLL_SECONDS = 1.0
_REST = "A signed bundle for phones, then the time machine of this demo are made while you look round. "


def show_job(name: str, what: str, done: Callable[[Job], None]) -> bool:
    """Show the job of that name, if there is one; gives whether it runs.

    Parameters
    ----------
    what : what it does, for the page: ``Training``
    done : draws what came of it
    """
    job = jobs.find(open_workspace.workspace(), name)
    if job is None:
        return False
    if job.state == "running":
        st.fragment(with_error_box(_running), run_every=_POLL_SECONDS)(name, what)
        return True
    with st.container(border=True):
        _ended(job, what, done)
        if st.button("Clear this", type="tertiary", key=f"jobs.clear.{name}"):
            jobs.clear(open_workspace.workspace(), name)
            st.rerun()
    return False


def show_demo_completion(ready: Callable[[], bool]) -> bool:
    """Show how far the rest of the demo is while the page waits for it; gives whether it is being made.

    Parameters
    ----------
    ready : whether what the page waits for is there
    """
    job = jobs.find(open_workspace.workspace(), demo_completion.JOB)
    if job is None or job.state in ("done", "cancelled") or ready():
        return False
    if job.state == "running":
        st.fragment(with_error_box(_running), run_every=_POLL_SECONDS)(demo_completion.JOB, "The rest of the demo", ready)
        return True
    with st.container(border=True):
        _ended(job, "The rest of the demo", lambda _: None)
    return False


def _running(name: str, what: str, ready: Callable[[], bool] = lambda: False) -> None:
    job = jobs.find(open_workspace.workspace(), name)
    if job is None or job.state != "running" or ready():
        st.rerun()
    progress = job.progress if job else None
    with st.container(border=True):
        if progress is None:
            st.progress(0.0, text=f"{what} is starting …")
        else:
            left = "working out how long" if progress.eta_seconds is None else f"about {text.span(progress.eta_seconds)} left"
            st.progress(progress.fraction, text=f"{plain(progress.message)} · {text.percent(progress.fraction)} · {left}")
        st.caption(("" if name != demo_completion.JOB else _REST) + "It goes on if you leave this page or close the browser.")
        if st.button("Cancel", icon=":material/stop_circle:", key=f"jobs.cancel.{name}"):
            jobs.cancel(open_workspace.workspace(), name)


def _ended(job: Job, what: str, done: Callable[[Job], None]) -> None:
    if job.state == "done":
        st.success(f"{what} has finished.", icon=":material/check_circle:")
        done(job)
    elif job.state == "cancelled":
        st.info(f"{what} was cancelled. Everything is as it was before.", icon=":material/stop_circle:")
    elif job.state == "refused":
        findings(job.findings)
    elif job.state == "interrupted":
        st.info(f"{what} was interrupted before it began; nothing was changed. Start it again.", icon=":material/restart_alt:")
    else:
        st.error(f"{what} ended without an answer. That is a defect of ours; what it said last is below. `E_JOB`")
        st.code(job.log[-2000:] or "nothing", language=None)
