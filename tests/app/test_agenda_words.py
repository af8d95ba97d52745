"""Things worth deciding, as they are read on the first page."""

from recsys.app.words import agenda
from recsys.decision.agenda import today
from tests.app.test_words import spaced
from tests.projection import builders


def test_every_decision_of_a_service_has_a_headline_a_reason_and_a_button():
    found = today(builders.basis(60, 30, n_offers=4))
    assert found
    for decision in found:
        assert decision.title in agenda.headline(decision)
        assert agenda.why(decision, "INR").endswith(".")
        assert agenda.BUTTONS[decision.kind]


def test_the_reason_to_buy_names_fee_walk_away_price_and_what_is_added():
    decision = next(entry for entry in today(builders.basis(60, 30, n_offers=4)) if entry.kind == "buy")
    figures = {figure.name: figure.value for figure in decision.figures}
    said = spaced(agenda.why(decision, "INR"))
    assert "walk-away price of ₹" in said
    assert ("below" if figures["fee asked"] <= figures["walk-away price"] else "above") in said
