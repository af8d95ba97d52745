"""One quantity has one value: on every page, in every table, chart, sentence and file, from the first paint on."""

import io
import json
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from recsys.app.runtime import open_workspace
from recsys.app.slate import slate_search
from recsys.app.today import workspace_summary
from recsys.presentation import terminal
from recsys.presentation import text as words
from recsys.presentation.tables import projections
from recsys.projection.context import ProjectionContext
from recsys.projection.json_document import as_json
from recsys.projection.project import project
from recsys.projection.result import Projection
from recsys.scenario.changes import (
    Acquire,
    Drop,
    Everyone,
    ResizeSegment,
)
from recsys.scenario.scenario import Scenario
from tests import patience
from tests.pages.conftest import Open
from tests.pages.tabs import open_tab
from tests.pages.test_scenario_page import said, settled, with_scenario

GROWTH = ResizeSegment(segment=Everyone(), factor=1.2)
QUESTIONS = {
    "one offer": (Acquire(offer="o00"),),
    "several": (Acquire(offer="o00"), Acquire(offer="o02"), Acquire(offer="o03", fee=2.0)),
    "for a changed audience": (GROWTH, Acquire(offer="o01")),
    "instead of a movie": (Drop(movie="m0005"), Acquire(offer="o01")),
}


@pytest.fixture(params=sorted(QUESTIONS))
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return Scenario(name=request.param, changes=QUESTIONS[request.param], horizon_months=6)


def amount(value: float) -> str:
    return words.money(value, "INR")


def read(app: AppTest) -> str:
    """What is written on the page as it is read: Markdown's escapes are not seen."""
    return said(app).replace("\\", "")


def on_scenario(app: AppTest) -> AppTest:
    """The scenario page that a button has led to, with its answer."""
    assert app.title[0].value == "Scenario"
    open_workspace.background().wait(patience.SECONDS)
    return app.switch_page("pages/decide/scenario.py").run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def datasets(app: AppTest) -> list[dict[str, Any]]:
    """Rows of every chart on the page."""
    found: list[dict[str, Any]] = []
    for chart in app.get("vega_lite_chart"):
        for each in chart.proto.datasets:
            found += _rows(each.data.data)
        if chart.proto.data.data:
            found += _rows(chart.proto.data.data)
    return found


def _rows(arrow: bytes) -> list[dict[str, Any]]:
    import pyarrow as pa

    with pa.ipc.open_stream(io.BytesIO(arrow)) as stream:
        return stream.read_all().to_pylist()


def table(app: AppTest, column: str) -> pd.DataFrame:
    return next(each.value for each in app.table if column in each.value.columns)


def test_the_headline_the_figures_and_the_cards_say_what_the_projection_says(
    service: ProjectionContext, opened: Open, scenario: Scenario
):
    app = settled(with_scenario(opened, scenario))
    answer = project(service, scenario, draws="all")
    shown, text = metrics(app), read(app)
    assert shown["Worth after cost"] == amount(answer.npv.mean)
    assert shown["Cost"] == amount(answer.cost)
    assert words.headline(answer, service.economics.hurdle_rate.value) in text
    if answer.roi is not None:
        assert shown["Return"] == words.percent(answer.roi.mean, sign=True)
    paid = [month for month, cash in enumerate(answer.monthly_cash) if cash.mean >= 0]
    assert shown["Pays back"] == (f"month {paid[0]}" if paid else "not yet")
    for offer in answer.offers:
        for value in (
            amount(offer.max_bid.mean),
            words.hours(offer.incremental_hours.mean),
            words.hours(offer.cannibalised_hours.mean),
        ):
            assert value in text, (offer.title, value)


def test_two_tables_of_one_page_agree(service: ProjectionContext, opened: Open, scenario: Scenario):
    app = open_tab(settled(with_scenario(opened, scenario)), "Today and then")
    answer = project(service, scenario, draws="all")
    then, effects = table(app, "With this scenario").set_index(""), table(app, "Viewing").set_index("")
    together = effects.loc["Both together"]
    assert then.loc["Viewing hours", "Difference"] == together["Viewing"]
    assert then.loc["Revenue, in today's money", "Difference"] == together["Revenue"]
    assert together["Viewing"] == words.signed(answer.total_effect.hours.mean, words.hours)


def test_charts_are_drawn_from_the_same_figures(service: ProjectionContext, opened: Open, scenario: Scenario):
    app = settled(with_scenario(opened, scenario))
    answer = project(service, scenario, draws="all")
    if len(answer.offers) > 1:
        prices = {row["offer"]: row["shown"] for row in datasets(app) if "offer" in row and "shown" in row}
        assert prices == {offer.title: amount(offer.max_bid.mean) for offer in answer.offers}
    steps = {row["step"].replace("\n", " "): row["shown"] for row in datasets(open_tab(app, "Hours to money")) if "step" in row}
    assert steps["worth after cost"] == words.signed(answer.npv.mean, amount)
    assert steps["added viewing"] == words.signed(answer.acquisition_effect.hours.mean, words.compact)
    cash = [row for row in datasets(open_tab(app, "Months")) if "range" in row]
    assert [row["shown"] for row in cash] == [amount(month.mean) for month in answer.monthly_cash]


def test_what_is_downloaded_and_printed_says_the_same(service: ProjectionContext, scenario: Scenario):
    answer = project(service, scenario, draws="all")
    document = json.loads(json.dumps(as_json(answer)))
    sheet = pd.read_csv(io.StringIO(projections.offers_csv(answer, {})))
    assert sheet["max_bid_mean"].tolist() == pytest.approx([offer["max_bid"]["mean"] for offer in document["offers"]])
    assert sheet["npv_mean"].tolist() == pytest.approx([offer.npv.mean for offer in answer.offers])
    printed = terminal.projection(document)
    plain = amount(answer.npv.mean).replace("\u00a0", " ").replace("\u2060", "")
    (row,) = [line for line in printed.splitlines() if line.startswith("worth after cost")]
    assert plain in row
    for offer in answer.offers:
        price = amount(offer.max_bid.mean).replace("\u00a0", " ").replace("\u2060", "")
        assert any(offer.title in line and price in line for line in printed.splitlines())


def test_a_slates_headline_its_figures_and_its_scenario_agree_from_the_first_paint(service: ProjectionContext, opened: Open):
    service.offers["fee"] = [1.0, 1.0, 1.0, 900.0, 900.0]
    app = opened("pages/decide/slate.py").button(key="slate.choose").click().run()
    assert not app.metric
    slate_search.background().wait(patience.SECONDS)
    app = app.run()
    first, text = metrics(app), read(app)
    worth, back = first["Worth after cost"], first["Return"]
    assert f"expected to be worth {worth} after cost" in text
    again = metrics(app.run())
    assert again == first
    app = on_scenario(app.button(key="slate.open").click().run())
    assert metrics(app)["Worth after cost"] == worth
    assert metrics(app)["Return"] == back


def test_a_decision_of_the_first_page_and_the_scenario_behind_it_agree(service: ProjectionContext, opened: Open):
    app = opened("pages/decide/today.py")
    workspace_summary.background().wait(patience.SECONDS)
    app = app.run()
    decision = next(each for each in workspace_summary.suggested_decisions() if each.kind == "buy")
    figures = {figure.name: figure.value for figure in decision.figures}
    assert amount(figures["walk-away price"]) in read(app)
    app = on_scenario(app.button(key="home.open.0").click().run())
    assert metrics(app)["Worth after cost"] == amount(figures["net present value"])
    assert amount(figures["walk-away price"]) in read(app)
    assert words.hours(figures["viewing hours it adds"]) in read(app)


def test_an_offer_said_to_be_turned_by_fewer_views_has_a_return_above_the_hurdle(service: ProjectionContext, opened: Open):
    """Beside a return of +36 % against a hurdle of 15 %, “treat the decision as open at 6 % fewer views” was said."""
    from recsys.decision.unobserved_confounding import unobserved_confounding

    price = project(service, Scenario(name="x", changes=(Acquire(offer="o00"),)), draws="all").offers[0].max_bid.mean
    for fee in (0.7 * price, 1.4 * price):
        asked = Scenario(name="x", changes=(Acquire(offer="o00", fee=fee),))
        answer: Projection = project(service, asked, draws="all")
        (found,) = unobserved_confounding(service, asked, answer)
        assert answer.offers[0].roi is not None
        assert found.buys is (answer.offers[0].roi.mean >= service.economics.hurdle_rate.value)
        assert ("fewer" in words.strength(found)) is found.buys


def test_renaming_a_scenario_computes_nothing_and_another_fee_simulates_nothing(
    service: ProjectionContext, opened: Open, monkeypatch: pytest.MonkeyPatch
):
    app = settled(with_scenario(opened, Scenario(name="x", changes=(Acquire(offer="o00", fee=50.0),))))
    worth = metrics(app)["Worth after cost"]

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("simulated again")

    monkeypatch.setattr(open_workspace, "simulate_draws", never)
    app.query_params["s"] = _link(Scenario(name="another name", changes=(Acquire(offer="o00", fee=50.0),)))
    app = app.run()
    assert metrics(app)["Worth after cost"] == worth
    app.query_params["s"] = _link(Scenario(name="x", changes=(Acquire(offer="o00", fee=51.0),)))
    app = app.run()
    assert not app.exception
    assert metrics(app)["Worth after cost"] != worth


def _link(scenario: Scenario) -> str:
    from recsys.scenario import link

    return link.encode(scenario)


def test_a_renewals_card_and_the_scenario_behind_it_count_the_fee_that_is_saved(service: ProjectionContext, opened: Open):
    asked = Scenario(name="Let it go", changes=(Drop(movie="m0007"),))
    answer = project(service, asked, draws="all")
    app = settled(with_scenario(opened, asked))
    shown, text = metrics(app), read(app)
    assert shown["Licence fees saved"] == amount(answer.fees_saved)
    assert shown["Left after that"] == words.signed(answer.npv.mean, amount)
    assert words.headline(answer) in text
    assert f"{amount(answer.fees_saved)} of licence fees is saved" in text
    assert any(line.startswith("licence fees saved") for line in terminal.projection(as_json(answer)).splitlines())
