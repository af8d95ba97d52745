"""Summary of the workspace in figures, and the decisions suggested for today."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.background import BackgroundCache, Pending, session_id
from recsys.decision.suggested_decisions import SuggestedDecision, suggest_decisions
from recsys.presentation.tables import runs


@dataclass(frozen=True, kw_only=True)
class WorkspaceSummary:
    """Figures of a workspace."""

    users: int
    people: float | None
    """Whom the users stand for; None where nothing has been trained."""
    movies: int
    on_service: int | None
    """None where nothing has been trained."""
    events: int
    offers: int
    first: datetime | None
    last: datetime | None
    """Of the views."""
    trained: datetime | None


def workspace_summary() -> WorkspaceSummary:
    """Counts and dates of the workspace, without reading its tables.

    Raises
    ------
    DataError  E_NO_TABLES
    """
    info = open_workspace.dataset_info()
    limits = dict(info.report.get("ranges", {})).get("events.timestamp") if info.report else None
    if not limits:
        events = open_workspace.dataset().events["timestamp"]
        limits = (events.iloc[0], events.iloc[-1])
    context = open_workspace.projection_context() if open_workspace.has_run() else None
    return WorkspaceSummary(
        users=info.rows.get("users", 0),
        people=float(context.weight.sum()) if context else None,
        movies=info.rows.get("movies", 0),
        on_service=int(context.choice.available.sum()) if context else None,
        events=info.rows.get("events", 0),
        offers=info.rows.get("offers", 0),
        first=pd.Timestamp(limits[0]).to_pydatetime(),
        last=pd.Timestamp(limits[1]).to_pydatetime(),
        trained=_trained(),
    )


def _trained() -> datetime | None:
    used = next((run for run in runs.listed(open_workspace.workspace()) if run.in_use), None)
    return datetime.fromisoformat(used.created) if used and used.created else None


def suggested_decisions() -> tuple[SuggestedDecision, ...] | Pending:
    """The decisions suggested for today.

    Raises
    ------
    ArtefactError  E_NO_RUN: nothing has been trained
    """
    context = open_workspace.projection_context()
    return background().ask(context.fingerprint, lambda: suggest_decisions(context), session_id=session_id())


@st.cache_resource
def background() -> BackgroundCache[tuple[SuggestedDecision, ...]]:
    """Suggested decisions by the fingerprint of the projection context."""
    return BackgroundCache()
