"""Progress of an answer that is computed in the background, polled until it is there."""

from collections.abc import Callable

import streamlit as st

from recsys.app.runtime.background import Pending
from recsys.app.shell.errors import with_error_box
from recsys.progress import Progress

POLL_SECONDS = 0.5


def poll(pending: Pending, draw: Callable[[Progress], object]) -> None:
    """Draw the progress of an answer every half second; run the page again when the answer is there.

    Parameters
    ----------
    draw : called with how far the computation is, 0 of 0 before it reports
    """
    st.fragment(with_error_box(_poll), run_every=POLL_SECONDS)(pending, draw)


def cases(step: Progress) -> None:
    """Draw the progress of a projection: cases simulated and how many there are."""
    told = f"case {step.done} of {step.total}" if step.done else "a few seconds on most services"
    st.progress(step.fraction, f":material/hourglass_top: Working out what happens in each possible case: {told}.")


def _poll(pending: Pending, draw: Callable[[Progress], object]) -> None:
    if pending.done:
        st.rerun()
    draw(pending.progress)
