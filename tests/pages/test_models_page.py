"""The Models page: what a run measured, what was evaluated since, and what to do where there is neither."""

import json
from pathlib import Path
from typing import Any

import pytest

from recsys.app.runtime import open_workspace
from recsys.models.compare import CompareConfig
from recsys.pipeline.evaluate import evaluate_ranking
from recsys.presentation.tables import model_measures
from recsys.projection.context import ProjectionContext
from recsys.workspace import Workspace
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import said

PAGE = "pages/look/models.py"
RULES = ("popularity", "segment_popularity", "ease")


def interval(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}


def of_hidden_movies(fingerprint: str) -> dict[str, Any]:
    """A document of `recsys evaluate --cold`, made up."""
    ranked = {
        "users": 70,
        "models": {"two_tower": {"ndcg@30": interval(0.4)}, "genre_popularity": {"ndcg@30": interval(0.1)}},
        "pairs": {},
    }
    held = {"80%": {"promised": 0.8, "coverage": 0.79, "width_nats": 2.0}}
    told = {"predictors": {"ridge": {"r2": interval(0.2), "rmse_nats": 0.7, "interval": held}}}
    return {
        "schema": 1,
        "kind": "cold",
        "data": fingerprint,
        "created": "2026-01-02T03:04:05+00:00",
        "places": 30,
        "hidden_movies": 8,
        "known_movies": 32,
        "ranking": {"0": ranked, "1": ranked},
        "appeal": {"0": told, "1": told},
    }


def show(app: Any, tab: str) -> Any:
    app.session_state["models.tabs"] = tab
    return app.run()


def test_a_run_without_figures_says_how_to_get_them(service: ProjectionContext, opened: Open):
    app = opened(PAGE)
    assert "Not measured yet" in [head.value for head in app.subheader]
    assert app.code[0].value.endswith("evaluate")


def test_an_evaluation_is_shown_with_its_winner_its_checks_and_its_slices(service: ProjectionContext, opened: Open):
    evaluate_ranking(open_workspace.workspace(), CompareConfig(models=RULES, at=(5, 10)))
    app = opened(PAGE)
    assert not app.exception
    assert not app.warning
    text = said(app)
    assert "comes first" in text
    assert "Evaluated on later views" in text
    assert "Only some were evaluated: what is popular, what is popular among the like and watched together (EASE)." in text
    checks = next(table.value for table in app.table if "recommender" in table.value.columns)
    popular = checks[checks["recommender"] == "What is popular"].iloc[0]
    assert popular["Not only what is popular"] == "✗ failed"
    app = show(app, "For whom")
    assert not app.exception
    assert {"how much users had watched", "language of users", "age of movies"} <= set(app.selectbox(key="models.slice").options)


def test_figures_of_other_tables_are_marked(service: ProjectionContext, opened: Open):
    document = evaluate_ranking(open_workspace.workspace(), CompareConfig(models=RULES, at=(5, 10)))
    place = open_workspace.workspace().evaluations / "temporal.json"
    place.write_text(json.dumps(document | {"data": "of other tables"}))
    assert "have changed" in opened(PAGE).warning[0].value


def test_hidden_movies_are_shown_or_how_to_try_them(service: ProjectionContext, opened: Open):
    app = show(opened(PAGE), "New movies")
    assert "New movies have not been tried yet" in [head.value for head in app.subheader]
    assert app.code[0].value.endswith("evaluate --cold")
    folder = open_workspace.workspace().evaluations
    folder.mkdir(parents=True)
    (folder / "cold.json").write_text(json.dumps(of_hidden_movies(open_workspace.fingerprint())))
    app = show(opened(PAGE), "New movies")
    assert not app.exception
    assert "8 movies were hidden" in said(app)
    told = next(table.value for table in app.table if "foretold from" in table.value.columns)
    assert told["in its range (promised)"].tolist() == ["79% (80%)"]
    assert told["typical miss"].tolist()[0] == "× 2.01"  # e^0.7


def test_every_calibrated_parameter_is_shown_with_error_unit_and_origin(service: ProjectionContext, opened: Open):
    app = show(opened(PAGE), "What was calibrated")
    assert not app.exception
    shown = app.table[0].value
    assert sorted(shown["what"]) == sorted(estimate.name for estimate in service.choice.estimates)
    assert {"origin", "value", "±", "unit", "from"} <= set(shown.columns)


def test_a_broken_document_is_as_none(tmp_path: Path):
    workspace = Workspace(tmp_path)
    workspace.evaluations.mkdir()
    (workspace.evaluations / "temporal.json").write_text("{")
    (workspace.evaluations / "random.json").write_text('{"schema": 2, "models": {"x": {}}}')
    assert model_measures.comparisons(workspace, "") == ()


@pytest.mark.parametrize(("clear", "expected"), [(True, "ahead of every other"), (False, "not clearly ahead")])
def test_a_winner_by_chance_is_not_called_ahead(clear: bool, expected: str):
    row = {"better": "mf", "worse": "popularity", "clear": clear}
    made = model_measures.Measured(
        title="",
        created="",
        stale=False,
        users=10,
        figures={"mf": {"ndcg@10": interval(0.3)}, "popularity": {"ndcg@10": interval(0.2)}},
        slices={},
        behaviour={},
        pairs={"metrics": {"ndcg@10": [row]}},
    )
    assert expected in model_measures.verdict(made, "ndcg@10")
