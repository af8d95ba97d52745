"""``docs/adding_things.md`` is true: each addition, done in a copy of the tree, works and touches as many files as it says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "adding_things.md").read_text(encoding="utf-8")
COPIED = ("recsys", "pages", "tests", "exports/examples", "exports/README.md", "streamlit_app.py", "pyproject.toml", ".streamlit")
BOUNDS = {"A page": 3, "An import format": 2, "A kind of change": 4, "A recommender": 4, "A decision tool": 5}
_PIECE = re.compile(r"^`(?P<path>[\w./]+)`(?: \(new\))?$|^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Addition:
    """One recipe of the document."""

    title: str
    files: int
    pieces: tuple[tuple[str, str, str], ...]
    """Path, kind of block, body."""
    commands: tuple[str, ...]


def _read(title: str, files: str, body: str) -> Addition:
    path, pieces, commands = "", [], []
    for found in _PIECE.finditer(body):
        if found["path"]:
            path = found["path"]
        elif found["kind"] == "sh":
            commands += found["body"].strip().splitlines()
        else:
            pieces.append((path, found["kind"], found["body"]))
    return Addition(title, int(files), tuple(pieces), tuple(commands))


ADDITIONS = [
    _read(*found) for found in re.findall(r"^## (.+?) · (\d+) files\n(.*?)(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
]
each = pytest.mark.parametrize("addition", ADDITIONS, ids=lambda addition: addition.title)


def _add(addition: Addition, root: Path) -> None:
    for path, kind, body in addition.pieces:
        file = root / path
        if kind == "diff":
            lines = body.splitlines()
            before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
            after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
            text = file.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{path}: these lines are there {text.count(before)} times\n{before}"
            file.write_text(text.replace(before, after), encoding="utf-8")
        else:
            assert not file.exists(), f"{path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")


def _copy(to: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, to / name)
    return to


def _run(root: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_the_document_shows_all_five_within_their_bounds():
    assert {addition.title: addition.files for addition in ADDITIONS}.keys() == BOUNDS.keys()
    for addition in ADDITIONS:
        assert addition.files <= BOUNDS[addition.title]
        assert addition.commands


@each
def test_an_addition_touches_as_many_files_as_its_title_says(addition: Addition):
    assert len({path for path, _, _ in addition.pieces if not path.startswith(("tests/", "docs/"))}) == addition.files


@pytest.mark.slow
@each
def test_an_addition_works(addition: Addition, tmp_path: Path):
    root = _copy(tmp_path)
    _add(addition, root)
    for command in addition.commands:
        first, *rest = shlex.split(command)
        _run(root, sys.executable if first == "python" else _tool(first), *rest)


@pytest.mark.slow
def test_all_additions_together_keep_the_rules_of_the_house(tmp_path: Path):
    root = _copy(tmp_path)
    for addition in ADDITIONS:
        _add(addition, root)
    _run(root, _tool("ruff"), "check", ".")
    _run(root, _tool("ruff"), "format", "--check", ".")
    _run(root, _tool("lint-imports"))
    _run(root, _tool("mypy"))
