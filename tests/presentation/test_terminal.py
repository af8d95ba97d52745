"""What a person at a terminal reads of the documents: the figures that decide, each with its unit and range."""

from typing import Any

from recsys.presentation import terminal
from recsys.presentation.text.explanations import explained
from recsys.presentation.text.numbers import percent
from recsys.projection import json_document
from recsys.projection.result import Effect, Projection
from tests.pages.test_proof_page import report
from tests.presentation import projections


def told(projection: Projection) -> str:
    shown = explained(json_document.as_json(projection), projection, {}, lambda movie: movie.upper())
    return terminal.projection(shown)


def row(text: str, starts: str) -> str:
    (found,) = (line for line in text.splitlines() if line.startswith(starts))
    return " ".join(found.split())


def test_a_purchase_shows_its_price_its_worth_and_its_walk_away_price():
    text = told(projections.projection())
    assert "(a simulated service)" in text
    assert "With and without the changes: We go on buying as we did: 40 movies arrived in the last year. Nobody joins." in text
    assert row(text, "cost") == "cost ₹ 42 lakh"
    assert row(text, "worth after cost").startswith("worth after cost ₹ 10 lakh −₹ 8 lakh and ₹ 31 lakh")
    assert row(text, "Kadalin Kural  ") == (
        "Kadalin Kural 40,000 hours 26,000 hours 14,000 hours ₹ 52 lakh ₹ 35 lakh to ₹ 71 lakh +24%"
    )
    assert "Of the 40,000 hours watched on it" in " ".join(text.split())
    assert "viewing, audience" not in text


def test_a_changed_audience_is_kept_apart_from_the_purchase():
    effect = Effect(hours=projections.around(1_000, 2_000, 3_000), value=projections.sure(5e5))
    text = told(projections.projection(audience_effect=effect))
    assert row(text, "viewing, audience") == "viewing, audience +2,000 hours +1,000 hours and +3,000 hours"
    assert row(text, "revenue, audience") == "revenue, audience +₹ 5 lakh"
    assert "viewing, total" in text


def test_a_return_outside_the_data_is_withheld():
    offer = projections.offer(roi=None, support="outside")
    text = told(projections.projection(offers=(offer,), roi=None, prob_above_hurdle=None))
    assert row(text, "Kadalin Kural  ").endswith("withheld")
    assert "\nreturn" not in text
    assert "or more" not in text


def slate(**changes: Any) -> dict[str, Any]:
    left = {"title": "Mella Nadai", "fee": 79e5, "fee_to_enter": None, "reason": "it costs more than it would earn"}
    made = {"chosen": ["o1", "o2"], "titles": ["Alai", "Nadhi"], "cost": 4e6, "budget": 5e6, "currency": "INR", "value": 1.67e7}
    made |= {"horizon_months": 24, "cheapest": 8e5, "possible": 5}
    return {
        **made,
        "exact": False,
        "gap_share": 0.019,
        "why_not": [left, {**left, "title": "Kaatru", "fee_to_enter": 3e5}],
        **changes,
    }


def test_a_slate_shows_what_to_buy_and_where_the_others_would_come_in():
    text = terminal.slate(slate())
    assert text.startswith("Buy Alai and Nadhi: ₹ 40 lakh of the ₹ 50 lakh, expected to be worth ₹ 1.67 crore")
    assert "after cost over 2 years" in " ".join(text.split())
    assert "1.9% more at most" in " ".join(text.split())
    assert row(text, "Mella Nadai").startswith("Mella Nadai ₹ 79 lakh at no fee")
    assert row(text, "Kaatru").startswith("Kaatru ₹ 79 lakh ₹ 3 lakh")


def test_an_empty_slate_says_why():
    text = terminal.slate(slate(chosen=[], titles=[], exact=True, why_not=[]))
    assert "Buy none of them" in text
    assert "Every slate was tried." in " ".join(text.split())


def test_the_time_machine_shows_forecasts_side_by_side_and_how_often_ranges_held():
    found = report("x")
    text = terminal.backtest(found)
    cell = found["totals"]["28"]["views"]
    ours = cell["scores"]["projection"]
    said = row(text, "This projection").split()[2:]
    assert said == [percent(ours["wape"]), f"{ours['spearman']:.2f}", percent(ours["bias"], sign=True), percent(ours["regret"])]
    assert "(worse by" in row(text, "Gradient-boosted trees")
    held = cell["coverage"][0]
    rows = [" ".join(line.split()) for line in text.splitlines() if line.startswith("as the model gives them")]
    assert f"{percent(held['promised'])} {percent(held['measured'])} of {held['arrivals']}" in rows[0]
    flat = " ".join(text.split())
    assert "30 past arrivals, each projected over its first 28 days" in flat
    assert "round 6 launch dates" in flat
    assert "Too few past arrivals to calibrate ranges on" in flat
    assert "**" not in text
    assert len(text.splitlines()) < 60


def test_a_time_machine_with_nothing_to_score_says_so():
    assert terminal.backtest({**report("x"), "totals": {}}) == "The arrivals were too few to score."


def test_a_time_machine_without_rivals_shows_no_empty_table():
    found = report("x")
    for cell in found["totals"]["28"].values():
        cell |= {"scores": {}, "against": {}}
    text = terminal.backtest(found)
    assert "too few were known before them to compare with rivals" in " ".join(text.split())
    assert "forecast by" not in text
