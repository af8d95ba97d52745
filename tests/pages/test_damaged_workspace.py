"""A damaged workspace: every page and command says which file is damaged, none ends in a traceback."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from recsys.app.runtime import open_workspace
from recsys.app.shell import navigation
from recsys.cli import cli
from recsys.projection.context import ProjectionContext
from recsys.workspace import Workspace
from tests.pages.conftest import Open

GARBAGE = b"\xff\xfe\x00 not what it says\n" * 20
PLACES = [place for section in navigation.MENU.values() for place in section]
IDS = [place.url for place in PLACES]


def replaced(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)

    return damage


def a_folder(name: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir()

    return damage


def everything(root: Path) -> None:
    for name in ("scenarios.sqlite", "current", "economics.toml", "tables/tables.json", "evaluations/temporal.json"):
        replaced(name, GARBAGE)(root)
    for name in ("backtest/manifest.json", ".jobs/train/job.json", ".jobs/train/lines", "runs/broken/manifest.json"):
        replaced(name, GARBAGE)(root)


DAMAGES = {
    "garbage for scenarios": replaced("scenarios.sqlite", GARBAGE),
    "a folder for scenarios": a_folder("scenarios.sqlite"),
    "garbage for current": replaced("current", GARBAGE),
    "an empty current": replaced("current", b""),
    "a current that is gone": replaced("current", b"gone\n"),
    "a current elsewhere": replaced("current", b"../tables\n"),
    "a current too long": replaced("current", b"x" * 5000),
    "a folder for current": a_folder("current"),
    "garbage for terms": replaced("economics.toml", GARBAGE),
    "a folder for terms": a_folder("economics.toml"),
    "garbage for tables.json": replaced("tables/tables.json", GARBAGE),
    "no tables.json": lambda root: (root / "tables" / "tables.json").unlink(),
    "garbage for a table": replaced("tables/movies.parquet", GARBAGE),
    "a table too few": lambda root: (root / "tables" / "movies.parquet").unlink(),
    "garbage for a backtest": replaced("backtest/manifest.json", GARBAGE),
    "garbage for a job": replaced(".jobs/train/job.json", GARBAGE),
}


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_page_opens_where_everything_is_damaged(place: navigation.Page, service: ProjectionContext, opened: Open):
    everything(open_workspace.workspace().root)
    app = opened(place.path)
    assert not app.exception
    assert app.title[0].value == place.title


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_page_opens_whatever_is_damaged(damage: str, tables_only: Path, opened: Open):
    DAMAGES[damage](tables_only)
    for place in PLACES:
        app = opened(place.path)
        assert not app.exception, place.url
        assert app.title[0].value == place.title


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_command_refuses_a_damaged_workspace_with_codes(damage: str, tables: Path, tmp_path: Path):
    workspace = Workspace(shutil.copytree(tables, tmp_path / "workspace"))
    workspace.use_run("gone")
    DAMAGES[damage](workspace.root)
    (tmp_path / "s.toml").write_text('schema = 1\nname = "x"\n')
    for command in (["project", str(tmp_path / "s.toml")], ["slate", "--budget", "1"], ["export", "--to", str(tmp_path / "out")]):
        done = CliRunner().invoke(cli, ["--workspace", str(workspace.root), *command])
        assert done.exit_code == 2, (command, done.exception)
        assert "E_" in done.stderr


def test_saved_scenarios_that_are_no_database_are_said_to_be_damaged(service: ProjectionContext, opened: Open):
    replaced("scenarios.sqlite", GARBAGE)(open_workspace.workspace().root)
    app = opened(navigation.SCENARIO.path)
    assert [box for box in app.error if "E_FORMAT" in box.value]


def test_a_page_that_the_system_refuses_says_so(service: ProjectionContext, opened: Open, monkeypatch: pytest.MonkeyPatch):
    def denied() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "tables.json")

    monkeypatch.setattr(open_workspace, "dataset_info", denied)
    app = opened(navigation.DATA.path)
    assert not app.exception
    assert [box for box in app.error if "E_PERMISSION" in box.value]
