"""Scenario files and links: what is written is read back, and whatever is wrong is said at once."""

import base64
import hashlib
import json
import math
import zlib

import pytest
from hypothesis import assume, given

from recsys.errors import ScenarioError
from recsys.scenario import fields, link, mapping, toml
from recsys.scenario.changes import (
    Acquire,
    ByRule,
    ByUsers,
    ChangeChurn,
    Drop,
    Everyone,
    ResizeSegment,
    ShiftTaste,
    TowardsAttribute,
)
from recsys.scenario.hash import content_hash, demand_hash, question_hash
from recsys.scenario.scenario import Scenario
from tests.scenario.strategies import scenarios

FILE = """
schema = 1
name = "Tamil families grow"
horizon_months = 12

[[change]]
type = "resize_segment"
segment = { where = "language = 'Tamil' and city_tier = 2" }
factor = 1.2

[[change]]
type = "shift_taste"
segment = { all = true }
towards = { attribute = "genre", value = "Thriller" }
strength = -0.5

[[change]]
type = "change_churn"
segment = { all = true }
delta_pp = -0.7

[[change]]
type = "acquire"
offer = "tt0816692"
fee = 4_000_000
"""


@given(scenarios)
def test_a_scenario_written_and_read_back_is_the_same(scenario: Scenario):
    assert toml.loads(toml.dumps(scenario)) == scenario


@given(scenarios)
def test_a_scenario_in_a_link_is_the_same(scenario: Scenario):
    try:
        parameter = link.encode(scenario)
    except ScenarioError:
        assume(False)
    assert link.decode(parameter) == scenario


@given(scenarios)
def test_the_hash_survives_writing_and_tells_scenarios_apart(scenario: Scenario):
    assert content_hash(toml.loads(toml.dumps(scenario))) == content_hash(scenario)
    assert content_hash(Scenario(name=scenario.name + "x", changes=scenario.changes)) != content_hash(scenario)


def test_a_scenario_too_long_for_a_link_is_refused():
    many = tuple(Drop(movie=hashlib.sha256(str(k).encode()).hexdigest()) for k in range(200))
    with pytest.raises(ScenarioError, match="E_PARAM"):
        link.encode(Scenario(name="a clear-out", changes=many))


def test_a_link_lists_no_people_neither_written_nor_read():
    """Also one that somebody made by hand: a link could else ask about whom it likes."""
    scenario = Scenario(name="five", changes=(ResizeSegment(segment=ByUsers(users=("u1", "u2")), factor=2.0),))
    with pytest.raises(ScenarioError, match=r"E_PARAM.*list people"):
        link.encode(scenario)
    by_hand = base64.urlsafe_b64encode(zlib.compress(json.dumps(mapping.as_mapping(scenario)).encode())).rstrip(b"=").decode()
    with pytest.raises(ScenarioError, match=r"E_PARAM.*list people"):
        link.decode(f"1.{by_hand}")


@pytest.mark.parametrize("spelling", ["4_000_000", "4e6", "4000000.0", "4000000.00"])
def test_the_hash_does_not_depend_on_how_a_number_is_spelled(spelling: str):
    assert content_hash(toml.loads(FILE.replace("4_000_000", spelling))) == content_hash(toml.loads(FILE))


def test_the_hash_does_not_depend_on_whether_a_whole_amount_is_an_int():
    one, other = (Scenario(name="x", changes=(Acquire(offer="o", fee=fee),)) for fee in (4, 4.0))
    assert content_hash(one) == content_hash(other)


def test_a_file_says_what_it_says():
    assert toml.loads(FILE) == Scenario(
        name="Tamil families grow",
        changes=(
            ResizeSegment(segment=ByRule(where="language = 'Tamil' and city_tier = 2"), factor=1.2),
            ShiftTaste(segment=Everyone(), towards=TowardsAttribute(attribute="genre", value="Thriller"), strength=-0.5),
            ChangeChurn(segment=Everyone(), delta_share=-0.007),  # −0.7 percentage points
            Acquire(offer="tt0816692", fee=4e6),
        ),
    )


EVERY_KIND = """schema = 1
name = "every kind"
horizon_months = 24
licences = "lapse"

[[change]]
type = "resize_segment"
factor = 1.2

[change.segment]
where = "language = 'Tamil' and city_tier = 2"

[[change]]
type = "shift_taste"
strength = -0.5

[change.segment]
persona = "late risers"

[change.towards]
attribute = "genre"
value = "Thriller"

[[change]]
type = "shift_taste"
strength = 1.0

[change.segment]
all = true

[change.towards]
movies = [
    "m1",
    "m2",
]

[[change]]
type = "scale_activity"
factor = 0.9

[change.segment]
all = true

[[change]]
type = "change_churn"
delta_pp = -0.700

[change.segment]
all = true

[[change]]
type = "change_price"
plan = "monthly"
amount = 199.0

[[change]]
type = "continue_drift"
months = 6

[[change]]
type = "acquire"
offer = "o1"
fee = 4000000.0
window_months = 18
royalty_per_view = 0.5
dubbing_cost = 100000.0
marketing_cost = 250000.0
delivery_cost = 0.0
launch_month = 3

[[change]]
type = "acquire"
offer = "o2"

[[change]]
type = "drop"
movie = "m3"

[[change]]
type = "promote"
movie = "m4"
exposure = 1.5

[[change]]
type = "shift_launch"
offer = "o2"
month = 5
"""


def test_files_hashes_and_links_of_the_first_release_stay():
    """Saved scenarios, kept answers and links in mails hold them."""
    scenario = toml.loads(EVERY_KIND)
    assert toml.dumps(scenario) == EVERY_KIND
    assert content_hash(scenario) == "6e6101470e38548809dabe07a05f357180b40a94f0fef167ba4b4727d219c598"
    assert question_hash(scenario) == "e4c160bbd33974d9d6111fe33eac4c2de5a10c3430c733df7b24da8ba4d70b19"
    assert demand_hash(scenario) == "a317c1b1c4a11c72d3f4f1dcb1e9bd3033a79a203b6f6135052ecf2c837d6409"
    carried = (
        "1.eNqNU8tu20AM_BWBl1xUQ1LsthHQv8gtCAR6RUuL7EPl7tp1DP97ufKjNtoE9UnLxww5HB8gqJEsQluX4NAStEBb4n3xpl0PJYye9bt3nfUujgHaZl"
        "mC0YqcInmBwSmQlKkR3SDNLweI-ymjMAX9Tl2gwZKLUnL5ag-wG4lp7nZDwoGKH8XDM1ptHgp0faF03HdRE0u8gWMJG1TRs8y4aI7llSGMehO7iCHSPfxE"
        "HLzDmSBSwTpIIONEv0PuQ67BGFmvU8xAAznOEFs0Kb-fR9bGEOeWEJncEEdov1SL1f-wozHQRk50T2j9VmfJXsDW0mAbeL2DrxfVLbpCQ52srbcixscEF2"
        "WqxdNN9-kanRoTu497ezIRu2mSBtntW1XB3xATy60FYpJTSXR2gcnzoPUpQ9ZPT3eDK6nQLlHXs-iTFz0b5-tNEaqfSc-S-81GdG7BZ002JMllNf8WVQk7"
        "saDfXa1Xfy-B_R6NuENO3Imeu7z5SlZJ67V2Q6d8yDNdESzyG8U_mWZ1ycjyOvv8nJhjBpNT44kP2sfPB25u1erZT_OuMlOW6fE2ObG3fnbJNb-UB_2afEj5"
        "f1D_w1inWe4Jz2JCuzq-Hn8Dg_s7aw"
    )
    assert link.decode(carried) == scenario
    assert link.decode(link.encode(scenario)) == scenario


@pytest.mark.parametrize("key", ["arrivals", "joining"])
def test_what_goes_on_as_usual_is_not_written_and_what_stops_is(key: str):
    """So files, hashes and links from before the key stay as they were."""
    plain = toml.loads(EVERY_KIND)
    usual, none = (toml.loads(f'{key} = "{value}"\n{EVERY_KIND}') for value in ("as_usual", "none"))
    assert usual == plain
    assert toml.dumps(usual) == EVERY_KIND
    assert f'\n{key} = "none"\n' in toml.dumps(none)
    for hashed in (content_hash, question_hash, demand_hash):
        assert hashed(usual) == hashed(plain) != hashed(none)


@pytest.mark.parametrize(
    ("line", "code", "place"),
    [
        ("schema = 2", "E_VERSION", "schema"),
        ("factor = nan", "E_NUMBER", "change[1].factor"),
        ("factor = inf", "E_NUMBER", "change[1].factor"),
        ("factor = 1e309", "E_NUMBER", "change[1].factor"),
        ("factor = 0", "E_RANGE", "change[1].factor"),
        ("factor = -1.0", "E_RANGE", "change[1].factor"),
        ("factor = 1001", "E_RANGE", "change[1].factor"),
        ('factor = "1.2"', "E_PARAM", "change[1].factor"),
        ("factor = true", "E_PARAM", "change[1].factor"),
        ("factor_typo = 1.2", "E_PARAM", "change[1]"),
        ("segment = { where = 3 }", "E_PARAM", "change[1].segment"),
        ("segment = { tier = 2 }", "E_SEGMENT", "change[1].segment"),
        ("segment = { all = false }", "E_SEGMENT", "change[1].segment"),
        ('segment = { all = true, persona = "x" }', "E_SEGMENT", "change[1].segment"),
        ("segment = { users = [] }", "E_PARAM", "change[1].segment"),
        ("segment = { users = [1] }", "E_PARAM", "change[1].segment"),
        ('type = "resize"', "E_PARAM", "change[1]"),
        ("horizon_months = 1.5", "E_RANGE", "horizon_months"),
        ("horizon_months = 121", "E_RANGE", "horizon_months"),
        ('licences = "sold"', "E_PARAM", "licences"),
        ('arrivals = "twice"', "E_PARAM", "arrivals"),
        ("joining = true", "E_PARAM", "joining"),
        ('name = "a\\u0000b"', "E_PARAM", "name"),
        ('name = "a\\u202Eb"', "E_PARAM", "name"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(line: str, code: str, place: str):
    good = {
        "schema": "schema = 1",
        "name": 'name = "x"',
        "horizon_months": "horizon_months = 12",
        "licences": 'licences = "lapse"',
        "arrivals": 'arrivals = "none"',
        "joining": 'joining = "none"',
        "type": 'type = "resize_segment"',
        "segment": "segment = { all = true }",
        "factor": "factor = 1.2",
    }
    key = line.partition(" =")[0]
    lines = {**good, key: line}
    lines.pop("factor") if key == "factor_typo" else None
    head = [lines.pop(name) for name in ("schema", "name", "horizon_months", "licences", "arrivals", "joining")]
    with pytest.raises(ScenarioError) as refused:
        toml.loads("\n".join([*head, "[[change]]", *lines.values()]))
    assert (code, place) in [(finding.code, finding.column) for finding in refused.value.findings]
    assert all(finding.remedy for finding in refused.value.findings)


def test_all_mistakes_are_found_in_one_try():
    text = 'schema = 1\nname = 3\n[[change]]\ntype = "drop"\n[[change]]\ntype = "continue_drift"\nmonths = 0\n'
    with pytest.raises(ScenarioError) as refused:
        toml.loads(text)
    assert [finding.column for finding in refused.value.findings] == ["name", "change[1].movie", "change[2].months"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('[[change]]\ntype = "drop"\nmovi = "m1"', "'movie'"),
        ('[[change]]\ntype = "dorp"', "'drop'"),
        ("horizon_month = 3", "'horizon_months'"),
    ],
)
def test_the_key_that_may_have_been_meant_is_named(text: str, meant: str):
    with pytest.raises(ScenarioError, match=f"Did you mean {meant}"):
        toml.loads(f'schema = 1\nname = "x"\n{text}')


def test_a_newer_version_is_not_read_any_further():
    with pytest.raises(ScenarioError) as refused:
        toml.loads('schema = 7\nname = 3\nsomething_new = "x"')
    assert [finding.code for finding in refused.value.findings] == ["E_VERSION"]


def test_text_that_is_not_toml_is_refused():
    with pytest.raises(ScenarioError, match="E_TOML"):
        toml.loads("name = ")


def test_joiners_of_indic_scripts_may_stay_in_a_name():
    name = "ക്ഷ‌ണം"  # Malayalam with a zero-width non-joiner
    assert toml.loads(f'schema = 1\nname = "{name}"').name == name


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_scenario_built_in_the_program_is_checked_too(value: float):
    with pytest.raises(ScenarioError, match="E_NUMBER"):
        mapping.check(Scenario(name="x", changes=(ChangeChurn(segment=Everyone(), delta_share=value),)))


def packed(document: object) -> str:
    return "1." + base64.urlsafe_b64encode(zlib.compress(json.dumps(document).encode())).decode().rstrip("=")


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ("", "E_PARAM"),
        ("1", "E_PARAM"),
        ("1.", "E_PARAM"),
        ("1.!!!", "E_PARAM"),
        ("../etc", "E_PARAM"),
        ("9.abcd", "E_VERSION"),
        ("1." + "A" * 5000, "E_PARAM"),
        (packed([1]), "E_PARAM"),
        (packed({"schema": 1, "name": "x", "horizon_months": math.inf}), "E_NUMBER"),
        (packed({"schema": 1, "name": "x" * 190_000}), "E_PARAM"),
        (packed({"schema": 1, "name": "x" * 900_000}), "E_PARAM"),
        (packed({"schema": 2, "name": "x"}), "E_VERSION"),
        (link.encode(Scenario(name="cut off"))[:-6], "E_PARAM"),
    ],
)
def test_a_link_that_is_not_one_is_refused(parameter: str, code: str):
    with pytest.raises(ScenarioError, match=code):
        link.decode(parameter)


def test_of_thousands_of_mistakes_the_first_fifty_are_named_and_the_rest_counted():
    text = 'schema = 1\nname = "x"\n' + "".join(f"k{k} = 1\n" for k in range(3_000))
    with pytest.raises(ScenarioError) as refused:
        toml.loads(text)
    assert len(refused.value.findings) == fields.MAX_FINDINGS + 1
    assert refused.value.findings[-1].message == f"and {3_000 - fields.MAX_FINDINGS:,} more like these."
