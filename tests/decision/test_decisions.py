"""Bids, slates, rules, agenda and swings on a made-up service."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.decision import sensitivity, slate, slate_rules, suggested_decisions
from recsys.decision.slate_rules import AtLeast, Rules
from recsys.decision.walk_away_price import walk_away_price
from recsys.errors import DataError, ScenarioError
from recsys.projection.context import ProjectionContext
from recsys.projection.data_support import support_findings
from recsys.projection.project import project
from recsys.scenario import changes as c
from recsys.scenario import scenario as s
from recsys.scenario import toml
from tests.projection import builders

RULES = """
schema = 1
at_most = 4
must_have = ["o01"]
never_with = [["o02", "o03"]]

[[at_least]]
language = "Tamil"
offers = 2
"""


@pytest.fixture(scope="module")
def context() -> ProjectionContext:
    made = builders.context(n_users=80, n_offers=8, seed=5)
    return replace(made, offers=made.offers.assign(fee=made.offers["fee"] / 6), data_end=pd.Timestamp("2025-01-15", tz="UTC"))


def test_a_rules_file_says_what_it_says():
    assert slate_rules.loads(RULES) == Rules(
        at_most=4, at_least=(AtLeast(language="Tamil", offers=2),), must_have=("o01",), never_with=(("o02", "o03"),)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("at_most = 3", "E_VERSION"),
        ("schema = 2", "E_VERSION"),
        ("schema = 1\nat_most = -1", "E_PARAM"),
        ("schema = 1\nat_most = true", "E_PARAM"),
        ('schema = 1\nmust_have = "o01"', "E_PARAM"),
        ('schema = 1\nnever_with = [["o01"]]', "E_PARAM"),
        ('schema = 1\n[[at_least]]\nlanguage = "Tamil"', "E_PARAM"),
        ("schema = 1\nbudget = 3", "E_PARAM"),
        ("schema =", "E_TOML"),
    ],
)
def test_rules_that_cannot_be_read_are_refused(text: str, code: str):
    with pytest.raises(ScenarioError, match=code):
        slate_rules.loads(text)


def test_clashing_rules_are_named_and_no_others(context: ProjectionContext):
    """o02 and o03 must both be in, and never together; the rest could be met."""
    clash = Rules(must_have=("o02", "o03", "o01"), never_with=(("o02", "o03"),), at_most=5)
    with pytest.raises(ScenarioError, match="E_RULES") as refused:
        slate.choose(context, 1e9, clash)
    message = refused.value.findings[0].message
    assert "o02 must be in" in message
    assert "o03 must be in" in message
    assert "one of o02, o03 at most" in message
    assert "o01" not in message
    assert "budget" not in message
    assert "at most 5" not in message


def test_a_budget_too_small_for_what_must_be_in_is_a_clash(context: ProjectionContext):
    with pytest.raises(ScenarioError, match=r"budget.*o01 must be in"):
        slate.choose(context, 1.0, Rules(must_have=("o01",)))


@pytest.mark.parametrize(("budget", "code"), [(float("nan"), "E_NUMBER"), (float("inf"), "E_NUMBER"), (-1.0, "E_RANGE")])
def test_a_budget_that_is_no_amount_is_refused(context: ProjectionContext, budget: float, code: str):
    with pytest.raises(ScenarioError, match=code):
        slate.choose(context, budget)


def test_a_rule_about_an_offer_that_is_not_there_is_refused(context: ProjectionContext):
    with pytest.raises(ScenarioError, match="E_MOVIE"):
        slate.choose(context, 100.0, Rules(must_have=("o1",)))


def test_without_offers_there_is_nothing_to_choose(context: ProjectionContext):
    empty = replace(
        context, offers=context.offers.iloc[:0], offer_content=context.offer_content[:0], offer_codes=context.offer_codes[:0]
    )
    with pytest.raises(DataError, match="E_NO_OFFERS"):
        slate.choose(empty, 100.0)


def test_the_slates_scenario_is_worth_what_the_slate_says(context: ProjectionContext):
    found = slate.choose(context, 60.0)
    assert 0 < len(found.chosen) < 8
    answer = project(context, found.scenario, draws="all")
    assert answer.npv.mean == found.value
    assert found.search_value == pytest.approx(found.value, rel=0.15)
    assert [offer.movie_id for offer in answer.offers] == list(found.chosen)
    assert {entry.movie_id for entry in found.why_not} == set(context.offer_ids.ids) - set(found.chosen)
    assert found.gap_share == 0.0
    assert not found.exact  # 8 offers make more slates than were run
    assert slate.choose(context, 60.0, Rules(at_most=1)).exact  # nothing, or one of 8


def test_where_not_all_slates_are_tried_the_gap_is_told_and_the_best_is_near(context: ProjectionContext):
    exact, quick = slate.choose(context, 60.0), slate.choose(context, 60.0, listed_up_to=0)
    assert not quick.exact
    assert quick.n_runs < 200
    assert quick.search_value <= exact.search_value <= quick.search_value + (quick.upper_bound - quick.value)
    assert quick.search_value >= 0.95 * exact.search_value


def test_a_scenario_around_the_slate_gives_terms_audience_and_drops(context: ProjectionContext):
    around = s.Scenario(
        name="x",
        changes=(c.ScaleActivity(segment=c.Everyone(), factor=1.5), c.Drop(movie="m0003"), c.Acquire(offer="o04", fee=1e6)),
    )
    found = slate.choose(context, 2e6, scenario=around)
    assert "o04" not in found.chosen
    assert found.scenario.changes[:2] == around.changes[:2]
    answer = project(context, found.scenario, draws="all")
    bare = project(context, s.Scenario(name="x", changes=around.changes[:2]), draws="all")
    assert answer.npv.mean - bare.npv.mean == pytest.approx(found.value, rel=1e-9)


@pytest.mark.parametrize(("budget", "bound"), [(0.0, Rules()), (1e-3, Rules()), (1e9, Rules(at_most=0))])
def test_where_nothing_can_be_bought_the_reason_is_that_and_the_choice_is_exact(
    context: ProjectionContext, budget: float, bound: Rules
):
    found = slate.choose(context, budget, bound)
    assert (found.chosen, found.value, found.exact, found.gap_share) == ((), 0.0, True, 0.0)
    assert len(found.why_not) == 8
    said = "leave no room for it" if bound.at_most == 0 else "it costs more by itself than may be spent in all"
    assert all(said in entry.reason for entry in found.why_not)


def test_an_offer_dearer_than_the_whole_budget_is_said_to_be_so_beside_what_is_bought(context: ProjectionContext):
    fees = context.offers["fee"].where(context.offers["movie_id"] != "o03", 1e6)
    priced = replace(context, offers=context.offers.assign(fee=fees))
    found = slate.choose(priced, 60.0)
    assert found.chosen
    assert "it costs more by itself than" in next(each.reason for each in found.why_not if each.movie_id == "o03")


def test_what_must_be_in_and_uses_the_budget_up_leaves_no_room(context: ProjectionContext):
    fees = context.offers.assign(fee=50.0, marketing_cost=0.0)
    found = slate.choose(replace(context, offers=fees), 60.0, Rules(must_have=("o01",)))
    assert found.chosen == ("o01",)
    assert {each.reason for each in found.why_not} == {"the budget and the rules leave no room for it, whatever else is bought"}
    assert found.exact


def test_how_many_slates_have_been_tried_is_told_while_the_search_goes_on(context: ProjectionContext):
    told: list[int] = []
    found = slate.choose(context, 60.0, progress=lambda step: told.append(step.done))
    assert told == list(range(1, found.n_runs + 1))


def test_a_slate_says_over_how_many_months(context: ProjectionContext):
    assert slate.choose(context, 60.0).as_json()["horizon_months"] == 12
    around = s.Scenario(name="x", horizon_months=7)
    assert slate.choose(context, 60.0, scenario=around).as_json()["horizon_months"] == 7


def test_an_offer_unlike_anything_is_left_out_unless_it_must_be_in(context: ProjectionContext):
    content = context.offer_content.copy()
    content[2] = -10 * context.choice.nest_centroids.mean(axis=0)
    choice = replace(context.choice, support_distance=0.25)
    strange = replace(context, offer_content=content, offer_codes=content, offers=context.offers.assign(fee=0.01), choice=choice)
    assert not strange_offer_is_near(strange)
    free = slate.choose(strange, 100.0)
    assert "o02" not in free.chosen
    assert "unlike" in next(entry.reason for entry in free.why_not if entry.movie_id == "o02")
    assert [warning.split(":")[0] for warning in free.as_json()["warnings"]] == ["W_EXTRAPOLATION"]
    assert [(finding.code, finding.message.split(" are ")[0]) for finding in support_findings(strange)] == [
        ("W_EXTRAPOLATION", f"1 of {len(strange.offers)} offers")
    ]
    assert support_findings(context) == ()
    assert "o02" in slate.choose(strange, 100.0, Rules(must_have=("o02",))).chosen


def strange_offer_is_near(context: ProjectionContext) -> bool:
    answer = project(context, s.Scenario(name="x", changes=(c.Acquire(offer="o02"),)))
    assert answer.roi is None
    assert answer.offers[0].roi is None
    assert any("W_EXTRAPOLATION" in warning for warning in answer.warnings)
    return answer.offers[0].support == "inside"


def test_the_walk_away_price_is_the_max_bid_and_tells_what_to_do(context: ProjectionContext):
    found = walk_away_price(context, "o01")
    assert found.price == project(context, found.scenario, draws="all").offers[0].max_bid
    assert found.fee == pytest.approx(context.offers["fee"][1])

    def verdict(fee: float) -> str:
        return walk_away_price(context, "o01", s.Scenario(name="x", changes=(c.Acquire(offer="o01", fee=fee),))).verdict

    assert verdict(0.9 * found.price.p10) == "take"
    assert verdict(1.1 * found.price.p90) == "leave"
    assert verdict(found.price.mean) == "negotiate"


def test_a_bid_on_an_offer_that_is_not_there_is_refused(context: ProjectionContext):
    with pytest.raises(ScenarioError, match="E_MOVIE"):
        walk_away_price(context, "o99")


def test_today_there_are_three_things_to_decide_each_with_a_scenario_that_shows_it(context: ProjectionContext):
    found = suggested_decisions.suggest_decisions(context)
    assert [decision.kind for decision in found] == ["buy", "renew", "audience"]
    for decision in found:
        assert project(context, decision.scenario).scenario_name == decision.scenario.name
        assert toml.loads(toml.dumps(decision.scenario)) == decision.scenario
        assert all(np.isfinite(figure.value) and figure.unit for figure in decision.figures)
    best = {figure.name: figure.value for figure in found[0].figures}
    answer = project(context, found[0].scenario, draws="all")
    assert best["net present value"] == pytest.approx(answer.npv.mean, rel=1e-12)
    alone = [s.Scenario(name="x", changes=(c.Acquire(offer=offer),)) for offer in context.offer_ids.ids]
    assert answer.npv.mean == max(project(context, asked, draws="all").npv.mean for asked in alone)


def test_a_licence_worth_more_than_its_fee_is_renewed_and_one_worth_less_is_not(context: ProjectionContext):
    for fee, verdict in ((0.5, "renew"), (1e6, "let go")):
        priced = replace(context, movies=context.movies.assign(licence_fee=fee))
        assert suggested_decisions.suggest_decisions(priced)[1].verdict == verdict


def test_without_licences_or_growth_an_offer_that_takes_from_others_is_named(context: ProjectionContext):
    bare = replace(context, movies=context.movies.drop(columns="licence_until"))
    last = suggested_decisions.suggest_decisions(bare)[-1]
    assert last.kind == "takes from others"
    figures = {figure.name: figure.value for figure in last.figures}
    taken = 1 - figures["viewing hours it adds"] / figures["viewing hours it gets"]
    assert figures["part that it takes from others"] == pytest.approx(taken)
    assert figures["rank by viewing hours"] <= 4


def test_without_offers_the_agenda_speaks_of_the_rest(context: ProjectionContext):
    empty = replace(
        context, offers=context.offers.iloc[:0], offer_content=context.offer_content[:0], offer_codes=context.offer_codes[:0]
    )
    assert [decision.kind for decision in suggested_decisions.suggest_decisions(empty)] == ["renew", "audience"]


def test_monthly_hours_of_the_catalogue_add_up_to_its_first_month(context: ProjectionContext):
    month = project(builders.renewing(context), s.Scenario(name="x", horizon_months=1)).baseline.hours
    assert suggested_decisions.monthly_hours(context).sum() == pytest.approx(month, rel=1e-12)


def test_swings_are_those_of_the_draws_largest_first():
    made = builders.context(n_draws=8)
    asked = s.Scenario(name="x", changes=(c.Acquire(offer="o00"),))
    found = sensitivity.parameter_sensitivities(made, asked)
    assert {swing.parameter for swing in found} == {"score_slope", "dissimilarity", "cold_appeal_shift", "ageing"}
    assert [swing.swing for swing in found] == sorted((swing.swing for swing in found), reverse=True)
    cold = next(swing for swing in found if swing.parameter == "cold_appeal_shift")
    assert cold.low < 0 < cold.high
    assert cold.change_low < 0 < cold.change_high


def test_swings_are_measured_from_every_parameter_at_its_estimate_and_not_from_the_expected_value():
    """A parameter whose draws lie evenly round its estimate moves the worth to either side of it."""
    made = builders.context(n_draws=8)
    point = made.choice.draws[0]
    draws = [replace(draw, score_slope=point.score_slope + 0.02 * (k - 4)) for k, draw in enumerate(made.choice.draws[1:], 1)]
    even = replace(made, choice=replace(made.choice, draws=(point, *draws)))
    asked = s.Scenario(name="x", changes=(c.Acquire(offer="o00"),))
    slope = next(swing for swing in sensitivity.parameter_sensitivities(even, asked) if swing.parameter == "score_slope")
    assert slope.low < point.score_slope < slope.high
    assert slope.change_low * slope.change_high < 0
    at_low = replace(made, choice=replace(made.choice, draws=(replace(point, score_slope=slope.low),)))
    moved = project(at_low, asked).npv.mean - project(even, asked).npv.mean
    assert slope.change_low == pytest.approx(moved)


def test_growth_that_no_audience_keeps_up_is_not_carried_on_for_a_year(context: ProjectionContext):
    """Persona 1 grows 2 % a month and is worth a look. At 37 % a month it would be 44 times as large in a year."""
    assert [each.subject for each in suggested_decisions.suggest_decisions(context) if each.kind == "audience"] == ["persona 1"]
    people = context.personas
    filling_up = replace(people, personas=tuple(replace(each, monthly_growth_share=0.37) for each in people.personas))
    found = suggested_decisions.suggest_decisions(replace(context, personas=filling_up))
    assert [each for each in found if each.kind == "audience"] == []


def test_a_persona_of_which_nobody_is_left_is_not_one_to_serve(context: ProjectionContext):
    """All grow alike, and only persona 0 has occasions: of the others' no share is served, whatever they grow by."""
    people, choice = context.personas, context.choice
    grow = replace(people, personas=tuple(replace(each, monthly_growth_share=0.02, size=each.size) for each in people.personas))
    left = tuple(replace(draw, occasions=draw.occasions * (context.persona_of == 0)) for draw in choice.draws)
    found = suggested_decisions.suggest_decisions(replace(context, personas=grow, choice=replace(choice, draws=left)))
    [growing] = [each for each in found if each.kind == "audience"]
    assert growing.subject == grow.personas[0].name
    assert all(np.isfinite(figure.value) for figure in growing.figures)
