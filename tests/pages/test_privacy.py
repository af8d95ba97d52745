"""Nothing of a person reaches a browser or a link: what pages send is read as bytes."""

import struct

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recsys.app.maps import map_data
from recsys.app.runtime import open_workspace
from recsys.app.shell import navigation
from recsys.app.today import workspace_summary
from recsys.presentation.tables import points
from recsys.projection.context import ProjectionContext
from tests.effort import some
from tests.pages.conftest import Open
from tests.pages.sent import recorded
from tests.pages.test_every_page import IDS, PLACES

HERMIT = "Poovar-by-the-Sea"
"""A town where one user lives."""


@pytest.fixture
def peopled(service: ProjectionContext) -> ProjectionContext:
    """The service, with what is told of users in real tables: a town, an income, a birth year, a date."""
    rng = np.random.default_rng(3)
    n_users = len(service.users)
    service.users["town"] = ["Madurai"] * (n_users - 1) + [HERMIT]
    service.users["income"] = rng.uniform(10_000, 90_000, n_users)
    service.users["birth_year"] = rng.integers(1940, 2010, n_users)
    service.users["signup_date"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, n_users), "D")
    return service


def told_of_a_person(context: ProjectionContext, messages: list[bytes]) -> list[str]:
    """Whatever in the messages is one person's: an id, the rare town, an income in digits or as a number."""
    ids = [name.encode() for name in context.choice.user_ids.ids]
    incomes = [form for value in context.users["income"] for form in (repr(float(value))[:9].encode(), struct.pack("<d", value))]
    sent = b"|".join(messages)
    return [str(secret) for secret in (*ids, HERMIT.encode(), *incomes) if secret in sent]


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_no_page_sends_anything_of_a_person(place: navigation.Page, peopled: ProjectionContext, opened: Open):
    with recorded() as messages:
        app = opened(place.path)
        workspace_summary.background().wait(60)
        open_workspace.background().wait(60)
        app.run()
    assert sum(map(len, messages)) > 1_000
    assert told_of_a_person(peopled, messages) == []


@pytest.mark.parametrize("attribute", some(["town", "income", "birth_year", "signup_date", "plan", "persona", "city_tier"]))
def test_the_audience_map_coloured_by_anything_sends_nothing_of_a_person(
    attribute: str, peopled: ProjectionContext, opened: Open
):
    with recorded() as messages:
        app = opened(navigation.AUDIENCE.path)
        if attribute in app.selectbox(key="audience.colour").options:
            app = app.selectbox(key="audience.colour").set_value(attribute).run()
        assert not app.exception
    assert any(b"token" in message for message in messages)
    assert told_of_a_person(peopled, messages) == []


def _picked(app: AppTest, monkeypatch: pytest.MonkeyPatch, rows: np.ndarray) -> AppTest:
    monkeypatch.setattr(points, "inside", lambda *_a, **_k: rows)
    return app.run()


def test_people_picked_on_the_map_become_a_scenario_without_their_ids_leaving(
    peopled: ProjectionContext, opened: Open, monkeypatch: pytest.MonkeyPatch
):
    with recorded() as messages:
        app = _picked(opened(navigation.AUDIENCE.path), monkeypatch, np.arange(25, dtype=np.int64))
        app = app.button(key="audience.use").click().run()
        assert app.title[0].value == "Scenario"
        assert "25 users picked on the map" in " ".join(text.value for text in app.markdown)
        app = app.switch_page(navigation.SCENARIO.path).run()
        open_workspace.background().wait(60)
        app = app.run()
        app = app.button(key="builder.save").click().run()
        assert not app.exception
    assert told_of_a_person(peopled, messages) == []
    carried = str(dict(app.query_params))
    assert "saved" in carried
    assert "u0" not in carried
    assert not any(button.proto.label == "Scenario (TOML)" for button in app.get("download_button"))


def test_two_sessions_know_a_person_by_different_tokens(service: ProjectionContext):
    first = map_data.user_points("neighbourhood").tokens
    st.cache_resource.clear()
    assert not np.array_equal(first, map_data.user_points("neighbourhood").tokens)
