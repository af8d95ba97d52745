"""The scenario page answers, changes by change, and never with a traceback."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from recsys.app.runtime import open_workspace
from recsys.app.scenario import sensitivity
from recsys.presentation import text as words
from recsys.projection.context import ProjectionContext
from recsys.projection.joiners import Joiners
from recsys.projection.project import project
from recsys.scenario import link
from recsys.scenario.changes import (
    Acquire,
    ByPersona,
    Everyone,
    ResizeSegment,
)
from recsys.scenario.scenario import Scenario
from tests import patience
from tests.pages.conftest import Open
from tests.pages.tabs import open_tab

PAGE = "pages/decide/scenario.py"


def said(app: AppTest) -> str:
    """Everything that is written on the page."""
    parts = [element.value for kind in ("markdown", "caption", "title", "subheader") for element in getattr(app, kind)]
    parts += [str(element.proto.body) for element in app.get("html")]
    return "\n".join(map(str, parts))


def with_scenario(opened: Open, scenario: Scenario) -> AppTest:
    app = opened(PAGE)
    app.query_params["s"] = link.encode(scenario)
    return app.run()


def settled(app: AppTest) -> AppTest:
    """Run until the ranges are there."""
    open_workspace.background().wait(patience.SECONDS)
    return app.run()


def test_the_page_opens_on_the_service_as_it_is(service: ProjectionContext, opened: Open):
    app = settled(opened(PAGE))
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Scenario"
    assert "Nothing has changed yet" in said(app)
    today = project(service, Scenario(name="as it is"), draws="all").baseline
    assert today.hours > 0
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Viewing hours"] == words.compact(today.hours)
    assert shown["Revenue"] == words.money(today.revenue, service.economics.currency)
    assert shown["Active users at the end"] == words.compact(today.active_users)
    assert "as things stand" in said(app)
    assert (
        "No movie arrived in the last year, and none arrives. Nobody is known to have joined in the last year, and nobody does."
        in said(app)
    )


def test_no_figure_is_shown_before_every_draw_is_there(service: ProjectionContext, opened: Open):
    app = with_scenario(opened, Scenario(name="buy", changes=(Acquire(offer="o00"),)))
    assert not app.metric
    app = settled(app)
    assert not app.exception
    assert "8 in 10 chance between" in said(app)
    assert [metric.label for metric in app.metric] == ["Cost", "Worth after cost", "Return", "Hurdle reached", "Pays back"]


def test_an_offers_card_says_fee_walk_away_price_audience_and_victims(service: ProjectionContext, opened: Open):
    app = settled(with_scenario(opened, Scenario(name="buy", changes=(Acquire(offer="o00", fee=5e6),))))
    text = said(app)
    for what in (
        "Fee asked",
        "₹\u00a050\u00a0lakh",
        "Walk-away price",
        "Who it is for",
        "Takes from",
        "Most like it in the catalogue",
    ):
        assert what in text, what


def test_audience_and_acquisition_effect_are_told_apart(service: ProjectionContext, opened: Open):
    changes = (ResizeSegment(segment=ByPersona(persona="persona 1"), factor=1.2), Acquire(offer="o01"))
    app = settled(with_scenario(opened, Scenario(name="both", changes=changes)))
    app = open_tab(app, "Today and then")
    assert not app.exception
    tables = [table.value for table in app.table]
    rows = next(list(table[""]) for table in tables if "Audience effect" in str(table[""].iloc[0]))
    assert [row.split(":")[0] for row in rows] == ["Audience effect", "Acquisition effect", "Both together"]


def test_changes_are_undone_redone_moved_and_removed(service: ProjectionContext, opened: Open):
    changes = (ResizeSegment(segment=Everyone(), factor=1.2), Acquire(offer="o01"))
    app = with_scenario(opened, Scenario(name="both", changes=changes))
    app = app.button(key="builder.remove.1").click().run()
    assert "Buy Offer 1" not in said(app)
    app = app.button(key="builder.undo").click().run()
    assert "2. Buy Offer 1" in said(app)
    app = app.button(key="builder.up.1").click().run()
    assert "1. Buy Offer 1" in said(app)
    app = app.button(key="builder.undo").click().run()
    app = app.button(key="builder.redo").click().run()
    assert "1. Buy Offer 1" in said(app)
    assert not app.exception


def test_a_name_and_a_horizon_are_part_of_the_scenario(service: ProjectionContext, opened: Open):
    app = with_scenario(opened, Scenario(name="both", changes=(Acquire(offer="o01"),)))
    app = app.text_input(key="builder.name").set_value("Tamil families").run()
    app = app.select_slider(key="builder.months").set_value(24).run()
    carried = app.query_params["s"]
    opened_again = link.decode(carried if isinstance(carried, str) else carried[0])
    assert (opened_again.name, opened_again.horizon_months) == ("Tamil families", 24)


def test_what_goes_on_meanwhile_is_part_of_the_scenario_and_said_of_the_baseline(service: ProjectionContext, opened: Open):
    app = opened(PAGE)
    assert "No movie arrived in the last year." in said(app)
    app = app.selectbox(key="builder.arrivals").set_value("none").run()
    app = app.selectbox(key="builder.joining").set_value("none").run()
    assert "No movie arrived in the last year." not in said(app)
    carried = app.query_params["s"]
    held = link.decode(carried if isinstance(carried, str) else carried[0])
    assert (held.arrivals, held.joining) == ("none", "none")
    assert "We buy nothing else. Nobody joins." in said(settled(app))
    app = app.button(key="builder.undo").click().run()
    assert app.selectbox(key="builder.joining").value == "as_usual"
    assert app.selectbox(key="builder.arrivals").value == "none"


def test_who_joins_is_folded_away_with_where_it_is_from(
    service: ProjectionContext, opened: Open, monkeypatch: pytest.MonkeyPatch
):
    joiners = Joiners(a_month=np.full(80, 0.5), variance=np.full(80, 0.05), watched_of_late=np.ones(80, bool), source="sign-ups")
    joined = replace(service, joiners=joiners)
    monkeypatch.setattr(open_workspace, "projection_context", lambda: joined)
    app = open_tab(settled(opened(PAGE)), "Today and then")
    assert "People go on joining as they did: about 40 a month." in said(app)
    assert "Nobody is known to have joined" not in said(app)
    assert "From sign-ups." in said(app)
    (table,) = (table.value for table in app.table if "people a month" in table.value.columns)
    assert list(table["people a month"]) == ["20", "20"]
    app = app.selectbox(key="builder.joining").set_value("none").run()
    assert "From sign-ups." not in said(settled(app))


def test_a_saved_scenario_is_listed_and_opened(service: ProjectionContext, opened: Open):
    app = with_scenario(opened, Scenario(name="Keep me", changes=(Acquire(offer="o01"),)))
    app = app.button(key="builder.save").click().run()
    app = app.button(key="builder.anew").click().run()
    assert "Nothing has changed yet" in said(app)
    (saved,) = open_workspace.scenarios().all()
    app.session_state["builder.opening"] = True
    app = app.button(key=f"builder.open.{saved.id}").click().run()
    assert "Buy Offer 1" in said(app)
    assert not app.session_state["builder.opening"]


def test_a_saved_scenario_can_be_deleted_and_stays_on_the_table(service: ProjectionContext, opened: Open):
    app = with_scenario(opened, Scenario(name="a mistake", changes=(Acquire(offer="o00"),)))
    app = app.button(key="builder.save").click().run()
    app = app.button(key="builder.delete").click().run()
    assert not app.exception
    assert open_workspace.scenarios().all() == ()
    assert "saved" not in app.query_params
    assert app.text_input(key="builder.name").value == "a mistake"
    assert not app.button(key="builder.save").disabled


def test_a_link_to_what_is_not_there_is_refused_with_the_nearest_name(service: ProjectionContext, opened: Open):
    app = with_scenario(opened, Scenario(name="x", changes=(Acquire(offer="o0x"),)))
    assert not app.exception
    (box,) = app.error
    assert "E_MOVIE" in box.value
    assert "o0" in box.value


def test_a_link_that_is_no_scenario_is_refused_and_the_page_goes_on(service: ProjectionContext, opened: Open):
    app = opened(PAGE)
    app.query_params["s"] = "9.nonsense"
    app = app.run()
    assert not app.exception
    assert "E_VERSION" in app.error[0].value
    assert "Nothing has changed yet" in said(app)


def test_markup_in_a_title_is_text(service: ProjectionContext, opened: Open):
    service.offers.loc[0, "title"] = "<b>**Bold**</b> $x$"
    app = with_scenario(opened, Scenario(name="x", changes=(Acquire(offer="o00"),)))
    assert "<b>" not in said(app)
    assert not [text for text in app.markdown if "**Bold**" in text.value]


def test_an_offer_is_bought_through_the_dialog_which_stays_when_ranges_arrive(service: ProjectionContext, opened: Open):
    app = opened(PAGE)
    app = app.button(key="builder.buy").click().run()
    app = settled(app)
    app = app.button(key="adding.add").click().run()
    assert not app.exception
    assert "1. Buy Offer 0" in said(app)
    app = app.button(key="builder.edit.0").click().run()
    app = app.number_input(key="editing.0.window.o00").set_value(24).run()
    app = app.button(key="editing.keep").click().run()
    assert "1. Buy Offer 0, 2 years" in said(app)


def test_what_the_answer_hangs_on_is_worked_out_when_somebody_looks(service: ProjectionContext, opened: Open):
    app = settled(with_scenario(opened, Scenario(name="buy", changes=(Acquire(offer="o00"),))))
    assert not len(sensitivity.swings_background())
    app = open_tab(app, "What it hangs on")
    sensitivity.swings_background().wait(patience.SECONDS)
    app = app.run()
    assert not app.exception
    assert "How the worth after cost changes when one thing is other than we think" in said(app)
