"""The slate: what to buy within the budget, what each is worth, why not the others."""

import html
from dataclasses import replace
from functools import partial

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.background import Pending
from recsys.app.scenario import scenario_session
from recsys.app.shell import navigation, offer_card
from recsys.app.shell.tables import lazy_tabs, show_table
from recsys.app.shell.waiting import cases, poll
from recsys.app.slate import slate_search
from recsys.decision.slate import Slate
from recsys.presentation import text
from recsys.presentation.tables import offers as tables
from recsys.presentation.tables import projections
from recsys.presentation.text.verdicts import NO_GAP
from recsys.progress import Progress
from recsys.projection.context import ProjectionContext
from recsys.projection.result import Projection


def show(context: ProjectionContext) -> None:
    """The answer to the question that was put last."""
    question = slate_search.asked()
    if question is None:
        st.markdown(
            "Say what may be spent and press **Choose**; tick offers above to leave the others out. "
            "Offers that compete for the same evenings are judged together, so the best slate is not the best offers one by one."
        )
        return
    found = slate_search.slate(question)
    if isinstance(found, Pending):
        poll(found, _searching)
        return
    _chosen(context, found)


def _searching(step: Progress) -> None:
    """Slates tried, of an unknown number; then, for the one that was chosen, cases simulated."""
    done, of = step.done, step.total
    if of:
        st.progress(done / of, f":material/hourglass_top: Working out the slate that was chosen: case {done} of {of}.")
    else:
        tried = f": {text.count(done)} tried so far" if done else " …"
        st.info(f"Slates are being compared{tried}", icon=":material/hourglass_top:")


def _chosen(context: ProjectionContext, found: Slate) -> None:
    titles = [context.title(movie) for movie in found.chosen]
    said = text.slate_headline(
        titles,
        cost=found.cost,
        budget=found.budget,
        value=found.value,
        currency=found.currency,
        horizon_months=found.horizon_months,
        cheapest=found.cheapest,
        possible=found.possible,
    )
    st.html(f'<p class="greenlight-headline">{html.escape(said)}</p>')
    question = slate_search.asked()
    if question is not None:
        st.caption(
            f"Asked: {text.count(len(question.offers))} offers, {text.months(question.scenario.horizon_months)} ahead"
            + (", for a changed audience. " if question.scenario.audience else ", for today's audience. ")
            + text.meanwhile(context.meanwhile(question.scenario))
        )
    if not found.chosen:
        _left_out(found)
        return
    projection = open_workspace.answer(found.scenario)
    if isinstance(projection, Pending):
        poll(projection, cases)
        return
    _figures(found, projection)
    if st.button("Open as a scenario", icon=navigation.SCENARIO.icon, key="slate.open"):
        scenario_session.start(replace(found.scenario, name=_name(context, found)))
        st.switch_page(navigation.SCENARIO.path)
    buy = partial(_cards, context, projection, projections.fees(context, found.scenario))
    tabs = {f"Buy these {len(found.chosen)}": buy, f"Not these {len(found.why_not)}": partial(_left_out, found)}
    lazy_tabs(tabs, key=f"slate.tabs.{len(found.chosen)}")


def _cards(context: ProjectionContext, projection: Projection, asked: dict[str, float | None]) -> None:
    if any((asked.get(offer.movie_id) or 0.0) > offer.max_bid.mean for offer in projection.offers):
        st.caption(
            "A slate is chosen for what it is worth after cost. An offer asked for above its walk-away price still adds "
            "to that, but earns less on its own cost than the hurdle asks."
        )
    offer_card.cards(context, projection, asked)


def _name(context: ProjectionContext, found: Slate) -> str:
    if len(found.chosen) == 1:
        return f"Buy {context.title(found.chosen[0])}"[:200]
    return f"Slate of {len(found.chosen)} for {text.money(found.cost, found.currency)}"


def _figures(found: Slate, projection: Projection) -> None:
    def amount(value: float) -> str:
        return text.money(value, found.currency)

    with st.container(horizontal=True, gap="small"):
        _figure("Committed", amount(found.cost), f"of {amount(found.budget)}")
        _figure("Worth after cost", amount(projection.npv.mean), text.results_range(projection.npv, amount))
        if projection.roi is not None:
            _figure("Return", text.percent(projection.roi.mean, sign=True), text.results_range(projection.roi, text.percent))
        searched = "no better slate was found" if found.gap_share < NO_GAP else "the most that a longer search could find"
        best = "every slate was tried" if found.exact else searched
        _figure("Could be better by", text.percent(found.gap_share), best)


def _figure(label: str, value: str, note: str) -> None:
    with st.container(width=172, gap=None):
        st.metric(label, value)
        st.caption(note)


def _left_out(found: Slate) -> None:
    if not found.why_not:
        st.caption("Nothing on the table was left out.")
        return
    show_table(tables.why_not(found.why_not, found.currency), whole=True)
    st.caption(
        "“Comes in below” is about the fee at which the offer would enter this slate, all else as it is. “Would add” is about "
        f"what it would change in the worth after cost, over the same {text.months(found.horizon_months)}."
    )
