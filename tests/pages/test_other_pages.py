"""What the other pages do when they are used."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from recsys.app.runtime import jobs, open_workspace, server_folders
from recsys.app.scenario import scenario_session
from recsys.app.slate import slate_question, slate_search
from recsys.app.slate.slate_search import Question
from recsys.app.today import workspace_summary
from recsys.app.training import training_view as train_page
from recsys.errors import ScenarioError
from recsys.presentation.tables import audiences, movies
from recsys.projection.context import ProjectionContext
from recsys.scenario import toml
from recsys.scenario.changes import (
    KINDS,
    Acquire,
    ByPersona,
    ByRule,
    ByUsers,
    Change,
    ChangeChurn,
    ChangePrice,
    ContinueDrift,
    Drop,
    Everyone,
    Promote,
    ResizeSegment,
    ScaleActivity,
    ShiftTaste,
    TowardsAttribute,
    TowardsMovies,
)
from recsys.scenario.edit import Draft
from recsys.scenario.scenario import Scenario
from recsys.workspace import Workspace
from tests import patience
from tests.app.runtime.waiting import ended
from tests.effort import some
from tests.pages.conftest import Open
from tests.pages.tabs import open_tab
from tests.pages.test_scenario_page import said


def test_the_first_page_says_what_there_is_and_what_to_decide(service: ProjectionContext, opened: Open):
    app = opened("pages/decide/today.py")
    workspace_summary.background().wait(patience.SECONDS)
    app = app.run()
    assert [metric.label for metric in app.metric] == ["Users", "Movies", "Views", "Offers", "Newest view"]
    assert app.button(key="home.open.0")
    assert len([text for text in app.markdown if text.value.startswith("####")]) == 3
    assert not app.exception


def test_a_decision_opens_its_scenario(service: ProjectionContext, opened: Open):
    app = opened("pages/decide/today.py")
    workspace_summary.background().wait(patience.SECONDS)
    app = app.run()
    app = app.button(key="home.open.0").click().run()
    assert app.title[0].value == "Scenario"
    assert not app.exception
    assert "Nothing has changed yet" not in said(app)


def test_a_personas_growth_is_one_click_away(service: ProjectionContext, opened: Open):
    app = opened("pages/look/personas.py")
    assert "growing 2% a month" in said(app)
    app = app.button(key="personas.grow.persona 1").click().run()
    assert app.title[0].value == "Scenario"
    assert "20% more users: “persona 1”" in said(app)


def test_a_slate_is_chosen_explained_and_opened(service: ProjectionContext, opened: Open):
    app = opened("pages/decide/slate.py")
    service.offers["fee"] = [1.0, 1.0, 1.0, 900.0, 900.0]
    service.offers[["royalty_per_view", "marketing_cost"]] = 0.0
    app = app.button(key="slate.choose").click().run()
    slate_search.background().wait(patience.SECONDS)
    app = app.run()
    assert not app.exception
    text = said(app)
    assert "Buy Offer" in text
    assert "Walk-away price" in text
    app = open_tab(app, "Not these")
    why = next(table.value for table in app.table if "why not" in table.value.columns)
    assert {"Offer 3", "Offer 4"} <= set(why["offer"])
    app = app.button(key="slate.open").click().run()
    assert app.title[0].value == "Scenario"
    assert "1. Buy Offer" in said(app)


def test_a_slate_says_what_goes_on_beside_it_and_is_opened_with_it(service: ProjectionContext, opened: Open):
    service.offers["fee"] = 1.0
    service.offers[["royalty_per_view", "marketing_cost"]] = 0.0
    app = opened("pages/decide/slate.py")
    assert "No movie arrived in the last year." in said(app)
    app = app.selectbox(key="slate.arrivals").set_value("none").run()
    app = app.selectbox(key="slate.joining").set_value("none").run()
    app = app.button(key="slate.choose").click().run()
    slate_search.background().wait(patience.SECONDS)
    app = app.run()
    assert "for today's audience. We buy nothing else. Nobody joins." in said(app)
    app = app.button(key="slate.open").click().run()
    assert {app.selectbox(key=f"builder.{key}").value for key in ("arrivals", "joining")} == {"none"}


def test_a_link_to_slate_holds_only_what_its_fields_can():
    assert slate_question.from_mapping({"arrivals": "none"}).arrivals == "none"
    for wrong in ("often", 1, None):
        with pytest.raises(ScenarioError, match="E_PARAM"):
            slate_question.from_mapping({"arrivals": wrong})


def test_a_filter_changes_no_value_and_no_unit(service: ProjectionContext, opened: Open):
    """Half of five fees of 1 crore is 2.5 crore, whatever offers are looked at."""
    service.offers["fee"] = 10_000_000.0
    app = opened("pages/decide/slate.py")
    before = (app.text_input(key="slate.budget").value, app.select_slider(key="slate.months").value)
    assert before[0] == "2.5 crore"
    genre = app.multiselect(key="slate.genres").options[0]
    app = app.multiselect(key="slate.genres").set_value([genre]).run()
    assert f"of {len(service.offers)} offers are on the table" in said(app)
    assert (app.text_input(key="slate.budget").value, app.select_slider(key="slate.months").value) == before
    app = app.text_input(key="slate.budget").set_value("1.8 crore").run()
    app = app.multiselect(key="slate.genres").set_value([]).run()
    assert app.text_input(key="slate.budget").value == "1.8 crore"
    app = app.button(key="slate.choose").click().run()
    assert not app.exception
    assert _question(app).budget == 18_000_000.0


def test_a_budget_below_the_cheapest_offer_is_said_at_the_field(service: ProjectionContext, opened: Open):
    service.offers["fee"] = [4e6, 5e6, 6e6, 7e6, 8e6]
    service.offers[["dubbing_cost", "marketing_cost", "delivery_cost"]] = 0.0
    app = opened("pages/decide/slate.py")
    app = app.text_input(key="slate.budget").set_value("1.8 lakh").run()
    assert "the cheapest offer on the table, Offer 0, costs ₹\u00a040\u00a0lakh" in app.warning[0].value
    app = app.text_input(key="slate.budget").set_value("40 lakh").run()
    assert not app.warning
    app = app.text_input(key="slate.budget").set_value("about 40 lakh").run()
    assert "is not an amount in ₹" in app.error[0].value
    assert app.button(key="slate.choose").disabled


def test_what_must_be_in_is_on_the_table_whatever_is_looked_at(service: ProjectionContext, opened: Open):
    service.offers["fee"] = 1.0
    service.offers[["dubbing_cost", "marketing_cost", "delivery_cost"]] = 0.0
    app = opened("pages/decide/slate.py")
    app = app.multiselect(key="slate.must").set_value(["o03"]).run()
    other = next(name for name in app.multiselect(key="slate.genres").options if name not in service.offers["genres"].iloc[3])
    app = app.multiselect(key="slate.genres").set_value([other]).run()
    app = app.button(key="slate.choose").click().run()
    assert "o03" in _question(app).offers
    slate_search.background().wait(patience.SECONDS)
    assert not app.run().error


def test_a_slate_is_for_the_audience_that_was_built_and_says_so(service: ProjectionContext, opened: Open):
    """Today's audience is one click away."""
    app = opened("pages/look/personas.py")
    app = app.button(key="personas.grow.persona 1").click().run()
    app = app.switch_page("pages/decide/slate.py").run()
    assert "20% more users: “persona 1”" in said(app).replace("\\", "")
    app = app.button(key="slate.choose").click().run()
    assert [type(step) for step in _question(app).scenario.audience] == [ResizeSegment]
    app = app.get("button_group")[0].set_value(False).run()
    app = app.button(key="slate.choose").click().run()
    assert _question(app).scenario.audience == ()
    assert not app.exception


def _question(app: AppTest) -> Question:
    """What was asked last, as the address carries it."""
    carried = app.query_params["asked"]
    return slate_search.decode(carried if isinstance(carried, str) else carried[0])


def test_a_refresh_finds_slate_as_it_was_and_a_link_reopens_it(service: ProjectionContext, opened: Open):
    """Filters, ticks, budget, rules and answer are in the address: another reader's first visit by it shows the same."""
    app = opened("pages/decide/slate.py")
    genre = app.multiselect(key="slate.genres").options[0]
    app = app.multiselect(key="slate.genres").set_value([genre]).run()
    app = app.text_input(key="slate.budget").set_value("1,80,00,000").run()
    app = app.number_input(key="slate.at_most").set_value(2).run()
    app = app.multiselect(key="slate.never").set_value(["o00", "o01"]).run()
    app = app.button(key="slate.choose").click().run()
    assert not app.exception
    again = opened("pages/decide/today.py")
    for name in ("slate", "asked"):
        again.query_params[name] = app.query_params[name]
    again = again.switch_page("pages/decide/slate.py").run()
    assert not again.exception
    assert again.multiselect(key="slate.genres").value == [genre]
    assert again.text_input(key="slate.budget").value == "1,80,00,000"
    assert again.number_input(key="slate.at_most").value == 2
    assert again.multiselect(key="slate.never").value == ["o00", "o01"]
    assert _question(again) == _question(app)
    assert "Asked:" in said(again) or "Slates are being compared" in again.info[0].value


def test_every_page_carries_the_draft_and_the_question(service: ProjectionContext, opened: Open):
    """So a refresh on any page loses neither."""
    app = opened("pages/look/personas.py")
    app = app.button(key="personas.grow.persona 1").click().run()
    app = app.switch_page("pages/decide/slate.py").run()
    app = app.button(key="slate.choose").click().run()
    for path in ("pages/look/models.py", "pages/set_up/data.py", "pages/decide/scenario.py"):
        app = app.switch_page(path).run()
        assert set(app.query_params) >= {"s", "asked"}, path


@pytest.mark.parametrize("name", ["s", "slate", "asked"])
@pytest.mark.parametrize("carried", some(["9.nonsense", "1.eJyrrgUAAXUA_w", "kept.nobody-knows", "x" * 5000]))
def test_a_link_that_is_none_of_ours_is_refused_and_the_page_goes_on(
    name: str, carried: str, service: ProjectionContext, opened: Open
):
    app = opened("pages/decide/today.py")
    app.query_params[name] = carried
    app = app.switch_page("pages/decide/slate.py").run()
    assert not app.exception
    assert app.error
    assert app.button(key="slate.choose")


def test_a_selection_on_the_map_outlives_a_refresh_though_no_link_holds_it(service: ProjectionContext, opened: Open):
    users = ByUsers(users=tuple(service.choice.user_ids.ids[:30]))
    app = opened("pages/decide/today.py")
    app.session_state["greenlight.table"] = scenario_session.ScenarioSession(
        draft=Draft(scenario=Scenario(name="picked", changes=(ResizeSegment(segment=users, factor=1.2),)))
    )
    app = app.switch_page("pages/decide/scenario.py").run()
    (carried,) = [app.query_params["s"]] if isinstance(app.query_params["s"], str) else app.query_params["s"]
    assert carried.startswith("kept.")
    again = opened("pages/decide/today.py")
    again.query_params["s"] = carried
    again = again.switch_page("pages/decide/scenario.py").run()
    assert "20% more users: 30 users picked on the map" in said(again)


def test_rules_that_clash_are_refused_by_name(service: ProjectionContext, opened: Open):
    app = opened("pages/decide/slate.py")
    app = app.multiselect(key="slate.must").set_value(["o00", "o01"]).run()
    app = app.multiselect(key="slate.never").set_value(["o00", "o01"]).run()
    app = app.button(key="slate.choose").click().run()
    slate_search.background().wait(patience.SECONDS)
    app = app.run()
    assert not app.exception
    assert "E_RULES" in app.error[0].value


def test_only_what_is_on_the_table_is_chosen_from(service: ProjectionContext):
    narrowed = slate_search.only(service, ("o02", "o00"))
    assert narrowed.offers["movie_id"].tolist() == ["o02", "o00"]
    assert np.array_equal(narrowed.offer_content[0], service.offer_content[2])


def test_a_search_on_the_movies_map_shows_what_is_alike_in_embedding_space(service: ProjectionContext, opened: Open):
    app = opened("pages/look/movies.py")
    app = app.text_input(key="movies.search").set_value("story 7").run()
    assert not app.exception
    assert "Most like Story 7" in said(app)
    assert len(app.dataframe) >= 1


def test_neighbours_are_those_of_the_vectors_and_not_of_the_map(service: ProjectionContext):
    space = movies.vectors(service)
    unit = space / np.linalg.norm(space, axis=1, keepdims=True)
    cosine = unit @ unit[3]
    cosine[3] = -2.0
    found = movies.alike(movies.everything(service), space, 3, k=3)
    titles = movies.everything(service)["title"].to_numpy()
    assert found["title"].tolist() == titles[np.argsort(-cosine)[:3]].tolist()


def test_fewer_than_twenty_people_are_not_described(service: ProjectionContext):
    seen = (np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT"):
        audiences.group(service, seen, np.arange(19))
    assert audiences.group(service, seen, np.arange(20)).size == 20


@pytest.mark.parametrize("odd", [1, 19, 30])
def test_no_part_of_a_selection_below_the_floor_is_told(odd: int, service: ProjectionContext):
    """Of 40 people selected, ``odd`` speak the second language: not told, since those or the others are below 20."""
    languages = ["Tamil"] * (40 - odd) + ["Hindi"] * (odd + 40)
    context = replace(
        service,
        users=service.users.assign(language=languages),
        personas=replace(service.personas, assignment=np.array([0] * (40 - odd) + [1] * (odd + 40), dtype=np.int64)),
    )
    seen = (np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
    group = audiences.group(context, seen, np.arange(40))
    assert "language" not in set(group.traits["attribute"])
    assert group.personas.to_numpy().tolist() == [["others", "100%"]]


def test_a_described_group_is_compared_with_everyone(service: ProjectionContext):
    """The even users speak the first language, half of all do: twice as often."""
    seen = (np.array([0, 2, 4, 1]), np.array([5, 5, 5, 6]))
    rows = np.arange(0, 80, 2)
    group = audiences.group(service, seen, rows)
    language = group.traits[group.traits["attribute"] == "language"].iloc[0]
    assert (language["here"], language["of all"]) in {("100%", "50%"), ("0%", "50%")}
    assert group.favourites["movie"].iloc[0] == "Story 5"
    assert group.share == 0.5


def test_a_training_is_started_followed_and_its_answer_shown(tables_only: Path, opened: Open, monkeypatch: pytest.MonkeyPatch):
    """With a stand-in for the worker, which the real one is tested against elsewhere."""
    line = {"stage": "mf", "message": "Learning tastes", "done": 1, "total": 2, "fraction": 0.5, "seconds": 1, "eta_seconds": 9}
    answer = {"result": {"run": "abc123", "in_use": True, "seconds": 70, "warnings": []}}
    seen = tables_only / "seen"
    os.mkfifo(seen)
    code = (
        f"print({json.dumps(json.dumps(line))}, flush=True); open({str(seen)!r}).read()\nprint({json.dumps(json.dumps(answer))})"
    )
    commands = []

    def start(workspace: Workspace, name: str, command: list[str]) -> None:
        commands.append(command)
        real(workspace, name, ["-c", code])

    real = jobs.start
    monkeypatch.setattr(train_page.jobs, "start", start)
    app = opened("pages/set_up/training.py")
    app = app.button(key="train.start").click().run()
    assert json.loads(commands[0][-1]) == {"model": "all", "members": 8}
    assert commands[0][:2] == ["-m", "recsys.pipeline"]
    assert patience.until(lambda: _progress(tables_only) == 0.5)
    app = opened("pages/set_up/training.py")
    assert app.button(key="jobs.cancel.train")
    seen.write_text("")
    ended(Workspace(tables_only), "train")
    app = app.run()
    assert "abc123" in said(app)
    assert "1 min 10 s" in said(app)
    app = app.button(key="jobs.clear.train").click().run()
    assert "abc123" not in said(app)


def test_a_folder_of_the_server_is_read_only_where_it_was_allowed(
    tables_only: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(server_folders.VARIABLE, raising=False)
    app = opened("pages/set_up/data.py")
    assert "--import-root" in said(app)
    assert "data.path" not in [field.key for field in app.text_input]
    monkeypatch.setenv(server_folders.VARIABLE, str(tmp_path / "shared"))
    app = opened("pages/set_up/data.py")
    app = app.text_input(key="data.path").set_value("/etc").run()
    app = app.button(key="data.import").click().run()
    assert "E_PERMISSION" in app.error[0].value
    assert jobs.find(Workspace(tables_only), "import") is None


def test_a_refused_import_is_a_table_of_findings(
    tables_only: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(server_folders.VARIABLE, str(tmp_path))
    broken = tmp_path / "offers.csv"
    broken.write_text("movie_id,title,fee,currency,window_months\nx1,A,-5,INR,12\nx2,,3,USD,12\n", encoding="utf-8")
    app = opened("pages/set_up/data.py")
    app = app.text_input(key="data.path").set_value(str(broken)).run()
    app = app.button(key="data.import").click().run()
    ended(Workspace(tables_only), "import")
    app = app.run()
    assert not app.exception
    codes = set(next(frame.value for frame in app.dataframe if "code" in frame.value.columns)["code"])
    assert {"E_COST", "E_TITLE", "E_CURRENCY"} <= codes


def test_offers_are_taken_in_through_the_page(tables_only: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(server_folders.VARIABLE, str(tmp_path))
    good = tmp_path / "offers.csv"
    good.write_text("movie_id,title,fee,currency,window_months\nx1,A,500000,INR,12\n", encoding="utf-8")
    app = opened("pages/set_up/data.py")
    app = app.text_input(key="data.path").set_value(str(good)).run()
    app = app.button(key="data.import").click().run()
    job = ended(Workspace(tables_only), "import")
    assert job is not None
    assert job.state == "done", job.log
    app = app.run()
    assert "1 offers" in said(app)
    assert open_workspace.dataset_info().rows["offers"] == 1
    done = next(frame.value for frame in app.dataframe if "by" in frame.value.columns)
    assert done[["by", "what", "which"]].values.tolist() == [["test@example.com", "import", "offers.csv: offers"]]
    assert [link.label for link in app.get("page_link") if "Train" in link.label] == ["Train on them"]


def test_with_a_model_offers_can_be_judged_as_they_come(
    service: ProjectionContext, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nothing is learnt from offers, so nothing is trained again."""
    monkeypatch.setenv(server_folders.VARIABLE, str(tmp_path))
    good = tmp_path / "offers.csv"
    good.write_text("movie_id,title,fee,currency,window_months\nx1,A,500000,INR,12\n", encoding="utf-8")
    app = opened("pages/set_up/data.py")
    app = app.text_input(key="data.path").set_value(str(good)).run()
    app = app.button(key="data.import").click().run()
    ended(open_workspace.workspace(), "import")
    app = app.run()
    labels = [link.label for link in app.get("page_link")]
    assert "Judge the offers" in labels
    assert "Train on them" not in labels


def test_the_scenario_of_a_persona_is_what_its_button_says(service: ProjectionContext, opened: Open):
    app = opened("pages/look/personas.py")
    app = app.button(key="personas.grow.persona 0").click().run()
    from recsys.scenario import link

    carried = app.query_params["s"]
    held = link.decode(carried if isinstance(carried, str) else carried[0])
    assert held.changes == (ResizeSegment(segment=ByPersona(persona="persona 0"), factor=1.2),)


def _form_of(kind: str, start: str = "") -> None:
    import streamlit as st

    from recsys.app.scenario.change_forms import form
    from recsys.scenario import toml
    from recsys.scenario.changes import KINDS
    from recsys.scenario.mapping import check
    from recsys.scenario.scenario import Scenario
    from tests.projection import builders

    held = toml.loads(start).changes[0] if start else None
    change = form(builders.context(80, 40, n_offers=3), KINDS[kind], key="form", start=held)
    st.session_state["change"] = change
    if change is not None:
        check(Scenario(name="x", changes=(change,)))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"drop", "promote", "shift_launch"}))
def test_a_form_as_it_opens_is_a_change_that_is_allowed(kind: str):
    app = AppTest.from_function(_form_of, args=(kind,), default_timeout=patience.SECONDS).run()
    assert not app.exception
    assert not app.error
    assert type(app.session_state["change"]) is KINDS[kind]


@pytest.mark.parametrize(
    "held",
    [
        ResizeSegment(segment=ByPersona(persona="persona 1"), factor=51.0),
        ScaleActivity(segment=Everyone(), factor=0.0078125),
        ShiftTaste(segment=Everyone(), towards=TowardsAttribute(attribute="genres", value="Comedy"), strength=-7.5),
        ShiftTaste(segment=Everyone(), towards=TowardsMovies(movies=("m0003", "m0005")), strength=0.25),
        ChangeChurn(segment=ByRule(where="city_tier = 2"), delta_share=-0.9),
        ChangePrice(plan="rental", amount=75.0),
        ContinueDrift(months=60),
        Acquire(offer="o01", fee=5.0, window_months=600, dubbing_cost=3.0, launch_month=120),
        Drop(movie="m0002"),
        Promote(movie="m0002", exposure=9.5),
    ],
    ids=lambda held: held.key,
)
def test_a_form_opened_on_a_change_says_that_change(held: Change):
    """Also where a file says more than people usually type."""
    file = toml.dumps(Scenario(name="x", changes=(held,)))
    app = AppTest.from_function(_form_of, args=(held.key, file), default_timeout=patience.SECONDS).run()
    assert not app.exception
    assert app.session_state["change"] == held


def test_the_fee_as_asked_is_no_override_and_another_one_is():
    app = AppTest.from_function(_form_of, args=("acquire",), default_timeout=patience.SECONDS).run()
    assert app.session_state["change"] == Acquire(offer="o00")
    app = app.text_input(key="form.fee.o00").set_value("42.5 lakh").run()
    assert app.session_state["change"] == Acquire(offer="o00", fee=4_250_000.0)
    app = app.text_input(key="form.fee.o00").set_value("1,80,00,000").run()
    assert app.session_state["change"] == Acquire(offer="o00", fee=18_000_000.0)
    assert any("Read as ₹\u00a01,80,00,000" in caption.value for caption in app.caption)


def test_a_fee_in_doubt_is_refused_at_its_field_and_is_no_change():
    app = AppTest.from_function(_form_of, args=("acquire",), default_timeout=patience.SECONDS).run()
    app = app.text_input(key="form.fee.o00").set_value("1,8 crore").run()
    assert "can be read in more than one way" in app.error[0].value
    assert app.session_state["change"] is None
    app = app.text_input(key="form.fee.o00").set_value("").run()
    app = app.text_input(key="form.dubbing_cost.o00").set_value("5 lac").run()
    assert app.session_state["change"] == Acquire(offer="o00", dubbing_cost=500_000.0)
    app = app.text_input(key="form.dubbing_cost.o00").set_value("some").run()
    assert app.session_state["change"] is None


def test_choices_by_attribute_become_a_rule():
    app = AppTest.from_function(_form_of, args=("resize_segment",), default_timeout=patience.SECONDS).run()
    app = app.get("button_group")[0].set_value("by attribute").run()
    app = app.multiselect(key="form.attributes").set_value(["language", "city_tier"]).run()
    app = app.multiselect(key="form.value.language").set_value(["Hindi"]).run()
    app = app.multiselect(key="form.value.city_tier").set_value([2.0]).run()
    assert app.session_state["change"] == ResizeSegment(
        segment=ByRule(where="language = 'Hindi' and city_tier = 2"), factor=pytest.approx(1.2)
    )
    assert any("20 users" in caption.value for caption in app.caption)


def _progress(root: Path) -> float | None:
    job = jobs.find(Workspace(root), "train")
    return job.progress.fraction if job and job.progress else None


def test_a_question_about_offers_that_are_gone_is_refused_and_not_answered_with_the_rest(service: ProjectionContext):
    """As where a list of offers was brought in after the question was put."""
    known = str(service.offers["movie_id"].iloc[0])
    with pytest.raises(ScenarioError, match=r"E_MOVIE.*1 of the 2 offers"):
        slate_search.only(service, (known, "gone"))
    assert slate_search.only(service, (known, known)).offers["movie_id"].tolist() == [known]
