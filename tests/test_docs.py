"""The documents are true of the code: names lead somewhere, examples run, and what crosses the border is all there."""

import doctest
import importlib
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from recsys.cli import cli
from recsys.decision import slate_rules
from recsys.presentation.text import GLOSSARY
from recsys.scenario import changes, mapping, toml
from recsys.tables.economics_config import PlanKind, parse_economics
from recsys.tables.schema import TABLES, required

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CONTRACT = (ROOT / "docs" / "data_contract.md").read_text(encoding="utf-8")
by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@by_document
def test_links_lead_to_files(document: Path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@by_document
def test_names_of_modules_are_names_of_modules(document: Path):
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:\w+\.)+\w+)`", text):
        first = name.partition(".")[0]
        if name.endswith((".json", ".toml", ".sqlite")):
            continue
        if first == "recsys" or (ROOT / "recsys" / first).is_dir():
            assert _found(name if first == "recsys" else f"recsys.{name}"), name
    for path in re.findall(r"`((?:recsys|tests|pages|docs|exports)/[\w/.]+)`(?! \(new\))", text):
        assert (ROOT / path).exists(), path


def _found(name: str) -> bool:
    module, _, rest = name, "", ""
    while module:
        try:
            found: object = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
            continue
        for part in filter(None, rest.split(".")):
            found = getattr(found, part, None)
        return found is not None
    return False


@by_document
def test_examples_run(document: Path):
    flags = doctest.NORMALIZE_WHITESPACE
    assert doctest.testfile(str(document), module_relative=False, optionflags=flags).failed == 0


def _toml(start: str) -> str:
    blocks: list[str] = re.findall(r"^```toml\n(.*?)^```", CONTRACT, flags=re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if start in block)


def test_every_column_is_in_the_contract():
    rows = {row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", CONTRACT, flags=re.MULTILINE)}
    for table, columns in TABLES.items():
        must, may = (set(re.findall(r"`(\w+)`", cell)) for cell in rows[table])
        if "movies" in may:  # "the columns of `movies`"
            may = may - {"movies"} | set(TABLES["movies"])
        assert must == set(required(table))
        assert must | may == set(columns)


def test_the_economics_of_the_contract_are_read_and_show_every_term():
    read = parse_economics(_toml("hurdle_rate").encode())
    assert {plan.kind for plan in read.plans} == set(get_args(PlanKind))
    assert read.people_per_user.value == 400


def test_the_scenario_of_the_contract_shows_every_kind_of_change_and_every_key():
    text = _toml("one of each kind")
    scenario = toml.loads(text)
    assert {type(change) for change in scenario.changes} == set(changes.KINDS.values())
    written = {key for change in tomllib.loads(text)["change"] for key in change}
    known = {key for change in mapping.as_mapping(scenario)["change"] for key in change}
    assert written == known
    assert all(None not in vars(change).values() for change in scenario.changes)


def test_the_rules_of_the_contract_are_read():
    rules = slate_rules.loads(_toml("must_have"))
    assert None not in (rules.at_most, rules.at_least, rules.must_have, rules.never_with)


def test_every_command_is_in_the_contract():
    listed = re.findall(r"^\| `([\w-]+)` \| ", CONTRACT.partition("## Command line")[2], flags=re.MULTILINE)
    assert sorted(listed) == sorted(cli.commands)


def test_every_word_of_the_screens_glossary_is_in_the_glossary():
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert [entry.word for entry in GLOSSARY if entry.word not in text] == []
