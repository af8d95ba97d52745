"""Explanations: each sentence follows from a figure, changes with it, and goes when it goes."""

import json
from dataclasses import replace

import pytest

from recsys.decision.unobserved_confounding import Confounding
from recsys.presentation import text
from recsys.presentation.text.explanations import explained
from recsys.projection.json_document import as_json
from recsys.projection.result import RevenueBySource, SegmentShare
from tests.presentation import projections
from tests.presentation.projections import LAKH, around, offer, sure
from tests.presentation.text.test_sentences import spaced

TITLES = {"m1": "Vaigai Nights", "m2": "Kaveri"}


def said(**changes: object) -> str:
    sentences = text.explanation(offer(**changes), "INR", lambda movie: TITLES.get(movie, movie))
    return spaced(" ".join(sentences))


def test_an_offer_is_explained_by_who_instead_of_what_and_through_which_term_of_the_money():
    """14,000 of 40,000 hours are new (35 %); 40 of 52 lakh come from subscriptions (77 %); 52 − 42 = 10 lakh are left."""
    assert said() == (
        "Of the 40,000 hours watched on it, 35% would not have been watched here without it; the rest would have gone to our "
        "other movies. "
        "What it adds comes mostly from “Tamil family drama” (64%). "
        "It takes most from Vaigai Nights (6,000 hours) and Kaveri (2,000 hours). "
        "It earns ₹ 52 lakh through subscriptions kept (77%) and advertising (23%); about 240 subscribers more are there at the "
        "end. "
        "Against a cost of ₹ 42 lakh that leaves a gain of ₹ 10 lakh."
    )


def test_nobody_watches_it():
    sentences = text.explanation(
        offer(
            gross_hours=sure(0.0),
            incremental_hours=sure(0.0),
            cannibalised_hours=sure(0.0),
            victims=(),
            segments=(),
            earned=RevenueBySource(subscriptions=0.0, advertising=0.0, rentals=0.0),
            subscribers_kept=0.0,
            npv=sure(-42 * LAKH),
        ),
        "INR",
        str,
    )
    assert [spaced(sentence) for sentence in sentences] == [
        "Nobody is expected to watch it in these months, so it adds nothing.",
        "Against a cost of ₹ 42 lakh that leaves a loss of ₹ 42 lakh.",
    ]


@pytest.mark.parametrize(
    ("added", "begins"),
    [
        (0.0, "It would be watched for 40,000 hours, but adds no viewing"),
        (-300.0, "It would be watched for 40,000 hours, but adds no viewing"),
        (39_000.0, "Nearly all of the 40,000 hours watched on it would not have been watched here without it."),
        (10_000.0, "Of the 40,000 hours watched on it, 25% would not"),
    ],
)
def test_what_is_new_viewing_is_read_from_what_it_adds_of_what_it_gets(added: float, begins: str):
    assert said(incremental_hours=sure(added)).startswith(begins)


def test_people_are_named_until_they_bring_half_of_it_two_at_most_and_none_where_nothing_is_added():
    def part(name: str, share: float) -> SegmentShare:
        return SegmentShare(name=name, hours=14_000.0 * share, share=share)

    many = tuple(part(name, share) for name, share in (("A", 0.3), ("B", 0.25), ("C", 0.25), ("D", 0.2)))
    assert "mostly from “A” (30%) and “B” (25%)." in said(segments=many)
    assert "comes mostly" not in said(segments=())
    assert "comes mostly" not in said(incremental_hours=sure(0.0))
    assert "comes mostly" not in said(segments=(SegmentShare(name="A", hours=-3.0, share=1.0),))


def test_what_it_takes_from_is_named_only_where_something_is_taken():
    assert "takes most from" not in said(victims=())
    assert "takes most from" not in said(cannibalised_hours=sure(0.0))
    one = said(victims=offer().victims[:1])
    assert "It takes most from Vaigai Nights (6,000 hours)." in one
    assert "Kaveri" not in one


def test_only_terms_of_the_money_that_count_are_named():
    def earned(subscriptions: float, advertising: float, rentals: float) -> str:
        return said(
            earned=RevenueBySource(subscriptions=subscriptions * LAKH, advertising=advertising * LAKH, rentals=rentals * LAKH)
        )

    assert "It earns ₹ 52 lakh through advertising." in earned(0, 52, 0)
    assert "subscribers" not in earned(0, 52, 0)
    assert "rentals (50%)" in earned(26, 0, 26)
    assert "advertising" not in earned(51, 1, 0)
    assert "and loses some rentals" in earned(56, 0, -4)
    assert "It earns" not in earned(0, 0, 0)
    assert "It earns" not in said(npv=sure(-42 * LAKH))  # worth 0 before cost


def test_subscribers_are_named_only_where_somebody_stays():
    assert "at the end" not in said(subscribers_kept=0.2)
    assert "about 1 subscriber more" in said(subscribers_kept=1.0)


def test_a_loss_is_said_and_without_a_cost_or_a_return_nothing_is_set_against_it():
    assert said(npv=around(-30 * LAKH, -20 * LAKH, -10 * LAKH)).endswith("that leaves a loss of ₹ 20 lakh.")
    assert "Against a cost" not in said(cost=0.0)
    assert "Against a cost" not in said(roi=None)


FOUND = Confounding(movie_id="o1", title="Kadalin Kural", buys=True, nats=-0.3, views_share=-0.25, usual_nats=0.9)


def test_what_would_turn_a_decision_is_said_in_views_and_beside_the_usual_misjudgement():
    assert text.strength(FOUND) == (
        "With 25% fewer views than projected, because of something the model cannot see, it would no longer reach the return you "
        "ask for. That is less than such a movie is usually misjudged by, so treat the decision as open."
    )
    stronger = replace(FOUND, buys=False, nats=1.8, views_share=3.0)
    assert "With 300% more views than projected" in text.strength(stronger)
    assert "it would reach the return" in text.strength(stronger)
    assert text.strength(stronger).endswith("That is 2.0 times as much as such a movie is usually misjudged by.")


def test_a_decision_that_nothing_would_turn_is_said_to_be_so():
    assert "stays as it is" in text.strength(replace(FOUND, nats=None, views_share=None))


def test_the_document_has_the_sentences_beside_the_figures_and_loses_none_of_them():
    made = projections.projection()
    document = as_json(made)
    told = explained(document, made, [FOUND], str)
    (offer,) = told["offers"]
    assert offer["explanation"] == list(text.explanation(made.offers[0], "INR", str))
    assert offer["hidden_strength"]["says"] == text.strength(FOUND)
    assert offer["hidden_strength"]["nats"] == -0.3
    assert {key: value for key, value in offer.items() if key not in ("explanation", "hidden_strength")} == document["offers"][0]
    assert explained(document, made, [], str)["offers"][0]["hidden_strength"] is None
    assert json.loads(json.dumps(told))["offers"]


def test_the_example_offer_is_one_that_a_projection_could_hold():
    """Its parts add up, so that the sentences above could be true of something."""
    made = projections.offer()
    assert made.npv.mean + made.cost == made.earned.subscriptions + made.earned.advertising + made.earned.rentals
    assert made.incremental_hours.mean + made.cannibalised_hours.mean == made.gross_hours.mean
