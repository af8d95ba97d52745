"""Rules about users: what they select, and what they refuse."""

import sys
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import ScenarioError
from recsys.ids import IdMap
from recsys.segments.attribute_rules import by_rule
from recsys.segments.membership import by_persona, by_users, check_floor, with_personas
from recsys.segments.personas import Persona, Personas
from recsys.segments.rule_grammar import MAX_DEPTH, parse

USERS = pd.DataFrame(
    {
        "user_id": ["u1", "u2", "u3", "u4"],
        "language": ["Tamil", "Hindi", "Tamil", None],
        "city_tier": pd.array([1, 2, 2, None], dtype="Int64"),
        "age_band": ["18-24", "25-34", "18-24", "35-49"],
        "kids": [True, False, False, True],
        "signup_date": pd.to_datetime(["2024-01-05", "2024-02-01", "2024-03-01", None]),
        "spend": [1.5, 0.0, -2.0, np.nan],
        "kind of day": ["o'clock", "late", "late", "late"],
    }
)


@pytest.mark.parametrize(
    ("rule", "users"),
    [
        ("language = 'Tamil'", "u1 u3"),
        ("language = 'Tamil' and city_tier = 2", "u3"),
        ("LANGUAGE = 'x' or city_tier = 2", None),
        ("language = 'Tamil' or city_tier = 2 and age_band = '25-34'", "u1 u2 u3"),  # and binds first
        ("(language = 'Tamil' or city_tier = 2) and age_band = '25-34'", "u2"),
        ("language in ('Tamil', 'Hindi')", "u1 u2 u3"),
        ("language not in ('Tamil')", "u2 u4"),
        ("not language = 'Tamil'", "u2 u4"),  # the complement
        ("language != 'Tamil'", "u2"),  # a missing value satisfies no comparison
        ("language <> 'Tamil'", "u2"),
        ("language IS NULL", "u4"),
        ("language is not null AND NOT kids = true", "u2 u3"),
        ("city_tier < 2", "u1"),
        ("city_tier >= 2", "u2 u3"),
        ("city_tier = '2'", "u2 u3"),
        ("spend between -2 and 0", "u2 u3"),
        ("spend not between -2 and 1e0", "u1 u4"),
        ("signup_date >= '2024-02-01'", "u2 u3"),
        ("kids = false", "u2 u3"),
        ("\"kind of day\" = 'o''clock'", "u1"),
        ("language='Tamil'and(city_tier=1)", "u1"),
    ],
)
def test_a_rule_selects(rule: str, users: str | None):
    if users is None:
        with pytest.raises(ScenarioError, match="'language'"):
            by_rule(USERS, rule)
    else:
        assert USERS["user_id"][by_rule(USERS, rule)].tolist() == users.split()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("langauge = 'Tamil'", "'language'"),
        ("language = 'tamil'", "Did you mean 'Tamil'"),
        ("language = 'Tamli'", "Did you mean 'Tamil'"),
        ("language in ('Tamil', 'Klingon')", "no user has language 'Klingon'"),
        ("language = Tamil", "single quotes"),
        ("age_band = 18-24", "'18-24'"),
        ("language < 'Tamil'", "no order"),
        ("city_tier = 'two'", "holds numbers"),
        ("signup_date > 'soon'", "holds dates"),
        ("signup_date > 3", "holds dates"),
        ("kids = 'yes'", "kids = true"),
        ("city_tier = true", "cannot be compared"),
        ("", "at the end"),
        ("language", "not compared"),
        ("language =", "at the end"),
        ("language = 'Tamil' city_tier = 2", "goes on"),
        ("(language = 'Tamil'", "')' is expected"),
        ("language = 'Tamil", "not part of a rule"),
        ("language in ()", "value is expected"),
        ("and = 1", "attribute is expected"),
        ("language not = 'x'", "not compared"),
    ],
)
def test_a_bad_rule_is_refused_with_the_way_out(rule: str, says: str):
    with pytest.raises(ScenarioError) as refused:
        by_rule(USERS, rule)
    assert refused.value.code == "E_SEGMENT"
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "rule",
    [
        "1 = 1; drop table users",
        "language = 'Tamil' -- comment",
        "language = (select language from users)",
        "exec('x') = 1",
        "__import__('os').system('true') = 1",
        "language = 'Tamil' union select 1",
        "language like '%'",
        "@language = 'Tamil'",
    ],
)
def test_what_a_rule_cannot_say_is_refused(rule: str):
    with pytest.raises(ScenarioError, match="E_SEGMENT"):
        by_rule(USERS, rule)


def test_long_and_deep_rules_are_refused_before_they_are_costly():
    with pytest.raises(ScenarioError, match="characters"):
        by_rule(USERS, "city_tier = 1 or " * 1000 + "city_tier = 1")
    with pytest.raises(ScenarioError, match="parentheses"):
        by_rule(USERS, "(" * (MAX_DEPTH + 2) + "city_tier = 1" + ")" * (MAX_DEPTH + 2))
    longest = " or ".join(["kids=true"] * 150)
    assert len(longest) < 2000
    assert sys.getrecursionlimit() >= 500
    assert by_rule(USERS, longest).sum() == 2


def test_a_number_beyond_float64_is_refused():
    with pytest.raises(ScenarioError, match="E_NUMBER"):
        by_rule(USERS, "spend < 1e309")


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_refused(text: str):
    """No other exception gets out."""
    with suppress(ScenarioError):
        parse(text)


TESTS = st.sampled_from(["language = 'Tamil'", "city_tier = 2", "kids = true", "spend > 0", "language is null"])


@given(TESTS, TESTS)
def test_a_rule_and_its_not_make_everyone_and_de_morgan_holds(a: str, b: str):
    assert (by_rule(USERS, a) ^ by_rule(USERS, f"not {a}")).all()
    assert (by_rule(USERS, f"not ({a} and {b})") == by_rule(USERS, f"not {a} or not {b}")).all()


def persona(name: str) -> Persona:
    return Persona(name=name, size=2, traits=(), favourites=(), monthly_active=(), monthly_views=(), monthly_growth_share=0.0)


PERSONAS = Personas(
    personas=(persona("Tamil drama"), persona("Hindi action")), assignment=np.array([0, 1, 0, 1]), centroids=np.zeros((2, 3))
)


def test_a_persona_selects_its_users_and_an_unknown_one_is_refused_with_the_nearest():
    assert by_persona(PERSONAS, "Tamil drama").tolist() == [True, False, True, False]
    with pytest.raises(ScenarioError, match=r"E_SEGMENT.*'Tamil drama'"):
        by_persona(PERSONAS, "Tamil dramas")


def test_rules_can_speak_of_personas():
    users = with_personas(USERS, PERSONAS)
    assert by_rule(users, "persona = 'Tamil drama' and city_tier = 2").tolist() == [False, False, True, False]
    own = USERS.assign(persona="theirs")
    assert with_personas(own, PERSONAS)["persona"].tolist() == ["theirs"] * 4


def test_a_selection_by_ids_refuses_unknown_users():
    users = IdMap(["u1", "u2", "u3"])
    assert by_users(users, ["u3", "u1", "u3"]).tolist() == [True, False, True]
    with pytest.raises(ScenarioError, match=r"E_SEGMENT.*u9"):
        by_users(users, ["u1", "u9"])


def test_nineteen_users_are_too_few_and_twenty_are_not():
    check_floor(np.arange(100) < 20)
    with pytest.raises(ScenarioError, match="E_SMALL_SEGMENT") as refused:
        check_floor(np.arange(100) < 19, "persona 'x'")
    assert "19" not in str(refused.value)
