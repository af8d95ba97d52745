"""What a person at a terminal gets from each command, whatever its document holds: text, and never a traceback.

The commands run as they are; only what would be computed is put in its place.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recsys.choice.model.parameters import Estimate
from recsys.cli import cli
from recsys.decision.decision_threshold import DecisionThreshold, DecisionThresholds
from recsys.decision.placebo_tests import PlaceboTest
from recsys.decision.slate import Slate
from recsys.decision.slate_exclusions import LeftOutOffer
from recsys.decision.walk_away_price import WalkAwayPrice
from recsys.models.compare import CompareConfig, compare
from recsys.pipeline.demo import DemoResult
from recsys.pipeline.train import TrainResult
from recsys.projection.result import Projection
from recsys.scenario import audit_trail
from recsys.scenario.changes import Everyone
from recsys.scenario.scenario import Scenario
from recsys.simulation.demo import ServiceConfig
from recsys.workspace import Workspace
from tests.builders import tiny_dataset
from tests.pages.test_proof_page import report
from tests.presentation import projections
from tests.tables import raw

WARNED = ("W_HORIZON: “Alai” launches in month 14, after the horizon; it earns nothing here.", "a warning without a code")
ASSUMED = Estimate(name="rewatch rate", value=0.05, unit="share", kind="assumed", source="no repeats in the data")


def human(*arguments: str) -> str:
    """What is printed, which is all of it: nothing is refused and nothing breaks."""
    done: Result = CliRunner().invoke(cli, list(arguments))
    assert done.exit_code == 0, (done.output, done.exc_info)
    return done.stdout


def projected(**changes: Any) -> Projection:
    return projections.projection(**changes)


def many_offers(n: int) -> Projection:
    offers = tuple(projections.offer(movie_id=f"o{k}", title=f"Offer {k}", victims=(), segments=()) for k in range(n))
    return projected(offers=offers, assumptions=(ASSUMED,) * n, warnings=WARNED * n)


PROJECTIONS = {
    "with warnings": projected(warnings=WARNED),
    "without warnings": projected(),
    "not simulated": projected(simulated=False, warnings=WARNED),
    "without an answer": replace(projections.nothing(), warnings=WARNED, assumptions=(), scenario_name=""),
    "before the ranges": projections.quick(),
    "withheld": projected(offers=(projections.offer(roi=None, payback_month=None),), roi=None, prob_above_hurdle=None),
    "large": many_offers(500),
    "in dollars": projected(currency="USD", payback_month=None),
}


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=PROJECTIONS.keys())
def test_a_projection_is_told_with_every_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, projection: Projection):
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('schema = 1\nname = "x"\n')
    context = SimpleNamespace(title=str.upper)
    monkeypatch.setattr("recsys.projection.context.load_projection_context", lambda _workspace: context)
    monkeypatch.setattr("recsys.projection.project.project", lambda *_, **__: projection)
    monkeypatch.setattr("recsys.decision.unobserved_confounding.unobserved_confounding", lambda *_: ())
    told = " ".join(human("project", str(scenario)).split())
    assert told.startswith(f"{projection.scenario_name}: 12 months ahead")
    assert told.count("W_HORIZON: “Alai” launches") == told.count("a warning without a code") == len(projection.warnings) // 2
    assert ("(a simulated service)" in told) == projection.simulated
    for offer in projection.offers:
        assert offer.title in told


def slate(n_chosen: int, n_left: int, *, exact: bool = True, fee_to_enter: float | None = None) -> Slate:
    left = LeftOutOffer(
        movie_id="o9", title="Kaatru", reason="it costs more than it earns", adds=-1e5, fee=79e5, fee_to_enter=fee_to_enter
    )
    return Slate(
        chosen=tuple(f"o{k}" for k in range(n_chosen)),
        value=1.67e7 if n_chosen else 0.0,
        search_value=1.7e7 if n_chosen else 0.0,
        possible=3,
        cheapest=8e5,
        cost=4e6 if n_chosen else 0.0,
        budget=5e6,
        upper_bound=1.7e7,
        gap_share=0.0 if exact else 0.019,
        exact=exact,
        n_runs=n_chosen + n_left,
        why_not=(left,) * n_left,
        currency="INR",
        scenario=Scenario(name="slate"),
    )


SLATES = {
    "usual": slate(2, 2),
    "nothing to buy": slate(0, 3, fee_to_enter=3e5),
    "no offers": slate(0, 0),
    "everything": slate(3, 0),
    "large": slate(300, 300, exact=False, fee_to_enter=1.0),
}


@pytest.mark.parametrize("found", SLATES.values(), ids=SLATES.keys())
def test_a_slate_names_what_is_chosen_and_what_is_left(monkeypatch: pytest.MonkeyPatch, found: Slate):
    monkeypatch.setattr("recsys.projection.context.load_projection_context", lambda _workspace: SimpleNamespace(title=str.upper))
    monkeypatch.setattr("recsys.decision.slate.choose", lambda *_: found)
    told = human("slate", "--budget", "5000000")
    assert all(movie.upper() in told for movie in found.chosen)
    assert told.count("Kaatru") == len(found.why_not)


def backtests() -> dict[str, dict[str, Any]]:
    made = report("x")
    bare = {"totals": {}, "substitution": {}, "origins": [], "arrivals": [], "misses": {}, "notes": []}
    return {
        "simulated": made,
        "not simulated": {**made, "simulated": False},
        "empty": {**made, **bare},
        "nothing substituted": {**made, "substitution": {}},
        "large": {**made, "origins": made["origins"] * 100, "totals": {str(days): made["totals"]["28"] for days in range(1, 51)}},
    }


@pytest.mark.parametrize("found", backtests().values(), ids=backtests().keys())
def test_a_time_machine_is_told_whatever_it_scored(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]):
    monkeypatch.setattr("recsys.pipeline.backtest.backtest", lambda *_: found)
    told = " ".join(human("backtest").split())
    assert ("(a simulated service)" in told) == (bool(found["totals"]) and found["simulated"])
    assert told.count("each projected over its first") == len(found["totals"])


@cache
def comparison() -> dict[str, Any]:
    return compare(tiny_dataset(), CompareConfig(models=("popularity", "ease"))) | {"kind": "temporal"}


@pytest.mark.parametrize("left_out", [[], [{"model": "ease", "reason": "E_TOO_BIG too many movies."}]])
def test_a_comparison_is_told_with_what_was_left_out(monkeypatch: pytest.MonkeyPatch, left_out: list[dict[str, str]]):
    found = comparison() | {"left_out": left_out}
    monkeypatch.setattr("recsys.pipeline.evaluate.evaluate_ranking", lambda *_: found)
    told = human("evaluate")
    assert "is best on ndcg@10" in told
    assert told.count("left out.") == len(left_out)


def trained(**changes: Any) -> TrainResult:
    made = TrainResult(
        run="run-1", folder=Path("runs/run-1"), reused=False, in_use=True, seconds=12.5, stage_seconds={"mf": 3.0}, metrics={}
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    "result", [trained(), trained(warnings=WARNED, metrics={"mf": {"ndcg@10": 0.25, "nothing": None}}, stage_seconds={})]
)
@pytest.mark.parametrize("command", ["train", "demo"])
def test_a_training_is_told_with_every_warning(monkeypatch: pytest.MonkeyPatch, command: str, result: TrainResult):
    demo = DemoResult(service=ServiceConfig(), training=result, seconds=60.0, simulated_seconds=4.0)
    monkeypatch.setattr("recsys.pipeline.train.train", lambda *_: result)
    monkeypatch.setattr("recsys.pipeline.demo.make_demo", lambda *_: demo)
    told = human(command)
    assert "run: run-1" in told
    assert all(warning in told for warning in result.warnings)


@pytest.mark.parametrize("n", [0, 1, 400])
def test_placebos_are_told_one_by_one(monkeypatch: pytest.MonkeyPatch, n: int):
    one = PlaceboTest(name="invisible", asks="What does it add?", found=0.0, unit="hours", expected="0", passed=True)
    monkeypatch.setattr("recsys.projection.context.load_projection_context", lambda _workspace: None)
    monkeypatch.setattr("recsys.tables.store.published_tables.load_dataset", lambda _workspace: SimpleNamespace(events=None))
    monkeypatch.setattr("recsys.decision.placebo_tests.run_placebo_tests", lambda *_, **__: (one,) * n)
    assert human("refute").count("What does it add?") == n


@pytest.mark.parametrize("repeated", [False, True])
def test_an_import_is_told_with_every_warning(tmp_path: Path, repeated: bool):
    files = raw.Raw()
    files.put("events", files.text("events") + files.text("events").split("\n")[1] * repeated + "\n")
    told = human("--workspace", str(tmp_path / "ws"), "import", str(files.write(tmp_path / "in")))
    assert ("W_DUP" in told) == repeated
    assert f"users: {files.rows('users')}" in told


def test_titles_are_printed_letter_by_letter(monkeypatch: pytest.MonkeyPatch):
    """Nothing in a title is markup or the name of a picture."""
    monkeypatch.setattr(
        "recsys.projection.context.load_projection_context", lambda _workspace: SimpleNamespace(title=lambda _: ":smile: [bold]")
    )
    monkeypatch.setattr("recsys.decision.slate.choose", lambda *_: slate(1, 0))
    assert "Buy :smile: [bold]: " in human("slate", "--budget", "5000000")


def test_a_report_of_what_was_found_is_printed_and_ends_with_status_2(tmp_path: Path):
    done = CliRunner().invoke(cli, ["export", "verify", str(tmp_path)])
    assert done.exit_code == 2
    assert "code: E_MANIFEST" in done.stdout


def answer(warnings: tuple[str, ...], simulated: bool) -> Projection:
    return projected(warnings=warnings, simulated=simulated)


@pytest.mark.parametrize("verdict", ["take", "leave", "negotiate", "withheld"])
@pytest.mark.parametrize(("warnings", "simulated", "fee"), [(WARNED, True, 42e5), ((), False, 0.0)])
def test_a_bid_is_told_whatever_its_verdict(
    monkeypatch: pytest.MonkeyPatch, verdict: str, warnings: tuple[str, ...], simulated: bool, fee: float
):
    asked = answer(warnings, simulated)
    found = WalkAwayPrice(
        movie_id="o1",
        title="Kaatru",
        fee=fee,
        price=asked.offers[0].max_bid,
        room_share=-0.2 if fee else 0.0,
        verdict=verdict,
        result=asked.offers[0],
        scenario=Scenario(name="x"),
        projection=asked,
    )
    monkeypatch.setattr("recsys.projection.context.load_projection_context", lambda _workspace: None)
    monkeypatch.setattr("recsys.decision.walk_away_price.walk_away_price", lambda *_: found)
    told = human("bid", "o1")
    assert told.startswith("Kaatru: licence fee, 12 months ahead")
    assert told.count("a warning without a code") == len(warnings) // 2
    assert ("(a simulated service)" in told) == simulated


@pytest.mark.parametrize(("warnings", "simulated", "n"), [(WARNED, True, 1), ((), False, 0), (WARNED, False, 300)])
def test_what_turns_decisions_is_told_offer_by_offer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: tuple[str, ...], simulated: bool, n: int
):
    thresholds = tuple(
        DecisionThreshold(
            movie_id=f"o{k}",
            title="Kaatru",
            buys=k % 2 == 0,
            margin=1e5,
            factor=None if k % 3 else 1.2,
            margin_after=None if k % 3 else 0.0,
        )
        for k in range(n)
    )
    found = DecisionThresholds(
        projection=answer(warnings, simulated), segment=Everyone(), limit=2.0, hurdle_rate=0.15, thresholds=thresholds
    )
    (tmp_path / "scenario.toml").write_text('schema = 1\nname = "x"\n')
    monkeypatch.setattr("recsys.projection.context.load_projection_context", lambda _workspace: None)
    monkeypatch.setattr("recsys.decision.decision_threshold.decision_thresholds", lambda *_: found)
    told = human("flip", str(tmp_path / "scenario.toml"))
    assert told.count("Kaatru") == n
    assert told.count("a warning without a code") == len(warnings) // 2
    assert ("(a simulated service)" in told) == simulated


@pytest.mark.parametrize("n", [0, 1, 60])
def test_what_was_done_is_told_line_by_line(tmp_path: Path, n: int):
    """At most fifty lines, unless more are asked for."""
    for k in range(n):
        audit_trail.note(Workspace(tmp_path), "train", f"run {k}")
    assert human("--workspace", str(tmp_path), "audit").count("  train  ") == min(n, 50)
