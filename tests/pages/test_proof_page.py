"""The proof page: scores in words, a command where there is nothing, and a warning where the tables have moved on."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.app.runtime import open_workspace
from recsys.backtest import store
from recsys.backtest.baselines import BASELINES
from recsys.backtest.report import document
from recsys.backtest.serialization import Substitution, ViewingForecast
from recsys.presentation.tables import backtest as views
from recsys.presentation.text import backtest as words
from recsys.projection.context import ProjectionContext
from tests.backtest.builders import arrived, origin
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import said

PATH = "pages/look/backtest.py"


def report(data: str, *, better: bool = True) -> dict:
    """Thirty arrivals; the projection is off by a tenth and the rivals by half, or the other way round."""
    rng = np.random.default_rng(0)
    ours, theirs = (0.1, 0.8) if better else (0.8, 0.1)
    arrivals = [
        arrived(
            float(round(actual)),
            float(actual * np.exp(rng.normal(0, ours))),
            rivals={name: float(actual * np.exp(rng.normal(0, theirs))) for name in BASELINES},
        )
        for actual in np.exp(rng.normal(4, 1, 30))
    ]
    launches = tuple(
        Substitution(movie_id=f"m{k}", kind="launch", views=100.0, measured=8.0 + k, projected=9.0 + k) for k in range(6)
    )
    made = [origin(*arrivals[:15], substitutions=launches), origin(*arrivals[15:], date="2024-03-01")]
    viewing = ViewingForecast(month=1, projected=950.0, actual=1000.0, rivals={"as_last_month": 1100.0})
    made[1] = replace(made[1], cutoff=replace(made[1].cutoff, viewing=(viewing,)))
    facts = {"data": data, "simulated": True, "settings": {}, "notes": ["Simulated."], "calibration": None}
    return document(made, days=[28], seed=0, facts=facts)


def publish(data: str, **options: bool) -> None:
    workspace = open_workspace.workspace()
    store.publish(workspace, report(data, **options), [], None, {})


def test_the_page_says_how_good_the_projection_was(service: ProjectionContext, opened: Open):
    publish(open_workspace.fingerprint())
    app = opened(PATH)
    assert not app.exception
    assert not app.error
    text = said(app)
    assert "better than all three rivals" in text
    assert "Too few past arrivals to calibrate" in text
    assert "The two agree within the error." in text
    assert "from 1 past moment, we were 5% off (−5% on balance); as last month would have been 10% off." in text
    assert not app.warning


def test_a_projection_that_loses_is_said_to_lose(service: ProjectionContext, opened: Open):
    publish(open_workspace.fingerprint(), better=False)
    assert "worse than popularity of genre, five comparables and gradient-boosted trees" in said(opened(PATH))


def test_a_proof_of_other_tables_is_marked(service: ProjectionContext, opened: Open):
    publish("other tables")
    app = opened(PATH)
    assert "other data" in app.warning[0].value


def test_without_a_backtest_the_command_is_there(service: ProjectionContext, opened: Open):
    app = opened(PATH)
    assert app.code[0].value.endswith(" backtest")
    assert not app.exception


def miss(**changes: object) -> dict:
    return {
        "title": "A",
        "p10": 5.0,
        "p50": 10.0,
        "p90": 20.0,
        "actual": 80.0,
        "inside_support": True,
        "comparables": ["B", "C"],
        "nearest_rival": {"name": "five_comparables", "value": 12.0},
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Won 8.0 times the middle of its range. No rival saw it either; the nearest, five comparables, said 12."),
        (
            {"nearest_rival": {"name": "gradient_boosting", "value": 70.0}},
            "What was known did tell: gradient-boosted trees said 70.",
        ),
        ({"inside_support": False}, "Unlike anything on the service then"),
        ({"actual": 2.0}, "Won 20% of the middle of its range."),
        ({"actual": 19.0}, "Inside its range"),
    ],
)
def test_why_a_miss_happened_is_read_from_its_figures(changes: dict, expected: str):
    assert expected in words.why(miss(**changes))


def test_a_point_is_held_where_the_range_holds_it():
    made = report("x")
    points = views.points(made, "28", "views")
    assert len(points) == 30
    inside = (points["p10"] <= points["actual"]) & (points["actual"] <= points["p90"])
    assert ((points["range"] == "held") == inside).all()
    assert inside.any()
