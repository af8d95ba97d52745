"""Slates are searched for behind the page, like ranges; the question that was asked stays while the reader looks round."""

from dataclasses import dataclass, replace

import streamlit as st

from recsys.app import draft, session
from recsys.app.ranges import Desk
from recsys.decision.rules import Rules
from recsys.decision.slate import Slate, choose
from recsys.ids import IdMap
from recsys.projection.basis import Basis
from recsys.scenario.hash import content_hash
from recsys.scenario.scenario import AudienceChange, Scenario

_STATE = "greenlight.slate"


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which of these offers, for how much, under which rules, for whom."""

    offers: tuple[str, ...]
    budget: float
    rules: Rules
    scenario: Scenario
    """Horizon, audience, and the catalogue around the slate."""


def ask(question: Question) -> None:
    """Put a question; its answer is worked out in the background."""
    st.session_state[_STATE] = question


def asked() -> Question | None:
    """The question that was put last."""
    held = st.session_state.get(_STATE)
    return held if isinstance(held, Question) else None


def slate(question: Question) -> Slate | None:
    """The answer, or None while it is searched for.

    Raises
    ------
    ScenarioError, DataError  as :func:`recsys.decision.slate.choose`
    """
    basis = session.basis()
    key = f"{basis.fingerprint}/{question.offers}/{question.budget}/{question.rules}/{content_hash(question.scenario)}"
    reader = f"{session.reader()}/slate"
    return desk().ask(key, lambda: _choose(basis, question), reader=reader)


def around(horizon_months: int, *, with_audience: bool) -> Scenario:
    """The scenario round a slate: as the service is, or with the audience of the scenario on the table."""
    changes = tuple(change for change in draft.current().changes if isinstance(change, AudienceChange)) if with_audience else ()
    return Scenario(name="Slate", changes=changes, horizon_months=horizon_months)


@st.cache_resource
def desk() -> Desk[Slate]:
    """Where slates are searched for."""
    return Desk()


def _choose(basis: Basis, question: Question) -> Slate:
    return choose(only(basis, question.offers), question.budget, question.rules, question.scenario)


def only(basis: Basis, offers: tuple[str, ...]) -> Basis:
    """The same service with some of its offers on the table."""
    rows = IdMap(basis.offers["movie_id"].astype(str)).rows(offers)
    return replace(
        basis,
        offers=basis.offers.iloc[rows].reset_index(drop=True),
        offer_content=basis.offer_content[rows],
        offer_codes=basis.offer_codes[rows],
    )
