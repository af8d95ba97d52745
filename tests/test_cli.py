"""The command line's border: one document on standard output, status 2 with coded findings, and nothing lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from recsys.cli import cli
from recsys.workspace import Workspace
from tests import patience
from tests.tables.raw import Raw


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def codes(document: str) -> list[str]:
    return [finding["code"] for finding in json.loads(document)["errors"]]


def test_a_refusal_is_one_document_with_status_2(tmp_path: Path):
    (tmp_path / "scenario.toml").write_text('schema = 1\nname = "x"\n')
    command = [str(Path(sys.executable).with_name("recsys")), "project", "scenario.toml", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience.SECONDS)
    assert done.returncode == 2
    assert codes(done.stdout)[0].startswith("E_")
    assert done.stderr == ""


def test_a_refusal_for_a_person_names_code_and_remedy_without_a_traceback(tmp_path: Path):
    done = CliRunner().invoke(cli, ["project", "missing.toml"])
    assert done.exit_code == 2
    assert done.stderr.startswith("E_NOT_FOUND missing.toml cannot be read")
    assert done.stdout == ""


def test_every_mistake_of_a_scenario_file_is_told_at_once(tmp_path: Path):
    change = '[[change]]\ntype = "resize_segment"\nsegment = { all = true }\nfactor = -1\n[[change]]\ntype = "fly"\n'
    (tmp_path / "scenario.toml").write_text(f'schema = 1\nname = "x"\n{change}')
    done = CliRunner().invoke(cli, ["project", "scenario.toml", "--json"])
    assert done.exit_code == 2
    assert len(codes(done.stdout)) == 2


def test_a_refused_import_leaves_no_tables(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "events.csv").write_text("user_id,movie_id\n")
    done = CliRunner().invoke(cli, ["--workspace", "ws", "import", "in", "--json"])
    assert done.exit_code == 2
    assert codes(done.stdout)
    assert not Workspace(tmp_path / "ws").exists()


def test_a_backtest_of_nothing_is_refused():
    done = CliRunner().invoke(cli, ["backtest", "--json"])
    assert (done.exit_code, codes(done.stdout)) == (2, ["E_NO_TABLES"])


MISUSES = {
    "a budget that is no number": ("slate", "--budget", "abc"),
    "a budget that is missing": ("slate",),
    "an unknown option": ("project", "--nonsense"),
    "a missing argument": ("import",),
    "one argument too many": ("project", "a.toml", "b.toml"),
    "an unknown command": ("nonsense",),
    "no command": (),
    "a choice that there is not": ("train", "--model", "nonsense"),
    "a number outside its limits": ("export", "prune", "app", "--keep", "0"),
    "a number that no computer holds": ("train", "--seed", "9" * 5_000),
    "a seed below nothing": ("refute", "--seed", "-1"),
    "a seed that a library would refuse after minutes": ("backtest", "--seed", "4294967296"),
    "an option without its value": ("slate", "--budget"),
    "an option before the sub-command": ("export", "--unsigned", "verify", "app"),
    "an option of the other commands before the command": ("--workspace", __file__, "refute"),
}


@pytest.mark.parametrize("arguments", MISUSES.values(), ids=MISUSES.keys())
def test_a_command_line_that_cannot_be_read_is_refused_with_a_document(arguments: tuple[str, ...]):
    done = CliRunner().invoke(cli, [*arguments, "--json"])
    assert done.exit_code == 2
    (finding,) = json.loads(done.stdout)["errors"]
    assert finding["code"] in ("E_PARAM", "E_USAGE")
    assert finding["message"]
    assert "--help" in finding["remedy"]
    assert done.stderr == ""


def test_a_value_is_refused_by_the_name_of_its_option():
    (finding,) = json.loads(CliRunner().invoke(cli, ["slate", "--budget", "abc", "--json"]).stdout)["errors"]
    assert (finding["code"], finding["column"]) == ("E_PARAM", "budget")
    assert "abc" in finding["message"]


def test_a_person_is_shown_how_a_command_is_used():
    done = CliRunner().invoke(cli, ["slate", "--budget", "abc"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Usage: " in done.stderr


def test_nothing_but_the_document_is_printed_whatever_a_command_prints(tmp_path: Path):
    """In Python, or from below it, as TensorFlow does."""
    code = "import os, sys\nfrom recsys.cli import frame\n"
    code += "def noisy(_workspace):\n    print('told')\n    os.write(1, b'told')\n    return {'schema': 1}\n"
    code += "frame.command(noisy)\nframe.cli(['noisy', '--json'])\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=patience.SECONDS
    )
    assert json.loads(done.stdout) == {"schema": 1}
    assert done.stderr.count("told") == 2


def test_a_name_that_is_not_utf8_is_told_in_json(tmp_path: Path):
    done = CliRunner().invoke(cli, ["project", str(tmp_path / "\udcff.toml"), "--json"])
    assert done.exit_code == 2
    assert "\udcff.toml cannot be read" in json.loads(done.stdout)["errors"][0]["message"]


@pytest.mark.parametrize("named", ["mf,oracle", "oracle", "", " , "])
def test_models_that_are_not_there_are_refused_with_those_that_are(tmp_path: Path, named: str):
    done = CliRunner().invoke(cli, ["--workspace", str(tmp_path), "evaluate", "--models", named, "--json"])
    [finding] = json.loads(done.stdout)["errors"]
    assert (done.exit_code, finding["code"], finding["column"]) == (2, "E_PARAM", "models")
    assert finding["remedy"].startswith("Choose from popularity, ")
    assert "mf, two_tower, blend" in finding["remedy"]
    assert ("'oracle'" in finding["message"]) == ("oracle" in named)


def test_models_are_not_named_for_an_evaluation_of_hidden_movies(tmp_path: Path):
    done = CliRunner().invoke(cli, ["--workspace", str(tmp_path), "evaluate", "--cold", "--models", "mf", "--json"])
    assert (done.exit_code, codes(done.stdout)) == (2, ["E_USAGE"])


@pytest.mark.parametrize(
    "command", ["demo", "import", "train", "evaluate", "backtest", "project", "slate", "bid", "flip", "export", "app"]
)
def test_every_command_of_the_contract_is_there(command: str):
    done = CliRunner().invoke(cli, [command, "--help"])
    assert done.exit_code == 0
    assert command == "app" or "--json" in done.stdout


def test_a_database_that_cannot_be_reached_is_refused_before_a_bundle_is_published(tmp_path: Path):
    done = CliRunner().invoke(cli, ["export", "--to", "out", "--to-postgres", "postgresql://nobody@127.0.0.1:1/none", "--json"])
    assert (done.exit_code, codes(done.stdout)) == (2, ["E_DATABASE"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", ""),
        ("project", ""),
        ("slate", "--budget", "5", "--scenario", ""),
        ("export", "--to", ""),
        ("export", "verify", ""),
        ("--workspace", "", "train"),
    ],
)
def test_an_empty_path_is_refused_and_not_read_as_the_folder_one_is_in(arguments: tuple[str, ...]):
    done = CliRunner().invoke(cli, [*arguments, "--json"])
    [finding] = json.loads(done.stdout)["errors"]
    assert (done.exit_code, finding["code"]) == (2, "E_PARAM")
    assert "an empty path names nothing" in finding["message"]


@pytest.mark.parametrize("assumed", [("--fee", "5"), ("--window-months", "12")])
def test_what_is_assumed_of_offers_is_refused_where_there_are_none_and_nothing_is_taken_in(
    tmp_path: Path, assumed: tuple[str, str]
):
    Raw().write(tmp_path / "in")
    done = CliRunner().invoke(cli, ["--workspace", str(tmp_path / "ws"), "import", str(tmp_path / "in"), *assumed, "--json"])
    [finding] = json.loads(done.stdout)["errors"]
    assert (done.exit_code, finding["code"]) == (2, "E_USAGE")
    assert "--offers-from-latest" in finding["message"]
    assert not Workspace(tmp_path / "ws").exists()
