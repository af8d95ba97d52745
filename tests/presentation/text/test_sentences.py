"""Every figure that people read, as they read it."""

import re
from dataclasses import replace

import numpy as np
import pytest

from recsys.embeddings.features import FeatureSpace
from recsys.presentation import text as words
from recsys.presentation.text.escape import plain
from recsys.projection.range_calibration import Calibration, MeasuredCoverage
from recsys.projection.range_calibration import calibration_estimates as estimates
from recsys.scenario.changes import (
    KINDS,
    Acquire,
    ByPersona,
    ByRule,
    ChangePrice,
    ContinueDrift,
    Drop,
    Everyone,
    Promote,
    ScaleActivity,
    ShiftLaunch,
    ShiftTaste,
    TowardsAttribute,
    TowardsMovies,
)
from tests.presentation import projections
from tests.presentation.projections import CRORE, LAKH


def spaced(text: str) -> str:
    """With plain spaces and without the joiner after a minus, to be read here."""
    return text.replace("\u00a0", " ").replace("\u2060", "")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0.0, "₹ 0"),
        (149.0, "₹ 149"),
        (42_500.0, "₹ 42,500"),
        (99_999.4, "₹ 99,999"),
        (99_999.9, "₹ 1 lakh"),
        (4_250_000.0, "₹ 42.5 lakh"),
        (9_994_000.0, "₹ 99.9 lakh"),
        (9_996_000.0, "₹ 1 crore"),
        (1.8 * CRORE, "₹ 1.8 crore"),
        (18.44 * CRORE, "₹ 18.4 crore"),
        (123_456 * CRORE, "₹ 1,23,456 crore"),
        (-12.34 * LAKH, "−₹ 12.3 lakh"),
        (0.05, "₹ 0.05"),
        (-1e-9, "₹ 0"),
    ],
)
def test_rupees_are_said_in_lakh_and_crore(amount: float, said: str):
    assert spaced(words.money(amount)) == said


def test_other_currencies_are_said_their_own_way():
    assert words.money(1_800_000.0, "USD") == "$1.8M"
    assert spaced(words.money(-2_000.0, "EUR")) == "−€2K"


@pytest.mark.parametrize(
    ("hours", "said"), [(0.0, "0 hours"), (1.0, "1 hour"), (1_234.0, "1,234 hours"), (2.5e5, "2.5 lakh hours")]
)
def test_viewing_is_said_in_hours(hours: float, said: str):
    assert spaced(words.hours(hours)) == said


def test_the_headline_of_a_purchase_says_cost_worth_range_and_chance():
    assert spaced(words.headline(projections.projection(), 0.15)) == (
        "Buying Kadalin Kural costs ₹ 42 lakh over 12 months and, after that cost, is expected to leave a gain of ₹ 10 lakh. "
        "That is uncertain: 8 in 10 chance between −₹ 8 lakh and ₹ 31 lakh. Chance of reaching a return of 15%: 6 in 10."
    )


def test_a_model_of_one_draw_claims_no_chance_and_no_range():
    said = words.headline(projections.quick(), 0.15)
    assert said.strip().endswith("lakh.")
    assert "hance" not in said


def test_an_empty_scenario_is_today():
    assert words.headline(projections.nothing()).startswith("Nothing has changed yet")


def test_a_loss_is_called_a_loss():
    made = projections.projection(npv=projections.around(-30 * LAKH, -20 * LAKH, -10 * LAKH))
    assert "is expected to leave a loss of ₹ 20 lakh" in spaced(words.headline(made))


@pytest.mark.parametrize(
    ("fee_lakh", "verdict", "tone"),
    [
        (30, "worth its fee", "good"),
        (50, "probably worth its fee", "good"),
        (60, "probably too dear", "unsure"),
        (80, "too dear", "bad"),
    ],
)
def test_an_offer_is_judged_by_where_its_fee_lies_in_the_walk_away_range(fee_lakh: float, verdict: str, tone: str):
    """The walk-away price is 35 to 71 lakh, 52 expected."""
    assert words.offer_verdict(projections.offer(), fee_lakh * LAKH) == (verdict, tone)


def test_no_verdict_is_given_outside_the_data():
    assert words.offer_verdict(projections.offer(roi=None), 30 * LAKH)[1] == "withheld"


def test_every_kind_of_change_has_a_name_a_side_and_a_sentence():
    examples = (
        (Acquire(offer="o1", fee=4e6, window_months=24, marketing_cost=2e5), "Buy O1 for ₹ 40 lakh, 2 years, marketing ₹ 2 lakh"),
        (Drop(movie="m1"), "Let M1 go"),
        (Promote(movie="m1", exposure=1.0), "Promote M1 (1 front-page slots)"),
        (ShiftLaunch(offer="o1", month=4), "Launch O1 in month 4"),
        (ScaleActivity(segment=ByPersona(persona="Night owls"), factor=0.9), "10% fewer viewing occasions: “Night owls”"),
        (ChangePrice(plan="monthly", amount=199.0), "The plan “monthly” costs ₹ 199"),
        (ContinueDrift(months=6), "Today's trends go on for 6 months"),
        (
            ShiftTaste(
                segment=ByRule(where="city_tier = 2"), towards=TowardsAttribute(attribute="genre", value="Thriller"), strength=0.5
            ),
            "Tastes move 0.5 steps towards genre Thriller: users with city_tier = 2",
        ),
        (
            ShiftTaste(segment=Everyone(), towards=TowardsMovies(movies=("a", "b", "c", "d")), strength=-1.0),
            "Tastes move 1 steps away from movies like A, B, C and 1 more: everyone",
        ),
    )
    for change, said in examples:
        assert spaced(words.sentence(change, str.upper)) == said
    for kind in KINDS.values():
        assert words.KIND_LABELS[kind]


def test_no_word_on_the_glossary_is_explained_by_jargon():
    jargon = re.compile(r"\b(logit|cosine|embedding|P50|nats|utility)\b", re.IGNORECASE)
    for entry in words.GLOSSARY:
        assert not jargon.search(entry.word + entry.meaning), entry.word


def test_titles_are_shown_as_text_and_never_as_markup():
    assert plain("[click](http://x) :red[a] $x$ **b**") == "\\[click\\](http:\u2060//x) :\u2060red\\[a\\] \\$x\\$ \\*\\*b\\*\\*"
    assert plain("me@evil.test www.evil.test :material/bug: 12:30, so: yes") == (
        "me@\u2060evil.test www\u2060.evil.test :\u2060material/bug: 12:\u206030, so: yes"
    )
    assert [plain(text) for text in ("1. one", "2) two", "- three", "-4.5% + 6")] == [
        r"1\. one",
        r"2\) two",
        r"\- three",
        "-4.5% + 6",
    ]


def test_without_a_range_an_offer_is_only_compared_with_its_expected_price():
    offer = projections.offer(max_bid=projections.sure(52 * LAKH))
    assert words.offer_verdict(offer, 50 * LAKH) == ("below its walk-away price", "unsure")
    assert words.offer_verdict(offer, 60 * LAKH) == ("above its walk-away price", "unsure")


@pytest.mark.parametrize(
    ("held", "calibrated", "expected"),
    [
        ((), False, "not calibrated on past arrivals yet"),
        ((), True, "too few to tell"),
        ((MeasuredCoverage(promised=0.8, measured=0.78, arrivals=320),), True, "80% promised, 78% held"),
    ],
)
def test_how_often_ranges_held_is_said_beside_them(held: tuple[MeasuredCoverage, ...], calibrated: bool, expected: str):
    listed = estimates(replace(CALIBRATION, held=held) if calibrated else None)
    assert expected in words.how_sure(projections.projection(assumptions=listed))


def test_of_ranges_without_offers_nothing_is_said():
    assert words.how_sure(projections.projection(assumptions=())) == ""


CALIBRATION = Calibration(
    features=FeatureSpace(()),
    weights=np.zeros(0),
    shift_nats=0.1,
    factor_above=2.0,
    factor_below=1.0,
    arrivals=320,
    origins=6,
    days=28,
    data="tables",
)
