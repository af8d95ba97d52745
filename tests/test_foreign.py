"""Texts made to exhaust a parser are refused with their code before it reads them, at every door that they come in by."""

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from recsys import foreign
from recsys.cli import cli
from recsys.decision import slate_rules
from recsys.embeddings.store import load_table
from recsys.errors import RecsysError
from recsys.projection.range_calibration import load_calibration
from recsys.scenario import link, toml
from recsys.tables.economics_config import parse_economics
from recsys.tables.formats.row_numbers import declared_index
from recsys.tables.store.published_tables import load_info
from recsys.workspace import Workspace, read_manifest

BRACKETS = "a = " + "[" * 100_000
TOML = {
    "brackets": (BRACKETS, "E_TOO_DEEP"),
    "tables in tables": ("a = " + "{ b = " * 10_000, "E_TOO_DEEP"),
    "a dotted name of 40 kB": (".".join("a" * 20_000) + " = 1", "E_TOO_DEEP"),
    "a dotted name in quotes, with blanks": (" . ".join(['"a"'] * 20_000) + " = 1", "E_TOO_DEEP"),
    "a dotted heading": ("[" + ".".join("a" * 20_000) + "]", "E_TOO_DEEP"),
    "brackets after what is no quote": ("# \"\"\"\nb = '''\"\"\"'''\n" + BRACKETS, "E_TOO_DEEP"),
    "a number of 5,000 digits": ("schema = " + "9" * 5_000, "E_NUMBER"),
    "one below zero": ("schema = -" + "9" * 5_000, "E_NUMBER"),
    "one in hex": ("schema = 0x" + "f" * 5_000, "E_NUMBER"),
    "one with strokes": ("schema = " + "1_" * 5_000 + "1", "E_NUMBER"),
    "one with a point": ("schema = 0." + "9" * 5_000, "E_NUMBER"),
    "half a million names": ("".join(f"a{k}=1\n" for k in range(100_000)), "E_TOO_BIG"),
    "lines without end": ("#\n" * 600_000, "E_TOO_BIG"),
    "a name of 1 MB": ("a" * 900_000 + " = 1", "E_TOO_BIG"),
    "ten million characters": ("#" * 10_000_000, "E_TOO_BIG"),
    "a quote that is never closed": ('"""\n\\"""\n' * 100_000, "E_TOML"),
    "no UTF-8": (b'name = "\xff"', "E_ENCODING"),
    "schema -1": ("schema = -1", "E_VERSION"),
    "schema true": ("schema = true", "E_VERSION"),
    "schema 1.0": ("schema = 1.0", "E_VERSION"),
}
DOORS: dict[str, Callable[[bytes], object]] = {
    "scenario": toml.loads,
    "rules": slate_rules.loads,
    "economics": parse_economics,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", TOML)
def test_toml_is_measured_before_it_is_parsed(door: str, case: str):
    text, code = TOML[case]
    with pytest.raises(RecsysError) as refused:
        DOORS[door](text if isinstance(text, bytes) else text.encode())
    found = next(finding for finding in refused.value.findings if finding.code == code)
    assert len(found.message) < 300
    assert found.table == door


@pytest.mark.parametrize(
    "command", [["project"], ["slate", "--budget", "1", "--rules"], ["slate", "--budget", "1", "--scenario"]]
)
def test_the_command_line_reads_no_more_of_a_file_than_it_refuses(command: list[str]):
    """An endless file is one of ten million characters."""
    done = CliRunner().invoke(cli, [*command, "/dev/zero", "--json"])
    assert done.exit_code == 2
    assert [each["code"] for each in json.loads(done.stdout)["errors"]] == ["E_TOO_BIG"]


@given(
    st.recursive(
        st.text() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_what_is_no_attack_is_read_as_it_is(value: object):
    assert foreign.json_value(json.dumps(value)) == json.loads(json.dumps(value))


def test_brackets_and_digits_in_quotes_and_remarks_count_for_nothing():
    text = (
        'a = """\n'
        + "[" * 99
        + '"""" # '
        + "[" * 99
        + "\nb = '''"
        + "'{" * 99
        + "'''\nc = '"
        + "9" * 999
        + '\'\nd = "\\"'
        + "[" * 99
        + '"'
    )
    assert set(foreign.toml(text, max_bytes=10_000)) == set("abcd")


def packed(text: str) -> str:
    return "1." + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def churn(delta_pp: str) -> str:
    change = f'{{"type": "change_churn", "segment": {{"all": true}}, "delta_pp": {delta_pp}}}'
    return packed(f'{{"schema": 1, "name": "x", "change": [{change}]}}')


LINKS = {
    "brackets": (packed("[" * 100_000), "E_TOO_DEEP"),
    "5,000 digits": (packed('{"schema": ' + "9" * 5_000 + "}"), "E_NUMBER"),
    "beyond every exponent": (churn("1e9999999999"), "E_NUMBER"),
    "beyond every exponent, as text": (churn('"1e9999999999"'), "E_NUMBER"),
    "a signalling NaN": (churn('"sNaN"'), "E_NUMBER"),
    "NaN": (churn("NaN"), "E_NUMBER"),
    "infinity": (churn('"-Infinity"'), "E_NUMBER"),
    "no number": (churn('"two"'), "E_NUMBER"),
    "schema -1": (packed('{"schema": -1}'), "E_VERSION"),
    "schema true": (packed('{"schema": true, "name": "x"}'), "E_VERSION"),
    "not JSON": (packed("{"), "E_PARAM"),
    "not ASCII": ("1.é", "E_PARAM"),
}


@pytest.mark.parametrize("case", LINKS)
def test_a_link_is_measured_before_it_is_parsed(case: str):
    parameter, code = LINKS[case]
    with pytest.raises(RecsysError, match=code):
        link.decode(parameter)


@pytest.mark.parametrize("value", ["1e9999999999", "-1e9999999999", "1e309", "nan", "-inf"])
def test_a_number_beyond_every_computer_is_refused_with_its_place(value: str):
    text = f'schema = 1\nname = "x"\n[[change]]\ntype = "change_churn"\nsegment = {{ all = true }}\ndelta_pp = {value}\n'
    with pytest.raises(RecsysError) as refused:
        toml.loads(text)
    assert [(each.code, each.column) for each in refused.value.findings] == [("E_NUMBER", "change[1].delta_pp")]


def test_a_number_too_small_to_tell_from_nothing_is_nothing():
    text = 'schema = 1\nname = "x"\n[[change]]\ntype = "acquire"\noffer = "o"\nfee = 1e-9999999999\n'
    assert toml.loads(text) == toml.loads(text.replace("1e-9999999999", "0"))


def test_what_a_parquet_file_says_of_itself_is_measured_too():
    """It only says which columns are an index; what cannot be read says nothing."""
    schema = pa.schema([("user_id", pa.string())], metadata={"pandas": "[" * 100_000})
    assert declared_index(schema) == ()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"schema": ' + "9" * 5_000 + "}", "{", "\xff"], ids=["deep", "long", "cut", "latin"]
)
def test_a_stored_document_that_cannot_be_read_is_damage_and_no_traceback(tmp_path: Path, text: str):
    content = text.encode("latin-1")
    names = ("manifest.json", "tables/tables.json", "t.json", "calibration.json")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "t.safetensors").write_bytes(b"{}      ")
    workspace = Workspace(tmp_path)
    doors: list[Callable[[], object]] = [
        lambda: read_manifest(tmp_path),
        lambda: load_info(workspace),
        lambda: load_table(tmp_path / "t"),
        lambda: load_calibration(tmp_path, "data"),
    ]
    for door in doors:
        with pytest.raises(RecsysError):
            door()


LONG = "x" * 300_000
WRONG = {
    "scenario": [
        f'schema = 1\nname = "{LONG}"',
        f'schema = "{LONG}"\nname = "x"',
        f'schema = 1\nname = "x"\nlicences = "{LONG}"',
    ],
    "rules": [f'schema = "{LONG}"', f'schema = 1\nat_most = "{LONG}"', f'schema = 1\nmust_have = "{LONG}"'],
    "economics": [
        *(f'{name} = "{LONG}"' for name in ("schema", "currency", "default_plan", "hurdle_rate")),
        f'hurdle_rate = {{ value = "{LONG}", source = "", kind = "{LONG}" }}',
    ],
}


@pytest.mark.parametrize(("door", "text"), [(door, text) for door, texts in WRONG.items() for text in texts])
def test_what_is_refused_is_not_told_at_length(door: str, text: str):
    with pytest.raises(RecsysError) as refused:
        DOORS[door](text.encode())
    assert all(len(finding.message) + len(finding.remedy) < 500 for finding in refused.value.findings)
