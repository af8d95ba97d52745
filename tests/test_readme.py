"""The README's commands do what it says: its sh block runs, line by line, on a workspace of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import patience

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    assert found, f"the README has no {language} block"
    return found.group(1)


def test_the_two_commands_are_targets_of_the_makefile_and_of_dev_py():
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"^make (\w+)", README, flags=re.MULTILINE)
    assert commands == ["app", "test"]
    known = subprocess.run([sys.executable, str(ROOT / "dev.py")], capture_output=True, text=True, check=False).stdout
    for command in commands:
        assert command in makefile
        assert f"dev.py {command}" in known
        assert f"python3 dev.py {command}" in README


def test_every_picture_of_the_readme_is_there():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.xdist_group("train")
def test_the_command_line_tour_runs_as_printed(tmp_path: Path):
    (tmp_path / "scenario.toml").write_text(_block("toml"), encoding="utf-8")
    for line in _block("sh").strip().splitlines():
        command = [str(Path(sys.executable).with_name("recsys")), *line.split()[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patience.SECONDS)
        assert done.returncode == 0, f"{line}\n{done.stderr[-3000:]}"
        if "--json" in command:
            assert json.loads(done.stdout)["scenario"]["name"] == "Tamil audience grows, and we buy one film"
        if command[1] == "slate":
            assert re.match("Buy .* after cost|Buy none of them", " ".join(done.stdout.split()))
            assert "slates_run" not in done.stdout
