"""Amounts are read as they are written, never guessed, and written so that they are read back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recsys.errors import ScenarioError
from recsys.presentation.text import amounts

CRORE_AND_A_HALF_AND_MORE = [
    "1.8 crore",
    "1.8crore",
    "₹ 1.8 cr",
    "Rs. 1.8 Cr.",
    "INR 1.8 crores",
    "1.8 crore rupees",
    "180 lakh",
    "180L",
    "18,000,000",
    "1,80,00,000",
    "18000000",
    "18 000 000",
    "₹1,80,00,000/-",
    "18 million",
    "18m",
    "1 crore 80 lakh",
    "1\u00a0crore\u00a080\u00a0lakh",
    "१.८ crore",
]


@pytest.mark.parametrize("text", CRORE_AND_A_HALF_AND_MORE)
def test_eighteen_million_rupees_in_many_hands(text: str):
    assert amounts.read(text) == 18_000_000.0


@pytest.mark.parametrize(
    "text",
    ["1,8 crore", "1.800", "18.000.000", "1,80,000,00", "1 crore 80", "80 lakh 1 crore", "1 lakh 200 thousand", "12."],
)
def test_what_can_be_read_in_two_ways_is_refused(text: str):
    with pytest.raises(ScenarioError, match="E_NUMBER"):
        amounts.read(text)


@pytest.mark.parametrize("text", ["", "much", "nan", "inf", "1e7", "$5", "5 %", "2 lakh crore", "1" * 61, "₹", "1..8 crore"])
def test_what_is_no_amount_is_refused(text: str):
    with pytest.raises(ScenarioError, match="E_NUMBER"):
        amounts.read(text)


@pytest.mark.parametrize("text", ["-5", "−5 lakh", "(5)", "99999999999 crore"])
def test_what_no_amount_may_be_is_out_of_range(text: str):
    with pytest.raises(ScenarioError, match="E_RANGE"):
        amounts.read(text)


def test_another_currencys_units_are_its_own():
    assert amounts.read("$2.5m", "USD") == amounts.read("2,500,000 USD", "USD") == 2_500_000.0
    with pytest.raises(ScenarioError, match="E_NUMBER"):
        amounts.read("1.8 crore", "USD")


@given(paise=st.integers(0, 10**15), currency=st.sampled_from(["INR", "USD"]))
@example(paise=100, currency="INR")
@example(paise=99_999_999, currency="INR")
def test_what_stands_in_a_field_is_read_back_the_same(paise: int, currency: str):
    value = paise / 100
    assert amounts.read(amounts.written(value, currency), currency) == value
