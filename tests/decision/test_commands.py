"""``recsys bid`` and ``recsys flip`` on a run made up on disk: the figures of a projection, with horizon and unit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recsys.cli import cli
from recsys.projection.context import load_projection_context
from recsys.projection.project import project
from recsys.projection.result import OfferResult
from recsys.scenario import toml
from recsys.scenario.changes import (
    Acquire,
    ByUsers,
    Everyone,
    ResizeSegment,
)
from recsys.scenario.hash import content_hash
from recsys.scenario.scenario import Scenario
from recsys.workspace import Workspace
from tests.projection import builders, stored

BOUGHT = Scenario(name="One offer", changes=(Acquire(offer="o01", fee=100.0),), horizon_months=6)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    terms = replace(builders.economics(), people_per_user=builders.term(40_000.0))
    return stored.workspace(tmp_path_factory.mktemp("decide") / "w", stored.service(n_users=60, economics=terms))


def recsys(made: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--workspace", str(made.root), *arguments], catch_exceptions=False)


def document(made: Workspace, *arguments: str) -> dict:
    done = recsys(made, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def code(made: Workspace, *arguments: str) -> str:
    done = recsys(made, *arguments, "--json")
    assert done.exit_code == 2
    return json.loads(done.stdout)["errors"][0]["code"]


@pytest.mark.parametrize(
    "command", [["project"], ["flip"], ["bid", "o01", "--scenario"], ["slate", "--budget", "9e9", "--scenario"]]
)
def test_no_command_answers_two_lists_that_differ_by_one_user(command: list[str], tmp_path: Path):
    """Forty-one listed users less forty of them would be one user's hours and money."""
    workspace = stored.workspace(tmp_path / "w", stored.service(n_users=100))
    ids = load_projection_context(workspace).choice.user_ids.ids
    forty, more = (
        written(tmp_path, replace(BOUGHT, changes=(ResizeSegment(segment=ByUsers(users=ids[:n]), factor=2.0), *BOUGHT.changes)))
        for n in (40, 41)
    )
    document(workspace, *command, forty)
    assert code(workspace, *command, more) == "E_SMALL_SEGMENT"


def written(folder: Path, scenario: Scenario) -> str:
    path = folder / f"{content_hash(scenario)[:8]}.toml"
    path.write_text(toml.dumps(scenario))
    return str(path)


def answer(made: Workspace, scenario: Scenario, draws: str = "all") -> OfferResult:
    return project(load_projection_context(made), scenario, draws=draws).offers[0]


def test_a_bid_is_the_walk_away_price_of_the_offer_by_itself_over_its_licence(made: Workspace):
    found = document(made, "bid", "o01")
    expected = answer(made, Scenario(name="x", changes=(Acquire(offer="o01"),), horizon_months=12))
    assert (found["horizon_months"], found["currency"], found["fee"]) == (12, "INR", 800_000.0)
    assert found["max_bid"] == pytest.approx(vars(expected.max_bid))
    assert found["verdict"] == "negotiate"


def test_a_bid_beside_a_scenario_is_over_its_months_and_at_its_fee(made: Workspace, tmp_path: Path):
    found = document(made, "bid", "o01", "--scenario", written(tmp_path, BOUGHT))
    assert (found["horizon_months"], found["fee"], found["scenario"]["name"]) == (6, 100.0, "One offer")
    assert found["max_bid"] == pytest.approx(vars(answer(made, BOUGHT).max_bid))


def test_a_bid_says_for_how_long_it_is_and_in_which_money(made: Workspace):
    said = " ".join(recsys(made, "bid", "o01").output.split())
    assert "licence fee, 12 months ahead (a simulated service)" in said
    assert "Walk-away price at a return of 15%: ₹" in said
    assert said.endswith("the ₹ 8 lakh asked. Negotiate.")


def test_beyond_what_the_data_have_seen_a_bid_gives_no_advice(made: Workspace, tmp_path: Path):
    beyond = replace(BOUGHT, changes=(ResizeSegment(segment=Everyone(), factor=50.0), *BOUGHT.changes))
    found = document(made, "bid", "o01", "--scenario", written(tmp_path, beyond))
    assert found["verdict"] == "withheld"
    assert any(warning.startswith("W_EXTRAPOLATION") for warning in found["warnings"])
    assert "Outside the data: no advice." in recsys(made, "bid", "o01", "--scenario", written(tmp_path, beyond)).output


def test_a_bid_on_what_is_not_offered_is_refused_with_the_nearest_name(made: Workspace):
    assert code(made, "bid", "o1") == "E_MOVIE"


def test_the_flip_found_turns_the_decision_and_nine_tenths_of_it_does_not(made: Workspace, tmp_path: Path):
    hurdle = 0.15
    price = answer(made, BOUGHT, "all").max_bid
    fee = round(0.9 * price.mean, 2)
    asked = replace(BOUGHT, changes=(Acquire(offer="o01", fee=fee),))
    found = document(made, "flip", written(tmp_path, asked))
    assert (found["horizon_months"], found["currency"], found["segment"]) == (6, "INR", {"all": True})
    (turn,) = found["offers"]

    def buys(factor: float) -> bool:
        resized = replace(asked, changes=(ResizeSegment(segment=Everyone(), factor=factor), *asked.changes))
        result = answer(made, resized, "all")
        return result.npv.mean >= hurdle * result.cost

    assert turn["buys"] == buys(1.0)
    assert 1 / found["largest_factor"] <= turn["factor"] <= found["largest_factor"]
    assert buys(turn["factor"]) != buys(1.0)
    assert buys(turn["factor"] ** 0.9) == buys(1.0)


def test_a_flip_says_whom_it_is_about_how_far_it_looked_and_over_which_months(made: Workspace, tmp_path: Path):
    said = " ".join(recsys(made, "flip", written(tmp_path, BOUGHT), "--persona", "persona 1").output.split())
    assert "One offer: 6 months ahead (a simulated service)" in said
    assert "returns 15%" in said
    assert "People: “persona 1”." in said
    assert "Looked at from −" in said


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--persona", "nobody"], "E_SEGMENT"),
        (["--where", "language ="], "E_SEGMENT"),
        (["--where", "city_tier = 9"], "E_SMALL_SEGMENT"),
        (["--persona", "persona 1", "--where", "city_tier = 1"], "E_USAGE"),
    ],
)
def test_a_flip_of_people_who_are_not_there_is_refused(made: Workspace, tmp_path: Path, options: list[str], expected: str):
    assert code(made, "flip", written(tmp_path, BOUGHT), *options) == expected


def test_a_scenario_that_buys_nothing_has_no_decision_to_turn(made: Workspace, tmp_path: Path):
    assert code(made, "flip", written(tmp_path, replace(BOUGHT, changes=()))) == "E_MOVIE"


def test_an_offer_is_named_by_its_title_too(made: Workspace):
    title = document(made, "bid", "o01")["title"]
    assert document(made, "bid", title.upper())["movie_id"] == "o01"


@pytest.mark.parametrize(("typed", "read"), [("1.8 crore", 18_000_000.0), ("1,80,00,000", 18_000_000.0), ("18000000", 18e6)])
def test_a_budget_is_read_as_it_is_written(made: Workspace, typed: str, read: float):
    assert document(made, "slate", "--budget", typed)["budget"] == read


def test_a_slate_that_rules_leave_empty_is_not_said_to_lose_money(made: Workspace, tmp_path: Path):
    (tmp_path / "rules.toml").write_text("schema = 1\nat_most = 0\n")
    said = recsys(made, "slate", "--budget", "9e9", "--rules", str(tmp_path / "rules.toml")).output
    assert "leave room for none" in " ".join(said.split())
    assert "lose money" not in said
