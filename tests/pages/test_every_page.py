"""Every page opens: on a service, on tables alone, on nothing. None ever shows a traceback."""

import pytest

from recsys.app.shell import navigation
from recsys.projection.context import ProjectionContext
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import said

PLACES = [place for section in navigation.MENU.values() for place in section]
IDS = [place.url for place in PLACES]


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_page_opens_with_title_question_and_origin(place: navigation.Page, service: ProjectionContext, opened: Open):
    app = opened(place.path)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == place.title
    assert app.caption[0].value.endswith("?")
    footer = said(app)
    assert "Simulated service." in footer
    assert "made-up" in footer
    assert "past arrivals <code>not learnt from yet</code>" in footer


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_page_without_anything_says_the_next_step(place: navigation.Page, empty: object, opened: Open):
    app = opened(place.path)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == place.title
    if place is not navigation.DATA:
        assert "No data yet" in said(app)


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_page_without_a_model_says_the_next_step(place: navigation.Page, tables_only: object, opened: Open):
    app = opened(place.path)
    assert not app.exception
    assert not app.error
    if place is navigation.PROOF:
        assert "recsys --workspace" in said(app) or any("backtest" in each.value for each in app.code)
    elif place not in (navigation.DATA, navigation.TRAIN):
        assert "No model yet" in said(app)
