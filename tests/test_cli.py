"""The command line's border: one document on standard output, status 2 with coded findings, and nothing lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.workspace import Workspace


def recsys(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).with_name("recsys"))
    return subprocess.run([command, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=250)


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [finding["code"] for finding in json.loads(done.stdout)["errors"]]


def test_a_refusal_is_one_document_with_status_2(tmp_path: Path):
    (tmp_path / "scenario.toml").write_text('schema = 1\nname = "x"\n')
    done = recsys("project", "scenario.toml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert codes(done)[0].startswith("E_")
    assert done.stderr == ""


def test_a_refusal_for_a_person_names_code_and_remedy_without_a_traceback(tmp_path: Path):
    done = recsys("project", "missing.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("E_NOT_FOUND missing.toml cannot be read")
    assert done.stdout == ""


def test_every_mistake_of_a_scenario_file_is_told_at_once(tmp_path: Path):
    change = '[[change]]\ntype = "resize_segment"\nsegment = { all = true }\nfactor = -1\n[[change]]\ntype = "fly"\n'
    (tmp_path / "scenario.toml").write_text(f'schema = 1\nname = "x"\n{change}')
    done = recsys("project", "scenario.toml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert len(codes(done)) == 2


def test_a_refused_import_leaves_no_tables(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "events.csv").write_text("user_id,movie_id\n")
    done = recsys("--workspace", "ws", "import", "in", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert codes(done)
    assert not Workspace(tmp_path / "ws").exists()


def test_a_backtest_of_nothing_is_refused(tmp_path: Path):
    done = recsys("backtest", "--json", cwd=tmp_path)
    assert (done.returncode, codes(done)) == (2, ["E_NO_TABLES"])


def test_an_unknown_option_is_a_refusal_too(tmp_path: Path):
    assert recsys("project", "--nonsense", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("command", ["demo", "import", "train", "evaluate", "backtest", "project", "slate", "export", "app"])
def test_every_command_of_the_contract_is_there(tmp_path: Path, command: str):
    done = recsys(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert command == "app" or "--json" in done.stdout
