"""Things worth deciding, as they are read on the first page."""

from recsys.decision.suggested_decisions import Figure, SuggestedDecision, suggest_decisions
from recsys.presentation.text import suggested_decisions
from recsys.scenario.scenario import Scenario
from tests.presentation.text.test_sentences import spaced
from tests.projection import builders


def test_every_decision_of_a_service_has_a_headline_a_reason_and_a_button():
    found = suggest_decisions(builders.context(60, 30, n_offers=4))
    assert found
    for decision in found:
        assert decision.title in suggested_decisions.headline(decision)
        assert suggested_decisions.why(decision, "INR").endswith(".")
        assert suggested_decisions.BUTTONS[decision.kind]


def test_the_reason_to_buy_names_fee_walk_away_price_and_what_is_added():
    decision = next(entry for entry in suggest_decisions(builders.context(60, 30, n_offers=4)) if entry.kind == "buy")
    figures = {figure.name: figure.value for figure in decision.figures}
    said = spaced(suggested_decisions.why(decision, "INR"))
    assert "walk-away price of ₹" in said
    assert ("below" if figures["fee asked"] <= figures["walk-away price"] else "above") in said


def test_a_growing_audience_is_told_now_and_then_in_the_same_form():
    """3.2 % a month for a year: 2,75,000 become 2,75,000 · 1.032¹² = 4,01,312."""
    figures = (
        Figure(name="growth a month", value=0.032, unit="share", origin="estimated"),
        Figure(name="users today", value=275_000.0, unit="users", origin="estimated"),
        Figure(name="users in 12 months", value=275_000.0 * 1.032**12, unit="users", origin="estimated"),
        Figure(name="occasions that find something here", value=0.5, unit="share", origin="estimated"),
        Figure(name="the same over all users", value=0.5, unit="share", origin="estimated"),
    )
    decision = SuggestedDecision(
        kind="audience", subject="p", title="p", verdict="keep", figures=figures, scenario=Scenario(name="p")
    )
    assert "from 2.75 lakh people to 4.01 lakh in a year" in spaced(suggested_decisions.why(decision, "INR"))
