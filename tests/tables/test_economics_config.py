"""Money terms: read back as written, and every mistake told at once."""

from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.tables.economics_config import ASSUMED, Economics, Plan, Term, as_toml, load_economics, parse_economics

VALID = """
schema = 1
currency = "INR"
default_plan = "monthly"
discount_rate = { value = 0.12, source = "finance, 2024" }
hurdle_rate = { value = 0.15, source = "board" }

[plans.monthly]
kind = "svod"
monthly_price = { value = 149, source = "price list" }
margin_share = { value = 0.6, source = "accounts", kind = "estimated" }

[plans.rental]
kind = "tvod"
rental_price = { value = 59.0, source = "price list" }
platform_share = { value = 0.3, source = "contract" }
"""


def test_terms_are_read_with_their_sources():
    economics = parse_economics(VALID.encode())
    assert economics == Economics(
        currency="INR",
        discount_rate=Term(value=0.12, source="finance, 2024"),
        hurdle_rate=Term(value=0.15, source="board"),
        plans=(
            Plan(
                name="monthly",
                kind="svod",
                monthly_price=Term(value=149.0, source="price list"),
                margin_share=Term(value=0.6, source="accounts", kind="estimated"),
            ),
            Plan(
                name="rental",
                kind="tvod",
                rental_price=Term(value=59.0, source="price list"),
                platform_share=Term(value=0.3, source="contract"),
            ),
        ),
        default_plan="monthly",
    )


def test_without_a_file_every_figure_says_that_it_is_assumed(tmp_path: Path):
    economics = load_economics(tmp_path / "economics.toml")
    assert economics == ASSUMED
    terms = [economics.discount_rate, economics.hurdle_rate]
    terms += [term for plan in economics.plans for term in vars(plan).values() if isinstance(term, Term)]
    assert {term.kind for term in terms} == {"assumed"}


def test_what_is_written_is_read_back(tmp_path: Path):
    path = tmp_path / "economics.toml"
    path.write_text(as_toml(ASSUMED), encoding="utf-8")
    assert load_economics(path) == ASSUMED


def test_tables_that_are_a_sample_say_how_many_people_a_user_stands_for(tmp_path: Path):
    sampled = 'people_per_user = { value = 400, source = "one subscriber in 400 is in the extract" }' + VALID
    economics = parse_economics(sampled.encode())
    assert economics.people_per_user == Term(value=400.0, source="one subscriber in 400 is in the extract")
    assert parse_economics(as_toml(economics).encode()) == economics
    assert parse_economics(VALID.encode()).people_per_user.value == 1.0


@pytest.mark.parametrize(
    ("old", "new", "code", "column"),
    [
        ("schema = 1", "schema = 2", "E_VERSION", "schema"),
        ('currency = "INR"', 'currency = "rupees"', "E_CURRENCY", "currency"),
        ('currency = "INR"', "", "E_CURRENCY", "currency"),
        ('default_plan = "monthly"', 'default_plan = "yearly"', "E_PLAN", "default_plan"),
        ('kind = "svod"', 'kind = "free"', "E_PLAN", "plans.monthly.kind"),
        ("value = 0.12", "value = 12", "E_RANGE", "discount_rate"),
        ("value = 0.6", "value = 60", "E_RANGE", "plans.monthly.margin_share"),
        ("schema = 1", 'people_per_user = { value = 0.5, source = "x" }', "E_RANGE", "people_per_user"),
        ("schema = 1", "people_per_user = 400", "E_SOURCE", "people_per_user"),
        ("value = 149", "value = -1", "E_RANGE", "plans.monthly.monthly_price"),
        ("value = 149", "value = nan", "E_NUMBER", "plans.monthly.monthly_price"),
        ("value = 149", "value = inf", "E_NUMBER", "plans.monthly.monthly_price"),
        ("value = 149", 'value = "149"', "E_NUMBER", "plans.monthly.monthly_price"),
        ("value = 149", "value = true", "E_NUMBER", "plans.monthly.monthly_price"),
        ("value = 149, ", "", "E_NUMBER", "plans.monthly.monthly_price"),
        ('source = "board"', 'source = " "', "E_SOURCE", "hurdle_rate"),
        ('{ value = 0.15, source = "board" }', "0.15", "E_SOURCE", "hurdle_rate"),
        ('kind = "estimated"', 'kind = "guessed"', "E_SOURCE", "plans.monthly.margin_share"),
        ("margin_share", "margin", "E_MISSING_COL", "plans.monthly.margin_share"),
        ("hurdle_rate", "hurdle", "E_UNKNOWN_KEY", "hurdle"),
    ],
)
def test_a_mistake_gets_its_code_and_place(old: str, new: str, code: str, column: str):
    assert old in VALID
    with pytest.raises(DataError) as refusal:
        parse_economics(VALID.replace(old, new, 1).encode())
    assert (code, column) in {(finding.code, finding.column) for finding in refusal.value.findings}
    assert {finding.table for finding in refusal.value.findings} == {"economics"}


def test_all_mistakes_come_together():
    text = VALID.replace("0.12", "nan").replace('"INR"', '"rs"').replace('source = "board"', 'source = ""')
    with pytest.raises(DataError) as refusal:
        parse_economics(text.encode())
    assert {finding.code for finding in refusal.value.findings} == {"E_NUMBER", "E_CURRENCY", "E_SOURCE"}


@pytest.mark.parametrize(("content", "code"), [(b"a = ", "E_TOML"), (b"a = '\xff'", "E_ENCODING"), (b"", "E_CURRENCY")])
def test_a_file_that_is_no_toml_is_refused(content: bytes, code: str):
    with pytest.raises(DataError) as refusal:
        parse_economics(content)
    assert refusal.value.code == code


def test_a_plan_may_state_that_nobody_leaves_it(tmp_path: Path):
    stated = VALID.replace('kind = "svod"', 'kind = "svod"\nmonthly_churn = { value = 0, source = "yearly contracts" }')
    economics = parse_economics(stated.encode())
    assert economics.plan("monthly").monthly_churn == Term(value=0.0, source="yearly contracts")
    path = tmp_path / "economics.toml"
    path.write_text(as_toml(economics), encoding="utf-8")
    assert load_economics(path) == economics
