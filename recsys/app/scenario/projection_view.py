"""The answer to a scenario: a sentence, five figures, and where they come from.

Nothing is shown before every draw is there, since what is shown are means over the draws.
"""

import html
from collections.abc import Callable
from functools import partial

import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.app.runtime.background import Pending
from recsys.app.scenario import scenario_session, sensitivity
from recsys.app.shell import offer_card
from recsys.app.shell.errors import with_error_box
from recsys.app.shell.tables import lazy_tabs, show_chart, show_table
from recsys.app.shell.waiting import cases, poll
from recsys.presentation import charts, text
from recsys.presentation.tables import projections
from recsys.presentation.text.escape import plain
from recsys.projection.context import ProjectionContext
from recsys.projection.json_document import as_text
from recsys.projection.result import Projection
from recsys.scenario import edit
from recsys.scenario.scenario import Scenario

_MODELS = (
    "Taste for movies of the catalogue speaks through matrix factorisation of what people watched. An offer has no history: "
    "its place comes from its description (language, genre, year and so on) through the two-tower model, mapped into the same "
    "space. What people choose is a nested logit on those scores."
)


def show(context: ProjectionContext, scenario: Scenario) -> None:
    """Draw the answer to ``scenario``."""
    projection = open_workspace.answer(scenario)
    with st.container(key="answer"):
        if isinstance(projection, Pending):
            poll(projection, cases)
            return
        _headline(context, projection)
        _figures(scenario, projection, context.economics.hurdle_rate.value)
        said = text.meanwhile(projection.meanwhile)
        st.caption(f"With and without the changes: {said}" if scenario.changes else said)
        st.caption(" ".join(filter(None, (EXPECTED, text.how_sure(projection)))))
        _warnings(context, scenario, projection)
        _details(context, scenario, projection)


EXPECTED = "Figures are expected values: the average over all cases, with the range of eight cases in ten."


def _headline(context: ProjectionContext, projection: Projection) -> None:
    said = text.headline(projection, context.economics.hurdle_rate.value)
    st.html(f'<p class="greenlight-headline">{html.escape(said)}</p>')


def _figures(scenario: Scenario, projection: Projection, hurdle_rate: float) -> None:
    currency = projection.currency

    def amount(value: float) -> str:
        return text.money(value, currency)

    with st.container(horizontal=True, gap="small"):
        if not scenario.changes:
            today, ahead = projection.baseline, f"over {text.months(projection.horizon_months)}, as things stand"
            _metric("Viewing hours", text.compact(today.hours), ahead)
            _metric("Revenue", amount(today.revenue), f"{ahead}, in today's money")
            _metric("Active users at the end", text.compact(today.active_users), f"in {text.months(projection.horizon_months)}")
            return
        if not projection.offers and not projection.cost:
            total = projection.total_effect
            _metric("Viewing hours", text.signed(total.hours.mean, text.compact), text.results_range(total.hours, text.compact))
            _metric("Revenue", text.signed(total.value.mean, amount), text.results_range(total.value, amount))
            change = projection.projected.active_users - projection.baseline.active_users
            _metric("Active users at the end", text.signed(change, text.compact), "against today's service")
            if projection.fees_saved:
                _metric("Licence fees saved", amount(projection.fees_saved), "not paid again, in today's money")
                _metric("Left after that", text.signed(projection.npv.mean, amount), text.results_range(projection.npv, amount))
            return
        if projection.fees_saved:
            _metric("Licence fees saved", amount(projection.fees_saved), "not paid again, in today's money")
        _metric("Cost", amount(projection.cost), "fees and all other costs, in today's money")
        _metric("Worth after cost", amount(projection.npv.mean), text.results_range(projection.npv, amount))
        if projection.roi is None:
            _metric("Return", "withheld", "see the note below")
        else:
            _metric("Return", text.percent(projection.roi.mean, sign=True), text.results_range(projection.roi, _signed_percent))
        if projection.prob_above_hurdle is not None:
            sure = text.chance(projection.prob_above_hurdle)
            _metric("Hurdle reached", sure, f"chance of a return of {text.percent(hurdle_rate)} or more")
        months = projection.payback_month
        _metric(
            "Pays back",
            "not yet" if months is None else f"month {months}",
            f"of {text.months(projection.horizon_months)} looked ahead",
        )


def _signed_percent(value: float) -> str:
    return text.percent(value, sign=True)


_WORD_OF = {
    "Worth after cost": "worth after cost",
    "Return": "return",
    "Hurdle reached": "hurdle",
    "Pays back": "pays back",
    "Viewing hours": "viewing hours",
}


def _metric(label: str, value: str, note: str) -> None:
    with st.container(width=172, gap=None):
        st.metric(label, value, help=text.meaning(_WORD_OF[label]) if label in _WORD_OF else None)
        st.caption(note)


def _details(context: ProjectionContext, scenario: Scenario, projection: Projection) -> None:
    asked = projections.fees(context, scenario)
    tabs: dict[str, Callable[[], None]] = {}
    if projection.offers:
        tabs["Offers"] = lambda: _offers(context, scenario, projection, asked)
        tabs["Hours to money"] = lambda: _waterfalls(projection)
        tabs["What it hangs on"] = lambda: _hangs_on(scenario, projection)
    tabs["Months"] = lambda: _months(projection)
    tabs["Today and then"] = lambda: _today(projection)
    tabs["What it rests on"] = lambda: _assumptions(projection)
    tabs["Download"] = lambda: _download(projection, asked)
    lazy_tabs(tabs, key=f"answer.tabs.{len(tabs)}")


def _offers(context: ProjectionContext, scenario: Scenario, projection: Projection, asked: dict[str, float | None]) -> None:
    found = sensitivity.strengths(scenario, projection)
    offer_card.cards(context, projection, asked, {} if isinstance(found, Pending) else found)
    if isinstance(found, Pending):
        poll(found, lambda *_: st.caption(":material/hourglass_top: What would turn each decision is being worked out …"))


def _waterfalls(projection: Projection) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Viewing**")
        show_chart(
            charts.hours_waterfall(projection),
            "Viewing hours on the offers, less what they take from the catalogue: what they add.",
        )
    with right:
        st.markdown("**Money**")
        show_chart(charts.money_waterfall(projection), "What added viewing earns, less all costs: what is left.")
    st.caption(_STEPS)


def _hangs_on(scenario: Scenario, projection: Projection) -> None:
    found = sensitivity.swings(scenario)
    if isinstance(found, Pending):
        poll(found, lambda *_: st.caption(":material/hourglass_top: Each unsure parameter is being moved, one by one …"))
        return
    if not found:
        st.caption("The model has no draws to vary, so nothing can be said. Train with resamples.")
        return
    st.markdown("**How the worth after cost changes when one thing is other than we think**")
    show_chart(
        charts.swings_of(found, projection.currency),
        "Change of the worth after cost for each unsure parameter, at its low and at its high end.",
    )
    st.caption(
        "Each is moved from its low end to its high end (P10 to P90) by itself. The line is where the worth lies with everything "
        "as estimated."
    )


_STEPS = "Bars are expected values, so the steps add up; a line on a bar spans its 8-in-10 range."


def _months(projection: Projection) -> None:
    if projection.horizon_months < 1:
        st.caption("No month is looked ahead.")
        return
    st.markdown("**Viewing, month by month**")
    show_chart(charts.monthly_hours(projection), "Viewing hours of each month, as it is and with this scenario.")
    if projection.offers:
        st.markdown("**Earned less spent, month by month**")
        show_chart(
            charts.cumulative_cash(projection), "What the purchase has earned so far less its cost, with the 8-in-10 range."
        )


def _today(projection: Projection) -> None:
    st.markdown(f"**The service over {text.months(projection.horizon_months)}**")
    show_table(projections.today_and_then(projection))
    if projection.meanwhile.joining == "as_usual" and projection.meanwhile.joined_a_month:
        with st.expander("Who joins, a month"):
            show_table(projections.joined(projection.meanwhile))
            st.caption(f"From {plain(projection.meanwhile.joined_from)}.")
    st.markdown("**Whose doing it is**")
    show_table(projections.effects(projection))
    st.caption("The return is that of the acquisition effect alone. A changed audience is not credited to a purchase.")


def _assumptions(projection: Projection) -> None:
    st.markdown(_MODELS)
    st.caption(f"Ranges: {projection.n_draws} draws of the models and their parameters. {_KINDS}")
    show_table(projections.assumptions(projection.assumptions), wide="from")


_KINDS = "Estimated: measured from your data. Configured: set by you. Assumed: taken for want of both."


def _download(projection: Projection, asked: dict[str, float | None]) -> None:
    st.caption("The same figures for a memo or a sheet.")
    with st.container(horizontal=True):
        st.download_button(
            "Projection (JSON)", as_text(projection), "projection.json", "application/json", icon=":material/data_object:"
        )
        if projection.offers:
            sheet = projections.offers_csv(projection, asked)
            st.download_button("Offers (CSV)", sheet, "offers.csv", "text/csv", icon=":material/table:")


def _warnings(context: ProjectionContext, scenario: Scenario, projection: Projection) -> None:
    if not projection.warnings:
        return
    said = [plain(_without_code(warning)) for warning in projection.warnings]
    st.warning(said[0] if len(said) == 1 else "\n".join(f"- {sentence}" for sentence in said), icon=":material/warning:")
    needed = projections.months_needed(context, scenario)
    if needed > scenario.horizon_months:
        label = f"Look {text.months(needed)} ahead"
        step = partial(edit.set_horizon, months=needed)
        st.button(
            label, icon=":material/event:", key="answer.look", on_click=with_error_box(scenario_session.change), args=(step,)
        )


def _without_code(warning: str) -> str:
    code, separator, rest = warning.partition(": ")
    said = rest if separator and code[:2] in ("W_", "E_") else warning
    return said[:1].upper() + said[1:]
