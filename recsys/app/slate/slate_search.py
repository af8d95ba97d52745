"""Slate search in the background, and the session's question to Slate, carried by the page's address."""

import math
from dataclasses import dataclass, field, replace
from decimal import Decimal

import streamlit as st

from recsys.app.runtime import disclosure as groups
from recsys.app.runtime import open_workspace, page_address
from recsys.app.runtime.background import BackgroundCache, Pending, session_id
from recsys.app.scenario import scenario_session
from recsys.app.slate.slate_question import KEYS, SlateForm, as_mapping, from_mapping
from recsys.decision import slate_rules
from recsys.decision.slate import Slate, choose
from recsys.decision.slate_rules import Rules
from recsys.errors import ScenarioError
from recsys.ids import IdMap
from recsys.progress import ReportProgress
from recsys.projection.context import ProjectionContext
from recsys.projection.draws import SimulatedDraws, simulate_draws
from recsys.projection.project import assemble
from recsys.projection.result import Projection
from recsys.scenario import link
from recsys.scenario.changes import AudienceChange
from recsys.scenario.hash import question_hash
from recsys.scenario.scenario import Arrivals, Joining, Scenario

_STATE = "greenlight.slate"
_FORM, _ASKED = "slate", "asked"
"""Parameters of the address: the form as it is filled in, and the question that was put last."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which of these offers, for how much, under which rules, for whom."""

    offers: tuple[str, ...]
    budget: float
    rules: Rules
    scenario: Scenario
    """Horizon, audience, and the catalogue around the slate."""


@dataclass(frozen=True, kw_only=True)
class SlateSession:
    """The session's form and question, and the query parameters that last stood for them."""

    form: SlateForm = field(default_factory=SlateForm)
    asked: Question | None = None
    form_link: str = ""
    asked_link: str = ""


def ask(question: Question) -> None:
    """Put a question; its answer is worked out in the background."""
    _put(_session().form, question)


def asked() -> Question | None:
    """The question that was put last."""
    return _session().asked


def form() -> SlateForm:
    """The form as it is filled in."""
    return _session().form


def fill(filled: SlateForm) -> None:
    """Keep the form as it is filled in."""
    _put(filled, asked())


def read_address() -> None:
    """Take up the form and the question that the address carries, where they are others than are held, and put ours into it.

    Raises
    ------
    ScenarioError  E_PARAM, E_VERSION: the link is none of ours; E_NOT_FOUND: it is kept no longer
    """
    held = _session()
    filled, question = held.form, held.asked
    if (carried := page_address.parameter(_FORM)) and carried != held.form_link:
        filled = page_address.decode_or_find(carried, SlateForm, lambda text: from_mapping(link.unpack(text)))
        for key in [key for key in st.session_state if str(key).startswith(KEYS)]:
            del st.session_state[key]  # fields are filled in anew
    if (carried := page_address.parameter(_ASKED)) and carried != held.asked_link:
        question = page_address.decode_or_find(carried, Question, decode)
    _put(filled, question)


def _session() -> "SlateSession":
    held = st.session_state.get(_STATE)
    return held if isinstance(held, SlateSession) else SlateSession()


def _put(filled: SlateForm, question: Question | None) -> None:
    before = _session()
    form_link, asked_link = before.form_link, before.asked_link
    if not form_link or form_link.startswith(page_address.KEPT) or filled != before.form:
        form_link = page_address.encode_or_keep(filled, lambda form: link.pack(as_mapping(form)))
    if not asked_link or asked_link.startswith(page_address.KEPT) or question is not before.asked:
        asked_link = page_address.encode_or_keep(question, _encode) if question else ""
    st.session_state[_STATE] = SlateSession(form=filled, asked=question, form_link=form_link, asked_link=asked_link)
    wanted = {_FORM: form_link} if filled != SlateForm() else {}
    page_address.set_parameters(wanted | ({_ASKED: asked_link} if question else {}), of=(_FORM, _ASKED))


def _encode(question: Question) -> str:
    """The parameter of a link that puts the question."""
    return link.pack(
        {
            "offers": list(question.offers),
            "budget": question.budget,
            "rules": slate_rules.as_mapping(question.rules),
            "scenario": link.encode(question.scenario),
        }
    )


def decode(parameter: str) -> Question:
    match link.unpack(parameter):
        case {
            "offers": list(offers),
            "budget": int() | float() | Decimal() as budget,
            "rules": dict(ruled),
            "scenario": str(around),
        } if all(isinstance(movie, str) for movie in offers) and not isinstance(budget, bool) and math.isfinite(budget):
            return Question(
                offers=tuple(offers), budget=float(budget), rules=slate_rules.from_mapping(ruled), scenario=link.decode(around)
            )
    raise ScenarioError.of("E_PARAM", "the link does not hold a question to Slate; it may have been cut off.", "Put it anew.")


def slate(question: Question) -> Slate | Pending:
    """The best slate found.

    Raises
    ------
    ScenarioError, DataError  as :func:`recsys.decision.slate.choose`
    """
    context = open_workspace.projection_context()
    groups.admit_scenario(open_workspace.workspace(), context, question.scenario)
    asked = f"{question.offers}/{question.budget}/{question.rules}/{question_hash(question.scenario)}"
    key = f"{context.fingerprint}/{asked}"
    kept, report = open_workspace.background(), background().reporter(key)
    return background().ask(key, lambda: _choose(context, question, kept, report), session_id=session_id())


def around(horizon_months: int, *, with_audience: bool, arrivals: Arrivals, joining: Joining) -> Scenario:
    """The scenario round a slate: as the service is, or with the audience of the scenario on the table."""
    changes = (
        tuple(change for change in scenario_session.current().changes if isinstance(change, AudienceChange))
        if with_audience
        else ()
    )
    return Scenario(name="Slate", changes=changes, horizon_months=horizon_months, arrivals=arrivals, joining=joining)


@st.cache_resource
def background() -> BackgroundCache[Slate]:
    """Slates by fingerprint and question."""
    return BackgroundCache()


def _choose(
    context: ProjectionContext, question: Question, kept: BackgroundCache[SimulatedDraws], report: ReportProgress
) -> Slate:
    """The slate; the draws of its scenario are kept, so that the page shows the figures of the choice and no others."""

    def answer(scenario: Scenario) -> Projection:
        drawn = simulate_draws(context, scenario, draws="all", progress=report)
        kept.put(open_workspace.demand_key(context, scenario), drawn)
        return assemble(context, scenario, drawn)

    offered = only(context, question.offers)
    return choose(offered, question.budget, question.rules, question.scenario, answer=answer, progress=report)


def only(context: ProjectionContext, offers: tuple[str, ...]) -> ProjectionContext:
    """The same service with some of its offers on the table.

    Raises
    ------
    ScenarioError  E_MOVIE: some are on offer no longer
    """
    rows = IdMap(context.offers["movie_id"].astype(str)).rows_or_missing(dict.fromkeys(offers))
    if gone := int((rows < 0).sum()):
        raise ScenarioError.of(
            "E_MOVIE", f"{gone} of the {len(rows)} offers that were asked about are not on offer now.", "Put the question anew."
        )
    return replace(
        context,
        offers=context.offers.iloc[rows].reset_index(drop=True),
        offer_content=context.offer_content[rows],
        offer_codes=context.offer_codes[rows],
    )
